from uuid import UUID

import pytest

from opsmanager.common.uuids import as_uuid


def test_a_spelled_uuid_is_read() -> None:
    uuid = UUID("0f5b3a52-8f5e-4ad1-9f1d-1c1b5a6b2f10")
    assert as_uuid(str(uuid)) == uuid
    assert as_uuid(uuid.hex) == uuid


@pytest.mark.parametrize("text", ["", "nginx", "0f5b3a52", "SERVICE_RESTART"])
def test_anything_else_is_none(text: str) -> None:
    assert as_uuid(text) is None
