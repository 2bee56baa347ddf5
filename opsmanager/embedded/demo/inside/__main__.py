"""One door for all programs of a world: ``python -I -S LIB (init|systemctl|...) ARGUMENT...``."""

import sys

PROGRAM, ARGUMENTS = sys.argv[1], sys.argv[2:]

# Each program is loaded only when it is the one: they start many times in a runbook.
if PROGRAM == "init":
    from opsmanager.embedded.demo.inside.init import main
elif PROGRAM == "systemctl":
    from opsmanager.embedded.demo.inside.systemctl import main
elif PROGRAM == "journalctl":
    from opsmanager.embedded.demo.inside.journalctl import main
else:
    from opsmanager.embedded.demo.inside.service import main

sys.exit(main(ARGUMENTS))
