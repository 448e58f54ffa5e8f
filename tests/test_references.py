"""References see what they should see, know no chance, and stumble over nothing."""

import sys

import numpy as np
import pytest

from seqlab import references
from seqlab.references import (
    MAJORITY,
    MINIROCKET,
    PERCEPTRON,
    SUPPORT_VECTORS,
    fit_references,
    prepare_minirocket,
)

NAMES = [MAJORITY, PERCEPTRON, SUPPORT_VECTORS, MINIROCKET]


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    prepare_minirocket(several_features=True)
    prepare_minirocket(several_features=False)


def rng():
    return np.random.default_rng(3)


def by_name(results):
    assert [result.name for result in results] == NAMES
    return {result.name: result for result in results}


def accuracy(result, labels) -> float:
    return float((result.predicted == labels).mean())


def levels(count: int, features: int = 2, short: int = 10, long: int = 30):
    """Noise around a level: the order of steps says nothing."""
    draw = np.random.default_rng(count)
    labels = draw.integers(3, size=count)
    arrays = [
        (k + 0.3 * draw.normal(size=(draw.integers(short, long + 1), features))).astype(np.float32)
        for k in labels
    ]
    return arrays, labels


def orders(count: int):
    """A bump up and a bump down, in one order or the other, at any place: nothing but order tells the classes."""
    draw = np.random.default_rng(count + 1)
    labels = draw.integers(2, size=count)
    arrays = []
    for label in labels:
        series = 0.1 * draw.normal(size=60)
        place = draw.integers(5, 40)
        sign = 1 if label else -1
        series[place : place + 4] += sign
        series[place + 8 : place + 12] -= sign
        arrays.append(series[:, None].astype(np.float32))
    return arrays, labels


def test_all_see_what_is_not_in_the_order():
    train, labels = levels(90)
    test, truth = levels(80)
    found = by_name(fit_references(train, labels, test, 3, seed=0))
    for name in (PERCEPTRON, SUPPORT_VECTORS, MINIROCKET):
        assert accuracy(found[name], truth) > 0.95, name
        assert found[name].predicted.dtype == np.int64 and found[name].predicted.shape == (80,)
        assert found[name].seconds > 0
    assert set(found[MAJORITY].predicted.tolist()) == {int(np.bincount(labels).argmax())}
    lengths = sorted(len(array) for array in train)
    median = int(np.median(lengths))
    assert found[MINIROCKET].note == f"every series resampled to {median} steps"
    assert "3-fold" in found[PERCEPTRON].note and "3-fold" in found[SUPPORT_VECTORS].note


def test_only_minirocket_sees_order():
    (train, labels), (test, truth) = orders(100), orders(200)
    found = by_name(fit_references(train, labels, test, 2, seed=0))
    assert accuracy(found[MINIROCKET], truth) > 0.95
    assert accuracy(found[PERCEPTRON], truth) < 0.65
    assert accuracy(found[SUPPORT_VECTORS], truth) < 0.65
    assert found[MINIROCKET].note == ""


def test_shuffled_in_time_the_order_free_ones_predict_the_same():
    (train, labels), (test, _) = levels(40, short=12, long=12), levels(41, short=12, long=12)
    shuffle = rng().permutation(12)
    plain = fit_references(train, labels, test, 3, seed=0, minirocket=False)
    mixed = fit_references(
        [array[shuffle] for array in train],
        labels,
        [array[shuffle] for array in test],
        3,
        seed=0,
        minirocket=False,
    )
    assert [result.name for result in plain] == NAMES[:3]
    for a, b in zip(plain, mixed, strict=True):
        assert np.array_equal(a.predicted, b.predicted)


def test_minirocket_is_aeons_classifier():
    from aeon.classification.convolution_based import MiniRocketClassifier

    (train, labels), (test, _) = orders(60), orders(61)
    ours = by_name(fit_references(train, labels, test, 2, seed=4))[MINIROCKET]
    theirs = MiniRocketClassifier(random_state=4)
    theirs.fit(np.stack(train).transpose(0, 2, 1), labels)
    agree = (theirs.predict(np.stack(test).transpose(0, 2, 1)) == ours.predicted).mean()
    assert agree > 0.98, "the same features and the same regression, up to rounding"


def test_equal_arguments_give_equal_predictions_and_disturb_nobody():
    (train, labels), (test, _) = levels(40), levels(41)
    np.random.seed(1)
    expected = np.random.random()
    np.random.seed(1)
    first = fit_references(train, labels, test, 3, seed=7)
    assert np.random.random() == expected, "NumPy's global generator is as it was"
    second = fit_references(train, labels, test, 3, seed=7)
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.predicted, b.predicted) and a.note == b.note


def test_test_blocks_do_not_change_predictions(monkeypatch: pytest.MonkeyPatch):
    (train, labels), (test, _) = levels(30), levels(31)
    whole = by_name(fit_references(train, labels, test, 3, seed=0))[MINIROCKET]
    monkeypatch.setattr(references, "_AT_ONCE", 7 * 4 * 9996)
    assert np.array_equal(
        whole.predicted, by_name(fit_references(train, labels, test, 3, seed=0))[MINIROCKET].predicted
    )


def test_large_training_parts_are_thinned_and_that_is_said(monkeypatch: pytest.MonkeyPatch):
    (train, labels), (test, truth) = levels(90), levels(91)
    monkeypatch.setattr(references, "_MOST_FOR_SUPPORT_VECTORS", 30)
    monkeypatch.setattr(references, "_MOST_FOR_MINIROCKET", 30)
    found = by_name(fit_references(train, labels, test, 3, seed=0))
    for name in (SUPPORT_VECTORS, MINIROCKET):
        assert "fitted to " in found[name].note and "of 90 sequences" in found[name].note
        assert accuracy(found[name], truth) > 0.9


@pytest.mark.parametrize("lengths", [(1, 1), (1, 8), (2, 40)])
@pytest.mark.parametrize("features", [1, 3])
def test_short_series_are_no_obstacle(lengths: tuple[int, int], features: int):
    train, labels = levels(30, features, *lengths)
    test, truth = levels(31, features, *lengths)
    found = by_name(fit_references(train, labels, test, 3, seed=0))
    assert accuracy(found[SUPPORT_VECTORS], truth) > 0.8
    if lengths[1] < 9:
        assert found[MINIROCKET].note == "every series resampled to 9 steps"


def test_constant_features_are_no_obstacle():
    train, labels = levels(30, short=20, long=20)
    test, truth = levels(31, short=20, long=20)
    wider = [
        [np.hstack([array, np.full((20, 1), 5, np.float32)]) for array in part] for part in (train, test)
    ]
    found = by_name(fit_references(wider[0], labels, wider[1], 3, seed=0))
    assert all(accuracy(found[name], truth) > 0.9 for name in NAMES[1:])
    nothing = [np.ones((20, 2), dtype=np.float32)] * 30
    for result in fit_references(nothing, labels, nothing, 3, seed=0):
        assert len(set(result.predicted.tolist())) == 1


def test_few_classes_and_few_sequences_are_no_obstacle():
    train, labels = levels(20)
    test, _ = levels(5)
    for result in fit_references(train, np.full(20, 2), test, 3, seed=0):
        assert result.predicted.tolist() == [2] * 5
    rare = np.where(np.arange(20) == 3, 2, labels % 2)  # one sequence of the third class
    found = by_name(fit_references(train, rare, test, 4, seed=0))
    assert "not chosen" in found[PERCEPTRON].note
    assert all(result.predicted.max() <= 2 for result in found.values())
    for result in fit_references(train[:2], np.array([0, 1]), test, 2, seed=0):
        assert result.predicted.shape == (5,)
    for result in fit_references(train, labels, [], 3, seed=0):
        assert result.predicted.shape == (0,)


def test_importing_references_is_light():
    import subprocess

    code = "import sys, seqlab.references; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & {"torch", "sklearn", "aeon", "numba"}


def test_resampling_is_numpys_interpolation():
    series = rng().normal(size=(13, 2)).astype(np.float32)
    (found,) = references._resampled([series], 29)
    places = np.linspace(0, 12, 29)
    expected = np.stack([np.interp(places, np.arange(13), series[:, k]) for k in range(2)], axis=1)
    assert np.allclose(found, expected, atol=1e-6)
    assert references._resampled([series], 13)[0] is series
