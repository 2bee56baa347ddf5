"""Finds out how a command ended that was sent before, by a connection that is gone."""

import time
from typing import Final

from servers.ssh import script
from servers.ssh.errors import CommandStopped, CommandTimedOut, EndUnknown, NotStarted
from servers.ssh.records import Record, RecordState, read_record
from servers.ssh.session import RemoteCommand, Session, StopCheck
from servers.ssh.streams import OutputSink

_ASK_SECONDS: Final = 0.5
_LAST_WORDS_SECONDS: Final = 0.3
"""From the exit code in the record to the last words beside it."""


def recover(
    session: Session, command: RemoteCommand, *, on_output: OutputSink, stop: StopCheck
) -> int:
    """Wait for the end of a recorded command and return its exit code, as ``Session.run`` does.

    Its output, as far as the record keeps it (about the first MiB of each stream), is handed on
    when it has ended. Raises ``NotStarted``, ``EndUnknown`` when it left none,
    ``CommandStopped`` and ``CommandTimedOut`` after its processes were ended, and ``SshError``.
    """
    deadline = time.monotonic() + command.timeout
    while True:
        record = read_record(session, command.action_id)
        match record.state:
            case RecordState.NOT_STARTED:
                raise NotStarted(f"{session.target.name} has no record that this action began.")
            case RecordState.LOST:
                raise EndUnknown(
                    f"{session.target.name} began this command and has no record of its end: it "
                    "was killed there, by a reboot for instance. Look at the server before you run "
                    "it again."
                )
            case RecordState.ENDED:
                return _told(session, command, record, on_output)
        reason = stop()
        if reason is not None:
            ending = session.end(command, session_id=record.session_id or 0)
            raise CommandStopped(server=session.target.name, reason=reason, ending=ending)
        if time.monotonic() >= deadline:
            ending = session.end(command, session_id=record.session_id or 0)
            raise CommandTimedOut(
                server=session.target.name, timeout=command.timeout, ending=ending
            )
        time.sleep(_ASK_SECONDS)


def _told(session: Session, command: RemoteCommand, record: Record, on_output: OutputSink) -> int:
    time.sleep(_LAST_WORDS_SECONDS)
    answer = session.ask(script.call("output", str(command.action_id)))
    for stream, text in (("stdout", answer.stdout), ("stderr", answer.stderr)):
        if text:
            on_output(stream, text.encode())
    return int(record.exit_code or 0)
