"""A task: classification trained on the focal loss."""

from torch import Tensor

from my_lab.settings import FocalConfig
from seqlab.batch import Encoded, SequenceBatch, TaskSpec
from seqlab.config.task import ClassificationConfig
from seqlab.results import Scores
from seqlab.tasks.base import Task
from seqlab.tasks.classification import Classification


class FocalClassification(Task):
    """Head and scores of classification, with the loss of Lin et al. (2017): -(1 - p)^gamma log p."""

    def __init__(self, config: FocalConfig, spec: TaskSpec, input_size: int, dropout: float) -> None:
        super().__init__()
        self.gamma = config.gamma
        shared = ClassificationConfig(pooling=config.pooling, class_weights=config.class_weights)
        self.plain = Classification(shared, spec, input_size, dropout)

    def forward(self, encoded: Encoded, items: Tensor | None = None) -> Tensor:
        """Logits [B, C]."""
        return self.plain(encoded, items)

    def loss(self, outputs: Tensor, batch: SequenceBatch) -> tuple[Tensor, Tensor]:
        """Sum of the sequences' focal losses, and the sum of their weights."""
        assert batch.targets is not None, "a loss needs targets"
        log_p = outputs.log_softmax(-1).gather(1, batch.targets[:, None])[:, 0]
        # away from 0, where a power below 1 has no derivative
        missed = (1 - log_p.exp()).clamp_min(1e-6)
        weights = self.plain.class_weights.to(log_p.dtype)[batch.targets]
        if batch.weights is not None:
            weights = weights * batch.weights
        return -(weights * missed**self.gamma * log_p).sum(), weights.sum()

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Softmax of the logits."""
        return self.plain.probabilities(outputs)

    def scores(self, outputs: Tensor, targets: Tensor) -> Scores:
        """The scores of classification."""
        return self.plain.scores(outputs, targets)

    def flops(self, length: int) -> int:
        """Operations of the head on one sequence."""
        return self.plain.flops(length)

    def describe(self) -> str:
        """One line for the layer table."""
        return f"{self.plain.describe()}, focal loss"
