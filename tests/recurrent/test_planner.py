"""How a batch is cut into blocks of rows."""

import itertools

import torch

from seqlab.recurrent.planner import BLOCK_ROWS, blocks

CPU = torch.device("cpu")


def test_every_row_is_in_one_block_with_rows_of_like_length():
    torch.manual_seed(0)
    for rows in (2 * BLOCK_ROWS, 2 * BLOCK_ROWS + 1, 100):
        lengths = torch.randint(1, 200, (rows,))
        plan = blocks(lengths, CPU, width=64)
        assert plan is not None
        assert torch.equal(torch.cat(plan).sort().values, torch.arange(rows))
        sizes = [len(block) for block in plan]
        assert max(sizes) - min(sizes) <= 1
        assert max(sizes) <= BLOCK_ROWS + 2
        for longer, shorter in itertools.pairwise(plan):
            assert lengths[longer].min() >= lengths[shorter].max()


def test_rows_of_like_length_stay_together():
    assert blocks(torch.full((64,), 200), CPU, width=64) is None
    assert blocks(torch.arange(150, 200), CPU, width=64) is None


def test_short_and_narrow_batches_stay_whole_where_calls_cost_more_than_padding():
    lengths = torch.arange(1, 65)
    assert blocks(lengths, CPU, width=128) is not None
    assert blocks(lengths, CPU, width=8) is None
    assert blocks(lengths // 4 + 1, CPU, width=32) is None


def test_small_batches_other_kernels_and_other_devices_stay_whole():
    lengths = torch.arange(1, 65)
    assert blocks(lengths[: 2 * BLOCK_ROWS - 1], CPU, width=512) is None
    assert blocks(lengths, CPU, width=None) is None
    assert blocks(lengths, torch.device("meta"), width=512) is None
