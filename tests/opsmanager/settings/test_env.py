import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from nacl.public import PrivateKey

from opsmanager.common.addresses import Allowed
from opsmanager.settings import env
from opsmanager.settings.env import SettingInvalid

NAME = "OPSMANAGER_SAMPLE"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (NAME, f"{NAME}_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    return lambda value: monkeypatch.setenv(NAME, value)


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, password: bytes | None = None) -> str:
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    ).decode()


def test_a_text_is_read_from_the_environment(given) -> None:
    given("some text")
    assert env.text(NAME) == "some text"


def test_a_text_is_read_from_the_file_that_is_named(given, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    given("from the environment")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert env.text(NAME) == "from the file"


def test_a_missing_required_setting_says_how_to_set_it() -> None:
    with pytest.raises(SettingInvalid) as refusal:
        env.text(NAME)
    assert str(refusal.value) == (
        f"{NAME} is not set. Set it, or name a file that holds it in {NAME}_FILE "
        "(`make run` makes all settings itself)."
    )


def test_zones_are_plain_names(given) -> None:
    assert env.zones(NAME) == []
    given(" dmz, plant-2 ,")
    assert env.zones(NAME) == ["dmz", "plant-2"]


@pytest.mark.parametrize("wrong", ["DMZ", "a.b", "dmz;plant", "x" * 31])
def test_what_can_be_no_zone_is_refused(given, wrong: str) -> None:
    given(f"dmz,{wrong}")
    with pytest.raises(SettingInvalid, match="which can't be a zone"):
        env.zones(NAME)


def test_a_missing_or_empty_optional_setting_is_its_default(given) -> None:
    assert env.text(NAME, "default") == "default"
    given("")
    assert env.text(NAME, "default") == "default"


def test_an_empty_file_is_like_no_setting(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "empty"))
    assert env.text(NAME, "default") == "default"
    with pytest.raises(SettingInvalid, match=rf"{NAME}_FILE names .*/empty, which is empty\."):
        env.text(NAME)


def test_a_file_that_does_not_exist_says_so(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(SettingInvalid, match="No such file or directory") as refusal:
        env.text(NAME, "default")
    assert str(refusal.value).startswith(f"{NAME}_FILE names {tmp_path}/nowhere")


def test_a_file_that_is_no_text_says_so_without_showing_it(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"hunter2\xff\xfe")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "binary"))
    with pytest.raises(SettingInvalid, match="not UTF-8 text") as refusal:
        env.text(NAME)
    assert "hunter2" not in str(refusal.value)


def test_a_whole_number_is_read_and_has_a_default(given) -> None:
    assert env.integer(NAME, 7) == 7
    given("12")
    assert env.integer(NAME, 7) == 12


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("many", "must be a whole number, not 'many'."),
        ("1.5", "must be a whole number, not '1.5'."),
        ("0", "must be between 1 and 10, not 0."),
        ("11", "must be between 1 and 10, not 11."),
    ],
)
def test_a_number_that_does_not_fit_says_what_does(given, value: str, sentence: str) -> None:
    given(value)
    with pytest.raises(SettingInvalid) as refusal:
        env.integer(NAME, 5, least=1, most=10)
    assert str(refusal.value) == f"{NAME} {sentence}"


def test_a_number_without_an_upper_limit_names_the_lower_one(given) -> None:
    given("-1")
    with pytest.raises(SettingInvalid, match="must be at least 0, not -1"):
        env.integer(NAME, 5)


@pytest.mark.parametrize("value", ["true", "YES", "on", "1"])
def test_a_flag_takes_the_usual_words_for_yes(given, value: str) -> None:
    given(value)
    assert env.flag(NAME, default=False) is True


@pytest.mark.parametrize("value", ["False", "no", "off", "0"])
def test_a_flag_takes_the_usual_words_for_no(given, value: str) -> None:
    given(value)
    assert env.flag(NAME, default=True) is False


@pytest.mark.parametrize("default", [True, False])
def test_a_flag_that_is_not_set_is_its_default(default: bool) -> None:
    assert env.flag(NAME, default=default) is default


def test_a_flag_that_is_neither_yes_nor_no_is_refused(given) -> None:
    given("perhaps")
    with pytest.raises(SettingInvalid, match="must be true or false, not 'perhaps'"):
        env.flag(NAME, default=True)


def test_words_are_separated_by_commas_and_never_empty(given) -> None:
    given(" a, b ,,c,")
    assert env.words(NAME) == ["a", "b", "c"]


def test_networks_and_hosts_are_read_together(given) -> None:
    assert env.networks(NAME) == Allowed()
    given("10.1.0.0/16, status.internal")
    assert env.networks(NAME) == Allowed.parse(["10.1.0.0/16", "status.internal"])


def test_a_wrong_network_is_told_with_an_example(given) -> None:
    given("10.1.0.1/16")
    with pytest.raises(SettingInvalid) as refusal:
        env.networks(NAME)
    assert str(refusal.value) == (
        f"{NAME} can't be read: '10.1.0.1/16' has bits beyond its network; write 10.1.0.0/16. "
        "It is a list such as 10.1.0.0/16,status.internal."
    )


def test_a_database_url_is_taken_apart_and_its_parts_unquoted(given) -> None:
    given(
        "postgresql://ops%40hq:p%3Aa%2Fss@db.example:6543/ops%20db?sslmode=require&passfile=a%2Fb"
    )
    assert env.database(NAME) == {
        "ENGINE": "opsmanager.common.postgresql",
        "NAME": "ops db",
        "USER": "ops@hq",
        "PASSWORD": "p:a/ss",
        "HOST": "db.example",
        "PORT": "6543",
        "OPTIONS": {"sslmode": "require", "passfile": "a/b"},
    }


def test_a_database_url_needs_no_port_or_password(given) -> None:
    given("postgres:///opsmanager")
    found = env.database(NAME)
    assert (found["PORT"], found["HOST"], found["USER"], found["PASSWORD"]) == ("5432", "", "", "")
    assert found["OPTIONS"] == {}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("mysql://ops:hunter2@db/ops", "names a mysql database; OpsManager needs PostgreSQL."),
        ("//ops:hunter2@db/ops", "names a nameless database; OpsManager needs PostgreSQL."),
        ("postgresql://ops:hunter2@db", "names no database."),
        ("postgresql://ops:hunter2@db:5432/", "names no database."),
        ("postgresql://ops:hunter2@db:port/ops", "can't be read."),
        ("postgresql://ops:hunter2@db:99999/ops", "can't be read."),
        ("postgresql://ops:hunter2@[::1/ops", "can't be read."),
        # An unquoted # or / in the password ends the address early.
        ("postgresql://ops:hunter2#x@db/ops", "can't be read."),
        ("postgresql://ops:hunter2/x@db/ops", "can't be read."),
    ],
)
def test_a_wrong_database_url_says_how_it_must_look_and_keeps_the_password(
    given, value: str, sentence: str
) -> None:
    given(value)
    with pytest.raises(SettingInvalid) as refusal:
        env.database(NAME)
    message = str(refusal.value)
    assert message.startswith(f"{NAME} {sentence}")
    assert message.endswith("It must look like postgresql://user:password@host:5432/opsmanager.")
    assert "hunter2" not in message
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize(
    "value",
    [
        "redis://:pw@host:6379/0",
        "rediss://host",
        "unix:///run/redis.sock",
        "sentinel://:pw@one:26379,two/0?master=ops",
    ],
)
def test_a_redis_url_is_kept_as_it_is(given, value: str) -> None:
    given(value)
    assert env.redis(NAME) == value


@pytest.mark.parametrize(
    "value",
    ["sentinel://:hunter2@one:26379/0", "sentinel://:hunter2@one:x/0?master=a", "sentinel:///0"],
)
def test_a_url_of_sentinels_that_can_t_be_read_is_refused_with_an_example(
    given, value: str
) -> None:
    given(value)
    with pytest.raises(SettingInvalid, match=r"must look like sentinel://") as refusal:
        env.redis(NAME)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("value", ["http://:hunter2@host", "hunter2", "amqp://a:hunter2@host/"])
def test_a_wrong_redis_url_is_refused_without_repeating_it(given, value: str) -> None:
    given(value)
    with pytest.raises(SettingInvalid) as refusal:
        env.redis(NAME)
    assert str(refusal.value) == f"{NAME} must look like redis://:password@host:6379/0."


def test_no_signing_key_is_two_empty_texts() -> None:
    assert env.rsa_key(NAME) == ("", "")


def test_a_signing_key_comes_with_its_public_half(given) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    given(pem(key))
    private, public = env.rsa_key(NAME)
    assert private == pem(key)
    assert load_pem_public_key(public.encode()) == key.public_key()


def test_anything_but_an_open_rsa_key_is_refused_without_showing_it(given) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    other = ed25519.Ed25519PrivateKey.generate()
    for text in ("hunter2", pem(key, b"secret"), pem(other), pem(weak)):
        given(text)
        with pytest.raises(SettingInvalid) as refusal:
            env.rsa_key(NAME)
        assert str(refusal.value) == (
            f"{NAME} must hold an RSA private key of at least 2048 bits in PEM form without a "
            "password, as `openssl genrsa 3072` prints it."
        )


def _pair() -> tuple[str, str]:
    private = PrivateKey.generate()
    return tuple(base64.b64encode(bytes(key)).decode() for key in (private.public_key, private))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch):
    def read(public: str = "", private: str = "") -> tuple[str, list[str]]:
        monkeypatch.setenv("SAMPLE_PUBLIC", public)
        monkeypatch.setenv("SAMPLE_PRIVATE", private)
        return env.credential_keys("SAMPLE_PUBLIC", "SAMPLE_PRIVATE")

    return read


def test_credential_keys_may_be_missing_or_only_seal_or_only_open(keys) -> None:
    public, private = _pair()
    assert keys() == ("", [])
    assert keys(public) == (public, [])
    assert keys("", private) == ("", [private])


def test_the_key_that_seals_may_be_any_of_those_that_open(keys) -> None:
    (public, private), (_, newer) = _pair(), _pair()
    assert keys(public, f"{newer}, {private}") == (public, [newer, private])


@pytest.mark.parametrize("wrong", ["hunter2", "aHVudGVyMg==", "é"])
def test_what_is_no_credential_key_stops_the_start_without_being_shown(keys, wrong: str) -> None:
    _, private = _pair()
    with pytest.raises(SettingInvalid, match="SAMPLE_PUBLIC must be a key of 32 bytes") as refusal:
        keys(wrong)
    assert wrong not in str(refusal.value)
    with pytest.raises(SettingInvalid, match="SAMPLE_PRIVATE must be a list of keys") as refusal:
        keys("", f"{private},{wrong}")
    assert wrong not in str(refusal.value)
    assert private not in str(refusal.value)


def test_a_worker_that_could_not_open_what_is_sealed_does_not_start(keys) -> None:
    (public, _), (_, other) = _pair(), _pair()
    with pytest.raises(SettingInvalid, match="lacks the private half of SAMPLE_PUBLIC"):
        keys(public, other)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("", None),
        ("/dev/log", ("unix", "/dev/log", 0)),
        ("syslog.internal:514", ("udp", "syslog.internal", 514)),
        ("udp://192.0.2.1:5514", ("udp", "192.0.2.1", 5514)),
        ("tcp://[2001:db8::1]:601", ("tcp", "2001:db8::1", 601)),
    ],
)
def test_a_syslog_is_a_socket_or_a_host_with_its_port(given, value: str, place: object) -> None:
    given(value)
    assert env.syslog(NAME) == place


@pytest.mark.parametrize(
    "value", ["syslog.internal", "http://host:514", "host:x", "host:0", "tcp://:514", "host:1/x"]
)
def test_a_wrong_syslog_says_how_it_must_look(given, value: str) -> None:
    given(value)
    with pytest.raises(SettingInvalid, match=r"must look like syslog\.internal:514"):
        env.syslog(NAME)


def test_a_database_that_may_be_left_out(given) -> None:
    given("")
    assert env.database(NAME, "") == {}


def public(key: rsa.RSAPrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, form).decode()


def test_keys_that_only_check_are_read_one_after_the_other_whole_or_their_public_half(
    given,
) -> None:
    assert env.rsa_public_keys(NAME) == []
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3)]
    given(f"{public(keys[0])}\n{pem(keys[1])}# a remark\n{public(keys[2])}")
    assert env.rsa_public_keys(NAME) == [public(key) for key in keys]


def test_anything_but_rsa_keys_is_refused_without_showing_it(given) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    other = ed25519.Ed25519PrivateKey.generate()
    nonsense = "-----BEGIN PUBLIC KEY-----\nhunter2\n-----END PUBLIC KEY-----"
    for wrong in ("hunter2", pem(key, b"secret"), pem(other), public(weak), nonsense):
        for text in (wrong, f"{public(key)}{wrong}" if "-----" in wrong else wrong):
            given(text)
            with pytest.raises(SettingInvalid, match=f"{NAME} must hold RSA keys") as refusal:
                env.rsa_public_keys(NAME)
            assert "hunter2" not in str(refusal.value)
