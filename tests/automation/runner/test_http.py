import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automation.engine.errors import (
    AddressRefused,
    CommandTimedOut,
    ConnectionLost,
    EngineError,
    ExecutionStopped,
    LeaseLost,
    WebUnreachable,
)
from automation.engine.http import HttpAnswer, request_of
from automation.engine.results import CancelOutcome
from automation.runner.http import GuardedHttp
from opsmanager.common.addresses import Allowed, Resolve
from tests.automation.runner.web import PATIENCE, Exchange, WebServer, certificates

HERE = Allowed.parse(["127.0.0.0/8", "::1"])
MIB = 1024 * 1024


def go_on() -> None:
    return None


def to(*addresses: str) -> Resolve:
    """Resolve each name to these addresses."""
    return lambda _host, _port: list(addresses)


LOOPBACK = to("127.0.0.1")


def call(
    method: str,
    url: str,
    *,
    allowed: Allowed = HERE,
    stop: Callable[[], str | None] = go_on,
    resolve: Resolve = LOOPBACK,
    tls: ssl.SSLContext | None = None,
    timeout: float = PATIENCE,
    **options: Any,
) -> HttpAnswer:
    client = GuardedHttp(allowed=allowed, stop=stop, resolve=resolve, tls=tls)
    return client.send(request_of(method, url, timeout=timeout, **options), timeout=timeout)


def failure(*words: Any, **options: Any) -> EngineError:
    with pytest.raises(EngineError) as raised:
        call(*words, **options)
    return raised.value


def test_a_call_is_sent_as_the_step_gave_it_and_answered() -> None:
    with WebServer(lambda it: it.answer(201, b'{"id": 7}', X_One="1")) as web:
        answer = call(
            "POST",
            f"http://noc:s3cret@api.example.com:{web.port}/v1/items?token=hunter2#part",
            json_body={"name": "ü"},
            headers={"X-Api-Key": "k"},
        )
    assert (answer.status, answer.json(), answer.headers["x-one"]) == (201, {"id": 7}, "1")
    (received,) = web.received
    assert (received.method, received.target) == ("POST", "/v1/items?token=hunter2")
    assert received.body == b'{"name": "\\u00fc"}'
    fields = received.headers
    assert fields["host"] == f"api.example.com:{web.port}"
    assert fields["authorization"] == "Basic bm9jOnMzY3JldA=="
    assert (fields["x-api-key"], fields["content-type"]) == ("k", "application/json")
    assert (fields["user-agent"], fields["accept-encoding"]) == ("OpsManager", "identity")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_call_without_a_body_sends_none(method: str) -> None:
    with WebServer() as web:
        answer = call(method, f"http://127.0.0.1:{web.port}")
    assert (answer.status, answer.text) == (200, "" if method == "HEAD" else "fine")
    assert web.received[0].headers.get("content-length", "0") == "0"


@pytest.mark.parametrize("status", [204, 304, 404, 500])
def test_any_status_is_an_answer(status: int) -> None:
    with WebServer(lambda it: it.answer(status, b"")) as web:
        assert call("GET", f"http://127.0.0.1:{web.port}/").status == status


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with WebServer() as other:
        target = f"http://127.0.0.1:{other.port}/latest/meta-data"
        with WebServer(lambda it: it.answer(302, b"", Location=target)) as web:
            answer = call("GET", f"http://127.0.0.1:{web.port}/")
    assert (answer.status, answer.headers["location"]) == (302, target)
    assert (web.connections, other.connections) == (1, 0)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with WebServer() as proxy, WebServer() as web:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert call("GET", f"http://api.example.com:{web.port}/").ok
    assert (web.connections, proxy.connections) == (1, 0)


def test_the_call_goes_to_the_address_that_was_checked() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    with WebServer() as first, WebServer(address="127.0.0.2", port=first.port) as second:
        resolve: Resolve = lambda _host, _port: answers.pop(0)  # noqa: E731
        assert call("GET", f"http://flips.example:{first.port}/", resolve=resolve).ok
    assert (first.connections, second.connections, len(answers)) == (1, 0, 1)


def test_the_next_address_of_a_host_is_tried_when_one_is_down() -> None:
    with WebServer() as web:
        url = f"http://api.example.com:{web.port}/"
        assert call("GET", url, resolve=to("127.0.0.3", "127.0.0.1")).ok


def test_an_ipv6_address_is_called() -> None:
    if not socket.has_ipv6:
        pytest.skip("This Python has no IPv6.")
    try:
        web = WebServer(address="::1")
    except OSError:
        pytest.skip("This machine has no ::1.")
    with web:
        assert call("GET", f"http://[::1]:{web.port}/").ok
    assert web.received[0].headers["host"] == f"[::1]:{web.port}"


def test_a_certificate_is_checked_for_the_host_and_not_the_address(tmp_path: Path) -> None:
    made = certificates(tmp_path, "api.example.com")
    asked = []
    made.server.sni_callback = lambda _socket, name, _context: asked.append(name)
    with WebServer(tls=made.server) as web:
        answer = call("GET", f"https://api.example.com:{web.port}/", tls=made.client)
        wrong = failure("POST", f"https://other.example.com:{web.port}/", tls=made.client)
    assert answer.text == "fine"
    assert asked == ["api.example.com", "other.example.com"]
    assert web.received[0].headers["host"] == f"api.example.com:{web.port}"
    assert isinstance(wrong, WebUnreachable)
    assert "its certificate is not trusted: Hostname mismatch" in str(wrong)
    assert len(web.received) == 1


def test_a_certificate_may_be_that_of_an_address(tmp_path: Path) -> None:
    made = certificates(tmp_path, "127.0.0.1")
    with WebServer(tls=made.server) as web:
        assert call("GET", f"https://127.0.0.1:{web.port}/", tls=made.client).ok


def test_a_certificate_that_this_machine_does_not_trust_ends_the_call(tmp_path: Path) -> None:
    made = certificates(tmp_path, "api.example.com")
    with WebServer(tls=made.server) as web:
        refused = failure("POST", f"https://api.example.com:{web.port}/")
    assert isinstance(refused, WebUnreachable)
    assert "its certificate is not trusted" in str(refused)
    assert web.received == []


def test_a_body_over_the_limit_is_cut_in_the_middle() -> None:
    body = b"begin" + 3 * MIB * b"x" + b"end"
    with WebServer(lambda it: it.answer(200, body)) as web:
        answer = call("GET", f"http://127.0.0.1:{web.port}/")
    assert answer.is_cut
    assert answer.text.startswith("beginx")
    assert answer.text.endswith("xend")
    assert "bytes left out" in answer.text
    assert len(answer.text) < MIB + 100


def test_a_body_that_was_packed_unasked_is_unpacked_within_the_limit() -> None:
    bomb = gzip.compress(bytes(50 * MIB))
    script = lambda it: it.answer(200, bomb, Content_Encoding="gzip")  # noqa: E731
    with WebServer(script) as web:
        answer = call("GET", f"http://127.0.0.1:{web.port}/")
    assert answer.is_cut
    assert answer.text.startswith("␀␀")


def test_a_body_is_read_as_utf_8_whatever_its_bytes() -> None:
    with WebServer(lambda it: it.answer(200, b"\xc3\xbc\xff\0")) as web:
        assert call("GET", f"http://127.0.0.1:{web.port}/").text == "ü\ufffd␀"


def test_a_body_in_pieces_is_put_together() -> None:
    def script(it: Exchange) -> None:
        it.send_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        it.send_raw(b"3\r\na\xc3\xbc\r\n2\r\nbc\r\n0\r\n\r\n")

    with WebServer(script) as web:
        assert call("GET", f"http://127.0.0.1:{web.port}/").text == "aübc"


def without_a_word(it: Exchange) -> None:
    it.cut()


def in_the_body(it: Exchange) -> None:
    it.send_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    it.cut()


def in_a_chunk(it: Exchange) -> None:
    it.send_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf")
    it.cut()


def with_something_else(it: Exchange) -> None:
    it.send_raw(b"SSH-2.0-OpenSSH_9.2\r\n")
    it.cut()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("script", [without_a_word, in_the_body, in_a_chunk, with_something_else])
def test_an_answer_that_breaks_off_is_lost(method: str, script: Callable[[Exchange], None]) -> None:
    with WebServer(script) as web:
        lost = failure(method, f"http://127.0.0.1:{web.port}/?token=hunter2")
    assert isinstance(lost, ConnectionLost)
    assert f"{method} http://127.0.0.1:{web.port}/?token=***" in str(lost)
    assert "broke before the answer was whole" in str(lost)
    assert "hunter2" not in str(lost)
    assert web.connections == 1


def test_a_port_where_nobody_listens_is_a_failed_connection() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        refused = failure("POST", f"http://api.example.com:{port}/")
    assert isinstance(refused, WebUnreachable)
    assert str(refused) == (
        f"api.example.com:{port} could not be reached (Connection refused); nothing was sent."
    )


@pytest.mark.parametrize("resolve", [to(), lambda _host, _port: socket.getaddrinfo("a..b", 1)])
def test_a_name_without_an_address_is_a_failed_connection(resolve: Any) -> None:
    unknown = failure("GET", "http://gone.example/", resolve=resolve)
    assert isinstance(unknown, WebUnreachable)
    assert "nothing was sent" in str(unknown)


@pytest.mark.parametrize(("method", "kind"), [("GET", CommandTimedOut), ("POST", ConnectionLost)])
def test_a_silent_peer_is_not_waited_for_beyond_the_timeout(
    method: str, kind: type[EngineError]
) -> None:
    with WebServer(Exchange.be_silent) as web:
        late = failure(method, f"http://127.0.0.1:{web.port}/", timeout=0.5)
        assert web.hung_up.wait(PATIENCE)
    assert type(late) is kind
    assert str(late) == (
        f"`{method} http://127.0.0.1:{web.port}/` was not answered within 0.5 seconds."
    )


def test_the_timeout_is_that_of_the_whole_answer() -> None:
    def drips(it: Exchange) -> None:
        it.send_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            it.send_raw(b"x")
            time.sleep(0.05)

    with WebServer(drips) as web:
        begun = time.monotonic()
        late = failure("GET", f"http://127.0.0.1:{web.port}/", timeout=0.5)
    assert isinstance(late, CommandTimedOut)
    assert time.monotonic() - begun < PATIENCE / 4


@pytest.mark.parametrize(
    ("method", "told", "outcome"),
    [
        ("POST", "The call was sent and may have taken effect.", CancelOutcome.UNREACHABLE),
        ("GET", "The execution was cancelled", None),
    ],
)
@pytest.mark.parametrize("reason", ["CANCELLED", "TIMEOUT"])
def test_a_stop_ends_the_wait_for_a_silent_peer_at_once(
    method: str, told: str, outcome: CancelOutcome | None, reason: str
) -> None:
    with WebServer(Exchange.be_silent) as web:
        stop = lambda: reason if web.received else None  # noqa: E731
        begun = time.monotonic()
        stopped = failure(method, f"http://127.0.0.1:{web.port}/", stop=stop)
        took = time.monotonic() - begun
        assert web.hung_up.wait(PATIENCE)
    assert isinstance(stopped, ExecutionStopped)
    assert (stopped.reason, stopped.cancel_outcome) == (reason, outcome)
    assert told in str(stopped)
    assert took < PATIENCE / 6


def test_a_stop_ends_the_wait_for_a_silent_peer_behind_tls(tmp_path: Path) -> None:
    made = certificates(tmp_path, "api.example.com")
    with WebServer(Exchange.be_silent, tls=made.server) as web:
        stop = lambda: "CANCELLED" if web.received else None  # noqa: E731
        url = f"https://api.example.com:{web.port}/"
        assert isinstance(failure("POST", url, stop=stop, tls=made.client), ExecutionStopped)
        assert web.hung_up.wait(PATIENCE)


def test_a_lost_lease_ends_the_wait_too() -> None:
    with WebServer(Exchange.be_silent) as web:
        stop = lambda: "LEASE_LOST" if web.received else None  # noqa: E731
        assert isinstance(failure("POST", f"http://127.0.0.1:{web.port}/", stop=stop), LeaseLost)


def test_nothing_is_sent_after_a_stop_during_the_look_up_of_the_name() -> None:
    looking, found = threading.Event(), threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        looking.set()
        assert found.wait(PATIENCE)
        return ["127.0.0.1"]

    with WebServer() as web:
        stop = lambda: "CANCELLED" if looking.is_set() else None  # noqa: E731
        url = f"http://api.example.com:{web.port}/"
        stopped = failure("POST", url, stop=stop, resolve=resolve)
        found.set()
        ended = [it for it in threading.enumerate() if it.name == "http-call"]
        for thread in ended:
            thread.join(PATIENCE)
    assert isinstance(stopped, ExecutionStopped)
    assert stopped.cancel_outcome is None
    assert web.connections == 0


def test_a_handshake_that_hangs_has_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        late = failure("POST", url, timeout=0.5)
    assert isinstance(late, WebUnreachable)
    assert str(late).endswith("could not be reached within 0.5 seconds; nothing was sent.")


def test_a_refused_address_is_named_with_the_setting_that_opens_it() -> None:
    refused = failure("GET", "http://api.example.com/", allowed=Allowed(), resolve=to("10.1.2.3"))
    assert isinstance(refused, AddressRefused)
    assert str(refused) == (
        "OpsManager does not call api.example.com: api.example.com has the address 10.1.2.3, "
        "which is a private address. Only public web addresses are called; an administrator can "
        "open others with AUTOMATION_HTTP_ALLOWED_NETWORKS."
    )


def test_a_fault_in_the_thread_is_raised_where_it_is_waited_for() -> None:
    def faulty(_host: str, _port: int) -> list[str]:
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        call("GET", "http://api.example.com/", resolve=faulty)
