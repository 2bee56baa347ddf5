import pytest

from automation.engine.errors import AddressRefused
from automation.engine.results import ErrorCode
from automation.engine.web_address import WebAddress


def test_a_url_is_taken_apart() -> None:
    address = WebAddress.parse("HTTPS://API.Example.com.:8443/v1/items?limit=5&page=2#part")
    assert (address.scheme, address.host, address.port) == ("https", "api.example.com", 8443)
    assert address.target == "/v1/items?limit=5&page=2"
    assert address.place == "api.example.com:8443"
    assert address.url == "https://api.example.com:8443/v1/items?limit=5&page=2"
    assert address.shown == address.url


@pytest.mark.parametrize(
    ("url", "port", "place"),
    [
        ("http://example.com", 80, "example.com"),
        ("http://example.com:80/", 80, "example.com"),
        ("https://example.com", 443, "example.com"),
        ("https://example.com:80", 80, "example.com:80"),
        ("https://[2001:db8::1]/", 443, "[2001:db8::1]"),
        ("https://[2001:DB8::1]:8443/", 8443, "[2001:db8::1]:8443"),
    ],
)
def test_the_port_is_that_of_the_scheme_unless_it_is_named(url: str, port: int, place: str) -> None:
    address = WebAddress.parse(url)
    assert (address.port, address.place, address.target) == (port, place, "/")


def test_user_and_password_are_read_and_masked() -> None:
    address = WebAddress.parse("https://noc%40hq:s3cret%2F+@example.com/x")
    assert (address.user, address.password) == ("noc@hq", "s3cret/+")
    assert address.shown == "https://***@example.com/x"
    assert WebAddress.parse("https://:s3cret@example.com/").shown == "https://***@example.com/"
    assert "s3cret" not in address.url
    assert "s3cret" not in repr(address)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("token=hunter2", "token=***"),
        ("a=1&access_token=hunter2&b=2", "a=1&access_token=***&b=2"),
        ("X-Amz-Signature=hunter2;key=hunter2", "X-Amz-Signature=***;key=***"),
        ("api%5Fkey=hunter2", "api%5Fkey=***"),
        ("%74oken=hunter2==", "%74oken=***"),
        ("ClientSecret=hunter2", "ClientSecret=***"),
        ("user_password=hunter2", "user_password=***"),
        ("token=&token", "token=&token"),
        ("keyboard=de&page=2&&", "keyboard=de&page=2&&"),
    ],
)
def test_secrets_in_the_query_are_masked(query: str, shown: str) -> None:
    address = WebAddress.parse(f"https://example.com/x?{query}")
    assert address.shown == f"https://example.com/x?{shown}"
    assert address.target == f"/x?{query}"
    assert "hunter2" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hunter2",
        "//example.com/hunter2",
        "http:/example.com/hunter2",
        "http:example.com",
        "http:///hunter2",
        "https://?hunter2",
        "https://hunter2@/",
        "ftp://example.com/hunter2",
        "file:///etc/hunter2",
        "gopher://example.com/hunter2",
        "javascript:hunter2",
        "https://example.com:0/hunter2",
        "https://example.com:65536/hunter2",
        "https://example.com:-1/hunter2",
        "https://example.com:http/hunter2",
        "https://example.com/hunter2 x",
        "https://example.com/hunter2\r\nHost: other",
        "https://example.com/hunter2\0",
        "https://example.com\\@hunter2/",
        "https://ex\u00e4mple.com/hunter2",
        "https://example\u3002com/hunter2",
        "https://example%2ecom/hunter2",
        "https://exa<mple.com/hunter2",
        "https://[::1/hunter2",
        "https://[hunter2]/",
        "https://[v1.hunter2]/",
        "https://[::1%25eth0]/hunter2",
        "https://[::1%eth0]/hunter2",
        "https://example.com/" + "hunter2" * 2000,
    ],
)
def test_what_is_no_plain_web_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        WebAddress.parse(url)
    assert "hunter2" not in str(refusal.value)
    assert str(refusal.value).startswith(("The URL of an HTTP call", "The port of an HTTP call"))
    assert refusal.value.code is ErrorCode.VALIDATION
