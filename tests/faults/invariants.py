"""What has to hold whatever is killed. Each function returns what it found wrong, in sentences."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.facts import LIVE, Facts, Row
from tests.faults.fleet import Line
from tests.faults.launches import STEPS, Launch


def lost(facts: Facts) -> list[str]:
    """What was promised and is not there, and what could not be launched in all that time."""
    found = []
    for launch in facts.launches:
        ids = [row["id"] for row in facts.executions.get(launch.key, [])]
        promised = facts.promised.get(launch.key)
        if promised is None:
            found.append(f"{launch.key} was never answered.")
        elif promised not in ids:
            found.append(f"{launch.key} was promised as {promised}; there is {ids}.")
    return found


def stuck(facts: Facts) -> list[str]:
    """What had no final status when all was to be settled, or has none even now."""
    found = [
        f"{execution} was not settled in time: {how}"
        for execution, how in facts.live_when_time_was_up.items()
    ]
    for key, row in _rows(facts):
        if row["status"] in LIVE and row["id"] not in facts.live_when_time_was_up:
            found.append(f"{key} is {row['status']} still.")
    return found


def doubled(facts: Facts) -> list[str]:
    """What was launched twice, and changing commands that the server saw begin twice."""
    found = [
        f"{key} became {len(rows)} executions."
        for key, rows in facts.executions.items()
        # Those that a person had run again have a successor.
        if sum(row["decision"] != "RUN_AGAIN" for row in rows) > 1
    ]
    for launch in facts.launches:
        if not launch.changes:
            continue
        begun = Counter(line.step for line in _begins(facts, launch.key))
        found += [
            f"{launch.key} changed its server {begun[step]} times in its step {step!r}."
            for step in STEPS
            if begun[step] > 1
        ]
    return found


def untrue(facts: Facts) -> list[str]:
    """Ends that the server's own record contradicts, and what ran there without an intent."""
    found = []
    for launch in facts.launches:
        rows = facts.executions.get(launch.key, [])
        known = {action["action"] for row in rows for action in facts.actions.get(row["id"], [])}
        for line in facts.lines.get(launch.key, []):
            if line.action not in known and (launch.changes and line.step in STEPS):
                found.append(f"{launch.key}: {line} ran, and the log knows nothing of it.")
        for row in rows:
            judge = _judge_change if launch.changes else _judge_look
            if row["decision"]:
                judge = _judge_decided
            found += [
                f"{launch.key} is {row['status']}: {why}" for why in judge(facts, launch, row)
            ]
            found += [f"{launch.key}: {why}" for why in _judge_actions(facts, launch, row)]
    return found


def unnamed(facts: Facts) -> list[str]:
    """Ends as UNKNOWN that don't name the command whose end nobody saw."""
    found = []
    for execution, messages in facts.unknown.items():
        commands = [each["command"] for each in facts.actions.get(execution, []) if each["changes"]]
        found += [
            f"{execution} was UNKNOWN and named no command: {message}"
            for message in messages
            if not any(command in message for command in commands)
        ]
    return found


def unreconciled(facts: Facts) -> list[str]:
    """What is UNKNOWN still, or was left to people though its server could have told."""
    found = [
        f"{key} is UNKNOWN still: {row['error_message']}"
        for key, row in _rows(facts)
        if row["status"] == "UNKNOWN"
    ]
    for launch in facts.launches:
        found += [
            f"{launch.key} was left to people, and its server knows: {row['error_message']}"
            for row in facts.executions.get(launch.key, [])
            if row["decision"] and launch.keeps_records and row["id"] not in facts.untold
        ]
    return found


def _rows(facts: Facts) -> Iterator[tuple[str, Row]]:
    for key, rows in facts.executions.items():
        for row in rows:
            yield key, row


def _begins(facts: Facts, key: str) -> list[Line]:
    return [line for line in facts.lines.get(key, []) if line.code is None]


def _ends(facts: Facts, key: str) -> dict[str, int]:
    """Return by step the exit code that the server recorded last."""
    return {line.step: line.code for line in facts.lines.get(key, []) if line.code is not None}


def _judge_change(facts: Facts, launch: Launch, row: Row) -> Iterator[str]:
    begun = {line.step for line in _begins(facts, launch.key)} & set(STEPS)
    ended = {step: code for step, code in _ends(facts, launch.key).items() if step in STEPS}
    match row["status"]:
        case "SUCCESS":
            if ended != dict.fromkeys(STEPS, 0):
                yield f"its server saw {ended}."
        case "FAILED" if row["error_code"] == "COMMAND_FAILED":
            if launch.code == 0 or ended != {"first": 0, "second": launch.code}:
                yield f"its server saw {ended}."
        case "FAILED":
            # Whatever kept it from going on, all that it began has been seen to end.
            seen = {
                each["action"]
                for each in facts.actions.get(row["id"], [])
                if each["changes"] and each["exit_code"] is not None
            }
            for line in _begins(facts, launch.key):
                if line.step in STEPS and line.action not in seen:
                    yield f"{row['error_code']}, and nobody saw the end of {line.step!r}."
            if begun == set(STEPS):
                yield f"{row['error_code']}, and all of its commands ran."
        case "UNKNOWN" | "PENDING" | "RUNNING":
            pass
        case _:
            yield "nobody asked for that."


def _judge_decided(facts: Facts, launch: Launch, row: Row) -> Iterator[str]:
    """Compare what a person said with what the server's record says in the end."""
    ended = {
        step: code
        for step, code in _ends(facts, launch.key).items()
        if launch.changes and step in STEPS
    }
    is_done = ended == dict.fromkeys(STEPS, 0)
    match row["decision"]:
        case "SUCCESS" if not is_done:
            yield f"a person said so, and its server saw {ended}."
        case "FAILED" if is_done:
            yield f"a person said so, and its server saw {ended}."
        case "RUN_AGAIN":
            actions = {each["action"] for each in facts.actions.get(row["id"], [])}
            for line in _begins(facts, launch.key):
                if line.action in actions and line.step in STEPS:
                    yield f"a person had it run again, and {line.step!r} had run."


def _judge_look(facts: Facts, launch: Launch, row: Row) -> Iterator[str]:
    ended = _ends(facts, launch.key).get("look")
    match row["status"]:
        case "SUCCESS":
            if ended != 0 or launch.code != 0:
                yield f"its server saw {ended}."
        case "FAILED" if row["error_code"] == "COMMAND_FAILED":
            if launch.code == 0 or ended != launch.code:
                yield f"its server saw {ended}."
        case "FAILED":
            if row["error_code"] not in ("CONNECTION", "CONNECTION_LOST"):
                yield f"{row['error_code']}: {row['error_message']}"
            elif row["attempt"] <= row["max_retries"]:
                yield f"given up after {row['attempt']} attempts: {row['error_message']}"
        case "PENDING" | "RUNNING":
            pass
        case _:
            yield "nobody asked for that, and it only reads."


def _judge_actions(facts: Facts, launch: Launch, row: Row) -> Iterator[str]:
    """Compare each line of the log with the server's record of the same action."""
    ends = {
        line.action: line.code for line in facts.lines.get(launch.key, []) if line.code is not None
    }
    for action in facts.actions.get(row["id"], []):
        if action["exit_code"] is not None and action["exit_code"] != ends.get(action["action"]):
            yield (
                f"#{action['seq']} of the log says {action['exit_code']}, "
                f"the server {ends.get(action['action'])}."
            )


INVARIANTS = {
    "lost": lost,
    "doubled": doubled,
    "untrue": untrue,
    "stuck": stuck,
    "unnamed": unnamed,
    "unreconciled": unreconciled,
}
