"""What a trial costs the coordinator of a sweep, at the start of a study and after 2,000 trials.

    python benchmarks/sweep_coordinator.py [TRIALS]

The coordinator is the real one, with its database, sampler, slots and books; the workers answer at once instead of
training, so that all the time that passes is the coordinator's. One worker. Prints milliseconds for each trial (wall
time, median of a hundred) and their ratio.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from seqlab.sweep.arms import compose_arms
from seqlab.sweep.books import Books
from seqlab.sweep.coordinator import Coordinator
from seqlab.sweep.loading import load_sweep
from seqlab.sweep.objectives import directions
from seqlab.sweep.ordering import Orders
from seqlab.sweep.orders import Begins, Ended, Epoch, Scored
from seqlab.sweep.pool import Worker
from seqlab.sweep.stopping import StopRequests
from seqlab.sweep.store import Store
from seqlab.sweep.trials import Trials

BLOCK = 100


class Quick(Worker):
    """A worker that has always just finished; notes when it gets its orders."""

    def __init__(self):
        self.words, self.ordered = [], []

    def ensure(self):
        """Nothing to start."""

    def send(self, word):
        """Answer an order at once; the value falls with the distance from one learning rate."""
        if hasattr(word, "settings"):
            self.ordered.append(time.perf_counter())
            value = 1.0 - abs(word.settings["optimizer"]["lr"] - 0.01)
            self.words = [Begins(0.0), Epoch(1, value), Scored((value,), 0.0)]
            self.words.append(Ended("completed", None, None, 1, {}))

    def receive(self, seconds):
        """The next word."""
        return self.words.pop(0)

    def interrupt(self):
        """Nothing to interrupt."""

    slay = kill = stop = interrupt


def main(count: int) -> None:
    """Run a study of `count` trials, and print what they cost."""
    for sampler in ("tpe", "random"):
        with tempfile.TemporaryDirectory() as folder:
            words = ["sweep=depth_width_direction", f"sweep.dir={folder}/out", f"sampler={sampler}"]
            sweep = load_sweep([*words, f"budget.trials={count}", "logger=none"], None, [])
            arms = compose_arms(sweep)
            store = Store(Path(folder) / "study.db", sweep.name)
            for arm in arms:
                store.study(arm.name, directions(sweep.config.objective))
            books, requests, worker = Books(), StopRequests(), Quick()
            orders = Orders(sweep, arms, git_commit=None, track=True)
            trials = Trials(sweep, arms, store, books, orders, stopping=requests.stopping, note=print)
            look = lambda rows, seconds: None  # noqa: E731
            Coordinator(sweep, arms, store, books, trials, [worker], look=look, requests=requests).work()
            store.close()
        spans = [1000 * (b - a) for a, b in zip(worker.ordered, worker.ordered[1:], strict=False)]
        startup = sweep.config.sampler.startup_trials
        first, last = statistics.median(spans[startup : startup + BLOCK]), statistics.median(spans[-BLOCK:])
        print(
            f"{sampler:<7} first {first:5.1f} ms, after {count:,} trials {last:5.1f} ms: {last / first:.2f} times"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
