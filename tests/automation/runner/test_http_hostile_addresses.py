"""However an internal address is spelled, and whatever a name resolves to: nobody is connected to.

The listeners are real; the last tests show that they would be reached but for the guard.
"""

from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from automation.engine.errors import AddressRefused
from automation.engine.http import request_of
from automation.runner.http import GuardedHttp
from opsmanager.common import addresses
from opsmanager.common.addresses import Allowed
from tests.automation.runner.web import PATIENCE, WebServer

# Where "{}" stands goes the listener's port. Numbers are left to the machine's own resolver, which
# reads many of them.
SPELLINGS = [
    "http://127.0.0.1:{}/",
    "http://127.0.0.1.:{}/",
    "http://127.1:{}/",
    "http://127.0.1:{}/",
    "http://127.000.000.001:{}/",
    "http://127.0.0.01:{}/",
    "http://2130706433:{}/",
    "http://017700000001:{}/",
    "http://0177.0.0.1:{}/",
    "http://0177.0.0.01:{}/",
    "http://00000177.0.0.1:{}/",
    "http://0x7f000001:{}/",
    "http://0x7f.0.0.1:{}/",
    "http://0x7f.1:{}/",
    "http://0X7F.0x0.0x0.0x1:{}/",
    "http://127.0x1:{}/",
    "http://6425673729:{}/",
    "http://0:{}/",
    "http://0.0.0.0:{}/",
    "http://0x0:{}/",
    "http://127.127.127.127:{}/",
    "http://[::1]:{}/",
    "http://[0:0:0:0:0:0:0:1]:{}/",
    "http://[0000::0001]:{}/",
    "http://[::]:{}/",
    "http://[::127.0.0.1]:{}/",
    "http://[::ffff:127.0.0.1]:{}/",
    "http://[::ffff:7f00:1]:{}/",
    "http://[0:0:0:0:0:ffff:7f00:0001]:{}/",
    "http://[::ffff:0:127.0.0.1]:{}/",
    "http://[64:ff9b::127.0.0.1]:{}/",
    "http://[64:ff9b::7f00:1]:{}/",
    "http://[64:ff9b:1::7f00:1]:{}/",
    "http://[2002:7f00:1::]:{}/",
    "http://[2001:0:7f00:1:0:0:80ff:fffe]:{}/",
    "http://[::1%25lo]:{}/",
    "http://[fe80::1%lo]:{}/",
    "http://[fec0::1]:{}/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://localhost:{}/",
    "http://localhost.:{}/",
    "http://LOCALHOST:{}/",
    "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:{}/",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{}/",
    "http://127\u30020\u30020\u30021:{}/",
    "http://127%2e0%2e0%2e1:{}/",
    "http://%31%32%37.0.0.1:{}/",
    "http://example.com@127.0.0.1:{}/",
    "http://example.com:80@127.0.0.1:{}/",
    "http://a@b@127.0.0.1:{}/",
    "http://127.0.0.1:{}\\@example.com/",
    "http://127.0.0.1:{}#@example.com/",
    "http://127.0.0.1:{}?@example.com/",
    "http://example.com#@127.0.0.1:{}\r\n",
    " http://127.0.0.1:{}/",
    "http://127.0.0.1\t:{}/",
    "http:127.0.0.1:{}/",
    "http:/127.0.0.1:{}/",
    "http:///127.0.0.1:{}/",
    "//127.0.0.1:{}/",
    "https://127.0.0.1:{}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254.:80/",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://[::ffff:169.254.169.254]/",
    "http://10.0.0.1:{}/",
    "http://172.16.0.1:{}/",
    "http://192.168.0.1:{}/",
    "http://100.64.0.1:{}/",
    "http://224.0.0.1:{}/",
    "http://255.255.255.255:{}/",
    "gopher://127.0.0.1:{}/_GET",
    "ftp://127.0.0.1:{}/",
    "file://127.0.0.1:{}/etc/passwd",
    "dict://127.0.0.1:{}/",
]

NAMES = {
    "loopback.example": ["127.0.0.1"],
    "loopback6.example": ["::1"],
    "any.example": ["0.0.0.0"],
    "localhost.localdomain": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "mixed.example": ["93.184.215.14", "127.0.0.1"],
    "mixed-first.example": ["127.0.0.1", "93.184.215.14"],
    "mixed6.example": ["2606:4700::1111", "::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "six-to-four.example": ["2002:7f00:1::"],
    "metadata.google.internal": ["169.254.169.254"],
    "private.example": ["10.0.0.1"],
    "link-local.example": ["fe80::1%lo"],
    "xn--n3h.example": ["127.0.0.1"],
    "127.0.0.1.example": ["127.0.0.1"],
}


@pytest.fixture
def listeners() -> Iterator[list[WebServer]]:
    """Web servers on one port of 127.0.0.1 and, where the machine has it, of ::1."""
    with ExitStack() as stack:
        first = stack.enter_context(WebServer())
        found = [first]
        with suppress(OSError):  # no IPv6 here, or the port is taken there
            found.append(stack.enter_context(WebServer(address="::1", port=first.port)))
        yield found


def call(url: str, *, allowed: Allowed, resolve: addresses.Resolve) -> int:
    client = GuardedHttp(allowed=allowed, stop=lambda: None, resolve=resolve)
    return client.send(request_of("GET", url, timeout=PATIENCE), timeout=PATIENCE).status


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_an_internal_address_is_connected_to(
    listeners: list[WebServer], spelling: str
) -> None:
    with pytest.raises(AddressRefused):
        call(spelling.format(listeners[0].port), allowed=Allowed(), resolve=addresses.resolve)
    assert [it.connections for it in listeners] == [0] * len(listeners)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_with_an_internal_address_is_connected_to(
    listeners: list[WebServer], name: str
) -> None:
    asked = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return NAMES[host]

    with pytest.raises(AddressRefused, match=f"{name} has the address "):
        call(f"http://{name}:{listeners[0].port}/", allowed=Allowed(), resolve=resolve)
    assert asked == [name]
    assert [it.connections for it in listeners] == [0] * len(listeners)


def test_a_name_that_flips_is_connected_to_where_it_was_first(listeners: list[WebServer]) -> None:
    answers = [["127.0.0.9"], ["127.0.0.1"], ["127.0.0.1"]]
    only = Allowed.parse(["127.0.0.9"])
    with WebServer(address="127.0.0.9", port=listeners[0].port) as named:
        url = f"http://flips.example:{named.port}/"
        assert call(url, allowed=only, resolve=lambda *_: answers.pop(0)) == 200
        with pytest.raises(AddressRefused):
            call(url, allowed=only, resolve=lambda *_: answers.pop(0))
    assert (named.connections, listeners[0].connections) == (1, 0)
    assert len(answers) == 1


def test_there_are_as_many_spellings_as_were_promised() -> None:
    assert len(set(SPELLINGS)) + len(NAMES) >= 60


def test_the_listeners_would_be_reached_but_for_the_guard(listeners: list[WebServer]) -> None:
    opened = Allowed.parse(["127.0.0.0/8", "::1"])
    for listener in listeners:
        host = listener.server_address[0]
        url = (
            f"http://[{host}]:{listener.port}/"
            if ":" in str(host)
            else f"http://{host}:{listener.port}/"
        )
        assert call(url, allowed=opened, resolve=addresses.resolve) == 200
    assert (
        call(f"http://localhost:{listeners[0].port}/", allowed=opened, resolve=addresses.resolve)
        == 200
    )
    assert sum(it.connections for it in listeners) == len(listeners) + 1
