"""Places for answers that wait for news: few, since each holds a thread of the web process."""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from django.conf import settings

from opsmanager.common.problems import Busy


class Places:
    """As many as ``LIVE_PLACES`` says, of which one user can have half; safe for threads."""

    def __init__(self) -> None:
        # Garbage is collected at any moment, and may give a place back while one is taken here.
        self._lock = threading.RLock()
        self._taken: Counter[Hashable] = Counter()

    def take(self, who: Hashable) -> "Place":
        """Take a place for a user. Raises :class:`Busy`."""
        most: int = settings.LIVE_PLACES
        with self._lock:
            if self._taken.total() >= most:
                raise Busy("As many streams and long polls are open as this process can hold.")
            if self._taken[who] >= -(-most // 2):
                raise Busy("You have as many streams and long polls open as one user may.")
            self._taken[who] += 1
        return Place(self, who)

    @contextmanager
    def held(self, who: Hashable) -> Iterator[None]:
        """Hold a place meanwhile. Raises :class:`Busy`."""
        place = self.take(who)
        try:
            yield
        finally:
            place.give_back()

    @property
    def taken(self) -> int:
        """How many are taken."""
        with self._lock:
            return self._taken.total()

    def _free(self, who: Hashable) -> None:
        with self._lock:
            self._taken[who] -= 1
            if not self._taken[who]:
                del self._taken[who]


class Place:
    """One place, until it is given back."""

    def __init__(self, places: Places, who: Hashable) -> None:
        self._places = places
        self._who = who
        self._lock = threading.RLock()
        self._is_held = True

    def give_back(self) -> None:
        """Give it back; a second time does nothing."""
        with self._lock:
            was_held, self._is_held = self._is_held, False
        if was_held:
            self._places._free(self._who)  # noqa: SLF001 - two halves of one thing


places = Places()
"""Those of this process."""
