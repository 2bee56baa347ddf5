"""The tables of servers."""

from servers.models.credential import SECRET_FIELDS, AuthType, Credential
from servers.models.host_key import HostKey, HostKeyState
from servers.models.probe import Probe, ProbeKind
from servers.models.server import Environment, Platform, Server, ServerGroup

__all__ = [
    "SECRET_FIELDS",
    "AuthType",
    "Credential",
    "Environment",
    "HostKey",
    "HostKeyState",
    "Platform",
    "Probe",
    "ProbeKind",
    "Server",
    "ServerGroup",
]
