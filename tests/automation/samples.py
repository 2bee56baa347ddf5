"""Runbooks for tests only, in a registry of their own."""

from typing import Literal

from pydantic import SecretStr, model_validator

from automation.engine import Assessment, Category, Param, Run, Runbook, Shell, step
from automation.engine.kinds import Platform
from automation.engine.registry import Registry

SAMPLES = Registry()

Scripts = tuple[str, ...]


class Scripted(Runbook, registry=SAMPLES):
    """Run the scripts it is given.

    First those that read, then those that change.
    """

    id = "SAMPLE_SCRIPTED"
    title = "Run scripts"
    irreversible = "Nobody knows what the scripts do."

    reads: Scripts = Param((), help="Shell scripts that only read")
    writes: Scripts = Param((), help="Shell scripts that change")
    limit: int = Param(60, ge=1, le=600, unit="s", help="How long each may take")
    as_root: bool = Param(False, help="Whether each needs root")

    @step("Read")
    def read(self, run: Run) -> None:
        """Run those that read."""
        for script in self.reads:
            run.read(Shell(script), sudo=self.as_root, timeout=self.limit)

    @step("Change")
    def change(self, run: Run) -> None:
        """Run those that change."""
        for script in self.writes:
            run.change(Shell(script), sudo=self.as_root, timeout=self.limit)


class Calling(Runbook, registry=SAMPLES):
    """Call a web address."""

    id = "SAMPLE_CALLING"
    title = "Call"
    irreversible = "Nobody knows what the call does."
    default_cooldown_minutes = 0

    method: Literal["GET", "POST"] = Param("GET", help="How")
    url: str = Param(help="Where")

    @step("Call")
    def call(self, run: Run) -> None:
        """Call it."""
        run.summary = run.http(self.method, self.url, timeout=60).text


class Looking(Runbook, registry=SAMPLES):
    """Only look."""

    id = "SAMPLE_LOOKING"
    title = "Look"
    category = Category.INCIDENT_RESPONSE
    changes = False
    default_cooldown_minutes = 0

    @step("Look")
    def look(self, run: Run) -> None:
        """Look."""
        run.read("true")


class Mending(Runbook, registry=SAMPLES):
    """Make sure that a file is there."""

    id = "SAMPLE_MENDING"
    title = "Mend a file"
    category = Category.RECOVERY

    path: str = Param(help="The file", labels=("path", "file"))

    def assess(self, run: Run) -> Assessment:
        """Healthy is a file that is there."""
        exists = run.read("test", "-e", self.path).ok
        return Assessment(
            healthy=exists,
            values={"exists": exists},
            summary=f"{self.path} is {'there' if exists else 'missing'}.",
        )

    @step("Make the file")
    def make(self, run: Run) -> None:
        """Make it."""
        run.change("touch", self.path)
        run.summary = f"{self.path} was made."

    @make.undo
    def remove(self, run: Run) -> None:
        """Remove it."""
        run.change("rm", self.path)


class Secretive(Runbook, registry=SAMPLES):
    """Keep a password in a file."""

    id = "SAMPLE_SECRETIVE"
    title = "Keep a password"
    default_cooldown_minutes = 0

    password: SecretStr = Param(secret=True, min_length=4, help="What to keep")
    path: str = Param(help="Where")

    @step("Write it")
    def write(self, run: Run) -> None:
        """Write it."""
        run.change("tee", self.path, stdin=self.password.get_secret_value())

    @write.undo
    def blank(self, run: Run) -> None:
        """Turn its letters round, to show that the undo has it, too."""
        run.change("tee", self.path, stdin=self.password.get_secret_value()[::-1])


class Repeatable(Runbook, registry=SAMPLES):
    """Do what may be done twice."""

    id = "SAMPLE_REPEATABLE"
    title = "Do what may be done twice"
    idempotent = True
    irreversible = "It is a sample."
    default_cooldown_minutes = 0

    script: str = Param("true", help="Shell script that changes")

    @step("Do it")
    def do(self, run: Run) -> None:
        """Do it."""
        run.change(Shell(self.script))


class SlowlyBack(Runbook, registry=SAMPLES):
    """Be quick to do and slow to take back."""

    id = "SAMPLE_SLOWLY_BACK"
    title = "Be slow to take back"
    default_cooldown_minutes = 0

    gate: str = Param(help="The file that an undo waits for")

    @step("Do it")
    def do(self, run: Run) -> None:
        """Do it."""
        run.change("true")

    @do.undo
    def back(self, run: Run) -> None:
        """Wait for the file, and note it."""
        run.change(
            Shell('while [ ! -e "$1" ]; do sleep 0.05; done; echo once >> "$1.undone"'), self.gate
        )


class Keeping(Runbook, registry=SAMPLES):
    """Keep something for the undo."""

    id = "SAMPLE_KEEPING"
    title = "Keep something"
    default_cooldown_minutes = 0

    @step("Keep")
    def keep(self, run: Run) -> None:
        """Keep it."""
        run.data["kept"] = "from the step"
        run.change("true")

    @keep.undo
    def back(self, run: Run) -> None:
        """Use it."""
        run.change("echo", run.data["kept"])


class Faulty(Runbook, registry=SAMPLES):
    """Fail by a bug of its author.

    Which one, the parameter says.
    """

    id = "SAMPLE_FAULTY"
    title = "Fail by a bug"
    changes = False
    default_cooldown_minutes = 0

    bug: Literal["step", "parse", "result"] = Param("step", help="Where the bug is")

    @model_validator(mode="after")
    def _check(self) -> "Faulty":
        if self.bug == "parse":
            raise RuntimeError("hunter2 in the validator")
        return self

    @step("Fail")
    def fail(self, run: Run) -> None:
        """Fail."""
        if self.bug == "step":
            raise RuntimeError("hunter2 in the step")
        run.note("a note with a NUL: \0 and half a character: \ud800")
        run.result["text"] = "what PostgreSQL can't keep: \0"


class Guarded(Runbook, registry=SAMPLES):
    """Need a permission of its own."""

    id = "SAMPLE_GUARDED"
    title = "Do what few may"
    changes = False
    required_permissions = ("automation.rollback_execution",)

    @step("Look")
    def look(self, run: Run) -> None:
        """Look."""
        run.read("true")


class Dangerous(Runbook, registry=SAMPLES):
    """Do something dangerous."""

    id = "SAMPLE_DANGEROUS"
    title = "Do something dangerous"
    dangerous = True
    irreversible = "It is gone."
    default_cooldown_minutes = 0

    @step("Do it")
    def do(self, run: Run) -> None:
        """Do it."""
        run.change("true")


class ForWindows(Runbook, registry=SAMPLES):
    """Run on Windows only."""

    id = "SAMPLE_WINDOWS"
    title = "Look at Windows"
    platforms = (Platform.WINDOWS,)
    changes = False

    @step("Look")
    def look(self, run: Run) -> None:
        """Look."""
        run.read("true")


class Suggesting(Runbook, registry=SAMPLES):
    """Name something that a server has."""

    id = "SAMPLE_SUGGESTING"
    title = "Name a unit"
    changes = False

    unit: str = Param(help="Which", suggests="units")
    others: tuple[str, ...] = Param((), help="Which else", suggests="units")

    @step("Look")
    def look(self, run: Run) -> None:
        """Look."""
        run.read("true")


class EveryKind(Runbook, registry=SAMPLES):
    """Take a parameter of every kind."""

    id = "SAMPLE_EVERY_KIND"
    title = "Take everything"
    changes = False
    default_cooldown_minutes = 0

    count: int = Param(3, ge=1, le=5, unit="times", help="How often")
    share: float = Param(0.5, ge=0, le=1, help="How much")
    manner: Literal["soft", "hard"] = Param("soft", help="How")
    loud: bool = Param(False, help="Whether to say so")
    names: tuple[str, ...] = Param((), help="Whom", labels=("who",))
    text: str = Param("", multiline=True, help="What to say")
    token: SecretStr = Param(SecretStr(""), secret=True, help="What nobody may see")

    @step("Look")
    def look(self, run: Run) -> None:
        """Look."""
        run.read("true")
