import json
from typing import Any
from uuid import uuid4

import pytest
from kombu.message import Message

from opsmanager.messages import why_not

ID = str(uuid4())


def message(body: object = ([ID], {}, {}), **changed: Any) -> Message:
    text = body if isinstance(body, str) else json.dumps(body)
    given = {
        "headers": {
            "task": "servers.tasks.take_probe",
            "id": str(uuid4()),
            "timelimit": [None] * 2,
        },
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "accept": {"application/json"},
    }
    return Message(body=text.encode(), **{**given, **changed})


NONE_OF_CELERY = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


@pytest.mark.parametrize("body", [[[ID], {}, {}], [[ID], {}, NONE_OF_CELERY], [[], {}, {}]])
def test_our_own_are_handed_on(body: object) -> None:
    assert why_not(message(body)) == ""


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (message("{"), "can't be read (DecodeError)"),
        (message(""), "can't be read"),
        (message({}), "can't be read"),
        (message([[ID], {}]), "can't be read"),
        (message([ID, {}, {}]), "in no form of ours"),
        (message([[ID], {"x": 1}, {}]), "in no form of ours"),
        (message([[ID, ID], {}, {}]), "more than an id"),
        (message([["rm -rf /"], {}, {}]), "more than an id"),
        (message([[7], {}, {}]), "more than an id"),
        (message([[ID], {}, {"chain": [{"task": "x"}]}]), "more than a task"),
        (message(headers={"task": "x", "id": "y", "eta": "2030-01-01"}), "more than a task"),
        (message(headers={"task": "x", "id": "y", "timelimit": [1, 1]}), "more than a task"),
        (message(headers={}), "names no task"),
        (message(headers=None), "names no task"),
        (message(headers={"task": 1, "id": 2}), "names no task"),
        (message(content_type="application/x-python-serialize"), "not JSON"),
        (message(content_encoding="binary"), "not JSON"),
        (message("x" * 10_001), "too long"),
    ],
)
def test_anything_else_is_dropped_with_a_reason(wrong: Message, reason: str) -> None:
    assert reason in why_not(wrong)
