"""`RecurrentStack`: layers of a cell on top of each other, in one direction or two."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from seqlab.recurrent.cells import Cell, CellState, FusedCell
from seqlab.recurrent.dropout import CounterDropout
from seqlab.recurrent.fused import run_fused
from seqlab.recurrent.lengths import last_step, reverse_within, zero_padding
from seqlab.recurrent.planner import blocks

StackState = tuple[CellState, ...]


class RecurrentLayer(nn.Module):
    """One layer: a cell for each direction, side by side.

    Args:
        make_cell: makes a cell for an input width.
        input_size: features of a step.
        bidirectional: whether to read backwards as well.
    """

    def __init__(self, make_cell: Callable[[int], Cell], input_size: int, bidirectional: bool) -> None:
        super().__init__()
        self.directions = nn.ModuleList(make_cell(input_size) for _ in range(2 if bidirectional else 1))

    @property
    def cells(self) -> list[Cell]:
        """The forward direction's cell, then the backward direction's."""
        return [cell for cell in self.directions if isinstance(cell, Cell)]

    def forward(
        self, x: Float[Tensor, "B T F"], lengths: Int64[Tensor, " B"], state: StackState | None
    ) -> tuple[Float[Tensor, "B T DH"], StackState]:
        """Run the layer; the outputs are exactly 0 past the lengths.

        Args:
            x: inputs, 0 past the lengths.
            lengths: true lengths on the CPU.
            state: what each direction starts from, or None.
        """
        cells = self.cells
        fused = [cell for cell in cells if isinstance(cell, FusedCell)]
        if len(fused) == 2 and state is None:
            kernels = [cell.kernel() for cell in fused]
            if kernels[0].column is not None:
                steps, both = run_fused(kernels, x, lengths, None)
                return steps, tuple(both)
        steps, end = cells[0](x, lengths, None if state is None else state[0])
        outputs, ends = [steps if fused else zero_padding(steps, lengths)], [end]
        if len(cells) == 2:
            back = reverse_within(x, lengths)
            steps, end = cells[1](back, lengths, None if state is None else state[1])
            outputs.append(reverse_within(zero_padding(steps, lengths), lengths))
            ends.append(end)
        return torch.cat(outputs, 2) if len(cells) == 2 else outputs[0], tuple(ends)


class RecurrentStack(nn.Module):
    """Layers of a cell on top of each other, exact for rows of different lengths.

    Layer l > 1 reads the dropped-out output of the layer below. A layer's output is normalised (`layer_norm`), then
    from the second layer on the output of the layer below is added (`residual`).

    Args:
        make_cell: makes a cell for an input width.
        input_size: F, features of a step.
        hidden_size: H, units of each direction.
        num_layers: layers.
        bidirectional: whether every layer reads backwards as well; D is 2 then, else 1.
        dropout: share of activations zeroed between layers; their streams are the layers' numbers, from 1.
        layer_norm: normalise every layer's output over its D*H features (Ba et al. 2016).
        residual: add a layer's input to its output, from the second layer on (He et al. 2016).
    """

    def __init__(
        self,
        make_cell: Callable[[int], Cell],
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bidirectional: bool,
        dropout: float,
        layer_norm: bool,
        residual: bool,
    ) -> None:
        super().__init__()
        self.num_directions = 2 if bidirectional else 1
        self.hidden_size = hidden_size
        self.output_size = hidden_size * self.num_directions
        self.residual = residual
        widths = [input_size] + [self.output_size] * (num_layers - 1)
        self.layers = nn.ModuleList(RecurrentLayer(make_cell, width, bidirectional) for width in widths)
        self.dropouts = nn.ModuleList(CounterDropout(dropout, stream=layer) for layer in range(1, num_layers))
        norms = num_layers if layer_norm else 0
        self.norms = nn.ModuleList(nn.LayerNorm(self.output_size) for _ in range(norms))

    @property
    def cells(self) -> list[Cell]:
        """All cells, in the order of the state's entries."""
        return [cell for layer in self.layers if isinstance(layer, RecurrentLayer) for cell in layer.cells]

    def forward(
        self,
        x: Float[Tensor, "B T F"],
        lengths: Int64[Tensor, " B"],
        state: StackState | None = None,
        items: Int64[Tensor, " B"] | None = None,
    ) -> tuple[Float[Tensor, "B T DH"], Float[Tensor, "B DH"], StackState]:
        """Run all layers.

        Args:
            x: inputs; past the lengths they may hold anything, NaN included.
            lengths: true lengths [B] on the CPU, 1 to T.
            state: what to start from: one entry a layer and direction, as returned; None: zeros.
            items: the rows' numbers in the data set, for dropout; None: 0 to B-1.

        Returns:
            The last layer's outputs (exactly 0 past the lengths); the true last step of its forward direction beside
            the first step of its backward direction; the state after the true last step, one entry a layer and
            direction (layer 0 forward, layer 0 backward, layer 1 forward, ...).
        """
        if len(lengths) != len(x) or int(lengths.min()) < 1 or int(lengths.max()) > x.shape[1]:
            raise ValueError(
                f"lengths must be {len(x)} numbers from 1 to {x.shape[1]}, not {lengths.tolist()}"
            )
        cells = self.cells
        if state is not None and [len(entry) for entry in state] != [cell.state_parts for cell in cells]:
            raise ValueError(f"state must have {len(cells)} entries of {cells[0].state_parts} tensors each")
        padded_to = x.shape[1]
        if items is None:
            items = torch.arange(len(x))
        by_row = isinstance(cells[0], FusedCell) and cells[0].time_grows_with_rows
        plan = blocks(lengths, x.device, self.hidden_size if by_row else None)
        if plan is None:
            steps, end = self._run(x, lengths, state, items)
        else:
            parts = [self._run(x[r], lengths[r], _map(state, r), items[r]) for r in plan]
            steps, end = _join(parts, torch.cat(plan))
        if isinstance(cells[0], FusedCell) and not (self.norms or self.residual):
            final = end[-self.num_directions][0]  # its output is the first part of its state
        else:
            final = last_step(steps[:, :, : self.hidden_size], lengths)
        if self.num_directions == 2:
            final = torch.cat([final, steps[:, 0, self.hidden_size :]], 1)
        if steps.shape[1] < padded_to:
            steps = functional.pad(steps, (0, 0, 0, padded_to - steps.shape[1]))
        return steps, final, end

    def _run(
        self, x: Tensor, lengths: Tensor, state: StackState | None, items: Tensor
    ) -> tuple[Tensor, StackState]:
        """All layers over one block of rows, as long as its longest row."""
        x = zero_padding(x[:, : int(lengths.max())], lengths)
        ends: list[CellState] = []
        for number, layer in enumerate(self.layers):
            inputs = self.dropouts[number - 1](x, items) if number else x
            mine = None if state is None else state[len(ends) : len(ends) + self.num_directions]
            steps, end = layer(inputs, lengths, mine)
            ends.extend(end)
            if self.norms:
                steps = zero_padding(self.norms[number](steps), lengths)
            x = x + steps if self.residual and number else steps
        return x, tuple(ends)


def _map(state: StackState | None, rows: Tensor) -> StackState | None:
    """The given rows of a state."""
    return None if state is None else tuple(tuple(part[rows] for part in entry) for entry in state)


def _join(parts: list[tuple[Tensor, StackState]], order: Tensor) -> tuple[Tensor, StackState]:
    """Put blocks of rows back together: `order` says which row of the batch each row of the blocks was."""
    back = torch.argsort(order)
    longest = max(steps.shape[1] for steps, _ in parts)
    steps = torch.cat([functional.pad(steps, (0, 0, 0, longest - steps.shape[1])) for steps, _ in parts])
    entries = zip(*(end for _, end in parts), strict=True)
    end = tuple(tuple(torch.cat(pieces)[back] for pieces in zip(*entry, strict=True)) for entry in entries)
    # the gradient of a selection is much quicker than that of indexing
    return steps.index_select(0, back), end
