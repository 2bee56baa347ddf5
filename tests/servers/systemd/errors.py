"""What can go wrong with the machines that tests boot."""


class MachineError(Exception):
    """A machine or its root file system could not be made; the message says why."""
