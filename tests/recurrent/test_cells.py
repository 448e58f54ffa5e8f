"""Cells: the easy base for one's own, and the counting of operations."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from seqlab.recurrent.cells import GRU, LSTM, RNN, Cell, CellOptions, StepCell
from seqlab.recurrent.stack import RecurrentStack


class StepGRU(StepCell):
    """PyTorch's GRU written as one step."""

    state_parts = 1

    def __init__(self, input_size, hidden_size, options):
        super().__init__(input_size, hidden_size, options)
        self.cell = nn.GRUCell(input_size, hidden_size)

    def step(self, x_t, state):
        h = self.cell(x_t, state[0])
        return h, (h,)


class StepLSTM(StepCell):
    state_parts = 2

    def __init__(self, input_size, hidden_size, options):
        super().__init__(input_size, hidden_size, options)
        self.cell = nn.LSTMCell(input_size, hidden_size)

    def step(self, x_t, state):
        h, c = self.cell(x_t, state)
        return h, (h, c)


class StepRelu(StepCell):
    state_parts = 1

    def __init__(self, input_size, hidden_size, options):
        super().__init__(input_size, hidden_size, options)
        self.cell = nn.RNNCell(input_size, hidden_size, nonlinearity="relu")

    def step(self, x_t, state):
        h = self.cell(x_t, state[0])
        return h, (h,)


RELU = CellOptions(nonlinearity="relu")
PAIRS = [(StepGRU, GRU, CellOptions()), (StepLSTM, LSTM, CellOptions()), (StepRelu, RNN, RELU)]


def build(cell, options, bidirectional):
    return RecurrentStack(
        lambda width: cell(width, 4, options), 3, 4, 2, bidirectional, 0.0, False, False
    ).double()


@pytest.mark.parametrize(("stepwise", "fused", "options"), PAIRS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
def test_a_cell_given_by_its_step_equals_the_fused_one(stepwise, fused, options, bidirectional, with_state):
    torch.manual_seed(0)
    mine, theirs = build(stepwise, options, bidirectional), build(fused, options, bidirectional)
    with torch.no_grad():
        for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
            b.copy_(a)
    lengths = torch.tensor([2, 6, 1, 5])
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    x[torch.arange(6) >= lengths[:, None]] = float("nan")
    parts = mine.cells[0].state_parts
    state = tuple(tuple(torch.randn(4, 4, dtype=torch.float64) for _ in range(parts)) for _ in mine.cells)
    results = []
    for stack in (mine, theirs):
        steps, final, end = stack(x, lengths, state if with_state else None)
        flat = [p for entry in end for p in entry]
        (steps.square().sum() + sum(p.square().sum() for p in flat)).backward()
        results.append([steps, final, *flat, *(p.grad for p in stack.parameters())])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_state_handed_on_in_chunks_equals_one_pass(cell):
    torch.manual_seed(0)
    stack = build(cell, CellOptions(), False)
    x, lengths = torch.randn(3, 9, 3, dtype=torch.float64), torch.tensor([9, 7, 5])
    steps, final, end = stack(x, lengths)
    head, _, state = stack(x[:, :4], torch.tensor([4, 4, 4]))
    tail, final_2, end_2 = stack(x[:, 4:], lengths - 4, state)
    torch.testing.assert_close(torch.cat([head, tail], 1), steps)
    torch.testing.assert_close(final_2, final)
    torch.testing.assert_close(end_2, end)


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_matrix_operations_are_what_torch_counts(cell):
    """Explicit matrix products of the same cell, counted by torch; what remains is elementwise."""
    one = cell(7, 5, CellOptions())
    with FlopCounterMode(display=False) as counter:
        torch.zeros(1, 7) @ one.weight_ih.detach().T
        torch.zeros(1, 5) @ one.weight_hh.detach().T
    elementwise = {RNN: 4, GRU: 16, LSTM: 21}[cell] * 5
    assert one.flops_per_step() == counter.get_total_flops() + elementwise


def test_matrix_operations_of_a_step_are_counted():
    assert StepGRU(7, 5, CellOptions()).flops_per_step() == 2 * 3 * 5 * (7 + 5)


def test_a_cell_is_abstract_or_whole():
    for base in (Cell, StepCell):
        with pytest.raises(TypeError, match="abstract"):
            base(1, 1, CellOptions())


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        (RNN, CellOptions()),
        (RNN, RELU),
        (GRU, CellOptions()),
        (LSTM, CellOptions()),
        (StepLSTM, CellOptions()),
    ],
    ids=["tanh", "relu", "gru", "lstm", "step"],
)
def test_gradients_of_everything_against_differences(cell, options):
    torch.manual_seed(0)
    stack = RecurrentStack(lambda width: cell(width, 2, options), 2, 2, 2, True, 0.0, True, True).double()
    lengths = torch.tensor([3, 1])
    names, parameters = zip(*stack.named_parameters(), strict=True)
    state = [torch.randn(2, 2, dtype=torch.float64, requires_grad=True) for _ in range(4 * cell.state_parts)]

    def outcome(x, *flat):
        parts = cell.state_parts
        start = tuple(tuple(flat[i * parts : (i + 1) * parts]) for i in range(4))
        values = dict(zip(names, flat[4 * parts :], strict=True))
        steps, final, end = torch.func.functional_call(stack, values, (x, lengths, start))
        return steps, final, *(p for entry in end for p in entry)

    x = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(outcome, (x, *state, *parameters), fast_mode=True)
