"""`SequenceModel`: embedding of categories, encoder and task head as one network, and what it costs."""

from dataclasses import replace

from torch import Tensor, nn

from seqlab.batch import SequenceBatch, TaskSpec
from seqlab.config import registry
from seqlab.config.experiment import Experiment
from seqlab.encoders.embedding import TokenEmbedding
from seqlab.results import LayerRow


class SequenceModel(nn.Module):
    """A batch of sequences in, the task's outputs (such as logits [B, C]) out."""

    def __init__(self, experiment: Experiment, spec: TaskSpec) -> None:
        super().__init__()
        self.spec = spec
        encoder = registry.load(registry.part("encoder", experiment.model.kind).target)
        task = registry.load(registry.part("task", experiment.task.kind).target)
        self.embedding = TokenEmbedding.of(spec, experiment.model.embedding)
        width = len(spec.features) + (self.embedding.output_size if self.embedding is not None else 0)
        self.encoder = encoder(experiment.model, width)
        self.task = task(experiment.task, spec, self.encoder.output_size, experiment.model.dropout)

    def forward(self, batch: SequenceBatch) -> Tensor:
        """The task's outputs for a batch, computed in the precision of the weights."""
        return self.from_embedded(self.embedded(batch))

    def embedded(self, batch: SequenceBatch) -> SequenceBatch:
        """The batch as the encoder sees it: `values` alone, in the precision of the weights."""
        if batch.values is not None:
            batch = replace(batch, values=batch.values.to(next(self.parameters()).dtype))
        return batch if self.embedding is None else self.embedding.embedded(batch)

    def from_embedded(self, batch: SequenceBatch) -> Tensor:
        """The task's outputs for what `embedded` gave."""
        return self.task(self.encoder(batch), batch.ids)

    def parameter_count(self) -> int:
        """Trainable numbers."""
        return count_parameters(self)

    def flops(self, length: int) -> int:
        """Floating-point operations to predict one sequence of `length` steps (a multiply-add counts 2)."""
        return self.encoder.flops(length) + self.task.flops(length)

    def layers(self, length: int) -> list[LayerRow]:
        """The layer table for a sequence of `length` steps."""
        head = LayerRow(
            name=self.task.describe(),
            output=f"{len(self.spec.classes)}",
            parameters=count_parameters(self.task),
            flops=self.task.flops(length),
        )
        embedding = self.embedding.layers() if self.embedding is not None else []
        return [*embedding, *self.encoder.layers(length), head]


def count_parameters(module: nn.Module) -> int:
    """Trainable numbers of a module."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)
