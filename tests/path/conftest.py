"""The fixtures of the tests that look at the product from outside."""

from outside import run, written

__all__ = ["run", "written"]
