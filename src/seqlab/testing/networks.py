"""The promises of cells and encoders: exact for variable length, true to what they declare.

Everything is computed in float64 and in training mode, with randomness hanging on item numbers as
`seqlab.recurrent.dropout.CounterDropout` does it; numbers are compared to 1e-8.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from seqlab.batch import Encoded, SequenceBatch, State
from seqlab.encoders.base import Encoder
from seqlab.encoders.embedding import TokenEmbedding
from seqlab.recurrent.cells import Cell, CellOptions
from seqlab.recurrent.dropout import set_dropout_step
from seqlab.recurrent.stack import RecurrentStack
from seqlab.results import LayerRow
from seqlab.testing.findings import Finding, LeftOutError, demand, demand_same, run_checks

FEATURES = 3
HIDDEN = 5
LENGTHS = torch.tensor([4, 7, 1, 6, 2])


def check_cell(cell_class: Callable[[int, int, CellOptions], Cell], part: str = "cell") -> list[Finding]:
    """Hold a cell class to the kit, alone and in stacks of one and two directions.

    Args:
        cell_class: a subclass of `seqlab.recurrent.cells.Cell`.
        part: its name in the findings.
    """
    findings = run_checks(part, lambda: cell_class(FEATURES, HIDDEN, CellOptions()), [cell_declarations])
    for bidirectional in (False, True):
        words = "two layers, both directions" if bidirectional else "two layers"

        def make(bidirectional: bool = bidirectional) -> Encoder:
            return _StackEncoder(lambda width: cell_class(width, HIDDEN, CellOptions()), bidirectional)

        findings += check_encoder(make, f"{part} ({words})")
    return findings


def check_encoder(encoder_factory: Callable[[], Encoder], part: str = "encoder") -> list[Finding]:
    """Hold an encoder to the kit.

    Args:
        encoder_factory: makes an encoder that reads 3 features, the same one each time under the same torch seed; small
            is quicker (5 units will do).
        part: its name in the findings.
    """
    return run_checks(part, lambda: _prepared(encoder_factory()), ENCODER_CHECKS)


class _StackEncoder(Encoder):
    """Two layers of a cell, with everything that may stand between them."""

    def __init__(self, make_cell: Callable[[int], Cell], bidirectional: bool) -> None:
        width = HIDDEN * (2 if bidirectional else 1)
        super().__init__(input_size=FEATURES, output_size=width, state_size=0)
        self.stack = RecurrentStack(make_cell, FEATURES, HIDDEN, 2, bidirectional, 0.3, True, True)
        self.state_size = sum(cell.state_parts * HIDDEN for cell in self.stack.cells)

    def forward(self, batch: SequenceBatch, state: State | None = None) -> Encoded:
        assert batch.values is not None
        steps, final, end = self.stack(batch.values, batch.lengths, state, batch.ids)
        return Encoded(steps=steps, final=final, lengths=batch.lengths, state=end)

    def flops(self, length: int) -> int:
        return length * sum(cell.flops_per_step() for cell in self.stack.cells)

    def layers(self, length: int) -> list[LayerRow]:
        return []


def _prepared(encoder: Encoder) -> Encoder:
    encoder.double().train()
    set_dropout_step(encoder, seed=3, step=11)
    return encoder


def _batch() -> SequenceBatch:
    values = torch.randn(len(LENGTHS), int(LENGTHS.max()), FEATURES, dtype=torch.float64)
    return SequenceBatch(values=values, lengths=LENGTHS, ids=torch.tensor([8, 3, 21, 0, 5]))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """All that a pass gives: outputs, state, and the gradients of one fixed function of them."""

    steps: Tensor
    final: Tensor
    state: list[Tensor]
    input_gradient: Tensor
    gradients: dict[str, Tensor | None]


def _outcome(encoder: Encoder, batch: SequenceBatch, state: State | None = None) -> _Outcome:
    assert batch.values is not None
    values = batch.values.clone().requires_grad_()
    encoder.zero_grad()
    encoded = encoder(replace(batch, values=values), state)
    flat = [part for entry in encoded.state or () for part in entry]
    # squares: every number's gradient depends on the number itself; past the lengths nothing may come of it
    loss = encoded.steps.square().sum() + (encoded.final + 1).square().sum()
    loss = loss + sum(((part + 1).square().sum() for part in flat), torch.zeros(()))
    loss.backward()
    assert values.grad is not None, "the inputs have no influence"
    gradients = {name: parameter.grad for name, parameter in encoder.named_parameters()}
    return _Outcome(
        encoded.steps.detach(), encoded.final.detach(), [p.detach() for p in flat], values.grad, gradients
    )


def _demand_same_outcome(case: str, found: _Outcome, expected: _Outcome) -> None:
    width = expected.steps.shape[1]
    demand_same(f"{case}: outputs at the steps", found.steps[:, :width], expected.steps)
    demand(bool((found.steps[:, width:] == 0).all()), f"{case}: outputs past the lengths are not 0")
    demand_same(f"{case}: final", found.final, expected.final)
    for number, (mine, other) in enumerate(zip(found.state, expected.state, strict=True)):
        demand_same(f"{case}: state tensor {number}", mine, other)
    width = expected.input_gradient.shape[1]
    demand_same(f"{case}: gradient of the inputs", found.input_gradient[:, :width], expected.input_gradient)
    demand(
        bool((found.input_gradient[:, width:] == 0).all()),
        f"{case}: gradient of the inputs in padding is not 0",
    )
    for name, gradient in expected.gradients.items():
        demand_same(f"{case}: gradient of {name}", found.gradients[name], gradient)


def _with_padding(batch: SequenceBatch, filler: float, extra: int) -> SequenceBatch:
    assert batch.values is not None
    values = torch.nn.functional.pad(batch.values, (0, 0, 0, extra))
    padding = torch.arange(values.shape[1]) >= batch.lengths[:, None]
    return replace(batch, values=values.masked_fill(padding[:, :, None], filler))


def padding_changes_nothing(encoder: Encoder) -> None:
    """Padding of 0, NaN or 1e30, short or long, changes no output, state or gradient."""
    batch = _batch()
    expected = _outcome(encoder, _with_padding(batch, 0.0, 0))
    for filler in (0.0, float("nan"), 1e30):
        for extra in (0, 40):
            found = _outcome(encoder, _with_padding(batch, filler, extra))
            _demand_same_outcome(f"padding of {filler:g}, {extra} steps longer", found, expected)


def batch_order_does_not_matter(encoder: Encoder) -> None:
    """Sequences in another order give the same results in that order."""
    batch = _batch()
    assert batch.values is not None and batch.ids is not None
    order = torch.tensor([3, 0, 4, 2, 1])
    expected = _outcome(encoder, batch)
    expected = replace(
        expected,
        steps=expected.steps[order],
        final=expected.final[order],
        state=[part[order] for part in expected.state],
        input_gradient=expected.input_gradient[order],
    )
    shuffled = SequenceBatch(values=batch.values[order], lengths=LENGTHS[order], ids=batch.ids[order])
    _demand_same_outcome("other order", _outcome(encoder, shuffled), expected)


def rows_alone_equal_rows_in_the_batch(encoder: Encoder) -> None:
    """A sequence alone gives what it gives within a batch, dropout included."""
    batch = _batch()
    assert batch.values is not None and batch.ids is not None
    whole = encoder(batch)
    for row, length in enumerate(LENGTHS.tolist()):
        one = slice(row, row + 1)
        alone = encoder(
            SequenceBatch(values=batch.values[one, :length], lengths=LENGTHS[one], ids=batch.ids[one])
        )
        steps = int(alone.lengths[0])
        case = f"sequence {row} (length {length}) alone"
        demand_same(f"{case}: outputs", alone.steps[:, :steps], whole.steps[one, :steps])
        demand_same(f"{case}: final", alone.final, whole.final[one])
        for mine, other in zip(alone.state or (), whole.state or (), strict=True):
            for part, expected in zip(mine, other, strict=True):
                demand_same(f"{case}: state", part, expected[one])


def categories_are_as_exact(encoder: Encoder) -> None:
    """Categories in front of it: numbers in padding change nothing, and equal their vectors among the values."""
    embedding = TokenEmbedding(["one", "two"], [6, 4], width=1).double()
    batch = _batch()
    assert batch.values is not None
    tokens = torch.cat([torch.randint(1, n, (*batch.values.shape[:2], 1)) for n in (6, 4)], 2)
    padding = (torch.arange(tokens.shape[1]) >= LENGTHS[:, None])[:, :, None]
    one_hot = [nn.functional.one_hot(tokens[:, :, k], n).double() for k, n in enumerate((6, 4))]
    vectors = [x @ weight for x, weight in zip(one_hot, embedding.parameters(), strict=True)]
    expected = encoder(replace(batch, values=torch.cat([batch.values[:, :, :1], *vectors], 2)))
    for filler in (0, -1, 10**12):
        filled = replace(batch, values=batch.values[:, :, :1], tokens=tokens.masked_fill(padding, filler))
        found = encoder(embedding.embedded(filled))
        case = f"categories of number {filler} in padding"
        demand_same(f"{case}: outputs", found.steps, expected.steps)
        demand_same(f"{case}: final", found.final, expected.final)
        loss = found.steps.square().sum() + found.final.square().sum()
        for gradient in torch.autograd.grad(loss, list(embedding.parameters())):
            demand(bool((gradient[0] == 0).all()), f"{case}: padding learns")


def outputs_past_the_length_are_zero(encoder: Encoder) -> None:
    """Outputs past a sequence's length are exactly 0."""
    encoded = encoder(_batch())
    padding = torch.arange(encoded.steps.shape[1]) >= encoded.lengths[:, None]
    demand(bool((encoded.steps[padding] == 0).all()), "some are not 0")


def declared_sizes_are_true(encoder: Encoder) -> None:
    """Declared output width, state size and operations are what is there."""
    batch = _batch()
    encoded = encoder(batch)
    rows, width = len(LENGTHS), encoder.output_size
    demand(encoded.final.shape == (rows, width), f"final {list(encoded.final.shape)}, output_size {width}")
    demand(
        encoded.steps.shape[::2] == (rows, width), f"steps {list(encoded.steps.shape)}, output_size {width}"
    )
    demand(encoded.lengths.device.type == "cpu", "lengths are not on the CPU")
    demand(
        int(encoded.lengths.max()) <= encoded.steps.shape[1],
        f"lengths up to {int(encoded.lengths.max())} for {encoded.steps.shape[1]} steps",
    )
    floats = sum(part[0].numel() for entry in encoded.state or () for part in entry)
    demand(floats == encoder.state_size, f"state of {floats} numbers, state_size {encoder.state_size}")
    flops = [encoder.flops(length) for length in (1, 50)]
    demand(0 < flops[0] < flops[1], f"flops(1), flops(50) are {flops}")


def gradients_are_true(encoder: Encoder) -> None:
    """Gradients agree with differences of the loss along random directions (float64)."""
    batch = _batch()
    assert batch.values is not None
    values = batch.values.clone().requires_grad_()
    numbers = [values, *(p for p in encoder.parameters() if p.requires_grad)]

    def loss() -> Tensor:
        encoded = encoder(replace(batch, values=values))
        return encoded.steps.square().sum() + encoded.final.square().sum()

    gradients = torch.autograd.grad(loss(), numbers, materialize_grads=True)
    step = 1e-6
    for _ in range(5):
        directions = [torch.randn_like(number) for number in numbers]
        ends: list[float] = []
        with torch.no_grad():
            for move in (step, -2 * step, step):  # ahead, behind, back home
                for number, direction in zip(numbers, directions, strict=True):
                    number.add_(direction, alpha=move)
                ends.append(loss().item())
        slope = (ends[0] - ends[1]) / (2 * step)
        pairs = zip(gradients, directions, strict=True)
        found = sum(float((g * d).sum()) for g, d in pairs)
        demand(
            abs(found - slope) <= 1e-5 * max(1.0, abs(slope)),
            f"gradient {found:.8g}, differences {slope:.8g}",
        )


def state_handed_on_equals_one_pass(encoder: Encoder) -> None:
    """A sequence read in two pieces, the state handed on, gives what it gives in one."""
    encoder.eval()
    batch = _batch()
    assert batch.values is not None
    whole = encoder(batch)
    if whole.state is None:
        raise LeftOutError("it carries no state")
    long = LENGTHS >= 4  # both pieces need a step in every row
    values, lengths = batch.values[long], LENGTHS[long]
    head = encoder(SequenceBatch(values=values[:, :3], lengths=torch.full_like(lengths, 3)))
    demand_steps = whole.steps[long]
    if not torch.allclose(head.steps, demand_steps[:, :3]):
        raise LeftOutError("it reads backwards too, so the first piece depends on the second")
    tail = encoder(SequenceBatch(values=values[:, 3:], lengths=lengths - 3), head.state)
    demand_same("outputs", torch.cat([head.steps, tail.steps], 1), demand_steps)
    demand_same("final", tail.final, whole.final[long])
    for mine, other in zip(tail.state or (), whole.state, strict=True):
        for part, expected in zip(mine, other, strict=True):
            demand_same("state", part, expected[long])


def nothing_is_left_to_chance(encoder: Encoder) -> None:
    """Two passes are equal bit by bit, whatever the generators of random numbers did in between."""
    batch = _batch()
    first = encoder(batch)
    torch.manual_seed(12345)
    second = encoder(batch)
    same = torch.equal(first.steps, second.steps) and torch.equal(first.final, second.final)
    demand(same, "they differ; use seqlab.recurrent.dropout.CounterDropout for dropout")


def cell_declarations(cell: Cell) -> None:
    """Declared widths, state parts and operations are what is there."""
    cell.double()
    x = _batch().values
    assert x is not None
    steps, state = cell(torch.where(torch.arange(7)[:, None] < LENGTHS[:, None, None], x, 0.0), LENGTHS)
    rows = len(LENGTHS)
    demand(steps.shape == (rows, 7, HIDDEN), f"steps {list(steps.shape)}, expected {[rows, 7, HIDDEN]}")
    demand(len(state) == cell.state_parts, f"state of {len(state)} tensors, state_parts {cell.state_parts}")
    for part in state:
        demand(part.shape == (rows, HIDDEN), f"state tensor {list(part.shape)}, expected {[rows, HIDDEN]}")
    demand(cell.flops_per_step() > 0, f"flops_per_step is {cell.flops_per_step()}")


ENCODER_CHECKS: tuple[Callable[[Encoder], None], ...] = (
    declared_sizes_are_true,
    padding_changes_nothing,
    batch_order_does_not_matter,
    rows_alone_equal_rows_in_the_batch,
    categories_are_as_exact,
    outputs_past_the_length_are_zero,
    gradients_are_true,
    state_handed_on_equals_one_pass,
    nothing_is_left_to_chance,
)
