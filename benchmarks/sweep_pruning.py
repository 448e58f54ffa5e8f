"""Pruning: as good a best trial for half of the epochs? Sweeps with a pruner against the same sweeps without.

    python benchmarks/sweep_pruning.py [--seeds 5] [--trials 20] [--epochs 60] [--workers 2] [--quick]

An LSTM on OSULeaf (200 leaf outlines of 427 steps, six kinds; half of them validate), where the validation accuracy
still rises after 30 epochs: learning rate 1e-4 to 1e-1, 16 to 64 units, one or two layers, points at random. A sweep
seed sets the points as well as the split, the weights and the order; within a seed every pruner gets the same number
of trials. Printed for every pruner: epochs and seconds of all trials against no pruner's, the best validation accuracy
of each seed, and by how much it differs from no pruner's with the same seed. The noise to hold that against is the
standard deviation of the best value over the seeds without a pruner, and the standard error of the difference.
"""

import argparse
import math
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sweeping import Done, seqlab_sweep

PRUNERS = ("none", "halving", "hyperband")


def definition(seed: int, pruner: str, trials: int, epochs: int) -> dict[str, Any]:
    """The sweep of one seed with one pruner."""
    return {
        "question": "What does pruning save, and what does it lose?",
        "fixed": [
            "data=archive",
            "data.name=OSULeaf",
            "data.validation_fraction=0.5",
            "model=lstm",
            "model.forget_bias=1",
            "model.dropout=0",
            f"seed={seed}",
            f"trainer.max_epochs={epochs}",
            "trainer.accelerator=cpu",
            "trainer.threads=1",
        ],
        "space": {
            "optimizer.lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
            "model.hidden_size": {"type": "int", "low": 16, "high": 64, "log": True},
            "model.num_layers": {"type": "int", "low": 1, "high": 2},
        },
        "sampler": {"name": "random", "seed": seed},
        "pruner": {"name": pruner},
        "budget": {"trials": trials},
    }


def best(done: Done) -> float:
    """The best value of a sweep."""
    return max(value for value in done.values if not math.isnan(value))


def error(values: Sequence[float]) -> float:
    """Standard error of a mean."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan


def main() -> None:
    """Print one row a pruner."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5, help="sweep seeds (default 5)")
    parser.add_argument("--trials", type=int, default=20, help="trials of a sweep (default 20)")
    parser.add_argument("--epochs", type=int, default=60, help="epochs of a trial (default 60)")
    parser.add_argument("--workers", type=int, default=2, help="trials at a time (default 2)")
    parser.add_argument("--folder", type=Path, help="where to keep the sweeps, and to go on with them")
    parser.add_argument(
        "--quick", action="store_true", help="two seeds, six trials, 12 epochs: does it work?"
    )
    options = parser.parse_args()
    seeds, trials, epochs = options.seeds, options.trials, options.epochs
    if options.quick:
        seeds, trials, epochs = 2, 6, 12
    done: dict[str, list[Done]] = {pruner: [] for pruner in PRUNERS}
    with tempfile.TemporaryDirectory(prefix="sweep-pruning-") as temporary:
        folder = options.folder or Path(temporary)
        for seed in range(seeds):
            for pruner in PRUNERS:
                result = seqlab_sweep(
                    definition(seed, pruner, trials, epochs),
                    folder.resolve() / f"{pruner}-{seed}",
                    [f"workers={options.workers}", "logger=none"],
                )
                done[pruner].append(result)
                print(
                    f"seed {seed}, {pruner}: best {best(result):.3f}, {result.epochs} epochs, "
                    f"{result.seconds:.0f} s (load {os.getloadavg()[0]:.1f})",
                    flush=True,
                )
    unpruned = done["none"]
    for result in unpruned:
        assert result.epochs == trials * epochs, f"{result.epochs} epochs without a pruner"
    print(
        f"\nLSTM on OSULeaf, {seeds} sweep seeds, {trials} trials of at most {epochs} epochs, random points"
    )
    print(
        f"{'pruner':<12}{'epochs':>8}{'of none':>9}{'seconds':>9}   "
        f"{'best of each seed':<{7 * seeds}}{'mean':>6}   difference"
    )
    for pruner, results in done.items():
        values = [best(result) for result in results]
        differences = [value - best(base) for value, base in zip(values, unpruned, strict=True)]
        spent = sum(result.epochs for result in results)
        share = spent / sum(result.epochs for result in unpruned)
        busy = sum(r.busy for r in results) / sum(r.busy for r in unpruned)
        row = f"{pruner:<12}{spent:>8}{share:>9.2f}{busy:>9.2f}   "
        row += "".join(f"{value:<7.3f}" for value in values) + f"{statistics.mean(values):>6.3f}"
        if pruner != "none":
            row += f"   {statistics.mean(differences):+.3f} (standard error {error(differences):.3f})"
        print(row)
    if seeds > 1:
        print(f"standard deviation of the best without a pruner: {statistics.stdev(map(best, unpruned)):.3f}")


if __name__ == "__main__":
    main()
