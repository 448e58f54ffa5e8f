"""Do verdicts keep what they promise on real trainings? Resampled from stored runs, and from their components.

    python benchmarks/calibration_trained.py [--trainings 300] [--items 100000] [--store DIR] [--runs 2000]

A small GRU learns to add (the probe `adding`, 10 steps) from 400 sequences, with many seeds, and answers 100,000 fresh
test items, so that the truth is known to a tenth of a point. A comparison of R seeds and N items is then a draw of 2 R
seeds and N items of the store: two arms that are the same. Every draw is judged as the report judges (`stats.crossed`).

Draws from a store of 300 runs share runs, so this is honest for few seeds alone; for a true difference of 2 points, and
for 2,000 comparisons that share nothing, the components of the store are handed to `calibration.simulate`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from calibration import MARGINS, simulate

from seqlab import stats
from seqlab.compose import compose
from seqlab.experiment import run
from seqlab.experiment.oversight import Keep
from seqlab.results import PREDICTIONS_FILE, EpochRow, RunResult

SETTINGS = [
    "data=adding",
    "data.length=10",
    "data.train_size=400",
    "data.validation_fraction=0",
    "model=gru",
    "model.hidden_size=6",
    "model.dropout=0",
    "optimizer.lr=0.02",
    "trainer.max_epochs=12",
    "trainer.threads=1",
    "trainer.accelerator=cpu",
    "evaluate_test=true",
    "logger=none",
]
Bits = npt.NDArray[np.uint8]


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


def stored(folder: Path, trainings: int, items: int) -> npt.NDArray[np.bool_]:
    """Whether every training answers every item rightly [trainings, items]; those that are there are not done again."""
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    rows: list[npt.NDArray[np.bool_]] = []
    for seed in range(trainings):
        path = folder / f"{seed}-{items}.npy"
        if not path.is_file():
            experiment = compose([*SETTINGS, f"data.test_size={items}", f"seed={seed}"], None).experiment
            run_dir = folder / "run"
            experiment.force = True
            run(experiment, run_dir=run_dir, command="calibration", overseer=_Lean())
            table = pq.read_table(run_dir / PREDICTIONS_FILE, columns=["split", "true", "predicted"])
            test = np.asarray(table["split"]) == "test"
            right = np.asarray(table["true"])[test] == np.asarray(table["predicted"])[test]
            np.save(path, np.packbits(right))
            if seed % 25 == 24:
                print(f"    {seed + 1} of {trainings} trained", flush=True)
        rows.append(np.unpackbits(np.load(path))[:items].astype(bool))
    return np.stack(rows)


def draws(
    right: npt.NDArray[np.bool_], replicates: int, items: int, runs: int, rng: np.random.Generator
) -> tuple[list[float], float]:
    """Of comparisons of two arms that are the same: covered, called different, called the same; half the width."""
    found: list[list[float]] = []
    for _ in range(runs):
        seeds = rng.choice(len(right), size=2 * replicates, replace=False)
        chosen = rng.choice(right.shape[1], size=items, replace=False)
        table = right[np.ix_(seeds, chosen)].astype(np.float64)
        mean, _ = stats.crossed(table[:replicates] - table[replicates:])
        low, high = mean.interval(0.95)
        found.append([low <= 0 <= high, *(mean.p_within(m) < 0.05 for m in MARGINS), (high - low) / 2])
    shares = np.array(found, dtype=np.float64).mean(axis=0)
    return [float(shares[0]), 1 - float(shares[0]), *map(float, shares[1:-1])], float(shares[-1])


def components_of(right: npt.NDArray[np.bool_], items: int) -> tuple["stats.Components", float]:
    """Variances of the difference of two arms like the stored one, and its accuracy."""
    rng = np.random.default_rng(1)
    half = len(right) // 2
    order = rng.permutation(len(right))
    chosen = rng.choice(right.shape[1], size=items, replace=False)
    one, other = right[order[:half]][:, chosen], right[order[half : 2 * half]][:, chosen]
    _, components = stats.crossed(one.astype(np.float64) - other.astype(np.float64))
    return components, float(right.mean())


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, resample, simulate, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trainings", type=int, default=300)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--store", type=Path, default=Path("runs/calibration"))
    options = parser.parse_args(arguments)
    right = stored(options.store, options.trainings, options.items)
    accuracy = right.mean(axis=1)
    print(
        f"{len(right)} trainings, {right.shape[1]:,} test items: accuracy {accuracy.mean():.4f}, "
        f"standard deviation over seeds {100 * accuracy.std(ddof=1):.2f} points"
    )
    rng = np.random.default_rng(0)
    print("\nresampled from the store, two arms that are the same")
    print(
        f"{'seeds':>6} {'items':>7} {'covered':>8} {'different':>10} {'same in 1':>10} {'in 2':>6} {'half width':>11}"
    )
    for replicates in (5, 10):
        for items in (370, 2_000, 20_000):
            shares, half = draws(right, replicates, items, options.runs, rng)
            cells = " ".join(
                f"{100 * share:>{w}.1f}" for share, w in zip(shares, (8, 10, 10, 6), strict=True)
            )
            print(f"{replicates:>6} {items:>7} {cells} {100 * half:>11.2f}", flush=True)
    components, mean = components_of(right, min(10_000, options.items))
    print(
        f"\ncomponents of a difference: seeds {components.replicate:.2e}, items {components.item:.2e}, "
        f"both {components.interaction:.2e}"
    )
    print(f"simulated from them, {options.runs:,} comparisons that share nothing")
    print(
        f"{'seeds':>6} {'items':>7} {'truth':>6} {'covered':>8} {'different':>10} {'wrong':>6} "
        f"{'same in 1':>10} {'in 2':>6}"
    )
    for items in (370, 2_000, 20_000):
        found = simulate(
            components, accuracy=mean, replicates=(5, 10), items=items, runs=options.runs, seed=1
        )
        for (replicates, truth), outcome in sorted(found.items()):
            numbers = (outcome.covered, outcome.different, outcome.wrong, *outcome.same)
            cells = " ".join(f"{100 * n:>{w}.1f}" for n, w in zip(numbers, (8, 10, 6, 10, 6), strict=True))
            print(f"{replicates:>6} {items:>7} {100 * truth:>6.0f} {cells}", flush=True)


if __name__ == "__main__":
    main()
