"""Makes servers, groups and credentials as the services make them."""

from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from servers.models import AuthType, Credential, HostKey, HostKeyState, Server, ServerGroup
from servers.services import credentials
from servers.ssh.host_keys import HostKey as SshHostKey
from servers.ssh.testing import KeyPair

SECRET = "pa55-Wört mit Leerzeichen"


def server(name: str = "web1", *, groups: tuple[ServerGroup, ...] = (), **fields: object) -> Server:
    """Make a server at an address where nothing answers."""
    row = Server.objects.create(**{"name": name, "hostname": f"{name}.example", **fields})
    row.groups.set(groups)
    return row


def group(name: str = "web servers") -> ServerGroup:
    """Make a server group."""
    return ServerGroup.objects.create(name=name)


def password_credential(
    name: str = "root@web", *, username: str = "root", password: str = SECRET
) -> Credential:
    """Make a credential with a sealed password."""
    return credentials.save(
        actor=None,
        name=name,
        username=username,
        auth_type=AuthType.PASSWORD,
        password=password,
    )


def key_credential(
    private_key: str, name: str = "ops@web", *, username: str = "ops", passphrase: str = ""
) -> Credential:
    """Make a credential with a sealed private key."""
    return credentials.save(
        actor=None,
        name=name,
        username=username,
        auth_type=AuthType.PRIVATE_KEY,
        private_key=private_key,
        passphrase=passphrase,
    )


def host_key(row: Server, pair: KeyPair, state: HostKeyState) -> HostKey:
    """Make a host key of the server, as if it had been offered or accepted."""
    key = SshHostKey(type=pair.type, blob_base64=pair.public_key)
    return HostKey.objects.create(
        server=row,
        state=state,
        type=key.type,
        public_key=key.blob_base64,
        fingerprint=key.fingerprint,
    )


def grant(user: User, target: Server | ServerGroup) -> User:
    """Let the user operate the server, or the servers of the group; return the user anew."""
    name = "operate_server" if isinstance(target, Server) else "operate_servergroup"
    permissions.grant(user, f"servers.{name}", target)
    # Permissions are cached on the object.
    return User.objects.get(pk=user.pk)
