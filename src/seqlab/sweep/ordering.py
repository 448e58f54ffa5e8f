"""From a point of the space to what a worker is told, and to the command line that trains the same again."""

import shlex
from collections.abc import Mapping, Sequence

from seqlab.compose.overrides import key_of
from seqlab.config.build import to_plain, with_values
from seqlab.config.experiment import Experiment
from seqlab.config.sweep import Scalar
from seqlab.results import TrialRow
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.conditions import constraints_of
from seqlab.sweep.definition import Sweep
from seqlab.sweep.keeping import fold_dir, trial_dir
from seqlab.sweep.objectives import is_cost
from seqlab.sweep.orders import Fold, Order


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
        # folds are the same for all trials of all arms
        self._split_seed = int(next(iter(arms[0].trees.values()))["seed"])
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
        place = trial_dir(self._sweep.directory, row.arm, row.number)
        return Order(
            settings=to_plain(experiment),
            run_dir=place,
            command=self._command(self.words_of(row)),
            git_commit=self._git_commit,
            metrics=self._metrics,
            ask_costs=self._ask_costs,
            latency=self.latency,
            prunes=self._sweep.config.pruner.name != "none",
            folds=tuple(
                Fold(
                    settings=with_values(
                        to_plain(experiment),
                        {**self._fold(experiment, k), "name": f"{experiment.name}-fold-{k}"},
                    ),
                    run_dir=fold_dir(place, k),
                    command=self._command(self.words_of(row, k)),
                )
                for k in range(self._folds)
            ),
        )

    def words_of(self, row: TrialRow, fold: int = 0) -> list[str]:
        """The words behind `train.py` that train a trial again, to the digit; of several folds, one of them."""
        arm = self._arms[row.arm]
        words = words_of(arm, row.parameters)
        if not self._folds:
            return words
        changes = self._fold(arm.experiment(row.parameters), fold)
        words = [word for word in words if key_of(word) not in changes]
        return [*words, *(f"{key}={value}" for key, value in changes.items())]

    @property
    def _folds(self) -> int:
        trial = self._sweep.config.trial
        return trial.runs if trial.is_cross_validation else 0

    def _fold(self, experiment: Experiment, number: int) -> dict[str, Scalar]:
        """What a fold sets on top of its trial's settings."""
        split_seed = experiment.data.split_seed
        return {
            "data.folds": self._sweep.config.trial.folds,
            "data.fold": number,
            "data.split_seed": self._split_seed if split_seed is None else split_seed,
        }

    def _command(self, words: Sequence[str]) -> str:
        return shlex.join(["python", "train.py", *self._sweep.flags, *words])


def words_of(arm: ComposedArm, values: Mapping[str, Scalar]) -> list[str]:
    """The words behind `train.py` that train a point again, to the digit; seed and threads are always named."""
    words = arm.words(values)
    experiment = arm.experiment(values)
    named = {word.partition("=")[0].lstrip("+") for word in words}
    explicit = {"seed": experiment.seed, "trainer.threads": experiment.trainer.threads}
    return [*words, *(f"{key}={value}" for key, value in explicit.items() if key not in named)]


def whole_words(words: Sequence[str], epochs: int | None) -> list[str]:
    """From the words that train one fold, those that train on all of the training file, for so many epochs.

    Args:
        words: behind `train.py`.
        epochs: the median of the folds' best epochs; None: as many as every fold had.
    """
    changes = {"data.validation_fraction": "0", "trainer.early_stopping": "null"}
    if epochs is not None:
        changes["trainer.max_epochs"] = str(epochs)
    left = [
        word for word in words if key_of(word) not in ("data.folds", "data.fold", "data.split_seed", *changes)
    ]
    return [*left, *(f"{key}={value}" for key, value in changes.items())]
