"""A real SSH server in Python: for the demo servers, and for tests without an sshd."""

from servers.ssh.testing.keys import KeyPair, generate_key
from servers.ssh.testing.process import Launch, Process, launch_locally
from servers.ssh.testing.server import SshServer

__all__ = ["KeyPair", "Launch", "Process", "SshServer", "generate_key", "launch_locally"]
