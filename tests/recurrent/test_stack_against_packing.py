"""The stack against packed `nn.RNN`, `nn.GRU` and `nn.LSTM` with the same weights: an independent oracle."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqlab.recurrent import planner
from seqlab.recurrent.cells import GRU, LSTM, RNN, Cell, CellOptions
from seqlab.recurrent.lengths import reverse_within
from seqlab.recurrent.stack import RecurrentStack

CELLS = {"rnn_tanh": RNN, "rnn_relu": RNN, "gru": GRU, "lstm": LSTM}
TOLERANCE = {torch.float32: {"rtol": 2e-4, "atol": 2e-5}, torch.float64: {"rtol": 1e-9, "atol": 1e-11}}


def make_stack(kind, features, hidden, layers, bidirectional, dtype=torch.float64):
    options = CellOptions(nonlinearity="relu" if kind == "rnn_relu" else "tanh")

    def make(width: int) -> Cell:
        return CELLS[kind](width, hidden, options)

    return RecurrentStack(make, features, hidden, layers, bidirectional, 0.0, False, False).to(dtype)


def make_oracle(kind, stack):
    """torch.nn's network of the same shape holding the stack's weights; its parameters in the stack's order."""
    family = {"rnn_tanh": nn.RNN, "rnn_relu": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind]
    more = {"nonlinearity": "relu"} if kind == "rnn_relu" else {}
    first = stack.cells[0]
    bidirectional = stack.num_directions == 2
    oracle = family(
        first.input_size,
        first.hidden_size,
        len(stack.layers),
        batch_first=True,
        bidirectional=bidirectional,
        dtype=first.weight_ih.dtype,
        **more,
    )
    with torch.no_grad():
        for ours, theirs in zip(stack.parameters(), oracle.parameters(), strict=True):
            theirs.copy_(ours)
    return oracle


def draw_state(stack, batch, dtype):
    return tuple(
        tuple(torch.randn(batch, cell.hidden_size, dtype=dtype) for _ in range(cell.state_parts))
        for cell in stack.cells
    )


def run_ours(stack, x, lengths, state=None):
    """Outputs, final and state, and the gradients of a fixed random projection of all of them."""
    x = x.clone().requires_grad_()
    state = None if state is None else tuple(tuple(p.clone().requires_grad_() for p in e) for e in state)
    stack.zero_grad()
    steps, final, end = stack(x, lengths, state)
    flat = [p for entry in end for p in entry]
    weigh(steps, *flat).backward()
    grads = [p.grad for p in stack.parameters()]
    start = [] if state is None else [p.grad for entry in state for p in entry]
    return steps.detach(), final.detach(), [p.detach() for p in flat], x.grad, grads, start


def run_oracle(oracle, x, lengths, state=None):
    x = x.clone().requires_grad_()
    hx, leaves = None, []
    if state is not None:
        leaves = [[p.clone().requires_grad_() for p in entry] for entry in state]
        parts = [torch.stack(list(pieces)) for pieces in zip(*leaves, strict=True)]
        hx = tuple(parts) if len(parts) == 2 else parts[0]
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    out, end = oracle(packed, hx)
    steps, _ = pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
    parts = end if isinstance(end, tuple) else (end,)
    flat = [part[i] for i in range(len(parts[0])) for part in parts]
    weigh(steps, *flat).backward()
    hidden = oracle.hidden_size
    final = steps[torch.arange(len(x)), lengths - 1, :hidden]
    if oracle.bidirectional:
        final = torch.cat([final, steps[:, 0, hidden:]], 1)
    grads = [p.grad for p in oracle.parameters()]
    start = [p.grad for entry in leaves for p in entry]
    return steps.detach(), final.detach(), [p.detach() for p in flat], x.grad, grads, start


def weigh(*tensors):
    """A scalar in which every element has its own fixed weight."""
    generator = torch.Generator().manual_seed(7)
    return sum(
        (t * torch.randn(t.shape, generator=generator, dtype=torch.float64).to(t)).sum() for t in tensors
    )


def assert_same(ours, theirs, dtype=torch.float64):
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, **TOLERANCE[dtype])


@st.composite
def cases(draw):
    longest = draw(st.integers(1, 9))
    lengths = draw(st.lists(st.integers(1, longest), min_size=1, max_size=5))
    return {
        "kind": draw(st.sampled_from(sorted(CELLS))),
        "layers": draw(st.integers(1, 3)),
        "bidirectional": draw(st.booleans()),
        "dtype": draw(st.sampled_from([torch.float32, torch.float64])),
        "lengths": torch.tensor(lengths),
        "width": longest,
        "with_state": draw(st.booleans()),
        "seed": draw(st.integers(0, 1000)),
    }


@settings(deadline=None, derandomize=True, max_examples=120)
@given(cases())
def test_equals_packing_in_outputs_states_and_gradients(case):
    torch.manual_seed(case["seed"])
    dtype, lengths = case["dtype"], case["lengths"]
    stack = make_stack(case["kind"], 3, 4, case["layers"], case["bidirectional"], dtype)
    x = torch.randn(len(lengths), case["width"], 3, dtype=dtype)
    state = draw_state(stack, len(lengths), dtype) if case["with_state"] else None
    expected = run_oracle(make_oracle(case["kind"], stack), x, lengths, state)
    for filler in (0.0, float("nan"), 1e30):
        padding = torch.arange(case["width"]) >= lengths[:, None]
        assert_same(
            run_ours(stack, x.masked_fill(padding[:, :, None], filler), lengths, state), expected, dtype
        )


@pytest.mark.parametrize("kind", sorted(CELLS))
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_blocks_of_rows_equal_packing(kind, bidirectional, dtype, monkeypatch):
    monkeypatch.setattr(planner, "WORTH", float("inf"))  # cut, whether it pays or not
    torch.manual_seed(0)
    stack = make_stack(kind, 3, 5, 2, bidirectional, dtype)
    lengths = torch.randint(1, 30, (67,))
    x = torch.randn(67, 31, 3, dtype=dtype)
    state = draw_state(stack, 67, dtype)
    for start in (None, state):
        expected = run_oracle(make_oracle(kind, stack), x, lengths, start)
        assert_same(run_ours(stack, x, lengths, start), expected, dtype)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(cases())
def test_batch_order_does_not_matter(case):
    torch.manual_seed(case["seed"])
    stack = make_stack(case["kind"], 3, 4, case["layers"], case["bidirectional"])
    lengths = case["lengths"]
    x = torch.randn(len(lengths), case["width"], 3, dtype=torch.float64)
    order = torch.randperm(len(lengths))
    steps, final, state, grad, _, _ = run_ours(stack, x, lengths)
    steps_o, final_o, state_o, grad_o, _, _ = run_ours(stack, x[order], lengths[order])
    assert_same([steps[order], final[order], *(p[order] for p in state)], [steps_o, final_o, *state_o])
    assert grad.shape == grad_o.shape


@pytest.mark.parametrize("kind", sorted(CELLS))
@pytest.mark.parametrize("layers", [1, 2])
def test_reversed_sequences_with_swapped_directions_swap_the_halves(kind, layers):
    torch.manual_seed(0)
    stack, mirror = (make_stack(kind, 3, 4, layers, True) for _ in range(2))
    with torch.no_grad():
        for layer, other in zip(stack.layers, mirror.layers, strict=True):
            for mine, theirs in ((0, 1), (1, 0)):
                pairs = zip(layer.cells[mine].parameters(), other.cells[theirs].parameters(), strict=True)
                for source, target in pairs:
                    target.copy_(source)
            if layer is not stack.layers[0]:
                # a deeper layer reads the halves of the layer below, which are swapped too
                for cell in other.cells:
                    cell.weight_ih.copy_(cell.weight_ih.roll(4, 1))
    lengths = torch.tensor([5, 1, 7, 3])
    x = torch.randn(4, 7, 3, dtype=torch.float64)
    steps, final, _ = stack(x, lengths)
    steps_m, final_m, _ = mirror(reverse_within(x, lengths), lengths)
    swapped = torch.cat([steps_m[:, :, 4:], steps_m[:, :, :4]], 2)
    torch.testing.assert_close(reverse_within(swapped, lengths), steps)
    torch.testing.assert_close(final_m.roll(4, 1), final)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", sorted(CELLS))
def test_long_padding_neither_overflows_nor_reaches_gradients(kind, bidirectional):
    """Rows of 30 beside one of 1000, and weights under which a relu network's state grows by 1.5 a step."""
    torch.manual_seed(0)
    stack = make_stack(kind, 2, 8, 2, bidirectional, torch.float32)
    with torch.no_grad():
        for cell in stack.cells:
            cell.weight_ih.abs_()
            cell.weight_hh.copy_(1.5 * torch.eye(8).repeat(cell.gates, 1))
            cell.bias_ih.zero_()
            cell.bias_hh.zero_()
    lengths = torch.tensor([30, 1000, 30, 7])
    x = torch.rand(4, 1000, 2)
    x[1] = 0  # the long row stays at 0; what grows is the short rows, if anything lets them
    steps, final, end = stack(x, lengths)
    short = [0, 2, 3]
    weigh(final[short], *(p[short] for e in end for p in e)).backward()
    assert all(torch.isfinite(p.grad).all() for p in stack.parameters())
    alone = stack(x[short, :30], lengths[short])
    torch.testing.assert_close(steps[short, :30], alone[0])
    torch.testing.assert_close(final[short], alone[1])
    assert steps[short, 30:].abs().max() == 0


def test_what_stands_past_the_lengths_is_exactly_zero_in_every_option():
    torch.manual_seed(0)
    lengths = torch.tensor([3, 6, 1])
    for kind in CELLS:
        options = CellOptions(
            nonlinearity="relu" if kind == "rnn_relu" else "tanh", orthogonal=True, forget_bias=1.0
        )
        cell = CELLS[kind]
        stack = RecurrentStack(
            lambda width, c=cell, o=options: c(width, 4, o), 2, 4, 3, True, 0.4, True, True
        )
        with torch.no_grad():
            for norm in stack.norms:
                norm.bias.fill_(3.0)
        steps, _, _ = stack(torch.full((3, 6, 2), 5.0), lengths)
        padding = torch.arange(6) >= lengths[:, None]
        assert (steps[padding] == 0).all()
        assert (steps[~padding] != 0).any()


def test_options_do_what_they_say():
    torch.manual_seed(0)
    cell = LSTM(3, 8, CellOptions(orthogonal=True, forget_bias=1.0))
    for block in cell.weight_hh.chunk(4):
        torch.testing.assert_close(block @ block.T, torch.eye(8))
    forget = (cell.bias_ih + cell.bias_hh)[8:16]
    assert (forget == 1).all()
    x, lengths = torch.randn(3, 5, 3), torch.tensor([5, 2, 3])

    def build(layer_norm, residual):
        torch.manual_seed(1)
        return RecurrentStack(lambda w: GRU(w, 8, CellOptions()), 3, 8, 2, False, 0.0, layer_norm, residual)

    plain, summed, normed = build(False, False), build(False, True), build(True, False)
    below = plain.layers[0](x, lengths, None)[0]
    padded = torch.arange(5) >= lengths[:, None]
    x = x.masked_fill(padded[:, :, None], 0.0)
    torch.testing.assert_close(
        summed(x, lengths)[0], (plain(x, lengths)[0] + below).masked_fill(padded[:, :, None], 0)
    )
    steps = normed(x, lengths)[0][~padded]
    torch.testing.assert_close(steps.mean(1), torch.zeros(len(steps)), atol=1e-6, rtol=0)


def test_wrong_lengths_and_states_are_refused():
    stack = make_stack("lstm", 2, 4, 1, False)
    x = torch.zeros(2, 3, 2, dtype=torch.float64)
    for lengths in ([0, 3], [1, 4]):
        with pytest.raises(ValueError, match="lengths must be 2 numbers from 1 to 3"):
            stack(x, torch.tensor(lengths))
    with pytest.raises(ValueError, match="1 entries of 2 tensors"):
        stack(x, torch.tensor([1, 2]), ((x[:, 0, :1],),))
