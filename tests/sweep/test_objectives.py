"""Which way is better, and which metrics there are."""

import math

import pytest

from seqlab.config.sweep import ObjectiveConfig
from seqlab.errors import ConfigError
from seqlab.sweep import objectives
from seqlab.sweep.objectives import check_objectives, maximize, value_in_words


@pytest.mark.parametrize(
    ("metric", "up"),
    [
        ("validation.accuracy", True),
        ("validation.balanced_accuracy", True),
        ("validation.f1_macro", True),
        ("validation.auroc", True),
        ("validation.loss", False),
        ("validation.ece", False),
        ("cost.parameters", False),
        ("cost.flops", False),
        ("cost.latency_ms", False),
    ],
)
def test_the_metric_says_which_way_is_better_unless_told(metric: str, up: bool):
    assert maximize(ObjectiveConfig(metric=metric)) is up
    assert maximize(ObjectiveConfig(metric=metric, direction="minimize")) is False
    assert maximize(ObjectiveConfig(metric=metric, direction="maximize")) is True


def test_every_known_metric_passes_and_a_diverged_trial_is_worse_than_any_value():
    known = [ObjectiveConfig(metric=metric) for metric in objectives.KNOWN]
    check_objectives(known)
    for objective, direction in zip(known, objectives.directions(known), strict=True):
        worst = objectives.worst(objective)
        assert math.isinf(worst)
        assert (worst < 0) is (direction == "maximize")


@pytest.mark.parametrize(
    ("metric", "meant"),
    [
        ("validation.acuracy", "validation.accuracy"),
        ("accuracy", "validation.accuracy"),
        ("cost.params", "cost.parameters"),
        ("latency_ms", "cost.latency_ms"),
        ("test.loss", "validation.loss"),  # no trial reads test data
        ("train.ece", "validation.ece"),
    ],
)
def test_a_metric_that_there_is_not_is_refused_with_the_nearest(metric: str, meant: str):
    with pytest.raises(ConfigError) as caught:
        check_objectives([ObjectiveConfig(metric="cost.flops"), ObjectiveConfig(metric=metric)])
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"objective.1.metric: '{metric}'")
    assert lines[2] == f"did you mean: {meant}"


def test_a_metric_named_twice_is_refused():
    with pytest.raises(ConfigError, match="every metric once"):
        check_objectives([ObjectiveConfig(), ObjectiveConfig(direction="minimize")])


def test_scores_and_costs_are_told_apart():
    mixed = [ObjectiveConfig(metric=m) for m in ("cost.flops", "validation.auroc", "cost.latency_ms")]
    assert objectives.validation_metrics(mixed) == ["auroc"]
    assert objectives.costs(mixed) == ["flops", "latency_ms"]


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        ("validation.accuracy", 0.94444, "0.944"),
        ("validation.accuracy", 0.0, "0.000"),
        ("validation.accuracy", None, "-"),
        ("validation.loss", 0.000123, "1.23e-04"),
        ("validation.loss", 1234567.0, "1.23e+06"),
        ("cost.parameters", 1234567.0, "1,234,567"),
        ("cost.latency_ms", 0.5, "0.500"),
    ],
)
def test_values_in_words(metric: str, value: float | None, words: str):
    assert value_in_words(metric, value) == words
