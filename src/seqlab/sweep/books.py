"""What the threads of a coordinator share: the rows of all trials, and what trials took beside training."""

import threading
from dataclasses import dataclass, field

from seqlab.results import TrialRow


class Books:
    """The rows of all trials that this coordinator knows of, shared by its threads."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], TrialRow] = {}
        self._lock = threading.Lock()

    def put(self, *rows: TrialRow) -> None:
        """Write rows down, over what stood for the same trials."""
        with self._lock:
            self._rows.update({(row.arm, row.number): row for row in rows})

    def rows(self, arm: str | None = None) -> list[TrialRow]:
        """All rows, or those of an arm, in the order of their numbers within an arm."""
        with self._lock:
            rows = list(self._rows.values())
        return sorted((r for r in rows if arm is None or r.arm == arm), key=lambda r: (r.arm, r.number))


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
