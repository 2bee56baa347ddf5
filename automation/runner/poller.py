"""Runs what waits while nobody can wake this worker: as long as Redis is away."""

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final
from uuid import UUID

import redis
import structlog
from django.db import Error, connection

from automation.wakeups import QUEUES
from opsmanager.common import redis_client, zones
from opsmanager.common.connections import prepared_cursor

log = structlog.get_logger(__name__)

_EVERY_SECONDS: Final = 5.0
# As a worker is woken: by priority, and by age.
_WAITING: Final = """
SELECT id FROM automation_execution
 WHERE waiting_since IS NOT NULL AND priority = ANY(%(priorities)s)
   AND EXISTS (SELECT FROM servers_server s WHERE s.id = server_id AND s.zone = ANY(%(zones)s))
   AND (cancel_requested_at IS NULL OR resumes)
   AND (not_before IS NULL OR not_before <= clock_timestamp())
 ORDER BY priority, waiting_since, id LIMIT 500
"""


class Poller(threading.Thread):
    """Asks Redis whether it is there, and the database for work when it is not.

    ``run`` runs an execution if it can be claimed, so that any number of workers may take the same.
    """

    def __init__(self, *, run: Callable[[UUID], None]) -> None:
        super().__init__(name="poller", daemon=True)
        self._run = run
        self._priorities: list[int] = []
        self._others: Collection[Callable[[], None]] = ()
        self._hands: ThreadPoolExecutor | None = None
        self._taken: dict[UUID, Future[None]] = {}
        self._closing = threading.Event()

    def serve(
        self,
        queues: Collection[str],
        *,
        at_once: int,
        others: Collection[Callable[[], None]] = (),
    ) -> None:
        """Start taking what these queues would bring, so much at once.

        ``others`` are called each time: what else messages would have asked for.
        """
        self._priorities = [
            int(priority)
            for priority, name in QUEUES.items()
            if any(queue.name in queues for queue in zones.consumed([name]))
        ]
        self._others = others
        if self._priorities:
            self._hands = ThreadPoolExecutor(at_once, thread_name_prefix="polled")
            self.start()

    def stop(self) -> None:
        """Take nothing new; what runs goes on."""
        self._closing.set()
        self._let_be()

    def close(self) -> None:
        """Take nothing new, and wait for what runs."""
        self.stop()
        if self._hands is not None:
            self._hands.shutdown()
            self.join(timeout=5)

    def run(self) -> None:
        """Look again and again, whatever becomes of the database meanwhile."""
        was_away = False
        while not self._closing.wait(_EVERY_SECONDS):
            is_away = _is_away()
            if is_away != was_away:
                log.warning("Redis is away; polling" if is_away else "Redis is back")
            was_away = is_away
            if not is_away:
                self._let_be()
                continue
            for look in (self._take, *self._others):
                try:
                    look()
                except Error as problem:
                    log.warning("not polled; trying again", reason=str(problem).strip())
                except Exception:
                    log.exception("not polled")
                finally:
                    connection.close()

    def _take(self) -> None:
        """Hand on what waits and is not handed on yet."""
        assert self._hands is not None  # noqa: S101 - it is there before the thread
        self._taken = {pk: future for pk, future in self._taken.items() if not future.done()}
        with prepared_cursor() as cursor:
            cursor.execute(_WAITING, {"priorities": self._priorities, "zones": zones.here()})
            waiting = [row[0] for row in cursor.fetchall()]
        connection.close()
        for pk in waiting:
            if pk not in self._taken and not self._closing.is_set():
                self._taken[pk] = self._hands.submit(self._try, pk)

    def _let_be(self) -> None:
        """Leave to messages what was handed on and has not begun."""
        for future in list(self._taken.values()):
            future.cancel()

    def _try(self, pk: UUID) -> None:
        try:
            self._run(pk)
        except Error as problem:
            log.warning("polled in vain", execution=str(pk), reason=str(problem).strip())
        except Exception:
            log.exception("polled in vain", execution=str(pk))
        finally:
            connection.close()


def _is_away() -> bool:
    try:
        redis_client.client().ping()
    except redis.RedisError:
        return True
    return False
