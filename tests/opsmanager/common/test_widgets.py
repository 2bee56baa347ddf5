from opsmanager.common.widgets import SecretTextarea


def test_a_secret_that_was_typed_is_taken_and_not_shown_again() -> None:
    widget = SecretTextarea({"rows": 4})
    shown = widget.render("private_key", "hunter2")
    assert "hunter2" not in shown
    assert 'rows="4"' in shown
    assert widget.value_from_datadict({"private_key": "hunter2"}, {}, "private_key") == "hunter2"
