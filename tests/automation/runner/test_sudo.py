import pytest

from automation.engine.errors import SudoUnavailable
from automation.engine.results import CommandResult
from automation.runner import sudo

PASSWORD = "sudo on web1 wants a password from noc."
FORBIDDEN = "sudo on web1 does not let noc run this."
MISSING = "This needs root: noc is not root on web1, and there is no sudo."


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("sudo: a password is required", PASSWORD),
        (
            (
                "sudo: a terminal is required to read the password; either use the -S option to "
                "read from standard input or configure an askpass helper\n"
                "sudo: a password is required"
            ),
            PASSWORD,
        ),
        (
            (
                "Sorry, user noc is not allowed to execute '/usr/bin/systemctl restart nginx' "
                "as root on web1."
            ),
            FORBIDDEN,
        ),
        ("noc is not in the sudoers file.  This incident will be reported.", FORBIDDEN),
        ("Sorry, user noc may not run sudo on web1.", FORBIDDEN),
        ("sh: 1: sudo: not found", MISSING),
        ("/bin/sh: line 1: sudo: command not found", MISSING),
        ("env: sudo: No such file or directory", MISSING),
    ],
)
def test_a_refusal_of_sudo_is_told_in_a_plain_sentence(said: str, sentence: str) -> None:
    result = CommandResult(exit_code=1, stderr=f"{said}\n")
    with pytest.raises(SudoUnavailable) as caught:
        sudo.require_allowed(result, server="web1", user="noc")
    assert str(caught.value).startswith(sentence)
    assert "let OpsManager log in as root" in str(caught.value)


@pytest.mark.parametrize(
    "result",
    [
        CommandResult(exit_code=0, stderr="sudo: a password is required"),
        CommandResult(exit_code=1, stderr="Failed to restart nginx.service: Unit not found."),
        CommandResult(exit_code=1, stderr="mysql: a password is required"),
        CommandResult(exit_code=1, stderr="\n" * 5 + "sudo: a password is required"),
        CommandResult(exit_code=1, stdout="sudo: a password is required"),
        CommandResult(exit_code=1),
    ],
)
def test_a_failure_of_the_command_itself_is_none_of_sudo(result: CommandResult) -> None:
    sudo.require_allowed(result, server="web1", user="noc")
