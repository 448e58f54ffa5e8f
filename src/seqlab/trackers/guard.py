"""A tracker that cannot stop a run: what goes wrong in the inner one becomes one line."""

from collections.abc import Callable
from typing import Literal, final

from seqlab.errors import UserError
from seqlab.results import EpochRow
from seqlab.trackers.base import Outcome, RunAbout, Tracker


@final
class Guarded(Tracker):
    """Wraps a tracker; after its first failure to start or to log, it is left alone but for `finish`.

    Args:
        inner: the tracker that may fail.
        name: what to call it in the line.
        warn: takes the line.
    """

    def __init__(self, inner: Tracker, name: str, warn: Callable[[str], None]) -> None:
        self._inner = inner
        self._name = name
        self._warn = warn
        self._state: Literal["ready", "following", "broken", "over"] = "ready"

    def start(self, about: RunAbout) -> str | None:
        """Begin; a failure is told to `warn`, and None returned.

        Raises:
            UserError: if the tracker says that its user must put something right first.
        """
        try:
            line = self._inner.start(about)
        except UserError:
            raise
        except Exception as error:
            self._state = "over"
            self._warn(f"{self._name}: this run is not tracked ({_in_one_line(error)})")
            return None
        self._state = "following"
        return line

    def log(self, row: EpochRow) -> None:
        """Follow one epoch."""
        if self._state != "following":
            return
        try:
            self._inner.log(row)
        except Exception as error:
            self._state = "broken"
            self._warn(f"{self._name}: stopped following at epoch {row.epoch} ({_in_one_line(error)})")

    def finish(self, outcome: Outcome) -> None:
        """Hand over what the run came to."""
        if self._state not in ("following", "broken"):
            return
        silent = self._state == "broken"
        self._state = "over"
        try:
            self._inner.finish(outcome)
        except Exception as error:
            if not silent:
                self._warn(f"{self._name}: the outcome was not recorded in full ({_in_one_line(error)})")


def _in_one_line(error: Exception, limit: int = 200) -> str:
    text = " ".join(str(error).split()) or "no reason given"
    text = text if len(text) <= limit else text[: limit - 3] + "..."
    return f"{type(error).__name__}: {text}"
