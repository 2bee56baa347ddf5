"""Secrets that go over several lines: private keys, and Kubernetes' Secrets."""

import base64
import json

import pytest

from opsmanager.common.redact import Redactor

REDACTOR = Redactor()
BODY = "MIIEpAIBAAKCAQEA0123456789abcdefghijklmnopqrstuvwxyz0123456789ab"
DASHES = "-----"
KINDS = (
    *("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"),
    *("ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"),
)


def pem(kind: str = "RSA PRIVATE KEY", lines: int = 3, newline: str = "\n") -> str:
    begin, end = (f"{DASHES}{word} {kind}{DASHES}" for word in ("BEGIN", "END"))
    return newline.join([begin, *[BODY] * lines, end, ""])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_private_key_is_masked_and_what_surrounds_it_is_not(kind: str, newline: str) -> None:
    masked = REDACTOR.text(f"before{newline}{pem(kind, newline=newline)}after{newline}")
    assert BODY not in masked
    assert masked.startswith(f"before{newline}{DASHES}BEGIN {kind}{DASHES}")
    assert masked.endswith(f"{DASHES}END {kind}{DASHES}{newline}after{newline}")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"key": pem()}),
        json.dumps(json.dumps({"key": pem()})),
        repr(pem()),
        "".join(f"    {line}\n" for line in pem().splitlines()),
        "".join(f"+{line}\n" for line in pem().splitlines()),
        "".join(f"Nov 24 10:00:01 web1 app[1]: {line}\n" for line in pem().splitlines()),
        "\n".join(pem().splitlines()[:-1]),
        pem().splitlines()[0] + "\n" + BODY,
        " ".join(pem().splitlines()),
        " ".join(pem().splitlines()[2:]),
        "tls.key: " + base64.b64encode(pem().encode()).decode(),
        f"PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 2\n{BODY}\n{BODY}\nPrivate-MAC: 0f0f\n",
    ],
    ids=range(12),
)
def test_it_is_masked_however_it_is_printed(text: str) -> None:
    masked = REDACTOR.text(f"first\n{text}\nthe end\n")
    assert BODY not in masked
    assert base64.b64encode(BODY.encode()).decode()[:24] not in masked
    assert masked.startswith("first\n")
    assert masked.endswith("the end\n")


def test_after_a_key_that_does_not_end_the_rest_is_shown() -> None:
    text = f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}\n{BODY}\nplain words again\npassword=abc\n"
    masked = REDACTOR.text(text)
    assert masked.splitlines()[1:] == ["***", "plain words again", "password=***"]


def test_a_key_after_one_that_does_not_end_is_masked_too() -> None:
    masked = REDACTOR.text(f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}\n{BODY}\n{pem()}end\n")
    assert BODY not in masked
    assert masked.endswith("end\n")


YAML = """\
apiVersion: v1
data:
  user: cm9vdA==
  ca.crt: |
    bG9uZyBsaW5l
kind: Secret
metadata:
  name: web
type: Opaque
"""
LIST = """\
apiVersion: v1
items:
- apiVersion: v1
  data:
    mode: fast
  kind: ConfigMap
- apiVersion: v1
  kind: Secret
  metadata:
    name: web
  stringData:
    user: "root"
    answer: forty two
kind: List
"""


def test_the_values_of_a_kubernetes_secret_are_masked() -> None:
    masked = REDACTOR.text(YAML)
    assert masked == YAML.replace("cm9vdA==", "***").replace("bG9uZyBsaW5l", "***")


def test_of_a_list_only_the_secrets_are() -> None:
    masked = REDACTOR.text(LIST)
    assert masked == LIST.replace('"root"', '"***"').replace("forty two", "***")


@pytest.mark.parametrize("indent", [None, 2, 4])
def test_as_json_too(indent: int | None) -> None:
    secret = {"apiVersion": "v1", "data": {"user": "cm9vdA=="}, "kind": "Secret"}
    config = {"apiVersion": "v1", "data": {"mode": "fast"}, "kind": "ConfigMap"}
    text = json.dumps(secret, indent=indent) + "\n"
    assert REDACTOR.text(text) == text.replace("cm9vdA==", "***")
    other = json.dumps(config, indent=indent) + "\n"
    assert REDACTOR.text(other) == other


def test_certificates_and_public_keys_are_no_secrets() -> None:
    for kind in ("CERTIFICATE", "PUBLIC KEY", "PGP PUBLIC KEY BLOCK", "PGP MESSAGE"):
        assert REDACTOR.text(pem(kind)) == pem(kind)
