"""What can go wrong between OpsManager and a server, each as a sentence that says what to do."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from servers.ssh.ending import Ending, Outcome

if TYPE_CHECKING:
    from servers.ssh.host_keys import HostKey


class SshError(Exception):
    """Something between OpsManager and the server failed."""


class Unreachable(SshError):
    """No connection to the server came about; nothing was sent to it.

    ``transient`` tells whether trying again in a second is worth it.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class AddressRefused(Unreachable):
    """The server's address is one that no server can have; nothing was connected to."""


class BannerFailed(Unreachable):
    """Something accepted the connection and did not complete an SSH handshake."""


class Incompatible(Unreachable):
    """The server speaks only SSH algorithms that are no longer safe."""


class PoolClosed(Unreachable):
    """The pool was closed: this process is stopping."""


class LoginRefused(SshError):
    """The server refused the credential, or refused it so often that it is not tried again."""


class CredentialInvalid(LoginRefused):
    """The credential cannot be used: unreadable private key, wrong passphrase, nothing given."""


class ShellUnavailable(SshError):
    """The login worked and ``/bin/sh`` did not start, so no command can run."""


class HostKeyError(SshError):
    """The server did not prove to be the accepted one; no credential was sent."""


class HostKeyUnknown(HostKeyError):
    """Nobody has accepted a host key of this server yet."""

    def __init__(self, message: str, *, offered: "HostKey") -> None:
        super().__init__(message)
        self.offered = offered


class HostKeyChanged(HostKeyError):
    """The server shows another host key than the accepted one."""

    def __init__(
        self, message: str, *, accepted: Iterable["HostKey"], offered: "HostKey | None"
    ) -> None:
        super().__init__(message)
        self.accepted = tuple(accepted)
        self.offered = offered


class HostKeyTypeGone(HostKeyChanged):
    """The server no longer offers any key of the accepted types; ``offered`` is ``None``."""


class ChannelLost(SshError):
    """The connection broke after the command was sent: it may have run."""


class EndUnknown(ChannelLost):
    """The server's record says that the command began, and how it ended stands nowhere."""


class AlreadyStarted(SshError):
    """The server's record says that this very action was started before; it was not run again."""


class NotStarted(SshError):
    """The server's record says that this action never began there: it may be sent."""


class RecordUnavailable(SshError):
    """The server's record cannot be written, so the command was not started."""


class CommandTimedOut(SshError):
    """The command took longer than it may; ``ending`` says what became of it."""

    def __init__(self, *, server: str, timeout: float, ending: Ending) -> None:
        super().__init__(
            f"The command did not end within {timeout:g} seconds. {_fate(server, ending)}"
        )
        self.ending = ending


class CommandStopped(SshError):
    """The command was stopped for ``reason``; ``ending`` says what became of it."""

    def __init__(self, *, server: str, reason: str, ending: Ending) -> None:
        super().__init__(f"The command was asked to stop ({reason}). {_fate(server, ending)}")
        self.reason = reason
        self.ending = ending


def _fate(server: str, ending: Ending) -> str:
    if ending.outcome is Outcome.STOPPED:
        return f"Nothing of it is left on {server}."
    if ending.outcome is Outcome.STILL_RUNNING:
        pids = ", ".join(map(str, ending.pids))
        return f"It could not be ended: process {pids} still runs on {server}; look there."
    return f"{server} could not be asked to end it, so it may still run; look there."
