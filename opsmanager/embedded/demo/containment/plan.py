"""What the outside tells the process that becomes a world."""

import json
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A world's frame. Paths are the machine's unless they say otherwise."""

    hostname: str
    programs: str
    """Folder of the demo's own programs, to be seen at :data:`PROGRAMS`."""
    interpreter: str
    """The Python that runs them, at the same path inside."""
    interpreter_files: tuple[str, ...]
    """What it needs beside /usr; read-only, at the same paths inside."""
    log_megabytes: int
    """Size of the file system at /var/log."""
    user: int
    """The user it is outside when started by root; its own user otherwise."""

    def to_json(self) -> str:
        """Return it for a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        fields = json.loads(text)
        return cls(**fields | {"interpreter_files": tuple(fields["interpreter_files"])})


PROGRAMS = "/opt/demo"
"""Where the demo's own programs stand inside a world."""
