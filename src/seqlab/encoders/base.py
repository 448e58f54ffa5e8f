"""`Encoder`: what every encoder must be able to do, whoever writes it."""

import abc

from torch import nn

from seqlab.batch import Encoded, SequenceBatch, State
from seqlab.results import LayerRow


class Encoder(nn.Module, abc.ABC):
    """A batch of sequences in, `Encoded` out; made as `TheEncoder(config, input_size)`.

    An encoder of your own subclasses this and is registered with `seqlab.register("encoder", ...)`. What stands past a
    sequence's length must change nothing, and `Encoded.steps` must be exactly 0 there.

    Args:
        input_size: F, numbers of a step: numeric features and vectors of categories.
        output_size: width of `Encoded.steps` and `Encoded.final`, both directions together.
        state_size: numbers carried from one step to the next, all layers and directions together; 0 for none.
    """

    def __init__(self, input_size: int, output_size: int, state_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.output_size = output_size
        self.state_size = state_size

    @abc.abstractmethod
    def forward(self, batch: SequenceBatch, state: State | None = None) -> Encoded:
        """Encode a batch.

        Args:
            batch: its `values`, `lengths` and `ids` are read; categories stand among the values as vectors.
            state: what to start from, as `Encoded.state` gave it; None: from nothing.
        """

    @abc.abstractmethod
    def flops(self, length: int) -> int:
        """Floating point operations for one sequence of `length` steps; a multiply-add counts 2."""

    @abc.abstractmethod
    def layers(self, length: int) -> list[LayerRow]:
        """The rows of the layer table for a sequence of `length` steps."""
