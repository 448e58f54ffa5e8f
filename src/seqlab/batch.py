"""The types that travel between rooms: `SequenceBatch` in, `Encoded` out, `TaskSpec` beside them.

Letters in shapes: B sequences, T time steps (of the longest), F numeric features, K token columns, H hidden
units (both directions together), C classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor

TargetKind = Literal["label", "labels", "steps", "value", "sequence", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceBatch:
    """Sequences of different lengths in one right-padded block.

    What stands past a sequence's length is never read: it may hold anything, NaN included.

    Args:
        values: numeric features [B, T, F], or None.
        tokens: categorical features [B, T, K] int64, from 1 at real steps (0 where a step is masked), or None.
        lengths: true lengths [B] int64, >= 1, always on the CPU (packing and planning read them there).
        targets: what the task predicts; class numbers [B] int64 for a single label; None when unknown.
        target_lengths: lengths of sequence targets [B], or None.
        weights: how much every sequence counts in loss and metrics [B]; 0 for one that only fills a batch;
            None means 1 each.
        continues: whether a row goes on where the same row of the batch before stopped [B] bool, or None.
        ids: the sequences' numbers within the data set [B] int64; the randomness of a sequence hangs on them.
    """

    values: Float[Tensor, "B T F"] | None
    tokens: Int64[Tensor, "B T K"] | None = None
    lengths: Int64[Tensor, " B"]
    targets: Tensor | None = None
    target_lengths: Tensor | None = None
    weights: Tensor | None = None
    continues: Tensor | None = None
    ids: Tensor | None = None

    @property
    def size(self) -> int:
        """B, the number of sequences."""
        return int(self.lengths.shape[0])

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "SequenceBatch":
        """The same batch on `device`; `lengths` stay on the CPU."""
        moved: dict[str, Tensor] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tensor) and field.name != "lengths":
                moved[field.name] = value.to(device, non_blocking=non_blocking)
        return replace(self, **moved)

    def pin_memory(self) -> "SequenceBatch":
        """The same batch in page-locked memory, for quicker copies to a GPU."""
        pinned: dict[str, Tensor] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                pinned[field.name] = value.pin_memory()
        return replace(self, **pinned)


# One entry per layer and direction (layer 0 forward, layer 0 backward, layer 1 forward, ...); each a tuple of
# [B, hidden_size] tensors: (h,) for RNN and GRU, (h, c) for LSTM.
State = tuple[tuple[Tensor, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What an encoder makes of a batch.

    Args:
        steps: one vector a time step [B, T, H]; exactly 0 past a sequence's length.
        final: one vector a sequence [B, H]: the last true step of the forward direction beside the first step
            of the backward direction.
        lengths: lengths of `steps` [B] int64 on the CPU.
        state: what the recurrent layers carry after the last true step; None for encoders without memory.
    """

    steps: Float[Tensor, "B T H"]
    final: Float[Tensor, "B H"]
    lengths: Int64[Tensor, " B"]
    state: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """What the data promise, so that no room grabs attributes off another.

    Args:
        target: the kind of target.
        features: names of the numeric features (F of them).
        classes: names of the classes (C of them); empty where there are none.
        categories: names of the categorical features (K of them).
        cardinalities: numbers of each of them, from 0, which is padding; 1 is unknown.
        sizes: sequences in each part that was read, such as {"train": 216, "validation": 54}.
        class_counts: training sequences of every class, in the order of `classes`.
        longest: time steps of the longest sequence read.
    """

    target: TargetKind
    features: Sequence[str]
    classes: Sequence[str] = ()
    categories: Sequence[str] = ()
    cardinalities: Sequence[int] = ()
    sizes: Mapping[str, int]
    class_counts: Sequence[int] = ()
    longest: int

    def to_dict(self) -> dict[str, Any]:
        """Plain contents for a checkpoint."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "TaskSpec":
        """Back from `to_dict`."""
        return cls(**plain)
