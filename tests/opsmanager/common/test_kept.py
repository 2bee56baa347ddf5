"""Answers are kept for the version that they were made of, and never beyond the room for them."""

from opsmanager.common.kept import Answer, Kept

ANSWER = Answer(body=b"{}", headers={"ETag": '"one"'})


def test_an_answer_is_there_for_its_version_alone() -> None:
    kept: Kept[str] = Kept(most=2, largest=10)
    kept.put("one", "version 1", ANSWER)
    assert kept.get("one", "version 1") is ANSWER
    assert kept.get("one", "version 2") is None
    assert kept.get("one", None) is None
    assert kept.get("two", "version 1") is None


def test_a_newer_one_takes_its_place() -> None:
    kept: Kept[str] = Kept(most=2, largest=10)
    kept.put("one", "version 1", ANSWER)
    newer = Answer(body=b"[]")
    kept.put("one", "version 2", newer)
    assert kept.get("one", "version 1") is None
    assert kept.get("one", "version 2") is newer


def test_nothing_is_kept_without_a_version_or_beyond_its_size() -> None:
    kept: Kept[str] = Kept(most=2, largest=10)
    kept.put("one", None, ANSWER)
    kept.put("two", "version 1", Answer(body=b"x" * 11))
    assert kept.get("one", None) is None
    assert kept.get("two", "version 1") is None


def test_when_it_is_full_it_begins_anew() -> None:
    kept: Kept[int] = Kept(most=2, largest=10)
    for number in range(3):
        kept.put(number, "version", ANSWER)
    assert [kept.get(number, "version") for number in range(3)] == [None, None, ANSWER]


def test_it_is_answered_as_it_was() -> None:
    response = ANSWER.response()
    assert (response.content, response["Content-Type"]) == (b"{}", "application/json")
    assert response["ETag"] == '"one"'
