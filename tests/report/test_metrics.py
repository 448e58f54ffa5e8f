"""Metrics against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from seqlab.report.metrics import accuracy, auroc, balanced_accuracy, f1_macro

RNG = np.random.default_rng(1)


@pytest.mark.parametrize("classes", [2, 5])
def test_predictions(classes: int):
    truth = RNG.integers(0, classes, 200)
    predicted = np.where(RNG.random(200) < 0.7, truth, RNG.integers(0, classes, 200))
    assert accuracy(truth, predicted) == (truth == predicted).mean()
    assert balanced_accuracy(truth, predicted) == pytest.approx(balanced_accuracy_score(truth, predicted))
    assert f1_macro(truth, predicted) == pytest.approx(f1_score(truth, predicted, average="macro"))


def test_a_class_that_nobody_has_or_predicts_does_not_count():
    truth, predicted = np.array([0, 0, 2, 2]), np.array([0, 0, 2, 0])
    assert f1_macro(truth, predicted) == pytest.approx((0.8 + 2 / 3) / 2)


@pytest.mark.parametrize("classes", [2, 4])
def test_area_under_the_curve_with_ties(classes: int):
    truth = RNG.integers(0, classes, 150)
    probabilities = RNG.dirichlet(np.ones(classes), 150).round(1) + 0.3 * np.eye(classes)[truth]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    if classes == 2:
        expected = roc_auc_score(truth, probabilities[:, 1])
    else:
        expected = roc_auc_score(truth, probabilities, multi_class="ovr")
    assert auroc(truth, probabilities) == pytest.approx(expected)


def test_what_diverged_is_wrong_everywhere():
    truth = np.array([0, 1, 1])
    gone = np.full(3, -1)
    assert accuracy(truth, gone) == balanced_accuracy(truth, gone) == f1_macro(truth, gone) == 0.0
    assert auroc(truth, np.full((3, 2), np.nan)) == 0.0
