import pytest
from pydantic import TypeAdapter, ValidationError

from automation.engine.parameter_types import AbsolutePath, Percent, Port, SystemdUnit, Url


@pytest.mark.parametrize(
    ("given", "unit"),
    [
        ("nginx", "nginx.service"),
        ("nginx.service", "nginx.service"),
        ("sshd.socket", "sshd.socket"),
        ("getty@tty1", "getty@tty1.service"),
        ("foo.bar", "foo.bar.service"),
        ("a:b_c-d", "a:b_c-d.service"),
    ],
)
def test_a_unit_gets_the_suffix_that_systemctl_would_give_it(given: str, unit: str) -> None:
    assert TypeAdapter(SystemdUnit).validate_python(given) == unit


@pytest.mark.parametrize(
    "given",
    ["", "nginx; rm -rf /", "-rf", "--now", "a b", "a/b", "a\nb", "a\0", "$(id)", "ä", "a\\x2d",
     "x" * 248],
)  # fmt: skip
def test_what_is_no_unit_name_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SystemdUnit).validate_python(given)


def test_the_refusal_of_a_unit_says_what_would_do() -> None:
    with pytest.raises(ValidationError) as refusal:
        TypeAdapter(SystemdUnit).validate_python("nginx; rm -rf /")
    assert refusal.value.errors()[0]["msg"].endswith(
        "“nginx; rm -rf /” is not the name of a systemd unit: use letters, digits and "
        "@ . _ : - only, such as nginx.service."
    )


def test_a_long_or_unprintable_value_is_shortened_and_spelled_out_in_the_sentence() -> None:
    with pytest.raises(ValidationError, match=r"“\\x1b\[31mx+\.\.\.”") as refusal:
        TypeAdapter(SystemdUnit).validate_python("\x1b[31m" + "x" * 200)
    assert "\x1b" not in refusal.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/var/log", "/var/log"),
        ("//var//log/", "/var/log"),
        ("/var/log/../../etc", "/etc"),
        ("/var/ä b/'c'", "/var/ä b/'c'"),
        ("/", "/"),
    ],
)
def test_a_path_is_normalised(given: str, path: str) -> None:
    assert TypeAdapter(AbsolutePath).validate_python(given) == path


@pytest.mark.parametrize("given", ["", "var", "-x", "~/x", "/a\nb", "/a\0b", "/" + "x" * 4096])
def test_what_is_no_absolute_path_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(AbsolutePath).validate_python(given)


@pytest.mark.parametrize(
    "given", ["http://127.0.0.1:8080/", "https://example.org/a?b=c&d=%20#e", "http://[::1]/x"]
)
def test_an_address_of_the_web_is_kept_as_it_is(given: str) -> None:
    assert TypeAdapter(Url).validate_python(given) == given


@pytest.mark.parametrize(
    "given",
    ["", "example.org", "ftp://a/", "file:///etc/passwd", "http://", "http://a b/", "http://a/\n",
     "http://u:p@a/", "http://a:99999/", "http://a:0/", "http://[::1/", "http://a/ä",
     "http://a/" + "x" * 2048],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Url).validate_python(given)


def test_numbers_have_their_bounds() -> None:
    assert TypeAdapter(Port).validate_python("65535") == 65535
    assert TypeAdapter(Percent).validate_python(100) == 100
    for wrong, kind in ((0, Port), (65536, Port), (0, Percent), (101, Percent)):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(wrong)
