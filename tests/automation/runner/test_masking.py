"""What one execution says is masked, also where its output was cut in the middle."""

from automation.engine.output import CappedText
from automation.engine.results import Assessment, Outcome, Status
from automation.runner.masking import Masking, is_masked

SECRET = "S3CR3T-4f1c9a7e-22bb"
KEY_LINE = "MIIEpAIBAAKCAQEA0123456789abcdefghijklmnopqrstuvwxyz0123456789ab"


def capped(text: str, limit: int = 1000) -> str:
    kept = CappedText(limit)
    kept.append(text)
    assert kept.is_cut
    return kept.text()


def test_half_a_secret_where_the_middle_was_left_out_is_not_shown() -> None:
    masking = Masking([SECRET])
    for shift in range(len(SECRET) + 2):
        text = "x\n" + "a" * (498 - shift) + SECRET + "b" * 3000 + SECRET + "c" * (500 - shift)
        shown = masking.text(capped(text))
        assert not any(SECRET[:n] in shown or SECRET[-n:] in shown for n in range(4, len(SECRET)))
        assert "bytes left out" in shown
        assert shown.startswith("x\n")


def test_the_lines_around_the_cut_stay() -> None:
    text = "".join(f"line {n}\n" for n in range(1000))
    shown = Masking().text(capped(text))
    assert shown.startswith("line 0\nline 1\n")
    assert shown.endswith("line 998\nline 999\n")


def test_a_key_that_the_cut_goes_through_is_masked_on_both_sides() -> None:
    begin, end = "-----BEGIN RSA PRIVATE KEY-----\n", "-----END RSA PRIVATE KEY-----\n"
    text = "first\n" + begin + f"{KEY_LINE}\n" * 60 + end + "the last\n"
    shown = Masking().text(capped(text))
    assert KEY_LINE[:16] not in shown
    assert KEY_LINE[-16:] not in shown
    assert shown.startswith("first\n")
    assert shown.endswith("the last\n")


def test_each_text_of_an_outcome_is_masked() -> None:
    said = f"with {SECRET}"
    outcome = Masking([SECRET]).outcome(
        Outcome(
            status=Status.FAILED,
            summary=said,
            result={"a": [said]},
            data={"b": said},
            once={"c": said},
            warnings=(said,),
            before=Assessment(healthy=False, values={"d": said}, summary=said),
            after=None,
            error_message=said,
        )
    )
    assert SECRET not in repr(outcome)
    assert repr(outcome).count("with ***") == 8


def test_what_is_learned_later_is_masked_from_then_on() -> None:
    masking = Masking()
    assert masking.text(SECRET) == SECRET
    masking.learn([None, "", SECRET])
    masking.learn([SECRET])
    assert masking.text(SECRET) == "***"
    assert masking.stream().feed(f"{SECRET}\n") == "***\n"


def test_what_was_masked_can_be_told() -> None:
    assert is_masked("password=***")
    assert is_masked({"a": ["x", {"b": "***"}]})
    assert not is_masked({"a": ["x", None, 1]})
    assert not is_masked("")
