"""Numbers in words: as many digits as are known, and none that hides on which side of a border it lies."""

import math

import numpy as np
import pytest

from seqlab.report.units import Unit, is_share, named_lower, named_share

POINTS = Unit(words="accuracy", points=True)
OWN = Unit(words="rmse", points=False)


@pytest.mark.parametrize(
    ("unit", "value", "half", "words"),
    [
        (POINTS, 0.021, 0.015, "2.1 points of accuracy"),
        (POINTS, 0.01, 0.015, "1.0 point of accuracy"),
        (POINTS, 0.02134, 0.0003, "2.13 points of accuracy"),
        (POINTS, -0.0001, 0.02, "-0.01 points of accuracy"),  # -0.0 would say that it is nothing
        (POINTS, 0.0, 0.02, "0.0 points of accuracy"),
        (OWN, 0.03147, 0.004, "0.0315 in rmse"),
        (OWN, 12.3456, 4.0, "12.3 in rmse"),
        (OWN, 1234.5, 400.0, "1234 in rmse"),
    ],
)
def test_amounts(unit: Unit, value: float, half: float, words: str):
    assert unit.amount(value, unit.decimals([value], half)) == words


def test_an_end_that_is_beyond_the_margin_looks_so():
    digits = POINTS.decimals([0.0, 0.0102], 0.02, (0.0, 0.01))
    assert POINTS.number(0.0102, digits) == "1.02"
    assert (
        POINTS.margin(0.01) == "1 point" and POINTS.margin(0.005) == "0.5 points" and OWN.margin(0.5) == "0.5"
    )


def test_levels():
    assert POINTS.level(0.973) == "97.3 %"
    assert POINTS.level(math.nan) == "unknown"


@pytest.mark.parametrize(
    ("name", "share", "lower"),
    [
        ("accuracy", True, False),
        ("test/f1_macro", True, False),
        ("metrics.test.balanced_accuracy", True, False),
        ("error rate", True, True),
        ("rmse", False, True),
        ("val_loss", False, True),
        ("Time (s)", False, True),
        ("score", False, False),
        ("mcc", False, False),
        ("timeliness", False, False),
    ],
)
def test_names_of_metrics(name: str, share: bool, lower: bool):
    assert (named_share(name), named_lower(name)) == (share, lower)


def test_shares_lie_between_0_and_1():
    assert is_share("score", True, [np.array([0.2, math.nan, 1.0])])
    assert not is_share("loss", False, [np.array([0.2, 1.0])])
    assert is_share("error", False, [np.array([0.2, 1.0])])
    assert not is_share("accuracy", True, [np.array([0.2, 1.1])])
    assert not is_share("mcc", True, [np.array([-0.2, 0.4])])
    assert not is_share("accuracy", True, [np.array([math.nan])])
