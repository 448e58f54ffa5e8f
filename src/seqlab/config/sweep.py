"""Settings of a sweep: the question, what is searched, what it may cost. The file is YAML below sweeps/."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.options import Checked, option
from seqlab.config.protocol import ProtocolConfig
from seqlab.errors import ConfigError

Scalar = bool | int | float | str | None


@dataclass(slots=True, kw_only=True)
class ParameterConfig(Checked):
    """One dimension of the space; the key that holds it is the setting that it varies, or a group of choices."""

    type: Literal["float", "int", "categorical"] = option("float", "Kind of values.")
    low: float | None = option(None, "Smallest value (float, int), itself allowed.")
    high: float | None = option(None, "Largest value (float, int), itself allowed.")
    step: float | None = option(None, "Distance between values; null: any (float), 1 (int).", above=0)
    log: bool = option(False, "Search the logarithm (float, int; not with a step).")
    choices: list[Scalar] = option([], "The values of a categorical parameter.")
    when: str | None = option(
        None, "Ask for it only where this holds, such as: model.num_layers > 1 and model.cell == lstm"
    )


@dataclass(slots=True, kw_only=True)
class ObjectiveConfig(Checked):
    """One number that the search improves."""

    metric: str = option(
        "validation.accuracy",
        "validation.loss, accuracy, balanced_accuracy, f1_macro, auroc or ece; cost.parameters, flops, latency_ms.",
    )
    direction: Literal["auto", "maximize", "minimize"] = option(
        "auto", "Whether more or less is better; auto: as the metric has it."
    )


@dataclass(slots=True, kw_only=True)
class SamplerConfig(Checked):
    """Who proposes the next point."""

    name: Literal["tpe", "random", "qmc", "gp", "nsga2", "grid"] = option("tpe", "Sampling algorithm.")
    seed: int = option(0, "Seed of the proposals, for each arm its own stream.", low=0, high=2**32 - 1)
    startup_trials: int = option(
        10, "Random trials before the sampler learns from results (tpe, gp).", unit="trials", low=0
    )


@dataclass(slots=True, kw_only=True)
class PrunerConfig(Checked):
    """Who ends a trial that promises little."""

    name: Literal["none", "median", "halving", "hyperband"] = option("none", "Pruning algorithm.")
    warmup_epochs: int = option(
        5, "Epochs that every trial gets before it may be pruned.", unit="epochs", low=1
    )
    startup_trials: int = option(
        5, "Trials of an arm that end before any is pruned (median).", unit="trials", low=0
    )
    reduction_factor: int = option(3, "One in so many goes on at a rung (halving, hyperband).", low=2)


@dataclass(slots=True, kw_only=True)
class BudgetConfig(Checked):
    """What every arm may spend."""

    trials: int = option(
        20, "Trials of every arm that end complete, pruned or diverged.", unit="trials", low=1
    )
    hours: float | None = option(
        None, "Hours of training of every arm, all workers together; null: no limit.", unit="hours", above=0
    )
    epochs: int | None = option(
        None, "Epochs of training of every arm, all trials together; null: no limit.", unit="epochs", low=1
    )


@dataclass(slots=True, kw_only=True)
class TrialConfig(Checked):
    """How a single trial is treated."""

    timeout: float | None = option(
        None, "A trial that takes longer has hung and is ended; null: never.", unit="seconds", above=0
    )
    retries: int = option(
        2, "How often a trial that was lost to the machine, or failed, is replaced.", unit="times", low=0
    )
    fail_fast: bool = option(False, "Stop the sweep at the first trial that fails.")
    keep: int = option(
        3, "How many of an arm's best trials keep checkpoints, predictions and figures.", unit="trials", low=0
    )
    folds: int | None = option(
        None,
        "Parts of a stratified cross-validation: a trial is a run for each, and its value their mean; 1: one run, "
        "with its own validation part; null: 1, but in a comparison what docs/protocol.md asks for (rule 4).",
        unit="parts",
        low=1,
    )
    fold_repeats: int = option(
        1,
        "How often the cross-validation is done, each time dealt out anew (with folds).",
        unit="times",
        low=1,
    )

    def __post_init__(self) -> None:
        """Check ranges, and that there is something to repeat."""
        Checked.__post_init__(self)
        if self.fold_repeats > 1 and not self.is_cross_validation:
            raise ConfigError(
                "fold_repeats", self.fold_repeats, "1, unless folds says how many parts there are"
            )

    @property
    def is_cross_validation(self) -> bool:
        """Whether a trial is a run for every fold."""
        return (self.folds or 1) > 1

    @property
    def runs(self) -> int:
        """How many runs a trial is."""
        return (self.folds or 1) * self.fold_repeats


@dataclass(slots=True, kw_only=True)
class SweepWandbConfig(Checked):
    """Which trials appear in W&B (with logger=wandb)."""

    trials: Literal["auto", "all", "best", "none"] = option(
        "auto", "auto: all of up to 50 trials, beyond that the best ten; best: the best ten."
    )


@dataclass(slots=True, kw_only=True)
class SweepConfig(Checked):
    """A question asked of one or more arms."""

    question: str = option("", "The question, in words.")
    name: str | None = option(None, "A name for studies and W&B group; null: the file's.")
    fixed: list[str] = option([], "Settings of every run, such as [trainer.max_epochs=30].")
    space: dict[str, ParameterConfig] = option(dict, "What the search varies: a setting and its values.")
    arms: dict[str, list[str]] = option(
        dict, "Alternatives, each with settings of its own and a study of its own; none: one study."
    )
    objective: list[ObjectiveConfig] = option([], "What is improved: one, or several for a Pareto front.")
    constraints: list[str] = option([], "What every trial must meet, such as [cost.parameters <= 200000].")
    sampler: SamplerConfig
    pruner: PrunerConfig
    budget: BudgetConfig
    workers: int | None = option(
        None, "Trials at a time; null: one for each CPU core or GPU, 8 at most.", unit="processes", low=1
    )
    trial: TrialConfig
    protocol: ProtocolConfig
    wandb: SweepWandbConfig
    storage: str | None = option(
        None, "Database: null is study.db in the sweep's directory; postgresql://... for many machines."
    )
    force: bool = option(False, "Begin anew in a directory that holds a sweep with another question.")
    dir: str | None = option(None, "Where the sweep is written; null: runs/sweeps/NAME.")

    def __post_init__(self) -> None:
        """Check ranges, and that pruning has one objective to go by."""
        Checked.__post_init__(self)
        if not self.objective:
            self.objective = [ObjectiveConfig()]
        if len(self.objective) > 1 and self.pruner.name != "none":
            raise ConfigError(
                "pruner.name", self.pruner.name, "none (with several objectives nothing can be pruned)"
            )
