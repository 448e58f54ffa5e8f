"""Dropout whose mask is a pure function of what it falls on, not of a generator's state.

The mask of an element depends on the seed, the stream (which dropout of the network), the optimiser step, the item's
number in the data set and the element's position within the item: nothing else. So it does not change with the order
of a batch, with padding, with how a batch is divided over processes, or with a run being resumed.
"""

import torch
from jaxtyping import Int64, Shaped
from torch import Tensor, nn

# SplitMix64 (Steele, Lea and Flood, 2014), the finaliser's constants as Python ints
GOLDEN = 0x9E3779B97F4A7C15
MIX_1 = 0xBF58476D1CE4E5B9
MIX_2 = 0x94D049BB133111EB
WORD = (1 << 64) - 1
LEVELS = 1 << 16  # a 64-bit hash gives four masks of 16 bits


class CounterDropout(nn.Module):
    """Zeroes a share of the elements in training and scales the rest up (Srivastava et al. 2014).

    Args:
        p: share of elements zeroed, in [0, 1); kept to a precision of 1/65536.
        stream: tells apart the dropouts of one network.

    Attributes:
        seed: the run's seed; set from outside.
        step: optimiser steps done so far; set from outside.
    """

    def __init__(self, p: float, stream: int) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p must be in [0, 1), not {p!r}")
        self.p = p
        self.stream = stream
        self.seed = 0
        self.step = 0

    def forward(
        self, x: Shaped[Tensor, "B *rest"], items: Int64[Tensor, " B"] | None
    ) -> Shaped[Tensor, "B *rest"]:
        """Drop elements of `x`.

        Args:
            x: [B, ...]; positions are counted row by row through the dimensions after the first, so padding of
                the second dimension does not move them.
            items: the rows' numbers in the data set [B] int64; None: 0 to B-1.

        Returns:
            A tensor like `x`; `x` itself in evaluation or where p is 0.
        """
        dropped = round(self.p * LEVELS)
        if not self.training or dropped == 0:
            return x
        if items is None:
            items = torch.arange(len(x))
        key = combine(combine(self.seed, self.stream), self.step)
        words = random_words(key, items.to(x.device), x[0].numel())
        # four 16-bit numbers in each word; shifted so that the comparison is signed
        keep = words.view(torch.int16)[:, : x[0].numel()] >= dropped - LEVELS // 2
        scale = LEVELS / (LEVELS - dropped) if dropped < LEVELS else 0.0
        return x * keep.to(x.dtype).mul_(scale).view(x.shape)

    def extra_repr(self) -> str:
        """What `print(model)` says."""
        return f"p={self.p}, stream={self.stream}"


def set_dropout_step(module: nn.Module, seed: int, step: int) -> None:
    """Tell every `CounterDropout` inside `module` the run's seed and the optimiser step."""
    for part in module.modules():
        if isinstance(part, CounterDropout):
            part.seed = seed
            part.step = step


def random_words(key: int, items: Int64[Tensor, " B"], numbers: int) -> Int64[Tensor, "B W"]:
    """Words of four random 16-bit numbers: enough for `numbers` of them in each of B rows.

    Args:
        key: what the whole tensor has in common.
        items: what tells the rows apart.
        numbers: how many 16-bit numbers a row needs; word w depends on (key, item, w) alone.
    """
    row_keys = _mix(items * _signed(GOLDEN) + _signed(key))
    words = torch.arange(1, (numbers + 3) // 4 + 1, device=items.device) * _signed(GOLDEN)
    return _mix(row_keys[:, None] + words)


def combine(key: int, number: int) -> int:
    """A 64-bit key from another and a number of any size."""
    z = (key * MIX_1 + number * GOLDEN + MIX_2) & WORD
    z = ((z ^ (z >> 30)) * MIX_1) & WORD
    z = ((z ^ (z >> 27)) * MIX_2) & WORD
    return z ^ (z >> 31)


def _mix(z: Tensor) -> Tensor:
    """SplitMix64's finaliser, in place. Shifts of int64 copy the sign, hence the masks."""
    for shift, multiplier in ((30, MIX_1), (27, MIX_2), (31, 1)):
        z ^= (z >> shift).bitwise_and_((1 << (64 - shift)) - 1)
        if multiplier != 1:
            z *= _signed(multiplier)
    return z


def _signed(word: int) -> int:
    word &= WORD
    return word - (1 << 64) if word >> 63 else word
