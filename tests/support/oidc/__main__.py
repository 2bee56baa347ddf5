"""The provider: oidc-provider-mock with PKCE, which it lacks, and with faults on demand.

``python -m tests.support.oidc PORT``. ``PUT /faults`` takes claims that the next ID token carries
in place of its own, and ``{"key": "foreign"}`` to have it signed by a key that nobody published.
"""

import base64
import hashlib
import json
import sys
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import oidc_provider_mock
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

SECOND = RSAKey.generate_key(2048, {"kid": "second", "alg": "RS256", "use": "sig"})
FOREIGN = RSAKey.generate_key(2048, {"kid": "second", "alg": "RS256", "use": "sig"})

app = oidc_provider_mock.app(require_client_registration=True, require_nonce=True)
challenges: dict[str, str] = {}
faults: dict[str, Any] = {}
published: list[RSAKey] = []
"""In place of the mock's own key, whose tokens do not say by which key they are signed."""


@app.put("/faults")
def set_faults() -> tuple[str, int]:
    faults.clear()
    faults.update(flask.request.get_json())
    published[:] = [SECOND] if faults else []
    return "", 204


@app.before_request
def want_the_verifier() -> tuple[dict[str, str], int] | None:
    """Refuse a code whose verifier is not the one of its challenge (RFC 7636)."""
    form = flask.request.form
    if flask.request.path != "/oauth2/token" or form.get("code") not in challenges:
        return None
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    given = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    fits = given == challenges[form["code"]]
    return None if fits else ({"error": "invalid_grant"}, 400)


@app.after_request
def alter(answer: flask.Response) -> flask.Response:
    """Note challenges, publish the other key, and build faults in."""
    path = flask.request.path
    if path == "/oauth2/authorize" and "code" in (
        query := parse_qs(urlsplit(answer.headers.get("Location", "")).query)
    ):
        assert flask.request.args["code_challenge_method"] == "S256"
        challenges[query["code"][0]] = flask.request.args["code_challenge"]
    elif path == "/jwks" and published:
        answer.set_data(json.dumps({"keys": [SECOND.as_dict(private=False)]}))
    elif path == "/oauth2/token" and faults and answer.status_code == 200:
        body = answer.get_json()
        body["id_token"] = _faulty(body["id_token"])
        answer.set_data(json.dumps(body))
    return answer


def _faulty(token: str) -> str:
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    key = FOREIGN if faults.pop("key", None) else SECOND
    if "age" in faults:
        age = faults.pop("age")
        claims |= {"iat": int(time.time()) - age - 60, "exp": int(time.time()) - age}
    claims |= faults
    faults.clear()
    return jwt.encode({"alg": "RS256", "kid": "second"}, claims, key)


if __name__ == "__main__":
    # 127.0.0.1 by number: a name might be read as another address than the test listens for.
    make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True).serve_forever()
