"""Metrics of predictions in NumPy, with the meaning that `seqlab.tasks.scores` gives them.

A prediction of -1 is that of a run that diverged: wrong for every item.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from seqlab.report.evidence import FloatArray, IntArray

Metric = Callable[[npt.NDArray, npt.NDArray], float]


def accuracy(truth: IntArray, predicted: IntArray) -> float:
    """Share of right predictions [N]."""
    return float((truth == predicted).mean())


def _counts(truth: IntArray, predicted: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """For every class: right ones, items of it, predictions of it."""
    classes = int(max(truth.max(), predicted.max())) + 1
    pairs = np.bincount(truth * (classes + 1) + predicted + 1, minlength=classes * (classes + 1))
    table = pairs.reshape(classes, classes + 1).astype(np.float64)  # the first column is of no class
    return np.diagonal(table, 1), table.sum(axis=1), table[:, 1:].sum(axis=0)


def balanced_accuracy(truth: IntArray, predicted: IntArray) -> float:
    """Mean recall over the classes that occur in the truth."""
    right, of_class, _ = _counts(truth, predicted)
    there = of_class > 0
    return float((right[there] / of_class[there]).mean())


def f1_macro(truth: IntArray, predicted: IntArray) -> float:
    """Mean F1 over the classes that occur in truth or predictions."""
    right, of_class, said = _counts(truth, predicted)
    there = (of_class + said) > 0
    return float((2 * right[there] / (of_class + said)[there]).mean())


def auroc(truth: IntArray, probabilities: FloatArray) -> float:
    """Area under the ROC curve from probabilities [N, C]: of class 1 for two classes, else the mean over one against
    the rest; of what diverged (NaN) 0, and one half where the truth has one class only.
    """
    if not np.isfinite(probabilities).all():
        return 0.0
    first = 1 if probabilities.shape[1] == 2 else 0
    areas: list[float] = []
    for number in range(first, probabilities.shape[1]):
        positive = truth == number
        count = int(positive.sum())
        if 0 < count < len(truth):
            scores = probabilities[:, number]
            ordered = np.sort(scores)
            own = scores[positive]
            below, up_to = np.searchsorted(ordered, own), np.searchsorted(ordered, own, side="right")
            ranks = ((below + up_to + 1) / 2).sum()
            areas.append(float((ranks - count * (count + 1) / 2) / (count * (len(truth) - count))))
    return float(np.mean(areas)) if areas else 0.5


OF_PREDICTIONS: dict[str, Metric] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "f1_macro": f1_macro,
}
OF_PROBABILITIES: dict[str, Metric] = {"auroc": auroc}
