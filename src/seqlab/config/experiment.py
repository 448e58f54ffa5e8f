"""`Experiment`: the whole of a run's settings, in one tree."""

from dataclasses import dataclass

from seqlab.config.data import DataConfig
from seqlab.config.model import ModelConfig
from seqlab.config.options import Checked, option
from seqlab.config.task import TaskConfig
from seqlab.config.training import LoggerConfig, OptimizerConfig, SchedulerConfig, TrainerConfig
from seqlab.errors import ConfigError


@dataclass(slots=True, kw_only=True)
class Experiment(Checked):
    """One training with one seed."""

    name: str | None = option(None, "A name for the run; null: made from model, data and seed.")
    seed: int = option(
        0,
        "Seed of weights and dropout, and of split, order and augmentation unless the data set theirs.",
        low=0,
        high=2**32 - 1,
    )
    evaluate_test: bool = option(False, "Read the test part after training and score it.")
    force: bool = option(False, "Replace a finished run in the same directory.")
    init_from: str | None = option(
        None, "A run directory whose best weights to start from; null: random weights."
    )
    plugins: list[str] = option([], "Packages of your own that register parts, such as [my_lab].")
    data: DataConfig
    model: ModelConfig
    task: TaskConfig
    optimizer: OptimizerConfig
    scheduler: SchedulerConfig
    trainer: TrainerConfig
    logger: LoggerConfig

    def __post_init__(self) -> None:
        """Check ranges, and what only fits together: whatever waits for validation scores needs a validation part."""
        Checked.__post_init__(self)
        data = self.data
        if data.folds is None and data.fold:
            raise ConfigError("data.fold", data.fold, "0, unless data.folds says how many there are")
        if data.validates:
            return
        none = "with data.validation_fraction=0 there are no validation scores to go by"
        if self.trainer.early_stopping is not None:
            raise ConfigError("trainer.early_stopping", self.trainer.early_stopping, f"null ({none})")
        if self.scheduler.name == "plateau":
            raise ConfigError("scheduler.name", "plateau", f"none, cosine, one_cycle ({none})")
