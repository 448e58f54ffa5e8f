"""Scaling, against numpy by hand."""

import json

import numpy as np
import pytest

from seqlab.data.preparation import Preparation
from seqlab.errors import UserError


def example(seed=0):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(t, 3)) * [1, 100, 1e-4] + [0, 1e4, 5]).astype(np.float32) for t in (1, 4, 30)]


def test_standard_scaling_counts_every_step_once():
    values = example()
    steps = np.concatenate(values).astype(np.float64)
    fitted = Preparation.fit(values, ["a", "b", "c"], "standard")
    np.testing.assert_allclose(fitted.center, steps.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(fitted.scale, steps.std(axis=0), rtol=1e-9)
    prepared = np.concatenate(fitted.apply(values))
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(prepared, (steps - steps.mean(axis=0)) / steps.std(axis=0), atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e30, 1e-30, 16777217.0])
def test_constant_feature_becomes_zero_and_others_stay_finite(value):
    values = [np.full((7, 1), value, dtype=np.float32), np.full((3, 1), value, dtype=np.float32)]
    fitted = Preparation.fit(values, ["a"], "standard")
    assert fitted.scale == [1.0]
    np.testing.assert_allclose(np.concatenate(fitted.apply(values)), 0, atol=1e-6 * abs(value))


def test_no_scaling_changes_nothing():
    values = example()
    for before, after in zip(
        values, Preparation.fit(values, ["a", "b", "c"], "none").apply(values), strict=True
    ):
        np.testing.assert_array_equal(before, after)


def test_survives_json():
    fitted = Preparation.fit(example(), ["a", "b", "c"], "standard")
    again = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted


def test_other_features_are_refused_by_name():
    fitted = Preparation.fit(example(), ["a", "b", "c"], "standard")
    with pytest.raises(UserError, match=r"sequence 1 .*\[2, 2\]\nexpected: \[T, 3\], features a, b, c"):
        fitted.apply([np.ones((2, 3)), np.ones((2, 2))])


def test_what_does_not_fit_float32_is_refused():
    fitted = Preparation(features=["a"], center=[0.0], scale=[1e-20])
    with pytest.raises(UserError, match="sequence 0"):
        fitted.apply([np.full((1, 1), 1e30, dtype=np.float32)])
