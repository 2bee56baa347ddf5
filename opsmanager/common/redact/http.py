"""Secrets where HTTP carries them: header fields, cookies, URLs."""

import re
from typing import Final

from opsmanager.common.redact.family import Family

# A field ends where its quotes do, as in curl's -H 'Authorization: …', or with the line.
_AUTHORIZATION = re.compile(
    r"""(?ix) \b(?:proxy[-_])?authorization \s*:\s* digest \s ([^\n']+)
    | \b(?:proxy[-_])?authorization
    (?: \\*["']? \s*[:=]\s* | \\*["']\s*,\s* ) \\*["']? (?:\\?\s)*
    (?: (?:basic|bearer|digest|negotiate|ntlm|token|apikey|hmac|hawk|aws4-hmac-sha256|splunk
          |bot|key|ssws|genieKey) (?:(?:\\?\s)+|%20|$) )?
    ( [^\s"'\\] (?: [^"'\n\\] | \\[ ] )* (?<!\s) )
    """
)
_BEARER = re.compile(
    r"(?i)\bbearer(?:\s+|%20|\s*[:=]\s*)((?=[\w.~+/-]*[\d_.~+/=-])[\w.~+/-]{6,}=*|[\w.~+/-]{20,}=*)"
)
_COOKIE_PAIR = re.compile(r"""([!#$%&'*+.^`|~\w-]+)=("[^"]*"|[^;,\s"']+)""")
_FIELDS = re.compile(
    r"""(?ix) (?<![\w]) (?:
      x-[\w-]{0,40}?(?:key|token|secret|signature|password|auth|credential)
      | (?:private|job|deploy|api|access|auth|csrf|refresh|circle)-?(?:key|token)
      | ocp-apim-subscription-key | dd-api-key | dd-application-key | x-csrftoken
    ) ["']? \s*:\s* ["']? ( [^\s"',;]{3,} )"""
)
_LOGIN = re.compile(
    r"""(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s/?#:@"'<>]*:([^\s/?#"'<>]+)@(?=[\w.\[*%$-])"""
)
_TOKEN_LOGIN = re.compile(
    r"""(?i)\bhttps?://((?=[^@\s]{0,200}\d)[\w.~%+=-]{16,250}+)(?::x-oauth-basic)?@(?=[\w.\[-])"""
)
_SIGNED = re.compile(
    r"""(?i)[?&;](?:sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token
    |x-goog-signature|x-goog-credential|code|key|auth|hmac|sid|jwt|access_?key)=([^\s&"'<>;]{6,})""",
    re.VERBOSE,
)
_COOKIES = re.compile(r"""(?i)\b(?:set-)?cookie\\?["']?\s*[:=]\s*\\?["']?([^\n"'\\]+)""")
_PLAIN_COOKIE = frozenset(
    [
        "path",
        "domain",
        "expires",
        "max-age",
        "samesite",
        "secure",
        "httponly",
        "partitioned",
        "priority",
        "version",
    ]
)


class CookieFamily(Family):
    """Cookies: each one's value, and none of what says how long it is kept."""

    def _line(self, line: str) -> str:
        def field(found: re.Match[str]) -> str:
            begin = found.start(1) - found.start()
            return found[0][:begin] + _COOKIE_PAIR.sub(_without_value, found[0][begin:])

        return self.pattern.sub(field, line)


def _without_value(pair: re.Match[str]) -> str:
    return pair[0] if pair[1].lower() in _PLAIN_COOKIE else f"{pair[1]}=***"


def _is_reference(value: str) -> bool:
    """Whether it is the name of a variable, or was masked already."""
    return value.startswith(("${", "$(", "{{", "%{", "<")) or set(value) <= {"*", "x", "X", "."}


HTTP: Final = (
    Family(
        name="authorization",
        keywords=("authorization",),
        pattern=_AUTHORIZATION,
        stays=_is_reference,
    ),
    Family(name="bearer", keywords=("bearer",), pattern=_BEARER, stays=_is_reference),
    CookieFamily(name="cookie", keywords=("cookie",), pattern=_COOKIES),
    Family(
        name="header",
        keywords=("x-", "key:", "token:", 'key"', 'token"', "key'", "token'"),
        pattern=_FIELDS,
        stays=_is_reference,
    ),
    Family(name="url-login", keywords=("://",), pattern=_LOGIN, stays=_is_reference),
    Family(name="url-token", keywords=("://",), pattern=_TOKEN_LOGIN, stays=_is_reference),
    Family(name="signed-url", keywords=("://",), pattern=_SIGNED, stays=_is_reference),
)
