"""Settings of training: optimizer, learning-rate schedule and trainer."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.options import Checked, option


@dataclass(slots=True, kw_only=True)
class OptimizerConfig(Checked):
    """How weights follow gradients."""

    name: Literal["adam", "adamw", "sgd", "rmsprop"] = option("adamw", "Optimization algorithm.")
    lr: float = option(3e-3, "Learning rate.", above=0, high=100)
    weight_decay: float = option(0.0, "Weight decay (decoupled for adamw, L2 penalty for the others).", low=0)
    momentum: float = option(0.9, "Momentum (sgd and rmsprop only).", low=0, below=1)


@dataclass(slots=True, kw_only=True)
class SchedulerConfig(Checked):
    """How the learning rate changes."""

    name: Literal["none", "cosine", "one_cycle", "plateau"] = option("none", "Learning-rate schedule.")
    warmup: float = option(
        0.0, "Share of all steps over which the rate rises (one_cycle and cosine).", low=0, below=1
    )
    factor: float = option(0.5, "Multiplier at a plateau of the validation loss.", above=0, below=1)
    patience: int = option(
        5, "Epochs without a lower validation loss before the rate drops.", unit="epochs", low=0
    )


@dataclass(slots=True, kw_only=True)
class TrainerConfig(Checked):
    """How long, where and how exactly to train."""

    max_epochs: int = option(50, "Passes over the training data.", unit="epochs", low=1)
    threads: int = option(
        1,
        "CPU threads of each process; part of what makes two runs the same.",
        unit="threads",
        low=1,
        high=1024,
    )
    accelerator: Literal["auto", "cpu", "gpu", "mps"] = option(
        "auto", "Hardware; auto takes a GPU if there is one."
    )
    devices: int = option(1, "Devices (processes) to train on.", unit="devices", low=1)
    strategy: Literal["auto", "ddp"] = option(
        "auto", "How devices work together; auto: ddp from two devices on."
    )
    precision: Literal["32-true", "64-true", "16-mixed", "bf16-mixed"] = option(
        "32-true", "Numeric precision."
    )
    gradient_clip: float | None = option(
        1.0, "Largest norm of all gradients together (Pascanu et al. 2013); null: no clipping.", above=0
    )
    early_stopping: int | None = option(
        None,
        "Stop after this many epochs without a better monitored value; null: never.",
        unit="epochs",
        low=1,
    )
    overfit_batches: int | None = option(
        None, "Train and validate on the first so many training batches only; null: on everything.", low=1
    )


@dataclass(slots=True, kw_only=True)
class WandbConfig(Checked):
    """Where and how runs appear in Weights & Biases."""

    mode: Literal["offline", "online", "disabled"] = option(
        "offline", "offline writes to the run directory; online uses your account."
    )
    project: str = option("seqlab", "W&B project.")
    entity: str | None = option(None, "W&B team or user; null: your default.")
    group: str | None = option(None, "W&B group; null: none.")
    tags: list[str] = option([], "Tags beside the ones seqlab sets (cell, layers, direction, data, seed).")


@dataclass(slots=True, kw_only=True)
class LoggerConfig(Checked):
    """Which tracker follows the run beside the files of the run directory."""

    name: Literal["wandb", "tensorboard", "csv", "none"] = option("wandb", "Tracker.")
    wandb: WandbConfig = option(WandbConfig, "Settings of W&B.")
