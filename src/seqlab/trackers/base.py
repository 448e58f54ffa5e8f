"""The face that every tracker shows, and what it is told."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqlab.results import EpochRow, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAbout:
    """What is known of a run when it starts.

    Args:
        name: the run's name.
        config: its whole configuration as plain contents, redacted already.
        tags: such as ["lstm", "2 layers", "bidirectional", "japanese_vowels", "seed 0"].
        group: runs that belong together, such as a sweep; None: none.
        job_type: "train", or what else the run is for.
        run_dir: where it lies.
    """

    name: str
    config: Mapping[str, Any]
    tags: Sequence[str]
    group: str | None = None
    job_type: str = "train"
    run_dir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to.

    Args:
        status: how it ended.
        summary: flat dotted names, such as "validation.accuracy" or "cost.parameters".
        confusion: how often each class (row) was taken for each class (column) [C, C]; None: not known.
        confusion_part: the part of the data that `confusion` was counted on, such as "validation".
        classes: names of the C classes.
        prediction_columns: names of the columns of `predictions`.
        predictions: one row a sequence.
        best_checkpoint: None if there is none.
        figures: PNG files.
        page: a self-contained HTML file; None if there is none.
        tables: name -> rows, of which the first holds the columns.
    """

    status: Status
    summary: Mapping[str, float | int | str | None] = field(
        default_factory=dict[str, float | int | str | None]
    )
    confusion: npt.NDArray[np.int64] | None = None
    confusion_part: str = ""
    classes: Sequence[str] = ()
    prediction_columns: Sequence[str] = ()
    predictions: Sequence[Sequence[Any]] = ()
    best_checkpoint: Path | None = None
    figures: Sequence[Path] = ()
    page: Path | None = None
    tables: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict[str, Sequence[Sequence[Any]]])


class Tracker(ABC):
    """Follows one run: `start` once, `log` after every epoch, `finish` once.

    Trackers may raise; `make_tracker` hands out ones that never do (`guard.Guarded`).
    """

    @abstractmethod
    def start(self, about: RunAbout) -> str | None:
        """Begin.

        Returns:
            One line for the screen (where the run is, or why it is offline), or None.
        """

    @abstractmethod
    def log(self, row: EpochRow) -> None:
        """Follow one epoch."""

    @abstractmethod
    def finish(self, outcome: Outcome) -> None:
        """Hand over what the run came to, and let go of it."""


def flat_row(row: EpochRow) -> dict[str, float | None]:
    """A row under flat names: epoch, step, seconds, lr, train/loss ... validation/ece; undefined is None."""
    plain: dict[str, float | None] = {
        "epoch": row.epoch,
        "step": row.step,
        "seconds": row.seconds,
        "lr": row.lr,
    }
    for part, scores in (("train", row.train), ("validation", row.validation)):
        plain |= {f"{part}/{name}": value for name, value in scores.items()}
    return plain
