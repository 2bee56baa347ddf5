"""Names a script as the replies of a rehearsal name a command: by its first words."""

import shlex

from automation.engine.commands import Shell


def key(script: Shell) -> str:
    """Return the first words of what runs a script."""
    return shlex.join(script.words()[:3])
