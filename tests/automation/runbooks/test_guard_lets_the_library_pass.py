"""The command guard refuses nothing that a shipped runbook sends."""

from typing import Any

import pytest

from automation.engine.executor import Executor
from automation.engine.guard import weigh
from automation.engine.params import parse
from automation.engine.results import ErrorCode, Status
from automation.engine.runbook import Runbook
from automation.engine.testing import ManualStop, MemoryJournal, ScriptedTransport
from tests.automation.runbooks.test_hostile_parameters import OTHERS, REPLIES, SERVERS, SHIPPED

SENT = [
    pytest.param(kind, others, server, id=f"{kind.id} {number} {server}")
    for kind in SHIPPED
    for number, others in enumerate(OTHERS[kind.id])
    # The one that is valid only beside another parameter.
    if others != {"force": True}
    for server in SERVERS
]


@pytest.mark.parametrize(("kind", "others", "server"), SENT)
@pytest.mark.parametrize("as_root", [True, False], ids=["root", "sudo"])
def test_no_command_of_the_library_is_refused(
    kind: type[Runbook], others: dict[str, Any], server: str, as_root: bool
) -> None:
    transport = ScriptedTransport({**REPLIES, **SERVERS[server]}, as_root=as_root)
    executor = Executor(
        transport=transport, journal=MemoryJournal(), stop=ManualStop(), guard=weigh
    )
    instance = parse(kind, others)
    done = executor.execute(instance)
    assert done.error_code is not ErrorCode.DANGEROUS_COMMAND, done.error_message
    if done.status is Status.SUCCESS and done.changed:
        back = executor.roll_back(instance, data=done.data, steps_done=done.steps_done)
        assert back.error_code is not ErrorCode.DANGEROUS_COMMAND, back.error_message
    assert transport.commands
    for command in transport.commands:
        for changes in (True, False) if not command.changes else (True,):
            decision = weigh(transport.render(command), changes)
            assert decision.allowed, (decision, command.words)
