"""`errorbudget demo`: the simulated shop, its quarter told in the terminal, then its pages."""

import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated

import typer

from errorbudget.errors import Failure

if TYPE_CHECKING:
    from errorbudget.shop.live import Live
    from errorbudget.web.server import Server

LISTEN = "127.0.0.1"
PORT = 8700


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Tell the story and stop.")] = False,
    keep: Annotated[
        Path | None, typer.Option("--home", help="Keep the shop's home in this new folder.")
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where its pages are; 0 is any free.")
    ] = PORT,
) -> None:
    """Generate a quarter of a simulated shop, take it in, let the budget decide; then live on."""
    from errorbudget.program.program import Program
    from errorbudget.shop.generation import generate
    from errorbudget.shop.story import tell

    if keep is not None and keep.exists():
        raise Failure(f"{keep}: is there already; the simulated shop wants a new folder")
    with tempfile.TemporaryDirectory(prefix="errorbudget-demo-") as name:
        folder = Path(name)
        home = keep or folder / "home"
        if once:
            shop = generate(folder / "shop")
            with Program.open(home, create=True) as program:
                tell(program, shop, _write)
        else:
            _live_on(home, folder, port)
    if keep is not None:
        _write("")
        _write(f"The shop's home is {keep}: ERRORBUDGET_HOME={keep} errorbudget budget")


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _live_on(home: Path, folder: Path, port: int) -> None:
    """Tell the quarter up to a Monday morning, and serve its pages while the shop goes on."""
    from errorbudget import clock
    from errorbudget.program.configuration import Configuration, with_listen
    from errorbudget.program.program import Program
    from errorbudget.shop import live
    from errorbudget.shop.generation import generate
    from errorbudget.shop.story import record_deploys, tell
    from errorbudget.web import logs
    from errorbudget.web.running import refuse_taken, run

    listen = f"{LISTEN}:{port}"
    refuse_taken(listen)
    shop, shown = generate(folder / "shop", days=live.DAYS), live.Live(folder / "live")
    with Program.open(home, create=True) as program:
        tell(program, shop, _write)
        record_deploys(program, shop, shop.at(58, "14:00"), live.now())
        for requests, logged in shown.past():
            program.requests.ingest(requests)
            for path in logged:
                program.requests.ingest(path, logs=True)
    logs.to_standard_error("error")
    clock.tell(live.now(), live.PACE)
    configuration = with_listen(Configuration(), listen)
    run(home, lambda: configuration, _announce, lambda server: _feeding(server, shown))


def _announce(url: str) -> None:
    _write("")
    _write(f"The shop goes on at ten times speed: open {url} (Ctrl-C ends it).")
    _write("In two minutes somebody ships checkout-2.20.0 past the gate.")


@contextmanager
def _feeding(server: "Server", shown: "Live") -> Generator[None]:
    """Send what the shop does through the server's own doors, as it becomes due."""
    ending = Event()
    thread = Thread(target=_feed, args=(server, shown, ending.wait), name="errorbudget-shop")
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _feed(server: "Server", shown: "Live", wait: Callable[[float], bool]) -> None:
    from errorbudget import clock
    from errorbudget.ingest.allowed import EVERYBODY
    from errorbudget.program.course_picture import prepare

    prepare()
    while not wait(1.0):
        now = clock.now()
        if body := shown.requests(now):
            server.posted.receive(body, feed="shop", key="", service="", allowed=EVERYBODY)
        for deploy in shown.deploys(now):
            server.program.changes.record(deploy.change, now=now)
        for path in shown.logs(now):
            server.writer.ingest(path, form="auto", maps={}, logs=True)
            path.unlink()
