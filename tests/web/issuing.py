"""An issuer of tokens on this machine, with real keys."""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def _nobody(form: dict[str, str]) -> dict[str, Any]:
    return {"error": "invalid_grant"}


@dataclass
class Issuer:
    """A platform that signs tokens, with its keys on the web."""

    url: str
    keys: dict[str, Any] = field(default_factory=dict)
    fetched: int = 0
    exchanges: Callable[[dict[str, str]], dict[str, Any]] = _nobody
    """What is answered for a code."""

    def jwks(self) -> dict[str, Any]:
        self.fetched += 1
        return {"keys": [_public(kid, key) for kid, key in self.keys.items()]}

    def about(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
        }


def _public(kid: str, key: Any) -> dict[str, Any]:
    kind = (
        jwt.algorithms.RSAAlgorithm
        if hasattr(key, "private_numbers") and hasattr(key.private_numbers(), "p")
        else jwt.algorithms.ECAlgorithm
    )
    told = json.loads(kind.to_jwk(key.public_key()))
    alg = "RS256" if told["kty"] == "RSA" else "ES256"
    return told | {"kid": kid, "use": "sig", "alg": alg}


def signed(claims: dict[str, Any], key: Any = RSA, alg: str = "RS256", kid: str = "first") -> str:
    return jwt.encode(claims, key, algorithm=alg, headers={"kid": kid})


@contextmanager
def issuing() -> Generator[Issuer]:
    """An issuer that answers while this lasts."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = {"/.well-known/openid-configuration": found.about, "/keys": found.jwks}
            self.answer(known[self.path]())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(found.exchanges(dict(parse_qsl(body))))

        def answer(self, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(400 if "error" in told else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as web:
        found = Issuer(f"http://127.0.0.1:{web.server_port}", {"first": RSA})
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield found
        finally:
            web.shutdown()
            thread.join()
