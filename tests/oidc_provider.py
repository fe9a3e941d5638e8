"""A small OpenID Connect provider on a local port: discovery, authorisation, token, keys, userinfo. Real RS256 signatures."""

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLIENT, SECRET = "krit-gis", "geheim/+&"


@dataclass
class Provider:
    """What it says about the person who logs in, and how it misbehaves."""

    claims: dict[str, Any] = field(default_factory=dict)
    """Put over what an honest ID token says; None takes a claim away."""
    userinfo: dict[str, Any] = field(default_factory=dict)
    key: Any = KEY
    algorithm: str = "RS256"
    issuer: str = ""
    broken: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    origin: str = ""

    def person(self, **claims: Any) -> None:
        self.claims = {"sub": "4711", "email": "buerger@example.org", "email_verified": True, **claims}

    # What each address answers: status, headers, body.

    def _discovery(self, _asked: dict[str, str]) -> Any:
        paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys",
                 "userinfo_endpoint": "userinfo"}  # fmt: skip
        found = {name: f"{self.origin}/{path}" for name, path in paths.items()}
        return {
            "issuer": self.issuer or self.origin,
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            **found,
        }

    def _keys(self, _asked: dict[str, str]) -> Any:
        numbers = KEY.public_key().public_numbers()

        def text(number: int) -> str:
            return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()

        return {
            "keys": [
                {"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": text(numbers.n), "e": text(numbers.e)}
            ]
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """The address to which the browser goes back after the person has agreed."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _token(self, asked: dict[str, str]) -> Any:
        begun = self.codes.pop(asked["code"])
        proof = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        assert (asked["client_id"], asked["client_secret"]) == (CLIENT, SECRET)
        assert asked["redirect_uri"] == begun["redirect_uri"] and begun["code_challenge"] == proof
        honest = {
            "iss": self.origin, "aud": CLIENT, "iat": time.time(), "exp": time.time() + 300, "nonce": begun["nonce"],
        }  # fmt: skip
        claims = {name: value for name, value in {**honest, **self.claims}.items() if value is not None}
        key = "" if self.algorithm == "none" else "x" * 32 if self.algorithm.startswith("HS") else self.key
        token = jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": "1"})
        return {"access_token": "zugang", "token_type": "Bearer", "expires_in": 300, "id_token": token}

    def _userinfo(self, _asked: dict[str, str]) -> Any:
        return self.userinfo

    def answer(self, path: str, asked: dict[str, str]) -> Any:
        self.asked.append(path)
        doors = {"/.well-known/openid-configuration": self._discovery, "/keys": self._keys, "/token": self._token,
                 "/userinfo": self._userinfo}  # fmt: skip
        return None if self.broken else doors[path](asked)

    def serve(self) -> ThreadingHTTPServer:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if parts.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(asked))
                    self.end_headers()
                    return
                self._say(provider.answer(parts.path, asked))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._say(provider.answer(self.path, {name: values[0] for name, values in parse_qs(body).items()}))

            def _say(self, found: Any) -> None:
                body = json.dumps(found).encode()
                self.send_response(500 if found is None else 200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """The tests' output is theirs."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{server.server_port}"
        return server
