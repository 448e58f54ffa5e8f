"""What the threads of a coordinator share: the rows of all trials, and what trials took beside training."""

import threading
from dataclasses import dataclass, field

from seqlab.results import TrialRow


class Books:
    """The rows of all trials that this coordinator knows of, shared by its threads."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[int, TrialRow]] = {}
        self._lock = threading.Lock()

    def put(self, *rows: TrialRow) -> None:
        """Write rows down, over what stood for the same trials."""
        with self._lock:
            for row in rows:
                self._rows.setdefault(row.arm, {})[row.number] = row

    def rows(self, arm: str | None = None) -> list[TrialRow]:
        """All rows, or those of an arm; in the order of their numbers within an arm."""
        with self._lock:
            arms = self._rows.values() if arm is None else [self._rows.get(arm, {})]
            return [rows[number] for rows in map(dict, arms) for number in sorted(rows)]


@dataclass(slots=True, kw_only=True)
class Overhead:
    """What trials took beside training, in seconds, one entry a trial.

    Args:
        before: from the order's arrival in the worker to its first step.
        after: from its last step to its values sent.
        coordinator: proposing, telling and closing, in the coordinator.
    """

    before: list[float] = field(default_factory=list[float])
    after: list[float] = field(default_factory=list[float])
    coordinator: list[float] = field(default_factory=list[float])
