"""`Task`: what every task must be able to do, whoever writes it.

A task is the last part of a model: it turns what an encoder made of a batch into predictions, scores them,
and says what is to be minimised. A task of your own subclasses `Task`, takes the same four arguments and is
registered with `seqlab.config.registry.register("task", ...)`.
"""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from seqlab.batch import Encoded, SequenceBatch
from seqlab.results import Scores


class Task(nn.Module, ABC):
    """Head, loss and scores in one module; made as `TheTask(config, spec, input_size, dropout)`.

    Letters in shapes: B sequences of a batch, N sequences gathered over batches, C outputs (classes).
    """

    @abstractmethod
    def forward(self, encoded: Encoded, items: Tensor | None = None) -> Tensor:
        """Raw predictions for a batch.

        Args:
            encoded: what the encoder made of it.
            items: the sequences' numbers within the data set [B] int64, on which dropout hangs; None: 0..B-1.

        Returns:
            Raw predictions, such as logits [B, C].
        """

    @abstractmethod
    def loss(self, outputs: Tensor, batch: SequenceBatch) -> tuple[Tensor, Tensor]:
        """What training makes small, as a sum and its weight, so that processes can add both before dividing.

        Args:
            outputs: what `forward` returned.
            batch: the batch it was made from, with targets.

        Returns:
            (the weighted sum of the sequences' losses, the sum of their weights), two scalars.
        """

    @abstractmethod
    def probabilities(self, outputs: Tensor) -> Tensor:
        """Raw predictions [N, C] as probabilities [N, C]."""

    @abstractmethod
    def scores(self, outputs: Tensor, targets: Tensor) -> Scores:
        """Every metric of `seqlab.results.METRICS` over all sequences of a part; None where undefined.

        Args:
            outputs: raw predictions [N, C].
            targets: what was true [N].
        """

    @abstractmethod
    def flops(self, length: int) -> int:
        """Floating-point operations that the head spends on one sequence of `length` time steps."""

    @abstractmethod
    def describe(self) -> str:
        """The head in a few words, for the layer table."""
