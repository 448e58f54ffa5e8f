"""Which trials keep their checkpoints, predictions and figures: the best few of every arm."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from seqlab.config.sweep import ObjectiveConfig
from seqlab.results import FIGURES_FOLDER, PREDICTIONS_FILE, TrialRow
from seqlab.sweep.progress import best_rows, ranked

TRIALS_FOLDER = "trials"
_CHECKPOINTS = "checkpoints"


def trial_dir(sweep_dir: Path, arm: str, number: int) -> Path:
    """The run directory of a trial."""
    return sweep_dir / TRIALS_FOLDER / arm / str(number)


def to_keep(rows: Sequence[TrialRow], objectives: Sequence[ObjectiveConfig], count: int) -> list[TrialRow]:
    """The trials of one arm whose files are kept: the best `count`; of several objectives the whole front."""
    if count == 0:
        return []
    return best_rows(rows, objectives) if len(objectives) > 1 else ranked(rows, objectives)[:count]


def drop_displaced(sweep_dir: Path, kept: Sequence[TrialRow], ended: Sequence[TrialRow]) -> None:
    """Remove the files of ended trials of an arm that are no longer among those kept."""
    numbers = {row.number for row in kept}
    for row in ended:
        place = trial_dir(sweep_dir, row.arm, row.number)
        if row.number not in numbers and (place / _CHECKPOINTS).is_dir():
            shutil.rmtree(place / _CHECKPOINTS, ignore_errors=True)
            shutil.rmtree(place / FIGURES_FOLDER, ignore_errors=True)
            (place / PREDICTIONS_FILE).unlink(missing_ok=True)
