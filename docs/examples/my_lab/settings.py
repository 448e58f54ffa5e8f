"""Settings of this laboratory's parts: typed, with meaning, unit and range. Imports nothing heavy."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.data import DataConfig
from seqlab.config.options import option
from seqlab.config.task import TaskConfig


@dataclass(slots=True, kw_only=True)
class FirstSymbolConfig(DataConfig):
    """A memory probe: which symbol stood first?"""

    kind: str = option("first_symbol", "Which data source.", part="data")
    length: int = option(20, "Length of every sequence.", unit="time steps", low=1)
    symbols: int = option(4, "Number of symbols, and of classes.", low=2, high=100)
    sequences: int = option(400, "Sequences in each part.", low=10)


@dataclass(slots=True, kw_only=True)
class FocalConfig(TaskConfig):
    """Classification that looks at hard sequences more than at easy ones."""

    kind: str = option("focal", "Which task.", part="task")
    gamma: float = option(2.0, "How much less an easy sequence counts; 0: plain cross-entropy.", low=0)
    pooling: Literal["last", "mean", "max", "attention"] = option(
        "last", "How the steps of a sequence become one vector."
    )
    class_weights: Literal["none", "balanced"] = option("none", "Weights of the classes in the loss.")
