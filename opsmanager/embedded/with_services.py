"""A command between a start and a stop of PostgreSQL and Redis, such as the tests."""

import asyncio
import contextlib
import signal
from collections.abc import Mapping, Sequence

from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.errors import DataFolderError, ProgramError
from opsmanager.embedded.family import Family
from opsmanager.embedded.interruption import Interruption
from opsmanager.embedded.postgres_home import discard
from opsmanager.embedded.secrets import Secrets, without_secrets
from opsmanager.embedded.services import Services
from opsmanager.embedded.supervisor import Supervisor
from opsmanager.embedded.terminal import Terminal
from opsmanager.embedded.watchdog import Watchdog

COMMAND_PATIENCE = 10.0


def with_services(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    data: DataDir,
    fresh: bool,
    terminal: Terminal,
) -> int:
    """Run `command` with services of its own; return its exit status, negative for a signal.

    `fresh` wants an empty folder, trades durability for speed, and removes the folder at the end.
    Raises EmbeddedError when the services or the command cannot be started.
    """
    data.create()
    if fresh and any(data.path.iterdir()):
        raise DataFolderError(f"{data.path} is not empty. Name a folder that may be removed again.")
    lock = data.lock()
    try:
        return asyncio.run(_between(command, environ, data, lock.descriptor, terminal, fresh=fresh))
    finally:
        if fresh:
            discard(data.path)
            data.discard()


async def _between(
    command: Sequence[str],
    environ: Mapping[str, str],
    data: DataDir,
    lock: int,
    terminal: Terminal,
    *,
    fresh: bool,
) -> int:
    interruption = Interruption()
    watchdog = Watchdog(keep=(lock,))
    supervisor = Supervisor(terminal=terminal, watchdog=watchdog)
    secrets = Secrets(folder=data.secrets, environ=environ)
    try:
        secrets.create()
        services = Services(
            data=data,
            secrets=secrets,
            environ=environ,
            supervisor=supervisor,
            terminal=terminal,
            throwaway=fresh,
        )
        found = await interruption.limit(services.start())
        if found is None:
            return -(interruption.signal or signal.SIGINT)
        # Tests make their databases as one role.
        given = without_secrets(found) if fresh else found
        environment = without_secrets(environ) | given | secrets.for_tests()
        return await _run(command, environment, interruption, watchdog)
    finally:
        await supervisor.stop()
        watchdog.dismiss()


async def _run(
    command: Sequence[str],
    environment: Mapping[str, str],
    interruption: Interruption,
    watchdog: Watchdog,
) -> int:
    """Run the command on our own terminal and in our process group."""
    try:
        process = await asyncio.create_subprocess_exec(*command, env=dict(environment))
    except OSError as error:
        raise ProgramError(f"{command[0]} cannot be started: {error.strerror}.") from None
    watchdog.started(process.pid, signal.SIGTERM)
    try:
        await interruption.limit(process.wait())
        if process.returncode is None:
            # A terminal has sent its Ctrl-C to the command as well; anything else came to us alone.
            if interruption.signal is not signal.SIGINT:
                process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), COMMAND_PATIENCE)
    finally:
        family = Family(process.pid)
        if process.returncode is None:
            family.kill()
        status = await process.wait()
        watchdog.ended(process.pid)
    return status
