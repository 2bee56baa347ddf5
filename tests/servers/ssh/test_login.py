"""Who gets in, and that nothing is said to a server that is not the accepted one."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from servers.ssh.errors import (
    BannerFailed,
    CredentialInvalid,
    HostKeyChanged,
    HostKeyTypeGone,
    HostKeyUnknown,
    LoginRefused,
    Unreachable,
)
from servers.ssh.login import log_in
from servers.ssh.target import Target
from tests.servers.ssh.openssh import Sshd
from tests.servers.ssh.proxy import Proxy

Serve = Callable[..., Target]


def refusal(target: Target) -> LoginRefused:
    with pytest.raises(LoginRefused) as caught:
        log_in(target)
    for secret in (target.password, target.passphrase):
        assert not secret or secret not in str(caught.value)
    return caught.value


@pytest.mark.sshd
class TestKey:
    def test_an_accepted_key_gets_in(self, sshd: Sshd) -> None:
        log_in(sshd.target()).end()

    def test_a_key_with_a_passphrase_gets_in(self, sshd: Sshd) -> None:
        key = sshd.make_key("protected", passphrase="open5esame")
        with (sshd.folder / "authorized_keys").open("a") as accepted:
            accepted.write((sshd.folder / "protected.pub").read_text())
        log_in(sshd.target(private_key=key, passphrase="open5esame")).end()

    def test_another_key_is_refused(self, sshd: Sshd) -> None:
        error = refusal(sshd.target(private_key=sshd.make_key("other")))
        assert "refused the login of" in str(error)
        assert "the key of the credential" in str(error)

    def test_an_unreadable_key_never_reaches_the_server(self, sshd: Sshd) -> None:
        error = refusal(sshd.target(private_key="nonsense"))
        assert isinstance(error, CredentialInvalid)
        assert str(error).startswith("web1: The private key cannot be read")
        assert "Connection from" not in sshd.log.read_text()

    def test_a_server_that_wants_a_key_says_so_to_a_password(self, sshd: Sshd) -> None:
        error = refusal(sshd.target(private_key=None, password="s3cret"))
        assert "wants a key from" in str(error)

    def test_a_server_that_wants_more_than_a_key_says_so(self, unstarted_sshd: Sshd) -> None:
        unstarted_sshd.start(
            "KbdInteractiveAuthentication yes",
            "PasswordAuthentication yes",
            "AuthenticationMethods publickey,password",
        )
        assert "wants a password from" in str(refusal(unstarted_sshd.target()))
        # With one, both are tried; this sshd knows no password that is right.
        error = refusal(unstarted_sshd.target(password="s3cret"))
        assert "refused" in str(error) or "wants" in str(error)

    def test_a_drop_in_mid_login_counts_as_a_refusal(self, unstarted_sshd: Sshd) -> None:
        unstarted_sshd.start("MaxAuthTries 1")
        refusal(unstarted_sshd.target(private_key=unstarted_sshd.make_key("other")))


class TestPassword:
    def test_the_right_one_gets_in(self, serve: Serve) -> None:
        log_in(serve()).end()

    def test_a_wrong_one_is_refused_and_not_quoted(self, serve: Serve) -> None:
        error = refusal(replace(serve(), password="wr0ng"))
        assert "the password of the credential" in str(error)

    def test_a_credential_without_anything_is_invalid(self, serve: Serve) -> None:
        error = refusal(replace(serve(), password=None))
        assert isinstance(error, CredentialInvalid)
        assert "neither a private key nor a password" in str(error)

    def test_a_login_that_takes_too_long_is_no_refusal(
        self, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("servers.ssh.transport.AUTH_TIMEOUT", 1.0)
        with pytest.raises(Unreachable, match="did not answer the login within 1 seconds"):
            log_in(serve(login_delay=6.0))

    def test_a_connection_that_breaks_in_mid_login_is_no_refusal(self, serve: Serve) -> None:
        target = serve(login_delay=6.0)
        proxy = Proxy(target.port)
        cutting = threading.Thread(target=proxy.cut_in_mid_login)
        cutting.start()
        with pytest.raises(Unreachable, match="broke during the login"):
            log_in(replace(target, port=proxy.port))
        cutting.join()
        proxy.close()


@pytest.mark.sshd
class TestHostKey:
    def test_an_unknown_one_stops_after_the_key_exchange(self, sshd: Sshd, proxy: Proxy) -> None:
        with pytest.raises(HostKeyUnknown, match="has not been accepted yet") as caught:
            log_in(sshd.target(port=proxy.port, host_keys=(), password="s3cret"))
        assert caught.value.offered == sshd.host_keys[0]
        assert sshd.host_keys[0].fingerprint in str(caught.value)
        assert proxy.sent_after_key_exchange() == b""

    def test_a_changed_one_stops_after_the_key_exchange(self, sshd: Sshd, proxy: Proxy) -> None:
        accepted = sshd.host_keys
        sshd.stop()
        sshd.log.unlink()
        sshd.host_key_files = [sshd.add_host_key("ed25519")]
        sshd.start()
        with pytest.raises(HostKeyChanged, match="has changed") as caught:
            log_in(sshd.target(port=proxy.port, host_keys=accepted, password="s3cret"))
        assert (caught.value.accepted, caught.value.offered) == (accepted, sshd.host_keys[0])
        assert accepted[0].fingerprint in str(caught.value)
        assert proxy.sent_after_key_exchange() == b""

    def test_the_proxy_would_see_a_login(self, sshd: Sshd, proxy: Proxy) -> None:
        log_in(sshd.target(port=proxy.port)).end()
        assert proxy.sent_after_key_exchange()

    def test_a_type_that_is_gone_is_told_from_a_change(self, sshd: Sshd) -> None:
        accepted = sshd.host_keys
        sshd.stop()
        sshd.log.unlink()
        sshd.host_key_files = [sshd.add_host_key("rsa")]
        sshd.start()
        with pytest.raises(HostKeyTypeGone, match=r"accepted type \(ssh-ed25519\)") as caught:
            log_in(sshd.target(host_keys=accepted))
        assert (caught.value.accepted, caught.value.offered) == (accepted, None)

    @pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
    def test_of_several_keys_the_accepted_one_is_asked_for(
        self, unstarted_sshd: Sshd, kind: str
    ) -> None:
        files = {name: unstarted_sshd.add_host_key(name) for name in ("rsa", "ecdsa", "ed25519")}
        unstarted_sshd.host_key_files = [files[kind]]
        accepted = unstarted_sshd.host_keys
        unstarted_sshd.host_key_files = list(files.values())
        unstarted_sshd.start()
        log_in(unstarted_sshd.target(host_keys=accepted)).end()

    def test_a_server_with_unsafe_algorithms_only_is_not_talked_down_to(
        self, unstarted_sshd: Sshd
    ) -> None:
        unstarted_sshd.host_key_files = [unstarted_sshd.add_host_key("rsa")]
        unstarted_sshd.start("HostKeyAlgorithms ssh-rsa")
        with pytest.raises(Unreachable, match="no safe SSH algorithm in common"):
            log_in(unstarted_sshd.target(host_keys=()))


@pytest.mark.sshd
def test_failed_logins_leave_no_thread(sshd: Sshd, thread_count: Callable[[], int]) -> None:
    before = thread_count()
    for changes in ({"private_key": sshd.make_key("other")}, {"host_keys": ()}):
        for _ in range(3):
            with pytest.raises((LoginRefused, HostKeyUnknown, BannerFailed)):
                log_in(sshd.target(**changes))
    deadline = time.monotonic() + 10
    while thread_count() > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert thread_count() <= before
