"""Right and wrong answers of two arms by the model of benchmarks/calibration.py: what it is made of, and what holds."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy

from seqlab.report.evidence import Arm, Evidence, Items, Results, Rules
from seqlab.report.judging import judge
from seqlab.stats import Components, crossed

PLACE = Path(__file__).parents[2] / "benchmarks"


def loaded(name):
    spec = importlib.util.spec_from_file_location(name, PLACE / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def calibration():
    yield loaded("calibration")
    del sys.modules["calibration"]


@pytest.fixture(scope="module")
def rough(calibration):
    yield loaded("calibration_rough")
    del sys.modules["calibration_rough"]


def most(share, runs):
    """So often at most, but for once in a thousand."""
    return scipy.binom(runs, share).ppf(0.999) / runs


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
        assert found[R, 0.02].worse <= 0.03
    assert found[10, 0.0].seeds_alone > 2 * found[10, 0.0].different


def test_the_benchmark_judges_as_the_report_does(calibration):
    """Word, interval and p of `judge`, the whole way from predictions to the verdict."""
    rng = np.random.default_rng(0)
    for apart in (0.0, 0.02, 0.1):
        right = {"a": rng.random((6, 300)) < 0.8 + apart, "b": rng.random((6, 300)) < 0.8}
        right["b"][:, :250] = right["a"][:, :250]
        compared, decisions = calibration.judged(right["a"], right["b"])
        truth = np.zeros(300, dtype=np.int64)
        items = Items(
            ids=[str(n) for n in range(300)],
            truth=truth,
            classes=["x", "y"],
            predicted={name: 1 - told.astype(np.int64) for name, told in right.items()},
        )
        scores = {name: told.mean(axis=1) for name, told in right.items()}
        results = Results(dataset="", pairs=list("123456"), scores=scores, items=items)
        for margin, decision in zip(calibration.MARGINS, decisions, strict=True):
            evidence = Evidence(
                title="",
                question="",
                arms=[Arm(name="a"), Arm(name="b")],
                results=[results],
                contrasts=[calibration.CONTRAST],
                rules=Rules(metric="accuracy", margin=margin),
            )
            (verdict,) = judge(evidence).primary
            assert (verdict.word, verdict.p) == (decision.word, decision.p)
            assert (verdict.difference.low, verdict.difference.high) == compared.mean.interval()
            assert (verdict.word == "same") == (calibration.least_margin(compared.mean) < margin)


@pytest.mark.parametrize("equal", [True, False])
def test_speakers_who_are_hard_to_hear_do_not_make_arms_differ(rough, equal):
    runs = 300
    rng = np.random.default_rng(2)
    assert 1 - rough.speakers(rng, 5, 10, equal, (1.2, 1.2), runs) <= most(0.05, runs)
    assert 1 - rough.speakers(rng, 5, 20, equal, (1.3, 1.0), runs) <= most(0.07, runs)


def test_looking_again_by_the_rule_keeps_its_promise_with_items_too(calibration, rough):
    runs = 300
    model = calibration.Model.of(calibration.of_difference(1.0, 0.02, 0.03), 0.95)
    found = rough.looked(np.random.default_rng(3), model, 0.95, 1000, 0.0, runs)
    assert found["different"] <= most(0.05, runs)
    assert found["different, 5 % each"] > found["different"]
    at_margin = rough.looked(np.random.default_rng(4), model, 0.95, 1000, calibration.MARGINS[0], runs)
    assert at_margin["same in 1"] <= most(0.05, runs)


@pytest.mark.parametrize("spreads", [(1.0, 1.0), (1.0, 4.0), (4.0, 1.0)])
def test_runs_without_pairs_may_be_of_unequal_number_and_spread(rough, spreads):
    assert rough.without_pairs(np.random.default_rng(5), (4, 10), spreads, 1000) <= most(0.06, 1000)
