"""What a trial in a warm worker takes beside its training, and what it takes the coordinator.

    python benchmarks/sweep_overhead.py [TRIALS]

A sweep of small LSTMs on JapaneseVowels, one worker, one thread, no tracker, as `python sweep.py` runs it. *Before*:
from the order's arrival in the worker to its first optimiser step. *After*: from its last step to its values sent. The
worker's first trial is shown apart: it reads the data. The coordinator's share (proposing, telling, closing) overlaps
with the other workers' training.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from seqlab.sweep.store import Store

ROOT = Path(__file__).parent.parent
SWEEP = """
question: What does a trial cost beside its training?
fixed: [model=lstm, trainer.max_epochs=5, trainer.threads=1, logger=none]
space:
  model.hidden_size: {type: int, low: 16, high: 64}
  model.num_layers: {type: int, low: 1, high: 3}
  optimizer.lr: {low: 1e-4, high: 1e-1, log: true}
"""


def main(trials: int) -> None:
    """Run the sweep and print milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "overhead.yaml").write_text(SWEEP, encoding="utf-8")
        words = ["sweep=overhead.yaml", "sweep.dir=out", "workers=1", f"budget.trials={trials}"]
        subprocess.run(
            [sys.executable, str(ROOT / "sweep.py"), *words],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        store = Store(Path(folder) / "out" / "study.db", "overhead")
        found = store.fact("overhead")
        store.close()
    print(f"milliseconds, {trials} trials   first   median   largest but the first")
    both = [a + b for a, b in zip(found["before"], found["after"], strict=True)]
    for name, seconds in (
        ("before the first step", found["before"]),
        ("after the last step", found["after"]),
        ("both", both),
        ("coordinator", found["coordinator"]),
    ):
        first, *others = [1000 * s for s in seconds]
        print(f"{name:<24}{first:8.1f} {statistics.median(others):8.1f} {max(others):8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
