"""Restart a systemd service and prove that it came back."""

import difflib

from automation.engine import (
    Assessment,
    Category,
    CommandFailed,
    Param,
    Run,
    Runbook,
    SudoUnavailable,
    SystemdUnit,
    ValidationFailed,
    step,
)

_PROPERTIES = ("LoadState", "ActiveState", "SubState", "MainPID", "NRestarts", "UnitFileState")
_UP = ("active", "reloading")
_DOWN = ("inactive", "failed")
_JOURNAL_LINES = 20


class RestartService(Runbook):
    """Restart one systemd unit and prove that it came back.

    Use it when a service is down, or up but wedged. Not for shipping a new version of it, and not
    for a unit that does its work and ends (Type=oneshot): that one is never active for long.
    """

    id = "SERVICE_RESTART"
    title = "Restart a service"
    category = Category.RECOVERY
    idempotent = True
    estimated_seconds = 10

    service_name: SystemdUnit = Param(
        help="Unit to restart, such as nginx.service",
        labels=("unit", "service", "systemd_unit", "name"),
        suggests="units",
    )
    graceful_timeout: int = Param(
        30, ge=1, le=900, unit="s", help="How long the restart may take, stopping included"
    )
    verify_delay: int = Param(
        2, ge=0, le=60, unit="s", help="How long it must stay up to count as stable"
    )

    def assess(self, run: Run) -> Assessment:
        """Healthy is a unit that is active, and that stayed so if it was restarted here."""
        state = self._state(run, ok=None)
        # A unit that dies again and again is active now and then.
        stable = not run.data.get("unstable")
        values = {
            "activeState": state.get("ActiveState"),
            "subState": state.get("SubState"),
            "mainPid": state.get("MainPID"),
            "restarts": state.get("NRestarts"),
        }
        exists = state.get("LoadState") != "not-found"
        summary = f"{self.service_name} {f'is {_in_words(state)}' if exists else 'does not exist'}"
        summary += "." if stable else ", and did not stay up."
        up = state.get("ActiveState") in _UP
        return Assessment(healthy=up and stable, values=values, summary=summary)

    @step("Find the unit and remember its state")
    def remember(self, run: Run) -> None:
        """Keep what an undo goes back to; refuse what systemd can't restart."""
        state = self._state(run)
        load_state = state.get("LoadState", "")
        similar = self._similar_units(run) if load_state == "not-found" else []
        hint = f" Did you mean {' or '.join(similar)}?" if similar else ""
        run.validate(
            load_state != "not-found",
            f"{self.service_name} exists on this server",
            otherwise=f"There is no unit {self.service_name} on this server.{hint}"
            " `systemctl list-unit-files` lists what there is.",
        )
        run.validate(
            load_state != "masked",
            f"{self.service_name} is not masked",
            otherwise=f"{self.service_name} is masked, so systemd refuses to start it. If that is "
            f"not on purpose, run `systemctl unmask {self.service_name}` first.",
        )
        run.validate(
            load_state == "loaded",
            f"systemd has loaded {self.service_name}",
            otherwise=f"systemd can't load {self.service_name} (it says: {load_state or 'nothing'})"
            f". `systemctl status {self.service_name}` shows what is wrong with its file.",
        )
        run.data["unit"] = state
        run.result["before"] = state

    @step("Restart the unit")
    def restart(self, run: Run) -> None:
        """Restart it; when systemd reports a failure, say what the unit itself said."""
        try:
            run.change(
                "systemctl", "restart", self.service_name, sudo=True, timeout=self.graceful_timeout
            )
        except CommandFailed as error:
            raise CommandFailed(f"{error} {self._last_words(run)}") from None

    @restart.undo
    def bring_back(self, run: Run) -> None:
        """Stop it if it was down, start it if it was up."""
        was = run.data["unit"].get("ActiveState", "")
        now = self._state(run).get("ActiveState", "")
        if was in _DOWN and now not in _DOWN:
            run.change("systemctl", "stop", self.service_name, sudo=True)
        elif was not in _DOWN and now not in _UP:
            run.change("systemctl", "start", self.service_name, sudo=True)
        else:
            run.note(f"{self.service_name} was {was} and is {now}: nothing to do.")

    @step("Verify that it is stable")
    def verify(self, run: Run) -> None:
        """Active, and still the same process after the delay."""
        first = self._state(run)
        self._validate_active(run, first)
        run.sleep(self.verify_delay)
        second = self._state(run)
        self._validate_active(run, second)
        stayed = all(
            first.get(name) == second.get(name)
            for name in ("MainPID", "NRestarts")
            if first.get(name) and second.get(name)
        )
        self._validate(
            run,
            stayed,
            f"{self.service_name} stayed up for {self.verify_delay} s",
            f"{self.service_name} started and died again within {self.verify_delay} s: its main "
            f"process was {first.get('MainPID')} and is {second.get('MainPID')}.",
        )
        run.result["after"] = second
        run.summary = (
            f"{self.service_name} was restarted and is {_in_words(second)}; "
            f"before, it was {_in_words(run.data['unit'])}."
        )

    def _state(self, run: Run, *, ok: tuple[int, ...] | None = (0,)) -> dict[str, str]:
        """Return the properties that this server's systemctl knows."""
        properties = ",".join(_PROPERTIES)
        shown = run.read(
            "systemctl", "show", self.service_name, f"--property={properties}", "--no-pager", ok=ok
        )
        pairs = (line.partition("=") for line in shown.stdout.splitlines())
        return {name: value.strip() for name, _, value in pairs if name in _PROPERTIES}

    def _similar_units(self, run: Run) -> list[str]:
        listed = run.read(
            "systemctl",
            "list-unit-files",
            "--type=service",
            "--no-legend",
            "--no-pager",
            ok=None,
        )
        names = [line.split()[0] for line in listed.stdout.splitlines() if line.strip()]
        return difflib.get_close_matches(self.service_name, names, n=2, cutoff=0.75)

    def _validate_active(self, run: Run, state: dict[str, str]) -> None:
        self._validate(
            run,
            state.get("ActiveState") in _UP,
            f"{self.service_name} is active",
            f"{self.service_name} was restarted but is {_in_words(state)}.",
        )

    def _validate(self, run: Run, holds: bool, claim: str, otherwise: str) -> None:  # noqa: FBT001 - as Run.validate
        """Validate, and tell the unit's last words where it does not hold."""
        try:
            run.validate(holds, claim, otherwise=otherwise)
        except ValidationFailed as error:
            run.data["unstable"] = True
            raise ValidationFailed(f"{error} {self._last_words(run)}") from None

    def _last_words(self, run: Run) -> str:
        """Return the last lines of the unit's journal, or of its status where there is none."""
        lines = _last_lines(self._journal(run))
        if not lines:
            status = run.read("systemctl", "status", self.service_name, "--no-pager", ok=None)
            lines = _last_lines(status.stdout)
        return f"Its last lines:\n{lines}" if lines else "It left no lines in the journal."

    def _journal(self, run: Run) -> str:
        try:
            return run.read(
                "journalctl",
                f"--unit={self.service_name}",
                f"--lines={_JOURNAL_LINES}",
                "--output=short-iso",
                "--no-pager",
                "--quiet",
                sudo=True,
                ok=None,
            ).stdout
        except SudoUnavailable:
            # sudo may allow systemctl alone; the journal only explains what is known already.
            return ""


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_JOURNAL_LINES:])


def _in_words(state: dict[str, str]) -> str:
    """Return a state such as "active (running)"."""
    active, detail = state.get("ActiveState"), state.get("SubState")
    if not active:
        return "in a state that could not be read"
    return f"{active} ({detail})" if detail else active
