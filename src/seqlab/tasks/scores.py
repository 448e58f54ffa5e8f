"""Scores of a classification from its logits, and who was taken for whom.

All functions take everything at once ([N, C] logits of a whole part), from whatever device it lies on.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64, Real
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot
from torchmetrics.functional.classification import (
    multiclass_calibration_error,
    multiclass_stat_scores,
)

from seqlab.results import METRICS, Scores

ECE_BINS = 15


def classification_scores(logits: Float[Tensor, "N C"], targets: Int64[Tensor, " N"]) -> Scores:
    """Every metric of `seqlab.results.METRICS`; None where one is undefined.

    - loss: mean cross-entropy in nats, without class weights or smoothing; None if infinite.
    - accuracy: share of right predictions.
    - balanced_accuracy: mean recall over the classes that occur among the targets.
    - f1_macro: mean F1 over the classes that occur among targets or predictions.
    - auroc: area under the ROC curve, of class 1 for two classes; else the mean of one class against the rest
      over the classes that have targets on both sides; None if there is no such class.
    - ece: expected calibration error with 15 bins of equal width (Guo et al. 2017).

    Where there are no sequences, or a probability is not a number, nothing is defined.

    Args:
        logits: raw predictions [N, C].
        targets: true class numbers [N].

    Returns:
        Metric name -> value.
    """
    # In double precision on the CPU: not every accelerator has it, and each metric would wait for the device.
    logits, targets = logits.detach().cpu().double(), targets.cpu()
    probabilities = logits.softmax(dim=1)
    if len(targets) == 0 or not bool(probabilities.isfinite().all()):
        return dict.fromkeys(METRICS, None)
    classes = logits.shape[1]
    predicted = logits.argmax(dim=1)
    counts = multiclass_stat_scores(predicted, targets, classes, average="none", validate_args=False)
    right_C, wrongly_C, _, missed_C, of_class_C = counts.reshape(classes, 5).double().T
    in_targets, in_either = of_class_C > 0, (right_C + wrongly_C + missed_C) > 0
    recall_C = right_C / of_class_C
    f1_C = 2 * right_C / (2 * right_C + wrongly_C + missed_C)
    values = {
        "loss": cross_entropy(logits, targets),
        "accuracy": right_C.sum() / len(targets),
        "balanced_accuracy": recall_C[in_targets].mean(),
        "f1_macro": f1_C[in_either].mean(),
        "auroc": _auroc(probabilities, targets),
        "ece": multiclass_calibration_error(
            probabilities, targets, classes, n_bins=ECE_BINS, norm="l1", validate_args=False
        ),
    }
    return {name: _number(values[name]) for name in METRICS}


def _auroc(probabilities: Tensor, targets: Tensor) -> Tensor | None:
    """Areas as the Mann-Whitney statistic, of all classes at once: a tenth of the time of a curve for each."""
    classes = probabilities.shape[1]
    first = 1 if classes == 2 else 0
    scores_CN = probabilities[:, first:].T.contiguous()
    positive_CN = one_hot(targets, classes)[:, first:].T.double()
    ordered_CN = scores_CN.sort(dim=1).values
    below = torch.searchsorted(ordered_CN, scores_CN)
    up_to = torch.searchsorted(ordered_CN, scores_CN, right=True)
    ranks_CN = (below + up_to + 1).double() / 2  # equal scores share their mean rank
    positives_C = positive_CN.sum(dim=1)
    pairs_C = positives_C * (len(targets) - positives_C)
    wins_C = (ranks_CN * positive_CN).sum(dim=1) - positives_C * (positives_C + 1) / 2
    defined_C = pairs_C > 0
    return (wins_C[defined_C] / pairs_C[defined_C]).mean() if bool(defined_C.any()) else None


def _number(value: Tensor | None) -> float | None:
    number = math.nan if value is None else float(value)
    return number if math.isfinite(number) else None


def confusion(logits: Float[Tensor, "N C"], targets: Int64[Tensor, " N"]) -> Int64[Tensor, "C C"]:
    """How often each class (row) was taken for each class (column): int64 [C, C] on the CPU.

    Args:
        logits: raw predictions [N, C].
        targets: true class numbers [N].
    """
    classes = logits.shape[1]
    cells = (targets * classes + logits.argmax(dim=1)).cpu()
    return cells.bincount(minlength=classes * classes).reshape(classes, classes)


def most_confused(matrix: Real[Tensor, "C C"], classes: Sequence[str], k: int) -> list[tuple[str, str, int]]:
    """The `k` commonest confusions, commonest first; ties in the order of the classes.

    Pairs that never happened are left out.

    Args:
        matrix: what `confusion` returned.
        classes: names of the C classes.
        k: how many at most.

    Returns:
        (true class, predicted class, how often).
    """
    counts = matrix.tolist()
    pairs = [
        (classes[true], classes[predicted], int(count))
        for true, row in enumerate(counts)
        for predicted, count in enumerate(row)
        if true != predicted and count > 0
    ]
    return sorted(pairs, key=lambda pair: -pair[2])[:k]
