"""What does the program look like at work? A simulated shop of three services, and its quarter."""

from errorbudget.shop.generation import Shop, generate

__all__ = ["Shop", "generate"]
