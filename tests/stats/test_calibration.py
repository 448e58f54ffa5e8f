"""Right and wrong answers of two arms by the model of benchmarks/calibration.py: what it is made of, and what holds."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy

from seqlab.stats import Components, crossed

PLACE = Path(__file__).parents[2] / "benchmarks" / "calibration.py"


@pytest.fixture(scope="module")
def calibration():
    spec = importlib.util.spec_from_file_location("calibration", PLACE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["calibration"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["calibration"]


def right_of(model, rng, R, N):
    a, b = model.answers(rng, R, N)
    return (a > -model.threshold).astype(float), (b > -model.threshold).astype(float)


@pytest.mark.parametrize("heavy", [False, True])
def test_the_model_has_the_components_it_was_made_of(calibration, heavy):
    components = Components(replicate=0.0004, item=0.04, interaction=0.1, replicates=5, items=100)
    model = calibration.Model.of(components, 0.8, heavy=heavy)
    rng = np.random.default_rng(0)
    found, accuracies = [], []
    for _ in range(150):
        a, b = right_of(model, rng, 10, 1000)
        of_draw = crossed(a - b)[1]
        found.append((of_draw.replicate, of_draw.item, of_draw.interaction))
        accuracies.append(a.mean())
    errors = np.std(found, axis=0) / np.sqrt(150)
    expected = np.array([0.0004, 0.04, 0.1])
    assert np.all(np.abs(np.mean(found, axis=0) - expected) < 4 * errors + 0.03 * expected)
    truth = model.accuracy(model.threshold)
    assert np.mean(accuracies) == pytest.approx(truth, abs=4 * np.std(accuracies) / np.sqrt(150))
    assert truth == pytest.approx(0.8, abs=1e-3)


def test_variances_that_no_answers_can_have_are_refused(calibration):
    too_much = Components(replicate=0.0001, item=0.5, interaction=0.1, replicates=5, items=100)
    with pytest.raises(ValueError, match="item: too large"):
        calibration.Model.of(too_much, 0.9)


@pytest.mark.parametrize("items", [50, 370])
def test_intervals_hold_and_false_differences_are_rare(calibration, items):
    runs = 500
    components = Components(replicate=0.0002, item=0.04, interaction=0.1, replicates=5, items=100)
    found = calibration.simulate(components, accuracy=0.8, replicates=(5, 10), items=items, runs=runs, seed=1)
    low = scipy.binom(runs, 0.93).ppf(0.001) / runs
    for outcome in found.values():
        assert low <= outcome.covered <= 0.99
    for R in (5, 10):
        assert found[R, 0.0].different <= scipy.binom(runs, 0.06).ppf(0.999) / runs
        assert found[R, 0.0].different == pytest.approx(1 - found[R, 0.0].covered)
        assert found[R, 0.02].wrong <= 0.03
    assert found[10, 0.0].seeds_alone > 2 * found[10, 0.0].different
