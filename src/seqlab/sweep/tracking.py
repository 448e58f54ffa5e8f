"""Which trials appear in W&B: all while they train, or the best ones once the sweep is over."""

from collections.abc import Callable, Sequence

from seqlab.config.training import LoggerConfig
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.books import Books
from seqlab.sweep.definition import Sweep
from seqlab.sweep.keeping import trial_dir
from seqlab.sweep.ordering import Orders
from seqlab.sweep.orders import Track, Tracked
from seqlab.sweep.pool import Lost, Worker
from seqlab.sweep.progress import ranked

# wandb.trials=auto: all of up to so many; of more, so many of the best. Servers limit rates.
_ALL, _BEST = 50, 10


def tracks_all(sweep: Sweep, arms: Sequence[ComposedArm]) -> bool:
    """Whether trials are followed by their logger while they train."""
    if not any(_is_wandb(arm) for arm in arms):
        return True  # files of their own directories only
    wanted = sweep.config.wandb.trials
    return sweep.config.budget.trials * len(arms) <= _ALL if wanted == "auto" else wanted == "all"


def track_best(
    sweep: Sweep,
    arms: Sequence[ComposedArm],
    books: Books,
    orders: Orders,
    worker: Worker,
    note: Callable[[str], None],
) -> None:
    """Tell W&B of the best trials, from their files; of each only once.

    Args:
        sweep: the sweep.
        arms: composed.
        books: the rows of its trials.
        orders: makes orders.
        worker: does the telling; it is started if need be.
        note: takes a line worth saying.
    """
    wandb = {arm.name for arm in arms if _is_wandb(arm)}
    if sweep.config.wandb.trials == "none" or not wandb:
        return
    best = ranked([row for row in books.rows() if row.arm in wandb], sweep.config.objective)[:_BEST]
    try:
        for row in best:
            place = trial_dir(sweep.directory, row.arm, row.number)
            if not place.is_dir() or (place / "wandb").exists():
                continue
            worker.ensure()
            order = orders.order_of(row, logger="wandb")
            worker.send(Track(settings=order.settings, run_dir=order.run_dir))
            while not isinstance(answer := worker.receive(1.0), Tracked):
                pass
            for line in answer.said:
                note(line)
    except Lost as lost:
        note(f"W&B: the best trials were not told to it ({lost})")


def _is_wandb(arm: ComposedArm) -> bool:
    logger: LoggerConfig = arm.experiment(arm.walk(lambda parameter: parameter.ends()[0])).logger
    return logger.name == "wandb" and logger.wandb.mode != "disabled"
