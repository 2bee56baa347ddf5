"""The provider: where it is asked, and what it says about a person, once all of it is checked.

Authlib speaks the protocol: the authorization code flow with PKCE, state and nonce. Its clients for
frameworks are not used, since they write code verifiers into the log and keep what they read of the
provider for as long as the process lives.
"""

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.oidc.core import CodeIDToken
from django.conf import settings
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from opsmanager.accounts.sso.errors import NotProven, ProviderAway
from opsmanager.accounts.sso.transport import document, place, session

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
)
"""Signatures with a key that only the provider has; never ``none``, nor one by a shared secret."""
_KEPT_SECONDS: Final = 300
_REST_SECONDS: Final = 3
"""In which nobody asks again a provider that did not answer."""
_LEEWAY_SECONDS: Final = 60
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, kw_only=True)
class Question:
    """Where to send a person, and by what the answer will be known."""

    url: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """What the provider says of itself, read a short time ago."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.read_at = time.monotonic()
        with session() as client:
            url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            self.metadata = document(client, url)
            self._check(url)
        self.keys: dict[str, Any] = {}

    def question(self) -> Question:
        """Return where to send somebody who wants in."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self._client() as client:
            url, _state = client.create_authorization_url(
                self.metadata["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        return Question(url=url, state=state, nonce=nonce, verifier=verifier)

    @sensitive_variables("code", "verifier", "token")
    def claims(self, *, code: str, nonce: str, verifier: str) -> dict[str, Any]:
        """Return what the provider says of the person who came back with this code.

        Raises :class:`NotProven` and :class:`ProviderAway`.
        """
        with self._client() as client:
            token = self._token(client, code, verifier)
            claims = self._proven(token, nonce)
            endpoint = self.metadata.get("userinfo_endpoint")
            wanted = (settings.OIDC_GROUPS_CLAIM, "preferred_username")
            if endpoint and not all(name in claims for name in wanted):
                # Some providers put little into the token.
                client.token = token
                more = document(client, self._allowed(endpoint), bearer=True)
                if more.get("sub") != claims["sub"]:
                    raise NotProven("The user info is about another person than the token.")
                claims = {**more, **claims}
        return claims

    def _client(self) -> Any:
        # What a provider does not say is the first of these, by the specification.
        methods = self.metadata.get("token_endpoint_auth_methods_supported") or ()
        by_form = methods and "client_secret_basic" not in methods
        return session(
            client_id=settings.OIDC_CLIENT_ID,
            client_secret=settings.OIDC_CLIENT_SECRET,
            token_endpoint_auth_method="client_secret_post" if by_form else "client_secret_basic",
            scope=" ".join(settings.OIDC_SCOPES),
            redirect_uri=f"{settings.PUBLIC_URL}{reverse('sso_answer')}",
            code_challenge_method="S256",
        )

    @sensitive_variables()
    def _token(self, client: Any, code: str, verifier: str) -> dict[str, Any]:
        url = self.metadata["token_endpoint"]
        try:
            token = client.fetch_token(
                url,
                code=code,
                code_verifier=verifier,
                grant_type="authorization_code",
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            raise ProviderAway(f"{place(url)}: {type(problem).__name__}.") from None
        except AuthlibBaseError as problem:
            # Its description may quote what was sent.
            said = str(problem.error or "")[:40]
            word = said if said.replace("_", "").isalnum() else "no word why"
            raise NotProven(f"{place(url)} took the code not: {word}.") from None
        if not isinstance(token, dict) or not isinstance(token.get("id_token"), str):
            raise NotProven(f"{place(url)} sent no ID token; the scopes must hold openid.")
        return token

    @sensitive_variables()
    def _proven(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token if signature, issuer, audience, time and nonce fit."""
        try:
            try:
                read = jwt.decode(token["id_token"], self._keys(), algorithms=list(ALGORITHMS))
            except InvalidKeyIdError:
                self.keys = {}  # The provider may have a new key.
                read = jwt.decode(token["id_token"], self._keys(), algorithms=list(ALGORITHMS))
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    # Authlib by itself lets pass what was made for others, if it names us in azp.
                    "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
                    "nonce": {"essential": True, "value": nonce},
                },
                {
                    "nonce": nonce,
                    "client_id": settings.OIDC_CLIENT_ID,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as problem:
            raise NotProven(f"The ID token does not hold: {_why(problem)}.") from None
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise NotProven("The ID token does not hold: sub is no text of at most 255 characters.")
        return dict(claims)

    def _keys(self) -> KeySet:
        if not self.keys:
            with session() as client:
                self.keys = document(client, self.metadata["jwks_uri"])
        return KeySet.import_key_set(self.keys)  # type: ignore[arg-type]

    def _check(self, url: str) -> None:
        said = self.metadata.get("issuer")
        if said != self.issuer:
            raise ProviderAway(
                f"{place(url)} is of the issuer {str(said)[:200]!r}, and OPSMANAGER_OIDC_ISSUER is "
                f"{self.issuer!r}. They must be the same, to the slash at the end."
            )
        for name in _ENDPOINTS:
            self._allowed(self.metadata.get(name))

    def _allowed(self, url: object) -> str:
        """Return an address that the provider names; without TLS only if it has none itself."""
        if isinstance(url, str) and url.startswith(("https://", f"{self.issuer.split(':')[0]}://")):
            return url
        raise ProviderAway("The provider names an address that is missing or not https://.")


def current() -> Provider:
    """Return the provider of the settings, read anew every five minutes.

    Raises :class:`ProviderAway`.
    """
    with _lock:  # one asks, the others wait for what it hears
        now = time.monotonic()
        if _kept.failed is not None and now - _kept.failed_at < _REST_SECONDS:
            raise _kept.failed
        found = _kept.provider
        is_good = found is not None and found.issuer == settings.OIDC_ISSUER
        if found is None or not is_good or now - found.read_at >= _KEPT_SECONDS:
            try:
                found = _kept.provider = Provider(settings.OIDC_ISSUER)
            except ProviderAway as problem:
                _kept.failed, _kept.failed_at = problem, time.monotonic()
                raise
            _kept.failed = None
        return found


def forget() -> None:
    """Forget what is known of the provider, so that it is asked anew."""
    with _lock:
        _kept.provider = _kept.failed = None


@dataclass
class _Kept:
    provider: Provider | None = None
    failed: ProviderAway | None = None
    failed_at: float = 0.0


_kept = _Kept()
_lock = threading.Lock()


def _why(problem: Exception) -> str:
    """Return why a token was refused, without what stands in it."""
    claim = getattr(problem, "claim", None)
    kind = type(problem).__name__
    return f"{kind} ({claim})" if isinstance(claim, str) and claim.isidentifier() else kind
