"""How far a command is that reads a large file, on standard error: one live line, or a plain one now and then."""

import sys
import time

_LIVE_EVERY, _PLAIN_EVERY = 0.2, 15.0  # seconds


class Progress:
    """Tells how far it is; says nothing of what takes no time.

    Args:
        name: of the file.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._live = sys.stderr.isatty()
        self._began = self._said = time.monotonic()
        self._written = False

    def tell(self, sequences: int, share: float) -> None:
        """So many sequences are done, with this share of the file."""
        now = time.monotonic()
        if now - self._said < (_LIVE_EVERY if self._live else _PLAIN_EVERY):
            return
        self._said, self._written = now, True
        seconds = now - self._began
        left = f", {seconds / share * (1 - share):,.0f} s left" if share > 0 else ""
        line = f"{self._name}: {sequences:,} sequences, {share:.0%} of the file{left}"
        print(
            f"\r\x1b[K{line}" if self._live else line,
            end="" if self._live else "\n",
            file=sys.stderr,
            flush=True,
        )

    def wipe(self) -> None:
        """Take the live line away."""
        if self._live and self._written:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
