"""Settings of the memory probes: made data that ask one thing of a reader."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.data import SCALING, DataConfig, Scaling
from seqlab.config.options import option
from seqlab.errors import ConfigError

Probe = Literal["recall_first", "temporal_order", "adding", "parity", "future_decides"]


@dataclass(slots=True, kw_only=True)
class ProbeConfig(DataConfig):
    """Made sequences whose class follows from their steps without any doubt: the best possible accuracy is 1."""

    kind: str = option("probe", "Which data source.", part="data")
    scaling: Scaling = option("none", SCALING)
    probe: Probe = option("recall_first", "What is asked of the reader.")
    length: int = option(50, "Length of the sequences.", unit="time steps", low=2, high=10_000)
    length_jitter: int = option(
        0, "Lengths vary by so much to both sides, uniformly; 0: all are equal.", unit="time steps", low=0
    )
    train_size: int = option(
        2000,
        "Sequences of the training part, from which validation is split off; a larger part begins with the smaller.",
        unit="sequences",
        low=4,
        high=1_000_000,
    )
    test_size: int = option(2000, "Sequences of the test part.", unit="sequences", low=2, high=100_000)
    seed: int = option(
        0, "Seed of the data themselves; the run's seed leaves them as they are.", low=0, high=2**32 - 1
    )
    noise_features: int = option(
        0, "Features of standard normal noise beside those of the probe.", unit="features", low=0, high=1000
    )
    symbols: int = option(
        4,
        "Symbols that the first may be (recall_first), or kinds of distractors (temporal_order).",
        unit="symbols",
        low=2,
        high=26,
    )
    distractors: Literal["same", "others"] = option(
        "same",
        "Distractors of recall_first: the same symbols, so that only its place tells the first, or others.",
    )
    marked: int | None = option(
        None, "How many steps count, at random places (parity); null: every step.", unit="time steps", low=1
    )
    decides: Literal["both_ends", "last_two"] = option(
        "both_ends", "Which steps decide (future_decides): the first and the last, or the last two."
    )

    def __post_init__(self) -> None:
        """Check ranges, and that the shortest sequence has room for what the probe puts into it."""
        DataConfig.__post_init__(self)
        needed = max(2, self.marked or 0) if self.probe == "parity" else 2
        if self.length < needed:
            raise ConfigError(
                "length", self.length, f"an integer at least {needed} ({self.probe} with these settings)"
            )
        if self.length - self.length_jitter < needed:
            raise ConfigError(
                "length_jitter",
                self.length_jitter,
                f"an integer at most {self.length - needed} ({self.probe} of {self.length} time steps)",
            )
