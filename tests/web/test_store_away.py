"""A server whose PostgreSQL does not answer is, to a command, one that does not answer."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from starlette.requests import Request

from errorbudget.cli.door.wire import Wire
from errorbudget.errors import Unreachable
from errorbudget.store.database import Database
from errorbudget.web.failing import _of_nobody


def test_that_the_store_is_away_is_told_as_such_and_a_command_takes_it_for_unreachable():
    away = Database.postgresql("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Exception, match="create a connection") as refused, away.writing():
        pass
    asked = Request({"type": "http", "method": "POST", "path": "/gate", "headers": []})
    answer = _of_nobody(asked, refused.value)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert _of_nobody(asked, ValueError("a defect")).status_code == 500

    class Away(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    with HTTPServer(("127.0.0.1", 0), Away) as server:
        Thread(target=server.handle_request).start()
        with pytest.raises(Unreachable, match="the database with the records does not answer"):
            Wire(f"http://127.0.0.1:{server.server_port}", "").get("/api/v1/status")
