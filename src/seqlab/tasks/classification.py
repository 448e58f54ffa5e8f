"""One label a sequence: pooling, dropout and one linear layer, trained on cross-entropy."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from seqlab.batch import Encoded, SequenceBatch, TaskSpec
from seqlab.config.task import ClassificationConfig
from seqlab.errors import UserError
from seqlab.recurrent.dropout import CounterDropout
from seqlab.results import Scores
from seqlab.tasks.base import Task
from seqlab.tasks.pooling import make_pooling
from seqlab.tasks.scores import classification_scores

# Apart from the streams of the layers, which count from 1.
HEAD_DROPOUT_STREAM = 1000


class Classification(Task):
    """Sequence to label.

    Args:
        config: pooling, class weights, label smoothing.
        spec: what the data promise; `classes` and, for balanced weights, `class_counts` are read.
        input_size: H, the width of the encoder's output (both directions).
        dropout: probability of dropping a unit before the linear layer.

    Raises:
        UserError: if the data do not promise one label a sequence.
    """

    class_weights: Tensor

    def __init__(self, config: ClassificationConfig, spec: TaskSpec, input_size: int, dropout: float) -> None:
        super().__init__()
        if spec.target != "label" or not spec.classes:
            raise UserError(
                f"task=classification: needs data with one class a sequence; these have target"
                f" {spec.target!r} and {len(spec.classes)} classes"
            )
        self.num_classes = len(spec.classes)
        self.label_smoothing = config.label_smoothing
        self.pooling_name = config.pooling
        self.pooling = make_pooling(config.pooling, input_size)
        self.dropout = CounterDropout(dropout, HEAD_DROPOUT_STREAM)
        self.linear = nn.Linear(input_size, self.num_classes)
        weights = (
            balanced_weights(spec) if config.class_weights == "balanced" else torch.ones(self.num_classes)
        )
        # A function of config and data: made again with the model, so it has no place in a checkpoint.
        self.register_buffer("class_weights", weights, persistent=False)

    def forward(self, encoded: Encoded, items: Int64[Tensor, " B"] | None = None) -> Float[Tensor, "B C"]:
        """Logits [B, C]; `items` [B] are the sequences' numbers, on which dropout hangs (None: 0..B-1)."""
        return self.linear(self.dropout(self.pooling(encoded), items))

    def loss(
        self, outputs: Float[Tensor, "B C"], batch: SequenceBatch
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Sum over the batch of w_i * l_i, and sum of w_i.

        l_i is the cross-entropy with label smoothing (Szegedy et al. 2016), without class weights; w_i is the
        sequence's weight in the batch times the weight of its true class.
        """
        assert batch.targets is not None, "a loss needs targets"
        if outputs.dtype in (torch.float16, torch.bfloat16):
            outputs = outputs.float()
        losses = cross_entropy(outputs, batch.targets, reduction="none", label_smoothing=self.label_smoothing)
        weights = self.class_weights.to(losses.dtype)[batch.targets]
        if batch.weights is not None:
            weights = weights * batch.weights.to(losses.dtype)
        return (weights * losses).sum(), weights.sum()

    def probabilities(self, outputs: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        """Softmax of the logits."""
        return outputs.softmax(dim=1)

    def scores(self, outputs: Float[Tensor, "N C"], targets: Int64[Tensor, " N"]) -> Scores:
        """Every metric of `seqlab.results.METRICS`; see `classification_scores`."""
        return classification_scores(outputs, targets)

    def flops(self, length: int) -> int:
        """Operations on one sequence: 2 for a multiply-add, 1 for each elementwise one."""
        return self.pooling.flops(length) + (2 * self.linear.in_features + 1) * self.num_classes

    def describe(self) -> str:
        """Such as "head: pooling last, linear"."""
        return f"head: pooling {self.pooling_name}, linear"


def balanced_weights(spec: TaskSpec) -> Float[Tensor, " C"]:
    """Weights n / (C * count) of the classes (King and Zeng 2001); 0 for a class without training sequences.

    Args:
        spec: its `class_counts` are read.
    """
    counts = torch.tensor(list(spec.class_counts), dtype=torch.float64)
    assert len(counts) == len(spec.classes), "class_counts and classes go together"
    weights = counts.sum() / (len(counts) * counts)
    return torch.where(counts > 0, weights, 0.0).float()
