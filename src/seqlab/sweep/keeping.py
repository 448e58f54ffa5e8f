"""Which trials keep their checkpoints, predictions and figures: the best few of every arm."""

import dataclasses
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from seqlab.config.sweep import ObjectiveConfig
from seqlab.results import FIGURES_FOLDER, PREDICTIONS_FILE, TrialRow
from seqlab.sweep.progress import best_rows, ranked

TRIALS_FOLDER = "trials"
_CHECKPOINTS = "checkpoints"
_FOLD = "fold-"


def trial_dir(sweep_dir: Path, arm: str, number: int) -> Path:
    """The run directory of a trial."""
    return sweep_dir / TRIALS_FOLDER / arm / str(number)


def fold_dir(trial: Path, number: int) -> Path:
    """The run directory of a trial's fold, counted from 0."""
    return trial / f"{_FOLD}{number}"


class Keeper:
    """Decides what is kept, from the trials that it has been told of; safe to ask from several threads.

    Args:
        sweep_dir: the sweep's directory.
        objectives: what is improved.
        count: how many trials of every arm keep their files; of several objectives it is the whole front, or 0: none.
    """

    def __init__(self, sweep_dir: Path, objectives: Sequence[ObjectiveConfig], count: int) -> None:
        self._sweep_dir, self._objectives, self._count = sweep_dir, objectives, count
        self._kept: dict[str, list[TrialRow]] = {}
        self._lock = threading.Lock()

    def is_worth_keeping(self, row: TrialRow, values: tuple[float | None, ...]) -> bool:
        """Whether a trial that comes to these values is among the best so far."""
        here = dataclasses.replace(row, state="complete", values=values)
        with self._lock:
            return here in self._best([*self._kept.get(row.arm, ()), here])

    def settle(self, arm: str, rows: Sequence[TrialRow]) -> None:
        """Take in trials of an arm that are complete, and remove the files of those that others have displaced."""
        with self._lock:
            known = {row.number: row for row in (*self._kept.get(arm, ()), *rows)}
            self._kept[arm] = self._best([known[number] for number in sorted(known)])
            for number in known.keys() - {row.number for row in self._kept[arm]}:
                drop_files(trial_dir(self._sweep_dir, arm, number))

    def _best(self, rows: Sequence[TrialRow]) -> list[TrialRow]:
        if self._count == 0:
            return []
        several = len(self._objectives) > 1
        return best_rows(rows, self._objectives) if several else ranked(rows, self._objectives)[: self._count]


def drop_files(trial: Path) -> None:
    """Remove what only the best trials keep; their numbers stay."""
    folds = [*trial.glob(f"{_FOLD}*")]
    if any((place / _CHECKPOINTS).is_dir() for place in folds):
        (trial / PREDICTIONS_FILE).unlink(missing_ok=True)
    for place in (trial, *folds):
        if (place / _CHECKPOINTS).is_dir():
            shutil.rmtree(place / _CHECKPOINTS, ignore_errors=True)
            shutil.rmtree(place / FIGURES_FOLDER, ignore_errors=True)
            (place / PREDICTIONS_FILE).unlink(missing_ok=True)
