"""Corrections for many contrasts."""

import math

import numpy as np
import pytest

from seqlab.report.comparing import Compared
from seqlab.report.deciding import corrected, decide
from seqlab.report.evidence import Contrast, Rules
from seqlab.stats import Mean

P = [0.01, 0.04, 0.03, 0.005]


def test_holm_on_a_published_example():
    """Wikipedia's example of Holm's method: 0.01, 0.04, 0.03, 0.005."""
    assert corrected(P, None) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_those_that_were_picked_are_corrected_for_all():
    """As if the others were all larger: never less than Holm over all of them would give."""
    found = corrected(P, 10)
    assert found == pytest.approx([0.09, 0.28, 0.24, 0.05])
    rng = np.random.default_rng(0)
    for _ in range(50):
        every = rng.random(10) ** 3
        whole = corrected(list(every), None)
        best = np.argsort(every)[rng.permutation(10)[:4]]
        part = corrected(list(every[best]), 10)
        assert all(part[n] >= whole[place] - 1e-12 for n, place in enumerate(best))


def test_a_contrast_without_p_counts_as_one():
    assert corrected([0.02, math.nan], None)[0] == pytest.approx(0.04)
    assert math.isnan(corrected([0.02, math.nan], None)[1])
    assert corrected([], None) == []


def test_a_difference_without_an_interval_stays_open():
    unknown = Mean(value=0.1, se=math.nan, df=math.nan)
    compared = Compared(mean=unknown, components=None, a=np.ones(3), b=np.zeros(3))
    contrast = Contrast(name="a layer", arm="a", than="b", primary=True)
    assert decide([compared], [contrast], Rules(metric="accuracy"))[0].word == "open"
