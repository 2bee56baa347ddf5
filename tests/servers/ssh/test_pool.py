"""Connections are shared, replaced, bounded and closed, whatever the servers do."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from servers.ssh.ending import Outcome
from servers.ssh.errors import (
    BannerFailed,
    CommandStopped,
    CredentialInvalid,
    LoginRefused,
    PoolClosed,
    SshError,
    Unreachable,
)
from servers.ssh.pool import Pool, PoolStats
from servers.ssh.target import Target
from tests.servers.ssh.conftest import command, run, wait_until
from tests.servers.ssh.openssh import Sshd, free_port
from tests.servers.ssh.proxy import Proxy

Serve = Callable[..., Target]

EMPTY = PoolStats(connections=0, sessions=0, channels=0, opening=0)


@pytest.fixture
def black_hole() -> Iterator[Target]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Target(
            name="silent",
            hostname="127.0.0.1",
            port=listener.getsockname()[1],
            username="noc",
            password="s3cret",
            connect_timeout=2,
        )


@pytest.mark.sshd
class TestSharing:
    def test_twenty_threads_share_a_session(self, sshd: Sshd, pool: Pool) -> None:
        # sshd allows ten channels at once, so the threads have to take turns.
        with pool.session(sshd.target()) as session:

            def work(number: int) -> bytes:
                for _ in range(3):
                    result = run(session, f"echo {number}; exit {number}")
                    assert result.exit_code == number
                return bytes(result.stdout)

            with ThreadPoolExecutor(20) as threads:
                assert list(threads.map(work, range(20))) == [b"%d\n" % n for n in range(20)]
        # A busy sshd counts channels that have just ended, and refuses one: then, and only then, a
        # second connection takes over.
        logins = sshd.log.read_text().count("Accepted publickey")
        assert logins <= 2
        assert replace(pool.stats(), connections=0) == EMPTY

    def test_the_ninth_session_opens_a_second_connection(self, sshd: Sshd, pool: Pool) -> None:
        everybody = threading.Barrier(9)

        def work(_: int) -> int | None:
            with pool.session(sshd.target()) as session:
                everybody.wait(60)
                code = run(session, "sleep 0.5; exit 1").exit_code
                everybody.wait(60)
            return code

        with ThreadPoolExecutor(9) as threads:
            assert set(threads.map(work, range(9))) == {1}
        assert pool.stats() == replace(EMPTY, connections=2)

    def test_different_logins_never_share(self, sshd: Sshd, pool: Pool) -> None:
        with pool.session(sshd.target()) as one, pool.session(sshd.target(password="x")) as two:
            assert one._connection is not two._connection
            assert pool.stats() == replace(EMPTY, connections=2, sessions=2)

    def test_a_session_knows_its_own_server_by_name(self, sshd: Sshd, pool: Pool) -> None:
        with pool.session(sshd.target()), pool.session(sshd.target(name="alias")) as session:
            assert session.target.name == "alias"

    def test_channels_and_sessions_are_counted(self, sshd: Sshd, pool: Pool) -> None:
        seen: list[PoolStats] = []

        def look() -> None:
            seen.append(pool.stats())

        with pool.session(sshd.target()) as session:
            run(session, "sleep 1", stop=look)
        assert replace(EMPTY, connections=1, sessions=1, channels=1) in seen
        assert pool.stats() == replace(EMPTY, connections=1)


@pytest.mark.sshd
class TestLife:
    def test_an_idle_connection_is_closed(self, sshd: Sshd) -> None:
        pool = Pool(idle_timeout=1)
        with pool.session(sshd.target()) as session:
            time.sleep(3)
            assert run(session, "echo still here").stdout == b"still here\n"
        wait_until(lambda: pool.stats() == EMPTY)
        with pool.session(sshd.target()) as session:
            assert run(session, "echo again").stdout == b"again\n"
        pool.close()

    def test_a_server_that_was_restarted_is_connected_to_anew(self, sshd: Sshd, pool: Pool) -> None:
        with pool.session(sshd.target()) as session:
            sshd.stop()
            sshd.log.unlink()
            sshd.start()
            wait_until(lambda: not session._connection.alive)
            assert run(session, "echo back").stdout == b"back\n"
            assert session.ask("echo and again").stdout == "and again\n"

    def test_an_inquiry_outlives_a_lost_connection(self, sshd: Sshd, pool: Pool) -> None:
        with pool.session(sshd.target()) as session:
            session._connection.close()
            assert session.ask("echo back").stdout == "back\n"

    def test_a_retired_connection_lives_until_its_last_command_ended(
        self, unstarted_sshd: Sshd, pool: Pool
    ) -> None:
        unstarted_sshd.start("MaxSessions 1")
        with (
            pool.session(unstarted_sshd.target()) as session,
            ThreadPoolExecutor(3) as threads,
        ):
            codes = threads.map(lambda n: run(session, f"sleep 2; exit {n}").exit_code, (1, 2))
            assert list(codes) == [1, 2]
        wait_until(lambda: pool.stats().connections <= 1)

    def test_closing_ends_every_thread(self, sshd: Sshd, thread_count: Callable[[], int]) -> None:
        before = thread_count()
        pool = Pool()
        with pool.session(sshd.target()) as session:
            run(session, "true")
            assert thread_count() > before
            pool.close()
            with pytest.raises(PoolClosed, match="this worker is stopping"):
                run(session, "true")
        assert thread_count() <= before
        with pytest.raises(PoolClosed), pool.session(sshd.target()):
            pass

    def test_an_unused_pool_can_be_closed(self) -> None:
        Pool().close()


class TestFailures:
    @pytest.mark.sshd
    def test_a_busy_sshd_that_drops_connections_is_tried_again(self, unstarted_sshd: Sshd) -> None:
        unstarted_sshd.start("MaxStartups 3:100:3")
        pool = Pool(max_channels=1)

        def work(_: int) -> bytes:
            with pool.session(unstarted_sshd.target()) as session:
                return bytes(run(session, "echo done").stdout)

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(work, range(8))) == {b"done\n"}
        pool.close()

    def test_a_refused_connection_is_tried_four_times(self, pool: Pool) -> None:
        target = Target(
            name="down", hostname="127.0.0.1", port=free_port(), username="noc", password="x"
        )
        began = time.monotonic()
        with pytest.raises(Unreachable, match="refused the connection"), pool.session(target):
            pass
        # Three pauses: 0.2, 0.4 and 0.8 seconds, each at least half of that.
        assert time.monotonic() - began >= 0.7
        assert pool.stats() == EMPTY

    @pytest.mark.sshd
    def test_what_is_not_worth_trying_again_is_tried_once(
        self, pool: Pool, proxy: Proxy, sshd: Sshd
    ) -> None:
        with (
            pytest.raises(SshError, match="not been accepted"),
            pool.session(sshd.target(port=proxy.port, host_keys=())),
        ):
            pass
        assert proxy.connections == 1

    def test_all_who_wait_for_a_server_share_its_failure(
        self, pool: Pool, black_hole: Target, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("servers.ssh.handshake._HANDSHAKE_EXTRA", 1.0)

        def work(_: int) -> type:
            with pytest.raises(BannerFailed) as caught, pool.session(black_hole):
                pass
            return caught.type

        began = time.monotonic()
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(8)))
        # One attempt of three seconds, not eight of them.
        assert time.monotonic() - began < 20

    def test_whoever_waits_can_be_stopped(self, pool: Pool, black_hole: Target) -> None:
        with (
            pytest.raises(CommandStopped) as caught,
            pool.session(black_hole, stop=lambda: "CANCELLED"),
        ):
            pass
        assert (caught.value.reason, caught.value.ending.outcome) == (
            "CANCELLED",
            Outcome.STOPPED,
        )
        assert pool.stats().opening == 1

    def test_a_closing_pool_does_not_wait_for_silent_servers(
        self, black_hole: Target, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("servers.ssh.pool._CLOSE_PATIENCE", 0.5)
        pool = Pool()
        with pytest.raises(CommandStopped), pool.session(black_hole, stop=lambda: "CANCELLED"):
            pass
        pool.close()

    def test_what_is_opened_after_the_close_is_closed_at_once(
        self,
        serve: Serve,
        monkeypatch: pytest.MonkeyPatch,
        thread_count: Callable[[], int],
    ) -> None:
        monkeypatch.setattr("servers.ssh.pool._CLOSE_PATIENCE", 0.1)
        before = thread_count()
        pool = Pool()
        with (
            pytest.raises(CommandStopped),
            pool.session(serve(login_delay=2), stop=lambda: "CANCELLED"),
        ):
            pass
        pool.close()
        assert pool.stats().opening == 1
        # Threads of earlier tests may end meanwhile, so their number alone says nothing.
        wait_until(lambda: pool.stats() == EMPTY and thread_count() <= before)

    def test_a_closed_pool_tries_nothing_again(self) -> None:
        target = Target(
            name="down", hostname="127.0.0.1", port=free_port(), username="noc", password="x"
        )
        pool = Pool()
        with pytest.raises(CommandStopped), pool.session(target, stop=lambda: "CANCELLED"):
            pass
        pool.close()
        assert pool.stats() == EMPTY

    def test_an_error_of_our_own_reaches_whoever_waits(
        self, pool: Pool, monkeypatch: pytest.MonkeyPatch, serve: Serve
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise LookupError

        monkeypatch.setattr("servers.ssh.pool.connect", fail)
        with pytest.raises(LookupError), pool.session(serve()):
            pass
        assert pool.stats() == EMPTY


class TestBreaker:
    def test_two_refusals_stop_further_logins_with_that_credential(
        self, serve: Serve, pool: Pool
    ) -> None:
        target = serve()
        wrong = replace(target, password="wr0ng")
        for sentence in ("refused the login of noc. Check", "refused the login of noc. Check"):
            with pytest.raises(LoginRefused, match=sentence), pool.session(wrong):
                pass
        for _ in range(2):
            with pytest.raises(LoginRefused, match="2 times, so it is not"), pool.session(wrong):
                pass
        with pool.session(target) as session:
            assert run(session, "true").exit_code == 0
        pool.reset(wrong)
        with pytest.raises(LoginRefused, match="Check the user name"), pool.session(wrong):
            pass

    def test_an_unusable_credential_is_no_refusal(self, serve: Serve, pool: Pool) -> None:
        target = replace(serve(), password=None)
        for _ in range(4):
            with pytest.raises(CredentialInvalid), pool.session(target):
                pass


@pytest.mark.sshd
def test_failures_leave_no_thread(sshd: Sshd, pool: Pool, thread_count: Callable[[], int]) -> None:
    before = thread_count()
    wrong = sshd.target(private_key=sshd.make_key("other"))
    for target in (wrong, wrong, sshd.target(host_keys=()), sshd.target(port=free_port())):
        with pytest.raises(SshError), pool.session(target):
            pass
    wait_until(lambda: thread_count() <= before)


@pytest.mark.sshd
def test_a_stop_while_the_connection_is_renewed(
    sshd: Sshd, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that it is asked before a quick server has let it in.
    monkeypatch.setattr("servers.ssh.pool._POLL", 0.001)
    with pool.session(sshd.target()) as session:
        session._connection.close()
        answers = iter([None])
        with pytest.raises(CommandStopped):
            run(session, command("true"), stop=lambda: next(answers, "CANCELLED"))
