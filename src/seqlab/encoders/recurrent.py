"""The recurrent encoder: a stack of cells chosen by name."""

from torch import nn

from seqlab.batch import Encoded, SequenceBatch, State
from seqlab.config import registry
from seqlab.config.model import RecurrentConfig
from seqlab.encoders.base import Encoder
from seqlab.recurrent.cells import Cell, CellOptions
from seqlab.recurrent.stack import RecurrentStack
from seqlab.results import LayerRow


class RecurrentEncoder(Encoder):
    """Layers of a recurrent cell, read in one direction or two.

    Args:
        config: cell, layers, width, direction and options.
        input_size: F, numbers of a step: numeric features and vectors of categories.
    """

    def __init__(self, config: RecurrentConfig, input_size: int) -> None:
        cell_class = registry.load(registry.part("cell", config.cell).target)
        options = CellOptions(
            nonlinearity=config.nonlinearity, orthogonal=config.orthogonal, forget_bias=config.forget_bias
        )

        def make_cell(width: int) -> Cell:
            return cell_class(width, config.hidden_size, options)

        directions = 2 if config.bidirectional else 1
        cells = config.num_layers * directions
        super().__init__(
            input_size=input_size,
            output_size=config.hidden_size * directions,
            state_size=cells * config.hidden_size * cell_class.state_parts,
        )
        self.config = config
        self.stack = RecurrentStack(
            make_cell,
            input_size=input_size,
            hidden_size=config.hidden_size,
            num_layers=config.num_layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout,
            layer_norm=config.layer_norm,
            residual=config.residual,
        )

    def forward(self, batch: SequenceBatch, state: State | None = None) -> Encoded:
        """Run the stack over the batch. See `Encoder.forward`."""
        assert batch.values is not None, "categories come as vectors among the values"
        steps, final, end = self.stack(batch.values, batch.lengths, state, batch.ids)
        return Encoded(steps=steps, final=final, lengths=batch.lengths, state=end)

    def flops(self, length: int) -> int:
        """The layers' together: see `layers`."""
        return sum(row.flops for row in self.layers(length))

    def layers(self, length: int) -> list[LayerRow]:
        """One row a layer; its normalisation (7 operations a number) and residual sum (1) are counted with it."""
        direction = ", both directions" if self.config.bidirectional else ""
        rows: list[LayerRow] = []
        for number, layer in enumerate(self.stack.layers):
            parts: list[nn.Module] = [layer, *self.stack.norms[number : number + 1]]
            cells = [part for part in layer.modules() if isinstance(part, Cell)]
            per_number = 7 * self.config.layer_norm + (self.config.residual and number > 0)
            per_step = sum(cell.flops_per_step() for cell in cells) + per_number * self.output_size
            rows.append(
                LayerRow(
                    name=f"{self.config.cell} {number + 1}{direction}",
                    output=f"T x {self.output_size}",
                    parameters=sum(p.numel() for part in parts for p in part.parameters()),
                    flops=per_step * length,
                )
            )
        return rows
