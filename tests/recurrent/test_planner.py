"""How a batch is cut into blocks of rows."""

import itertools

import torch

from seqlab.recurrent.planner import BLOCK_ROWS, blocks

CPU = torch.device("cpu")


def test_every_row_is_in_one_block_with_rows_of_like_length():
    torch.manual_seed(0)
    for rows in (2 * BLOCK_ROWS, 2 * BLOCK_ROWS + 1, 100):
        lengths = torch.randint(1, 50, (rows,))
        plan = blocks(lengths, CPU, by_row=True)
        assert torch.equal(torch.cat(plan).sort().values, torch.arange(rows))
        sizes = [len(block) for block in plan]
        assert max(sizes) - min(sizes) <= 1
        assert max(sizes) <= BLOCK_ROWS + 2
        for longer, shorter in itertools.pairwise(plan):
            assert lengths[longer].min() >= lengths[shorter].max()


def test_rows_of_like_length_stay_together():
    assert blocks(torch.full((64,), 9), CPU, by_row=True) is None
    assert blocks(torch.arange(50, 100), CPU, by_row=True) is None


def test_small_batches_other_kernels_and_other_devices_stay_whole():
    lengths = torch.arange(1, 65)
    assert blocks(lengths[: 2 * BLOCK_ROWS - 1], CPU, by_row=True) is None
    assert blocks(lengths, CPU, by_row=False) is None
    assert blocks(lengths, torch.device("meta"), by_row=True) is None
