"""Scaling, against numpy by hand."""

import json

import numpy as np
import pytest

from seqlab.config.data import MemoryConfig
from seqlab.data.preparation import Preparation
from seqlab.errors import UserError
from seqlab.sequences import Sequences


def sequences_of(arrays):
    names = [chr(ord("a") + k) for k in range(arrays[0].shape[1])]
    return Sequences(
        values=arrays, labels=None, ids=[str(i) for i in range(len(arrays))], feature_names=names
    )


def example(seed=0):
    rng = np.random.default_rng(seed)
    return sequences_of(
        [(rng.normal(size=(t, 3)) * [1, 100, 1e-4] + [0, 1e4, 5]).astype(np.float32) for t in (1, 4, 30)]
    )


def fitted_to(raw, scaling="standard", items=None):
    items = np.arange(len(raw)) if items is None else np.array(items)
    return Preparation.fit(raw, items, MemoryConfig(scaling=scaling))


def prepared_by(fitted, raw):
    return fitted.apply(raw).values.flat


def test_standard_scaling_counts_every_step_once():
    raw = example()
    steps = np.concatenate(raw.values).astype(np.float64)
    fitted = fitted_to(raw)
    np.testing.assert_allclose(fitted.center, steps.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(fitted.scale, steps.std(axis=0), rtol=1e-9)
    prepared = prepared_by(fitted, raw)
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(prepared, (steps - steps.mean(axis=0)) / steps.std(axis=0), atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e30, 1e-30, 16777217.0])
def test_constant_feature_becomes_zero_and_others_stay_finite(value):
    raw = sequences_of([np.full((7, 1), value, dtype=np.float32), np.full((3, 1), value, dtype=np.float32)])
    fitted = fitted_to(raw)
    assert fitted.scale == [1.0]
    np.testing.assert_allclose(prepared_by(fitted, raw), 0, atol=1e-6 * abs(value))


def test_no_scaling_changes_nothing():
    raw = example()
    np.testing.assert_array_equal(prepared_by(fitted_to(raw, "none"), raw), raw.ragged.flat)


def test_only_the_items_named_are_looked_at():
    raw = example()
    assert fitted_to(raw, items=[0, 2]) == fitted_to(sequences_of([raw.values[0], raw.values[2]]))


def test_survives_json():
    fitted = fitted_to(example())
    again = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted


def test_other_features_are_refused_by_name():
    fitted = fitted_to(example())
    with pytest.raises(UserError, match=r"\['T', 2\]\nexpected: \[T, 3\], features a, b, c"):
        fitted.apply(sequences_of([np.ones((2, 2), dtype=np.float32)]))


def test_what_does_not_fit_float32_is_refused():
    fitted = Preparation(features=["a"], center=[0.0], scale=[1e-20])
    fine = np.zeros((3, 1), dtype=np.float32)
    with pytest.raises(UserError, match="sequence 1 "):
        fitted.apply(sequences_of([fine, np.full((1, 1), 1e30, dtype=np.float32), fine]))
