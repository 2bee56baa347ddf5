"""Typed readers of settings from the environment: each as ``NAME`` or a file in ``NAME_FILE``."""

import base64
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from nacl.public import PrivateKey

from opsmanager.common import redis_urls, zone_queues
from opsmanager.common.addresses import Allowed

LEAST_RSA_BITS = 2048
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


class SettingInvalid(SystemExit):
    """A setting is missing or wrong; the message names it and says what to do.

    Settings are read while a process starts: whichever it is, it ends with this sentence and
    status 1 instead of a stack trace.
    """


def text(name: str, default: str | None = None) -> str:
    """Return the setting ``name``, read from the file in ``NAME_FILE`` when that is set.

    Without a ``default`` the setting is required; an empty one counts as not set.
    Raises :class:`SettingInvalid`.
    """
    path = os.environ.get(f"{name}_FILE", "")
    value = _content(name, path) if path else os.environ.get(name, "")
    if value:
        return value
    if default is not None:
        return default
    if path:
        raise SettingInvalid(f"{name}_FILE names {path}, which is empty. Write the setting in it.")
    raise SettingInvalid(
        f"{name} is not set. Set it, or name a file that holds it in {name}_FILE "
        "(`make run` makes all settings itself)."
    )


def integer(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """Return a whole number between ``least`` and ``most``. Raises :class:`SettingInvalid`."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise SettingInvalid(f"{name} must be a whole number, not {value!r}.") from None
    if number < least or (most is not None and number > most):
        limit = f"at least {least}" if most is None else f"between {least} and {most}"
        raise SettingInvalid(f"{name} must be {limit}, not {number}.")
    return number


def flag(name: str, *, default: bool) -> bool:
    """Return a yes-or-no setting: true/false, yes/no, on/off, 1/0."""
    value = text(name, "true" if default else "false").lower()
    if value in ("true", "yes", "on", "1"):
        return True
    if value in ("false", "no", "off", "0"):
        return False
    raise SettingInvalid(f"{name} must be true or false, not {value!r}.")


def words(name: str, default: str = "") -> list[str]:
    """Return a comma separated list without empty items."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def zones(name: str) -> list[str]:
    """Return a comma separated list of network zones, by default none.

    Raises :class:`SettingInvalid`.
    """
    found = words(name)
    for zone in found:
        if len(zone) > zone_queues.LONGEST or not re.match(zone_queues.NAME, zone):
            raise SettingInvalid(
                f"{name} names {zone!r}, which can't be a zone. {zone_queues.SAY_NAME} At most "
                f"{zone_queues.LONGEST}; separate several by commas, such as dmz,plant-2."
            )
    return found


def networks(name: str) -> Allowed:
    """Return a comma separated list of networks, addresses and host names, by default none.

    Raises :class:`SettingInvalid`.
    """
    try:
        return Allowed.parse(words(name))
    except ValueError as problem:
        raise SettingInvalid(
            f"{name} can't be read: {problem} It is a list such as 10.1.0.0/16,status.internal."
        ) from None


def database(name: str = "DATABASE_URL", default: str | None = None) -> dict[str, object]:
    """Return Django's database settings from ``postgresql://user:password@host:port/name?option=x``.

    Options after ``?`` go to libpq as they are. Nothing is in it when the setting may be empty and
    is. Raises :class:`SettingInvalid`; its message never repeats the URL, which holds a password.
    """
    value = text(name, default)
    if not value:
        return {}
    example = "postgresql://user:password@host:5432/opsmanager"
    try:
        url = urlsplit(value)
        port = url.port or 5432
    except ValueError:
        raise SettingInvalid(f"{name} can't be read. It must look like {example}.") from None
    if url.scheme not in ("postgres", "postgresql"):
        raise SettingInvalid(
            f"{name} names a {url.scheme or 'nameless'} database; OpsManager needs PostgreSQL. "
            f"It must look like {example}."
        )
    path = unquote(url.path.lstrip("/"))
    if not path:
        raise SettingInvalid(f"{name} names no database. It must look like {example}.")
    options: dict[str, object] = {}
    for pair in url.query.split("&") if url.query else []:
        key, _, setting = pair.partition("=")
        options[key] = unquote(setting)
    return {
        "ENGINE": "opsmanager.common.postgresql",
        "NAME": path,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(port),
        "OPTIONS": options,
    }


def syslog(name: str) -> tuple[str, str, int] | None:
    """Return where a syslog listens as (transport, host or path, port); ``None`` if not set.

    ``udp://host:514`` (also without ``udp://``), ``tcp://host:514``, or a socket such as
    ``/dev/log``, whose port is 0. Raises :class:`SettingInvalid`.
    """
    value = text(name, "")
    if not value:
        return None
    if value.startswith("/"):
        return "unix", value, 0
    try:
        url = urlsplit(value if "://" in value else f"udp://{value}")
        host, port = url.hostname, url.port
    except ValueError:
        url, host, port = urlsplit(""), None, None
    if url.scheme not in ("udp", "tcp") or not host or not port or url.path:
        raise SettingInvalid(
            f"{name} must look like syslog.internal:514, tcp://syslog.internal:514 or /dev/log."
        )
    return url.scheme, host, port


def redis(name: str = "REDIS_URL") -> str:
    """Return a Redis URL. Raises :class:`SettingInvalid` without repeating it."""
    value = text(name)
    scheme = value.partition("://")[0]
    if scheme not in ("redis", "rediss", "unix", redis_urls.SENTINEL):
        raise SettingInvalid(f"{name} must look like redis://:password@host:6379/0.")
    try:
        redis_urls.sentinels(value)
    except ValueError:
        raise SettingInvalid(f"{name} must look like {redis_urls.EXAMPLE}.") from None
    return value


def credential_keys(public_name: str, private_name: str) -> tuple[str, list[str]]:
    """Return the public key that seals and the private ones that open, 32 bytes in base64 each.

    Either may be missing. Raises :class:`SettingInvalid` for what is no key, and where there are
    private keys without the other half of the public one: what is sealed from now on could not be
    opened.
    """
    public, privates = text(public_name, ""), words(private_name)
    try:
        halves = [bytes(PrivateKey(_key_bytes(private)).public_key) for private in privates]
    except ValueError:
        raise SettingInvalid(
            f"{private_name} must be a list of keys of 32 bytes in base64, separated by commas."
        ) from None
    try:
        sealing = _key_bytes(public) if public else b""
    except ValueError:
        raise SettingInvalid(f"{public_name} must be a key of 32 bytes in base64.") from None
    if sealing and halves and sealing not in halves:
        raise SettingInvalid(
            f"{private_name} lacks the private half of {public_name}, so what is sealed with it "
            "could not be opened. Put the new private key into the list before the public one "
            "is changed."
        )
    return public, privates


def rsa_key(name: str) -> tuple[str, str]:
    """Return (private, public) PEM of an RSA key; two empty strings when it is not set.

    Raises :class:`SettingInvalid` for anything that is no RSA private key without a password.
    """
    private = text(name, "")
    if not private:
        return "", ""
    try:
        key = serialization.load_pem_private_key(private.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_RSA_BITS:
        raise SettingInvalid(
            f"{name} must hold an RSA private key of at least {LEAST_RSA_BITS} bits in PEM form "
            "without a password, as `openssl genrsa 3072` prints it."
        )
    return private, _public_pem(key.public_key())


def rsa_public_keys(name: str) -> list[str]:
    """Return the public PEMs of RSA keys that stand one after the other, public or private.

    Raises :class:`SettingInvalid`, which never repeats them.
    """
    found: list[str] = []
    value = text(name, "")
    for block in _PEM.findall(value):
        try:
            if "PRIVATE" in block.partition("\n")[0]:
                key = serialization.load_pem_private_key(block.encode(), None).public_key()
            else:
                key = serialization.load_pem_public_key(block.encode())
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_RSA_BITS:
            found.clear()
            break
        found.append(_public_pem(key))
    if value.strip() and not found:
        raise SettingInvalid(
            f"{name} must hold RSA keys of at least {LEAST_RSA_BITS} bits in PEM form, one after "
            "the other; `openssl rsa -pubout` prints the public half of a private one."
        )
    return found


def _public_pem(key: RSAPublicKey) -> str:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def _key_bytes(key: str) -> bytes:
    raw = base64.b64decode(key, validate=True)
    if len(raw) != PrivateKey.SIZE:
        raise ValueError("not 32 bytes")
    return raw


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as problem:
        reason = problem.strerror
    except UnicodeDecodeError:
        # Its own message quotes the file, which may be a secret.
        reason = "not UTF-8 text"
    raise SettingInvalid(
        f"{name}_FILE names {path}, which can't be read ({reason}). "
        "Check the path and who may read it."
    )
