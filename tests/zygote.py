"""Runs commands of the program in forks of one process that has loaded it, to be quick.

Started as `python zygote.py SOCKET`. `client` writes the `errorbudget` that scripts find on their
PATH: it hands over its arguments, folder, environment and open files, and ends as the fork does.
"""

import array
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from importlib import import_module
from pathlib import Path

CLIENT = """\
#!{python} -SE
import array, json, os, socket, sys
with socket.socket(socket.AF_UNIX) as wire:
    wire.connect({address!r})
    told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))]
    wire.sendmsg([len(told).to_bytes(4, "big")], rights)
    wire.sendall(told)
    code = wire.recv(1)
sys.exit(code[0] if code else 1)
"""


@contextlib.contextmanager
def running(folder: Path) -> Generator[Path]:
    """The folder of an `errorbudget` for scripts, while this lasts."""
    address = str(folder / "zygote")
    client = folder / "errorbudget"
    client.write_text(CLIENT.format(python=sys.executable, address=address))
    client.chmod(0o755)
    with subprocess.Popen([sys.executable, __file__, address], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield folder
        process.terminate()


_LOADED = (
    *("altair", "duckdb", "scipy.special", "ruamel.yaml"),
    *("errorbudget.cli.main", "errorbudget.program.program", "errorbudget.web.application"),
)
"""What most commands need, so that forks need not load it."""


def _serve(address: str) -> None:
    for name in _LOADED:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            wire, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listening.close()
                wire.send(bytes([_ran(wire)]))
                os._exit(0)
            wire.close()


def _ran(wire: socket.socket) -> int:
    from errorbudget.cli.main import run

    files = array.array("i")
    size, rights, _, _ = wire.recvmsg(4, socket.CMSG_SPACE(3 * files.itemsize))
    files.frombytes(rights[0][2])
    told = b""
    while len(told) < int.from_bytes(size, "big"):
        told += wire.recv(65536)
    words, folder, environment = json.loads(told)
    for place, file in enumerate(files):
        os.dup2(file, place)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["errorbudget", *words]
    try:
        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:  # whatever it is, the client ends as a crash would
        logging.getLogger(__name__).exception("the command crashed")
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    _serve(sys.argv[1])
