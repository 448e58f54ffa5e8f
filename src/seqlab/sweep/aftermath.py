"""What is left to do once the trials of a sweep have ended: the files of the best, and W&B's copy of them.

Predictions, figures and baselines of a trial take longer than many a trial, and most trials that are the best for a
while do not stay so. Hence they are written at the end, from the checkpoints that were kept, by all workers at once.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from seqlab.config.training import LoggerConfig
from seqlab.results import BEST_CHECKPOINT, PREDICTIONS_FILE, TrialRow
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.books import Books
from seqlab.sweep.definition import Sweep
from seqlab.sweep.gathering import gather
from seqlab.sweep.keeping import trial_dir
from seqlab.sweep.ordering import Orders
from seqlab.sweep.orders import After, Done, Order
from seqlab.sweep.pool import Lost, Worker
from seqlab.sweep.progress import ranked

# wandb.trials=auto: all of up to so many; of more, so many of the best. Servers limit rates.
_ALL, _BEST = 50, 10


class Aftermath:
    """Does what is left to do, with the workers of a sweep.

    Args:
        sweep: the sweep.
        arms: composed.
        books: the rows of its trials.
        orders: makes orders.
        workers: do the work; started if need be.
        note: takes a line worth saying.
    """

    def __init__(
        self,
        sweep: Sweep,
        arms: Sequence[ComposedArm],
        books: Books,
        orders: Orders,
        workers: Sequence[Worker],
        note: Callable[[str], None],
    ) -> None:
        self._sweep, self._arms, self._books, self._orders = sweep, arms, books, orders
        self._workers, self._note = workers, note

    def finish_the_kept(self) -> None:
        """Write predictions, figures and baselines of the trials that have kept their checkpoints.

        Of trials with folds, those of every fold, which are gathered in the trial; not in a comparison, where the runs
        that come after are the ones to look at.
        """
        rows = [row for row in self._books.rows() if row.state == "complete"]
        places = [(row, trial_dir(self._sweep.directory, row.arm, row.number)) for row in rows]
        left = [
            row
            for row, place in places
            if (place / BEST_CHECKPOINT).is_file() and not (place / PREDICTIONS_FILE).is_file()
        ]
        settings = [self._orders.order_of(row) for row in left]
        self._share_out([After(what="finish", settings=o.settings, run_dir=o.run_dir) for o in settings])
        if self._sweep.config.trial.is_cross_validation and not self._sweep.config.protocol.contrasts:
            self._finish_folds([self._orders.order_of(row) for row, _ in places])

    def _finish_folds(self, orders: Sequence[Order]) -> None:
        kept = [
            order
            for order in orders
            if not (order.run_dir / PREDICTIONS_FILE).is_file()
            and order.folds
            and all((fold.run_dir / BEST_CHECKPOINT).is_file() for fold in order.folds)
        ]
        left = [fold for o in kept for fold in o.folds if not (fold.run_dir / PREDICTIONS_FILE).is_file()]
        self._share_out([After(what="finish", settings=f.settings, run_dir=f.run_dir) for f in left])
        for order in kept:
            folds = [fold.run_dir for fold in order.folds]
            if all((fold / PREDICTIONS_FILE).is_file() for fold in folds):
                gather(order.run_dir, folds)

    def track_the_best(self) -> None:
        """Tell W&B of the best trials, from their files; of each only once."""
        wandb = {arm.name for arm in self._arms if is_wandb(arm)}
        if self._sweep.config.wandb.trials == "none" or not wandb:
            return
        rows = [row for row in self._books.rows() if row.arm in wandb]
        left: list[TrialRow] = []
        for row in ranked(rows, self._sweep.config.objective)[:_BEST]:
            place = trial_dir(self._sweep.directory, row.arm, row.number)
            if place.is_dir() and not (place / "wandb").exists():
                left.append(row)
        settings = [self._orders.order_of(row, logger="wandb") for row in left]
        self._share_out([After(what="track", settings=o.settings, run_dir=o.run_dir) for o in settings])

    def _share_out(self, work: Sequence[After]) -> None:
        idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._workers:
            idle.put(worker)

        def give(order: After) -> None:
            worker = idle.get()
            try:
                worker.ensure()
                worker.send(order)
                while not isinstance(answer := worker.receive(1.0), Done):
                    pass
                for line in answer.said:
                    self._note(line)
            except Lost as lost:
                worker.kill()
                self._note(f"trial {order.run_dir.name}: its files are not complete ({lost})")
            finally:
                idle.put(worker)

        if work:
            with ThreadPoolExecutor(len(self._workers)) as threads:
                list(threads.map(give, work))


def tracks_all(sweep: Sweep, arms: Sequence[ComposedArm]) -> bool:
    """Whether trials are followed by their logger while they train."""
    if not any(is_wandb(arm) for arm in arms):
        return True  # files of their own directories only
    wanted = sweep.config.wandb.trials
    return sweep.config.budget.trials * len(arms) <= _ALL if wanted == "auto" else wanted == "all"


def is_wandb(arm: ComposedArm) -> bool:
    """Whether the runs of an arm go to W&B."""
    logger: LoggerConfig = arm.experiment(arm.walk(lambda parameter: parameter.ends()[0])).logger
    return logger.name == "wandb" and logger.wandb.mode != "disabled"
