"""What can go wrong with a world."""


class ContainmentError(OSError):
    """Root of this package's errors."""


class ContainmentUnavailable(ContainmentError):
    """This machine does not let a process have a world of its own; the message says why."""


class WorldEnded(ContainmentError):
    """The world is not there (any more), so nothing can be launched in it."""
