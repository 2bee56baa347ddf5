"""The program that sends: what it calls, what it never calls, and what it says of it."""

import subprocess
import sys
import time
from typing import Any

import pytest

from opsmanager.common.addresses import Allowed
from opsmanager.notifications import child, kinds
from tests.automation.runner.web import Exchange, WebServer
from tests.opsmanager.notifications.smtp import SmtpSink


def sent(url: str, **fields: Any) -> child.Answer:
    return child.send(
        url, title="It failed", body="It said no.\n\nhttp://x/", tone="failure", **fields
    )


def test_a_mail_arrives_with_subject_and_text() -> None:
    with SmtpSink() as sink:
        answer = sent(f"mailto://127.0.0.1:{sink.port}?from=ops@example.org&to=noc@example.org")

    assert answer.ok, answer.reason
    (mail,) = sink.received
    assert mail["Subject"] == "It failed"
    assert "noc@example.org" in str(mail["To"])
    (text,) = [part for part in mail.walk() if part.get_content_type() == "text/html"][:1] or [mail]
    assert "It said no." in text.get_payload(decode=True).decode()


def test_a_redirect_is_not_followed(web: WebServer) -> None:
    with WebServer() as other:
        where = f"http://127.0.0.1:{other.port}/"
        web.script = lambda exchange: exchange.answer(302, Location=where)

        answer = sent(f"json://127.0.0.1:{web.port}/")

    assert not answer.ok
    assert other.received == []


def test_a_name_that_leads_inside_is_refused_whatever_it_says(settings: Any) -> None:
    settings.NOTIFY_ALLOWED_NETWORKS = Allowed()

    answer = sent("json://localhost:9/")

    assert answer.is_refused
    assert "localhost has the address" in answer.reason


def test_a_host_may_be_opened_by_its_name(web: WebServer, settings: Any) -> None:
    settings.NOTIFY_ALLOWED_NETWORKS = Allowed.parse(["localhost"])

    assert sent(f"json://localhost:{web.port}/").ok
    assert sent(f"json://127.0.0.1:{web.port}/").is_refused


def test_a_name_without_an_address_is_tried_again_later() -> None:
    answer = sent("json://no-such-host.invalid/")

    assert (answer.ok, answer.is_refused) == (False, False)
    assert "could not be resolved" in answer.reason


def test_an_answer_that_drips_is_given_up(web: WebServer) -> None:
    def drip(exchange: Exchange) -> None:
        exchange.send_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            exchange.send_raw(b".")
            time.sleep(0.2)

    web.script = drip
    began = time.monotonic()

    answer = sent(f"json://127.0.0.1:{web.port}/", seconds=8)

    assert time.monotonic() - began < 25
    assert "longer than 8 seconds" in answer.reason


WATCHED = """
import os, socket, subprocess, sys
from opsmanager.notifications.sender.guard import Closed, Watch

watch = Watch.over(["127.0.0.1"])
for forbidden in (
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: os.fork(),
    lambda: socket.socket(socket.AF_UNIX).connect("/run/x"),
    lambda: socket.socket().connect(("10.0.0.1", 80)),
    lambda: socket.socket().connect_ex(("localhost", 80)),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.0.0.1", 514)),
    lambda: socket.create_connection(("169.254.169.254", 80)),
    lambda: socket.socket(socket.AF_INET6).connect(("::1", 80)),
):
    try:
        forbidden()
    except Closed:
        continue
    sys.exit("It was let through.")
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))
"""


def test_nothing_gets_past_the_watch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_address_stands_in_no_argument(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    real = subprocess.run

    def watched(arguments: Any, **options: Any) -> Any:
        seen.append((arguments, options["env"]))
        return real(arguments, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    monkeypatch.setenv("SECRET_KEY_OF_ANOTHER", "canary-of-the-environment")

    assert sent(f"json://me:pass-word@127.0.0.1:{web.port}/").ok
    assert "pass-word" not in str(seen)
    assert "canary" not in str(seen)


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.title)
def test_each_example_is_an_address_of_its_service(
    kind: kinds.Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = kinds.scheme_of(kind.example)
    assert scheme in kind.schemes
    assert kinds.kind_of(kind.example) is kind


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("slack://TokenAA/TokenBB/TokenCC/#noc", {"TokenAA", "TokenBB", "TokenCC"}),
        (
            "json://me:pass%20word@host.example/hidden?+X-Auth=token-1",
            {"pass word", "hidden", "token-1"},
        ),
        ("json://host.example?+X-Auth=token-1", {"token-1"}),
        ("tgram://123456789:AAbbCC/12345678", {"123456789", "AAbbCC", "12345678"}),
    ],
)
def test_what_may_be_secret_of_an_address_is_known(url: str, secrets: set[str]) -> None:
    found = set(kinds.secrets_of(url))
    assert secrets <= found
    assert "host.example" not in found
