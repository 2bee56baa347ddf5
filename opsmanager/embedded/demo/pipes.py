"""The three pipes of a command: our ends as files, theirs as descriptors."""

import os
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, kw_only=True)
class Pipes:
    """A command's streams; whoever opens them closes all of them."""

    stdin: IO[bytes]
    """Ours, unbuffered, as the two below."""
    stdout: IO[bytes]
    stderr: IO[bytes]
    theirs: tuple[int, int, int]
    """The command's ends of standard input, output and error."""

    @classmethod
    def open(cls) -> "Pipes":
        """Make them. Raises ``OSError`` when there are no descriptors left."""
        their_in, our_in = os.pipe()
        our_out, their_out = os.pipe()
        our_err, their_err = os.pipe()
        return cls(
            stdin=os.fdopen(our_in, "wb", buffering=0),
            stdout=os.fdopen(our_out, "rb", buffering=0),
            stderr=os.fdopen(our_err, "rb", buffering=0),
            theirs=(their_in, their_out, their_err),
        )

    def close_ours(self) -> None:
        """Close the ends that are files."""
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()

    def close_theirs(self) -> None:
        """Close the ends that the command has got."""
        for descriptor in self.theirs:
            os.close(descriptor)
