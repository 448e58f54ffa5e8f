"""Which way a layer is run: measured rules, in one place.

Rows of very different lengths waste a kernel's time on padding. On a CPU the time of the LSTM's kernel grows with the
rows, so a batch is cut into blocks of rows of like length, each read to its own longest row, where the steps that this
saves are worth more than the kernel's calls that it adds: these weigh more the narrower the layer is. The other kernels
pay per time step rather than per row and get the batch as a whole, and so does a GPU (not measured there).
"""

import itertools

import torch
from jaxtyping import Int64
from torch import Tensor

BLOCK_ROWS = 16
WORTH = 0.9  # cut if the blocks take less than this share of the batch's time

# What a call of the LSTM's kernel, forwards and backwards, costs beyond its rows, as multiples of what one row's step
# costs, times the layer's width (docs/decisions/0001-exact-variable-length.md).
_CALL = 12_500.0
_TIME_STEP = 100.0


def blocks(lengths: Int64[Tensor, " B"], device: torch.device, width: int | None) -> list[Tensor] | None:
    """How to cut a batch into blocks of rows.

    Args:
        lengths: true lengths [B].
        device: where the layer runs.
        width: units of a direction, if the time of the layer's kernel grows with the rows; None: with the steps alone.

    Returns:
        Numbers of the rows of each block, every row in one of them; None: the batch as it is.
    """
    if width is None or device.type != "cpu" or len(lengths) < 2 * BLOCK_ROWS:
        return None
    longest_first = sorted(lengths.tolist(), reverse=True)
    count = round(len(longest_first) / BLOCK_ROWS)
    ends = [block * len(longest_first) // count for block in range(count + 1)]
    apart = sum(_time(end - start, longest_first[start], width) for start, end in itertools.pairwise(ends))
    if apart >= WORTH * _time(len(longest_first), longest_first[0], width):
        return None
    order = torch.argsort(lengths, descending=True, stable=True)
    return [order[start:end] for start, end in itertools.pairwise(ends)]


def _time(rows: int, longest: int, width: int) -> float:
    """Of one call of the kernel, in steps of one row."""
    return longest * (rows + _TIME_STEP / width) + _CALL / width
