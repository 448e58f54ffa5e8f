"""Which way a layer is run: measured rules, in one place.

Rows of very different lengths waste a kernel's time on padding. On a CPU the time of the LSTM's kernel grows with the
rows, so a batch is cut into blocks of rows of like length, each read to its own longest row, where this saves more
than the fifth of all steps that smaller blocks cost. The other kernels pay per time step rather than per row and get
the batch as a whole, and so does a GPU (not measured there).
"""

import torch
from jaxtyping import Int64
from torch import Tensor

BLOCK_ROWS = 16
WORTH = 0.8  # cut if the blocks have less than this share of the batch's steps, padding included


def blocks(lengths: Int64[Tensor, " B"], device: torch.device, by_row: bool) -> list[Tensor] | None:
    """How to cut a batch into blocks of rows.

    Args:
        lengths: true lengths [B].
        device: where the layer runs.
        by_row: whether the time of the layer's kernel grows with the rows (rather than with the steps alone).

    Returns:
        Numbers of the rows of each block, every row in one of them; None: the batch as it is.
    """
    if not by_row or device.type != "cpu" or len(lengths) < 2 * BLOCK_ROWS:
        return None
    order = torch.argsort(lengths, descending=True, stable=True)
    plan = list(order.tensor_split(round(len(lengths) / BLOCK_ROWS)))
    steps = sum(len(rows) * int(lengths[rows[0]]) for rows in plan)
    return plan if steps < WORTH * len(lengths) * int(lengths.max()) else None
