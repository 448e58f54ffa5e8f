"""Scores against scikit-learn, down to the smallest and oddest parts."""

import math
import warnings

import numpy as np
import pytest
import torch
from sklearn import metrics

from seqlab.results import METRICS
from seqlab.tasks.scores import classification_scores, confusion, most_confused


def draw(n: int, classes: int, seed: int, present=None):
    rng = np.random.default_rng(seed)
    targets = rng.choice(present if present is not None else classes, size=n)
    logits = rng.normal(size=(n, classes)) * 2
    logits[np.arange(n), targets] += 1.5
    return torch.tensor(logits, dtype=torch.float32), torch.tensor(targets)


def oracle(logits, targets) -> dict[str, float | None]:
    classes = logits.shape[1]
    p = torch.softmax(logits.double(), dim=1).numpy()
    y, predicted = targets.numpy(), logits.argmax(1).numpy()
    one_vs_rest = [1] if classes == 2 else range(classes)
    areas = [metrics.roc_auc_score(y == c, p[:, c]) for c in one_vs_rest if 0 < (y == c).sum() < len(y)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        balanced = metrics.balanced_accuracy_score(y, predicted)
    confidence, right = p.max(1), p.argmax(1) == y
    bins = np.clip(np.ceil(confidence * 15).astype(int) - 1, 0, 14)
    gaps = [
        abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in set(bins)
    ]
    return {
        "loss": metrics.log_loss(y, p, labels=list(range(classes))),
        "accuracy": metrics.accuracy_score(y, predicted),
        "balanced_accuracy": balanced,
        "f1_macro": metrics.f1_score(y, predicted, average="macro", zero_division=0),
        "auroc": float(np.mean(areas)) if areas else None,
        "ece": sum(gaps),
    }


@pytest.mark.parametrize(
    ("n", "classes", "present"),
    [
        (200, 9, None),
        (200, 2, None),
        (50, 9, [0, 3, 8]),  # classes that never occur
        (30, 5, [2]),  # one class only
        (30, 2, [0]),
        (30, 2, [1]),
        (1, 4, None),
        (2, 2, None),
        (3, 40, None),
        (500, 3, None),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_against_scikit_learn(n, classes, present, seed):
    logits, targets = draw(n, classes, seed, present)
    scores = classification_scores(logits, targets)
    assert list(scores) == list(METRICS)
    for name, expected in oracle(logits, targets).items():
        assert scores[name] == (None if expected is None else pytest.approx(expected, abs=2e-6)), name


def test_tied_and_saturated_logits():
    logits = torch.zeros(10, 3)
    logits[:5, 0] = 1000.0
    targets = torch.tensor([0] * 5 + [1] * 5)
    expected = oracle(logits, targets)
    scores = classification_scores(logits, targets)
    for name in ("accuracy", "balanced_accuracy", "f1_macro", "auroc"):
        assert scores[name] == pytest.approx(expected[name])
    assert classification_scores(logits, 2 - targets)["loss"] == pytest.approx(1000 / 2 + math.log(3) / 2)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_where_a_probability_is_no_number_nothing_is_defined(bad):
    logits, targets = draw(10, 3, 0)
    logits[4, 1] = bad
    assert classification_scores(logits, targets) == dict.fromkeys(METRICS)


def test_an_excluded_class_makes_an_infinite_loss_undefined():
    logits, targets = draw(10, 3, 0)
    logits[4, targets[4]] = -math.inf
    scores = classification_scores(logits, targets)
    assert scores["loss"] is None
    assert scores["accuracy"] is not None


def test_no_sequences_and_a_single_class():
    assert classification_scores(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)) == dict.fromkeys(
        METRICS
    )
    scores = classification_scores(torch.randn(4, 1), torch.zeros(4, dtype=torch.int64))
    assert scores == {
        "loss": 0,
        "accuracy": 1,
        "balanced_accuracy": 1,
        "f1_macro": 1,
        "auroc": None,
        "ece": 0,
    }


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_precision(dtype):
    logits, targets = draw(100, 4, 1)
    scores = classification_scores(logits.to(dtype).requires_grad_(), targets)
    assert all(isinstance(value, float) for value in scores.values())


def test_confusion_counts_and_its_commonest_pairs():
    logits, targets = draw(300, 5, 2)
    matrix = confusion(logits, targets)
    assert matrix.dtype == torch.int64
    assert (matrix.numpy() == metrics.confusion_matrix(targets, logits.argmax(1), labels=range(5))).all()
    names = ["a", "b", "c", "d", "e"]
    pairs = most_confused(matrix, names, 4)
    counts = [count for *_, count in pairs]
    assert counts == sorted(counts, reverse=True)
    off_diagonal = matrix.clone().fill_diagonal_(0)
    assert counts == off_diagonal.flatten().sort(descending=True).values[:4].tolist()
    for true, predicted, count in pairs:
        assert matrix[names.index(true), names.index(predicted)] == count


def test_what_never_happened_is_no_confusion():
    matrix = torch.tensor([[3, 0], [2, 4]])
    assert most_confused(matrix, ["x", "y"], 5) == [("y", "x", 2)]
    assert most_confused(torch.eye(2, dtype=torch.int64), ["x", "y"], 5) == []
