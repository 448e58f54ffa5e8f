"""Metrics that are no mean over items: accuracy both ways, known variances, groups, floors, edges."""

import math

import numpy as np
import pytest
from sklearn.metrics import f1_score

from seqlab.stats import crossed, crossed_metric


def accuracy(truth, predicted):
    return float((truth == predicted).mean())


def f1(truth, predicted):
    return float(f1_score(truth, predicted, average="macro", zero_division=0))


def answers(seed, R=6, N=200, right=0.8, classes=3, groups=None):
    """Truth and predictions of two arms, with luck of items, seeds and both."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, N)
    hard = rng.normal(size=N if groups is None else groups.max() + 1)
    hard = hard if groups is None else hard[groups]

    def arm():
        of_arm = rng.normal(size=N) * 0.5
        z = hard + of_arm + 0.1 * rng.normal(size=(R, 1)) + rng.normal(size=(R, N)) + 2 * (right - 0.5) * 1.5
        return np.where(z > 0, truth, (truth + 1 + rng.integers(0, classes - 1, (R, N))) % classes)

    return truth, arm(), arm()


@pytest.mark.parametrize("one_arm", [False, True])
def test_of_accuracy_it_says_what_crossed_says(one_arm):
    truth, a, b = answers(0)
    right = (a == truth).astype(float) if one_arm else (a == truth) * 1.0 - (b == truth)
    expected, components = crossed(right)
    found, ours = crossed_metric(accuracy, truth, a, None if one_arm else b, resamples=2000)
    assert found.value == pytest.approx(expected.value)
    assert found.se == pytest.approx(expected.se, rel=0.1)
    assert ours.replicates == components.replicates and ours.items == components.items
    assert ours.interaction == pytest.approx(components.interaction, rel=0.1)


def test_of_groups_too():
    groups = np.repeat(np.arange(20), 10)
    truth, a, b = answers(1, groups=groups)
    expected, components = crossed((a == truth) * 1.0 - (b == truth), groups)
    found, ours = crossed_metric(accuracy, truth, a, b, groups=groups, resamples=2000)
    assert found.se == pytest.approx(expected.se, rel=0.1)
    assert ours.items == components.items == 20


def test_the_value_is_that_of_all_items():
    truth, a, b = answers(2)
    found, _ = crossed_metric(f1, truth, a, b, resamples=20)
    assert found.value == pytest.approx(
        np.mean([f1(truth, x) - f1(truth, y) for x, y in zip(a, b, strict=True)])
    )


def test_the_standard_error_is_the_spread_over_new_items_and_seeds():
    """Of macro F1 of one arm, over 300 fresh draws of both."""
    values, errors = [], []
    for seed in range(300):
        truth, a, _ = answers(seed, R=4, N=120)
        values.append(np.mean([f1_fast(truth, x) for x in a]))
        if seed < 40:
            errors.append(crossed_metric(f1_fast, truth, a, None, resamples=100)[0].se)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(values), rel=0.2)


def f1_fast(truth, predicted):
    both = np.bincount(truth * 3 + predicted, minlength=9).reshape(3, 3)
    return float((2 * np.diag(both) / (both.sum(0) + both.sum(1))).mean())


def test_the_same_seed_gives_the_same_numbers():
    truth, a, b = answers(3)
    assert crossed_metric(accuracy, truth, a, b, resamples=50) == crossed_metric(
        accuracy, truth, a, b, resamples=50
    )
    other = crossed_metric(accuracy, truth, a, b, resamples=50, seed=1)
    assert other[0].se != crossed_metric(accuracy, truth, a, b, resamples=50)[0].se


def test_arms_that_always_agree_are_not_proven_alike():
    truth, a, _ = answers(4)
    mean, _ = crossed_metric(accuracy, truth, a, a, resamples=50)
    assert mean.se == pytest.approx(1 / 200)
    macro, _ = crossed_metric(f1, truth, a, a, resamples=20)
    assert macro.se == pytest.approx(1 / 200, rel=0.5)
    perfect = np.repeat(truth[None], 6, axis=0)
    assert crossed_metric(accuracy, truth, perfect, None, resamples=50)[0].se == pytest.approx(2 / 200)


def test_probabilities_and_values_are_metrics_too():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=100)
    a = truth + rng.normal(size=(40, 100))

    def error(t, p):
        return float(np.sqrt(((t - p) ** 2).mean()))

    mean, components = crossed_metric(error, truth, a, None, resamples=300)
    assert mean.value == pytest.approx(1, abs=0.05)
    assert mean.se == pytest.approx(1 / math.sqrt(2 * 4000), rel=0.4)
    stacked = np.stack([a, a], axis=-1)
    same, _ = crossed_metric(lambda t, p: error(t, p[:, 0]), truth, stacked, None, resamples=300)
    assert same.se == pytest.approx(mean.se)
    assert components.item >= 0


def test_resamples_without_a_value_are_left_out():
    truth = np.array([0] * 38 + [1] * 2)
    a = np.random.default_rng(0).integers(0, 2, size=(4, 40))

    def recall_of_one(t, p):
        return float((p[t == 1] == 1).mean()) if (t == 1).any() else math.nan

    mean, _ = crossed_metric(recall_of_one, truth, a, None, resamples=200)
    assert mean.se > 0
    never, components = crossed_metric(lambda t, p: math.nan, truth, a, None, resamples=20)
    assert math.isnan(never.value) and math.isnan(never.se) and math.isnan(components.item)


def test_one_replicate_one_item_or_one_group_has_no_interval():
    truth, a, b = answers(5)
    one, components = crossed_metric(accuracy, truth, a[:1], b[:1], resamples=100)
    assert math.isnan(one.se) and components.item > 0 and math.isnan(components.replicate)
    assert math.isnan(crossed_metric(accuracy, truth[:1], a[:, :1], b[:, :1])[0].se)
    assert math.isnan(crossed_metric(accuracy, truth, a, b, groups=np.zeros(200))[0].se)


def test_refuses_predictions_that_do_not_fit():
    truth, a, b = answers(6)
    with pytest.raises(ValueError, match=r"predicted: shape \(6, 199\); allowed: \(replicates, 200, ...\)"):
        crossed_metric(accuracy, truth, a, b[:, :-1])
    with pytest.raises(ValueError, match="predicted"):
        crossed_metric(accuracy, truth, a, b[:3])
    with pytest.raises(ValueError, match="groups"):
        crossed_metric(accuracy, truth, a, b, groups=[1, 2])
