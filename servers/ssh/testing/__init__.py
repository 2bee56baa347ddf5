"""Real SSH servers on this machine: one in Python, for the demo and for tests, and OpenSSH's."""

from servers.ssh.testing.keys import KeyPair, generate_key
from servers.ssh.testing.openssh import SSHD, SSHD_MISSING, Sshd, SshdFailed
from servers.ssh.testing.process import Launch, Process, launch_locally
from servers.ssh.testing.server import SshServer

__all__ = [
    "SSHD",
    "SSHD_MISSING",
    "KeyPair",
    "Launch",
    "Process",
    "SshServer",
    "Sshd",
    "SshdFailed",
    "generate_key",
    "launch_locally",
]
