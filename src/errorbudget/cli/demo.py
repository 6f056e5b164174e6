"""`errorbudget demo`: the simulated shop's quarter, told in the terminal."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from errorbudget.errors import Failure


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Tell the story and stop.")] = False,
    keep: Annotated[
        Path | None, typer.Option("--home", help="Keep the shop's home in this new folder.")
    ] = None,
) -> None:
    """Generate a quarter of a simulated shop, take it in, and let the budget decide."""
    from errorbudget.program.program import Program
    from errorbudget.shop.generation import generate
    from errorbudget.shop.story import tell

    if keep is not None and keep.exists():
        raise Failure(f"{keep}: is there already; the simulated shop wants a new folder")

    def write(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    del (
        once
    )  # telling the story once is all this command does until there is a server to go on with
    with tempfile.TemporaryDirectory(prefix="errorbudget-demo-") as folder:
        home = keep or Path(folder) / "home"
        shop = generate(Path(folder) / "shop")
        with Program.open(home, create=True) as program:
            tell(program, shop, write)
    if keep is not None:
        write("")
        write(f"The shop's home is {keep}: ERRORBUDGET_HOME={keep} errorbudget budget")
