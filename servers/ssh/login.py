"""Logs in to the accepted server and no other: host key first, credential after."""

import paramiko

from servers.ssh.errors import (
    CredentialInvalid,
    HostKeyChanged,
    HostKeyTypeGone,
    HostKeyUnknown,
    LoginRefused,
    Unreachable,
)
from servers.ssh.handshake import NoHostKeyOffered, shake_hands
from servers.ssh.host_keys import HostKey, algorithms
from servers.ssh.private_keys import load_private_key
from servers.ssh.target import Target
from servers.ssh.transport import Transport

_WORDS = {"publickey": "a key", "password": "a password"}


def log_in(target: Target) -> Transport:
    """Return an authenticated transport; the caller has to ``end()`` it.

    Raises ``Unreachable``, ``HostKeyError``, ``LoginRefused`` and their kinds.
    """
    # A credential that cannot work is found before the server counts a failed login.
    key = _private_key(target)
    transport = _accepted_server(target)
    try:
        _authenticate(transport, target, key)
    except BaseException:
        transport.end()
        raise
    return transport


def _private_key(target: Target) -> paramiko.PKey | None:
    if target.private_key:
        try:
            return load_private_key(target.private_key, target.passphrase)
        except CredentialInvalid as error:
            raise CredentialInvalid(f"{target.name}: {error}") from None
    if target.password is None:
        raise CredentialInvalid(
            f"The credential of {target.name} has neither a private key nor a password; add one."
        )
    return None


def _accepted_server(target: Target) -> Transport:
    try:
        transport = shake_hands(
            target.hostname,
            target.port,
            label=target.label,
            timeout=target.connect_timeout,
            # A server with several keys is to show one that can be compared.
            algorithms=algorithms(target.host_keys),
            reach=target.reach,
        )
    except NoHostKeyOffered as error:
        if not target.host_keys:
            raise
        types = ", ".join(sorted({key.type for key in target.host_keys}))
        raise HostKeyTypeGone(
            f"{target.label} no longer shows a host key of the accepted type ({types}). It may "
            "have been reinstalled or reconfigured, or it is another machine: compare its new "
            "fingerprint on its console, then accept it.",
            accepted=target.host_keys,
            offered=None,
        ) from error
    offered = HostKey.of(transport.get_remote_server_key())
    if offered in target.host_keys:
        return transport
    transport.end()
    if not target.host_keys:
        raise HostKeyUnknown(
            f"The host key of {target.label} has not been accepted yet. It shows "
            f"{offered.type} {offered.fingerprint}: compare this on its console, then accept it.",
            offered=offered,
        )
    accepted = ", ".join(key.fingerprint for key in target.host_keys if key.type == offered.type)
    raise HostKeyChanged(
        f"The host key of {target.label} has changed: accepted was {accepted}, it shows "
        f"{offered.fingerprint}. Nothing was sent. It may have been reinstalled, or someone is "
        "in between: compare the fingerprint on its console before you accept it.",
        accepted=target.host_keys,
        offered=offered,
    )


def _authenticate(transport: Transport, target: Target, key: paramiko.PKey | None) -> None:
    try:
        wanted = _attempt(transport, target, key)
    except paramiko.BadAuthenticationType as error:
        wanted = error.allowed_types
    except (paramiko.SSHException, EOFError, OSError) as error:
        if transport.is_broken:
            # No word on the credential: the network broke, or the server goes down or restarts.
            raise Unreachable(
                f"The connection to {target.label} broke during the login. It may be restarting, "
                "or the network in between may be disturbed."
            ) from error
        if transport.is_active() and "timeout" in str(error).lower():
            raise Unreachable(
                f"{target.label} did not answer the login within {transport.auth_timeout:g} "
                "seconds. It may be overloaded, or wait for a directory service."
            ) from error
        wanted = []
    if transport.is_authenticated():
        return
    if wanted:
        means = " or ".join(_WORDS.get(kind, kind) for kind in wanted)
        raise LoginRefused(
            f"{target.label} wants {means} from {target.username}, which the credential cannot "
            "give. Change the credential, or what sshd asks for."
        )
    raise LoginRefused(
        f"{target.label} refused the login of {target.username}. Check the user name and the "
        f"{'key' if key else 'password'} of the credential, and that the server accepts it."
    )


def _attempt(transport: Transport, target: Target, key: paramiko.PKey | None) -> list[str]:
    """Return what the server wants in addition; empty once it is content."""
    wanted = ["password"]
    if key is not None:
        wanted = transport.auth_publickey(target.username, key)
    if "password" in wanted and target.password is not None:
        wanted = transport.auth_password(target.username, target.password)
    return wanted
