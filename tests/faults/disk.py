"""Disks that are small, and full for a while: PostgreSQL's, the servers', and that of the logs."""

import errno
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql

from tests.faults.scene import Judgement, Scene
from tests.faults.world import World

_MIB = 1 << 20
_ROOM = 512 * _MIB
"""What PostgreSQL's disk has besides what lies there already."""
_SMALL = 32 * _MIB
_CHUNK = 4 * _MIB
# Its log of writes is to fit, as long as nothing else fills the disk.
_WRITES = ("-c", "max_wal_size=192MB", "-c", "min_wal_size=64MB", "-c", "log_min_messages=log")


def lacks_disks() -> str:
    """Say why there can be no small disks; nothing where there can."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return "only root may mount a small disk"
    return ""


@contextmanager
def small(world: World, _: str) -> Iterator[Scene]:
    """Put PostgreSQL's data, the programs' logs and the servers' records on small disks."""
    with ExitStack() as ending:
        logs = world.stack.folder / "logs"
        ending.callback(_with_logs, world, world.stack.logs)
        ending.enter_context(_disk(logs, size=_SMALL))
        _with_logs(world, logs)
        ending.enter_context(_disk(records_of(world), size=_SMALL))
        ending.enter_context(_small_postgres(world))
        world.await_calm()
        yield Disks(world)


class Disks(Scene):
    """The small disks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def judged(self) -> Judgement:
        """Say how often PostgreSQL gave up; nothing more is to be judged than in any family."""
        return Judgement(said=f"PostgreSQL gave up {self._world.postgres.gave_up} times")


def cluster_of(world: World) -> Path:
    """Return where PostgreSQL's data lie."""
    command = world.postgres.program.command
    return Path(command[command.index("-D") + 1])


def records_of(world: World) -> Path:
    """Return where the servers keep their records of commands."""
    return world.fleet.sshd.home / ".opsm"


def postgres_disk_full(world: World, chance: random.Random) -> None:
    """Fill PostgreSQL's disk; where it gives up, start it again and again, as a supervisor does."""
    until = time.monotonic() + chance.uniform(8, 20)
    with _full(cluster_of(world)) as fill:
        while time.monotonic() < until:
            fill()
            _write(world)
            world.postgres.revive()
            time.sleep(0.5)
    world.postgres.start()


def postgres_read_only(world: World, chance: random.Random) -> None:
    """Have the database take no writes, as some services do when its disk is nearly full."""
    _let_write(world, on=False)
    try:
        time.sleep(chance.uniform(3, 15))
    finally:
        _let_write(world, on=True)


def servers_disk_full(world: World, chance: random.Random) -> None:
    """Fill the disk on which the servers record what they run."""
    with _full(records_of(world)) as fill:
        fill()
        time.sleep(chance.uniform(3, 10))


def logs_disk_full(world: World, chance: random.Random) -> None:
    """Fill the disk of the logs, and give the programs something to complain of."""
    with _full(world.stack.logs) as fill:
        fill()
        world.fleet.kill()
        world.redis.kill()
        time.sleep(chance.uniform(3, 10))
        world.redis.start()
        world.fleet.start_again()


def _write(world: World) -> None:
    """Have PostgreSQL log what is written, until it needs room for more."""
    with suppress(psycopg.Error), psycopg.connect(world.database_url, connect_timeout=2) as writer:
        writer.execute("SET statement_timeout = '3s'")
        writer.execute("SELECT pg_logical_emit_message(false, 'faults', repeat('x', 33554432))")


def _let_write(world: World, *, on: bool) -> None:
    with psycopg.connect(world.database_url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        role = sql.Identifier(connection.info.user)
        change = "RESET default_transaction_read_only"
        if not on:
            change = "SET default_transaction_read_only = on"
        connection.execute(sql.SQL("ALTER ROLE {} " + change).format(role))
        # One that was just being made has read the old word, and is not to be seen at once.
        for pause in (1, 0):
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND usename = current_user"
            )
            time.sleep(pause)


@contextmanager
def _full(folder: Path) -> Iterator[Callable[[], None]]:
    """Yield what takes all room that is left; in the end all of it is there again."""
    ballast = folder / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)

    def fill() -> None:
        size = _CHUNK
        while size >= 4096:
            try:
                os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, size)
            except OSError as problem:
                if problem.errno != errno.ENOSPC:
                    raise
                size //= 2

    try:
        yield fill
    finally:
        os.close(descriptor)
        ballast.unlink()


@contextmanager
def _disk(folder: Path, *, size: int) -> Iterator[None]:
    """Have a disk of its own there, of that many bytes; what lay there is hidden meanwhile."""
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = folder.stat()
    options = f"size={size},mode=700,uid={owner.st_uid},gid={owner.st_gid}"
    _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    try:
        yield
    finally:
        # Also while something of it is open still.
        _run("umount", "--lazy", str(folder))


@contextmanager
def _small_postgres(world: World) -> Iterator[None]:
    program, cluster = world.postgres.program, cluster_of(world)
    aside = cluster.with_name("postgres-aside")
    world.postgres.stop(signal.SIGINT)
    cluster.rename(aside)
    cluster.mkdir(mode=0o700)
    owner = aside.stat()
    os.chown(cluster, owner.st_uid, owner.st_gid)
    used = sum(each.stat().st_size for each in aside.rglob("*") if each.is_file())
    try:
        with _disk(cluster, size=used + _ROOM):
            _run("cp", "-a", f"{aside}/.", f"{cluster}/")
            world.postgres.program = replace(program, command=(*program.command, *_WRITES))
            world.postgres.start()
            try:
                yield
            finally:
                world.postgres.stop(signal.SIGINT)
                shutil.rmtree(aside)
                _run("cp", "-a", str(cluster), str(aside))
    finally:
        cluster.rmdir()
        aside.rename(cluster)
        world.postgres.program = program
        world.postgres.start()


def _with_logs(world: World, folder: Path) -> None:
    """Have all programs write there, from their next start on, which is now."""
    world.stack.logs = folder
    for name in world.stack.processes:
        world.kill(name)
        world.start_again(name)
    world.await_web()


def _run(*words: str) -> None:
    subprocess.run(words, check=True)
