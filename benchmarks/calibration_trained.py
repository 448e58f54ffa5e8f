"""Do verdicts keep what they promise on real trainings? Drawn from stored runs, and simulated from their components.

    python benchmarks/calibration_trained.py [--pairs 100] [--items 100000] [--store DIR] [--runs 2000] [--processes 2]

What is trained, four times `--pairs` in all, says trained_store.py: two arms two points apart, and a twin of each.
A comparison of R seeds and N items is a draw of R pairs and N items from the store, and is judged as `seqlab report`
judges predictions. Draws are with replacement, so the store is the world that they are from, its means are the
truth, and comparisons vary as much as they should. Of two twins either is the first by chance, so that their true
difference is 0. Simulated comparisons share no seed and no item: answers by the model of calibration.py, with the
variances that the whole store shows.
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from calibration import CONFIDENCE, ENOUGH, Bits, judged, least_margin, simulate
from trained_store import Store, stored

from seqlab import stats

SEEDS = (5, 10)
COLUMNS = ("covered", "different", "better", "worse", "same in 1", "in 2", "half width", "3 in 5 same in")


def _outcome(a: Bits, b: Bits, truth: float) -> list[float]:
    compared, (one, two) = judged(a, b)
    low, high = compared.mean.interval(CONFIDENCE)
    return [
        low <= truth <= high,
        one.significant,
        one.word == "better",
        one.word == "worse",
        one.word == "same",
        two.word == "same",
        (high - low) / 2,
        least_margin(compared.mean),
    ]


def _draws(work: tuple[Store, str, int, int, int]) -> npt.NDArray[np.float64]:
    """Some comparisons: one row each for every number of seeds [runs, numbers of seeds, columns]."""
    store, kind, items, runs, seed = work
    a, b = store.arms(kind)
    truth = 0.0 if store.twins(kind) else float(a.mean() - b.mean())
    rng = np.random.default_rng([seed, items])
    found: list[list[list[float]]] = []
    for _ in range(runs):
        seeds, chosen = rng.integers(0, len(a), max(SEEDS)), rng.integers(0, a.shape[1], items)
        first, second = a[seeds][:, chosen], b[seeds][:, chosen]
        if store.twins(kind):
            swapped = rng.random((len(seeds), 1)) < 0.5
            first, second = np.where(swapped, second, first), np.where(swapped, first, second)
        found.append([_outcome(first[:R], second[:R], truth) for R in SEEDS])
    return np.array(found, dtype=np.float64)


def _line(kind: str, items: int, R: int, numbers: Sequence[float]) -> str:
    cells = [f"{100 * n:.{2 if place > 5 else 1}f}" for place, n in enumerate(numbers)]
    return f"| {kind} | {items:,} | {R} | {' | '.join(cells)} |"


def _head(title: str) -> str:
    names = ("arms", "test items", "seeds", *COLUMNS)
    return f"\n{title}\n\n| {' | '.join(names)} |\n{'|---' * len(names)}|"


def fitted(store: Store, kind: str) -> tuple["stats.Components", float]:
    """Variances of the difference that the whole store shows, and the accuracy in the middle between both arms."""
    a, b = store.arms(kind)
    _, components = stats.crossed(a.astype(np.float64) - b.astype(np.float64))
    return components, float(a.mean() + b.mean()) / 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, draw, simulate, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--store", type=Path, default=Path("runs/calibration"))
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        store = stored(given.store, given.pairs, given.items, pool.map)
        for name in store.names():
            accuracy = 100 * store.right(name).mean(axis=1)
            print(
                f"{name}: accuracy {accuracy.mean():.2f} %, standard deviation over seeds "
                f"{accuracy.std(ddof=1):.2f} points"
            )
        counts = [len(part) for part in np.array_split(np.arange(given.runs), min(given.runs, 8))]
        print(
            _head(f"{given.runs:,} comparisons drawn from {4 * given.pairs} trainings, in percent and points")
        )
        for kind in store.kinds():
            for items in (2_000, given.items):
                work = [(store, kind, items, count, seed) for seed, count in enumerate(counts)]
                rows = np.concatenate(list(pool.map(_draws, work)))
                for place, R in enumerate(SEEDS):
                    allows = float(np.quantile(rows[:, place, -1], ENOUGH))
                    print(_line(kind, items, R, [*rows[:, place, :-1].mean(axis=0), allows]), flush=True)
        print(_head(f"{given.runs:,} comparisons simulated from their components, of two points where apart"))
        for number, kind in enumerate(store.kinds()):
            components, accuracy = fitted(store, kind)
            true = 0.0 if store.twins(kind) else 0.02
            found = simulate(
                components,
                accuracy=accuracy,
                replicates=SEEDS,
                items=given.items,
                differences=(true,),
                runs=given.runs,
                seed=number,
                mapped=pool.map,
            )
            for (R, _), o in found.items():
                numbers = (o.covered, o.different, o.better, o.worse, *o.same, o.half, o.allows)
                print(_line(kind, given.items, R, numbers), flush=True)


if __name__ == "__main__":
    main()
