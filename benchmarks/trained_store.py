"""Trainings of a tiny model on a probe, kept as one bit a test item: what `calibration_trained.py` draws from.

A GRU with 12 units adds (the probe `adding`: 10 steps, 4 features of noise, no validation part) after 1,400 or 2,000
sequences, and answers 100,000 fresh test items. These are arms that differ in one setting, by about two points, while
seeds of one arm differ by about half a point and one point. Every pair of a comparison is trained as the
replicates of a sweep are: the order of the data is the pair's, initial weights and dropout an arm's own. Every arm
has a twin, the same under another name, so that there are arms that are truly the same.
"""

import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqlab.comparison.jobs import weights_seed
from seqlab.compose import compose
from seqlab.experiment import run
from seqlab.experiment.oversight import Keep
from seqlab.results import PREDICTIONS_FILE, EpochRow, RunResult

SETTINGS = (
    "data=adding",
    "data.length=10",
    "data.noise_features=4",
    "data.validation_fraction=0",
    "data.batch_size=128",
    "model=gru",
    "model.hidden_size=12",
    "model.dropout=0",
    "optimizer.lr=0.03",
    "scheduler=cosine",
    "trainer.max_epochs=16",
    "trainer.threads=1",
    "trainer.accelerator=cpu",
    "evaluate_test=true",
    "logger=none",
)
ARMS = {"fewer": "data.train_size=1400", "more": "data.train_size=2000"}
TWINS = ("", "-again")
Bits = npt.NDArray[np.bool_]


class _Lean:
    """Keeps predictions and nothing else."""

    git_commit: str | None = None
    latency = False

    def begins(self) -> None:
        """Nothing."""

    def epoch(self, row: EpochRow, best: EpochRow) -> bool:
        """Never ends a run early."""
        return False

    def scored(self, result: RunResult) -> Keep:
        """Predictions are what is wanted."""
        return "predictions"


def _pair(folder: Path, items: int, pair: int) -> int:
    """Train what is missing of a pair, of all arms and twins; how many trainings that took."""
    import pyarrow.parquet as pq

    done = 0
    for arm, setting in ARMS.items():
        for twin in TWINS:
            path = folder / f"{arm}{twin}-{pair}.npy"
            if path.is_file():
                continue
            seeds = [f"seed={weights_seed(arm + twin, pair)}", f"data.order_seed={pair}"]
            words = [*SETTINGS, setting, f"data.test_size={items}", *seeds]
            experiment = compose(words, None).experiment
            with tempfile.TemporaryDirectory() as made:
                run_dir = Path(made) / "run"
                run(experiment, run_dir=run_dir, command="calibration", overseer=_Lean())
                table = pq.read_table(run_dir / PREDICTIONS_FILE, columns=["split", "true", "predicted"])
            test = np.asarray(table["split"]) == "test"
            right = np.asarray(table["true"])[test] == np.asarray(table["predicted"])[test]
            draft = path.with_suffix(".draft")
            with draft.open("wb") as file:
                np.save(file, np.packbits(right))
            draft.replace(path)
            done += 1
    return done


@dataclass(frozen=True, slots=True)
class Store:
    """What is stored, pair by pair.

    Args:
        folder: where.
        pairs: of each arm and each twin.
        items: answered by each training.
    """

    folder: Path
    pairs: int
    items: int

    def names(self) -> list[str]:
        """Of all arms and twins."""
        return [arm + twin for arm in ARMS for twin in TWINS]

    def kinds(self) -> list[str]:
        """What can be compared."""
        return [*(f"{arm}, twice" for arm in ARMS), "more against fewer"]

    def twins(self, kind: str) -> bool:
        """Whether both arms are the same."""
        return kind.endswith("twice")

    def right(self, name: str) -> Bits:
        """Whether an arm or a twin answers rightly [pairs, items]."""
        rows = [np.unpackbits(np.load(self.folder / f"{name}-{pair}.npy")) for pair in range(self.pairs)]
        return np.stack(rows)[:, : self.items].astype(bool)

    def arms(self, kind: str) -> tuple[Bits, Bits]:
        """Both arms of a comparison; those that differ with their twins below them."""
        if self.twins(kind):
            arm = kind.split(",")[0]
            return self.right(arm), self.right(arm + TWINS[1])
        fewer, more = (np.concatenate([self.right(arm + twin) for twin in TWINS]) for arm in ARMS)
        return more, fewer


def stored(store: Path, pairs: int, items: int, mapped: Callable[..., Iterator[int]] = map) -> Store:
    """Train what is not yet there.

    Args:
        store: a folder outside of git; other settings go into other folders within.
        pairs: of each arm and each twin, so that four times as many are trained.
        items: fresh test items.
        mapped: a parallel map.
    """
    key = hashlib.sha256("\n".join([*SETTINGS, *ARMS.values(), str(items)]).encode()).hexdigest()[:12]
    folder = store / key
    folder.mkdir(parents=True, exist_ok=True)
    done = 0
    for pair, count in enumerate(mapped(functools.partial(_pair, folder, items), range(pairs))):
        done += count
        if count and pair % 10 == 9:
            print(f"    {done} trained", flush=True)
    return Store(folder, pairs, items)
