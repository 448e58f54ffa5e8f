"""Scores of a trained network on one part of the data: one process, no gradient, always the same digits."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqlab.batch import SequenceBatch
from seqlab.model import SequenceModel
from seqlab.results import Scores
from seqlab.stats import wilson
from seqlab.tasks.scores import confusion, most_confused

_PAIRS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScores:
    """How a network did on a part.

    Args:
        scores: metric -> value.
        intervals: metric -> 95 % interval; Wilson's for accuracy.
        confusion: how often each class (row) was taken for each class (column) [C, C].
        most_confused: (true class, predicted class, how often), most frequent first.
        ids: the sequences' names [N], in the part's own order.
        targets: true class numbers [N].
        probabilities: [N, C].
    """

    scores: Scores
    intervals: dict[str, list[float]]
    confusion: npt.NDArray[np.int64]
    most_confused: list[tuple[str, str, int]]
    ids: list[str]
    targets: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]


def outputs_on(model: SequenceModel, batches: Iterable[SequenceBatch]) -> tuple[Tensor, Tensor | None]:
    """Outputs (such as logits [N, C]) and, where known, targets [N] on the CPU, in evaluation mode."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    outputs: list[Tensor] = []
    targets: list[Tensor] = []
    with torch.inference_mode():
        for batch in batches:
            outputs.append(model(batch.to(device)).float().cpu())
            if batch.targets is not None:
                targets.append(batch.targets.cpu())
    model.train(was_training)
    return torch.cat(outputs), torch.cat(targets) if targets else None


def score_part(
    model: SequenceModel, batches: Iterable[SequenceBatch], classes: list[str], ids: list[str]
) -> PartScores:
    """Predict a part whose targets are known, and score it; `ids` are the sequences' names."""
    outputs, targets = outputs_on(model, batches)
    assert targets is not None
    matrix = confusion(outputs, targets)
    return PartScores(
        scores=model.task.scores(outputs, targets),
        intervals={"accuracy": list(wilson(int(matrix.trace()), len(targets)))},
        confusion=np.asarray(matrix),
        most_confused=most_confused(matrix, classes, _PAIRS_SHOWN),
        ids=ids,
        targets=targets.numpy(),
        probabilities=model.task.probabilities(outputs.double()).numpy(),
    )
