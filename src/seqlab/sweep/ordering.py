"""From a point of the space to what a worker is told, and to the command line that trains the same again."""

import shlex
from collections.abc import Mapping, Sequence

from seqlab.config.build import to_plain
from seqlab.config.sweep import Scalar
from seqlab.results import TrialRow
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.conditions import constraints_of
from seqlab.sweep.definition import Sweep
from seqlab.sweep.keeping import trial_dir
from seqlab.sweep.objectives import is_cost
from seqlab.sweep.orders import Order


class Orders:
    """Makes the orders of one sweep.

    Args:
        sweep: the sweep.
        arms: composed.
        git_commit: of the code.
        track: whether trials are followed by the logger of their settings while they run.
    """

    def __init__(
        self, sweep: Sweep, arms: Sequence[ComposedArm], *, git_commit: str | None, track: bool
    ) -> None:
        self._sweep = sweep
        self._arms = {arm.name: arm for arm in arms}
        self._git_commit, self._track = git_commit, track
        self._metrics = tuple(objective.metric for objective in sweep.config.objective)
        held = {key for condition in constraints_of(sweep.config) for key in condition.keys}
        self._ask_costs = any(map(is_cost, held))
        self.latency = "cost.latency_ms" in {*self._metrics, *held}

    def order_of(self, row: TrialRow, logger: str | None = None) -> Order:
        """The order for a trial.

        Args:
            row: the trial.
            logger: who is to follow it; None: nobody, unless all trials are followed.
        """
        arm = self._arms[row.arm]
        experiment = arm.experiment(row.parameters)
        experiment.name = f"{row.arm}-{row.number}"
        wandb = experiment.logger.wandb
        wandb.group = wandb.group or self._sweep.name
        wandb.tags = [*wandb.tags, f"arm {row.arm}"]
        if not self._track and logger is None:
            experiment.logger.name = "none"
        return Order(
            settings=to_plain(experiment),
            run_dir=trial_dir(self._sweep.directory, row.arm, row.number),
            command=shlex.join(["python", "train.py", *self._sweep.flags, *words_of(arm, row.parameters)]),
            git_commit=self._git_commit,
            metrics=self._metrics,
            ask_costs=self._ask_costs,
            latency=self.latency,
            prunes=self._sweep.config.pruner.name != "none",
        )


def words_of(arm: ComposedArm, values: Mapping[str, Scalar]) -> list[str]:
    """The words behind `train.py` that train a point again, to the digit; seed and threads are always named."""
    words = arm.words(values)
    experiment = arm.experiment(values)
    named = {word.partition("=")[0].lstrip("+") for word in words}
    explicit = {"seed": experiment.seed, "trainer.threads": experiment.trainer.threads}
    return [*words, *(f"{key}={value}" for key, value in explicit.items() if key not in named)]
