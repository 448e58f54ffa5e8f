"""Scaling and missing values, against NumPy by hand, scikit-learn and pandas."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from seqlab.config.data import MemoryConfig
from seqlab.data import missing
from seqlab.data.preparation import Preparation
from seqlab.errors import UserError
from seqlab.sequences import Ragged, Sequences


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
    with pytest.raises(UserError, match=r"sequence 0 .*\[2, 2\]\nexpected: \[T, 3\], features a, b, c"):
        fitted.apply(sequences_of([np.ones((2, 2), dtype=np.float32)]))


def test_what_does_not_fit_float32_is_refused():
    fitted = Preparation(features=["a"], center=[0.0], scale=[1e-20])
    fine = np.zeros((3, 1), dtype=np.float32)
    with pytest.raises(UserError, match="sequence '1' "):
        fitted.apply(sequences_of([fine, np.full((1, 1), 1e30, dtype=np.float32), fine]))


def with_holes(seed=0, share=0.3):
    """Sequences of 1 to 12 steps with values missing at random, all of one feature of the first sequence too."""
    rng = np.random.default_rng(seed)
    arrays = [(rng.gamma(2, 3, size=(t, 3)) - 4).astype(np.float32) for t in (5, 1, 12, 7, 2, 9)]
    for array in arrays:
        array[rng.random(array.shape) < share] = np.nan
    arrays[0][:, 1] = np.nan
    arrays[2][3] = 1.5
    return sequences_of(arrays)


def fit(raw, items=None, **settings):
    items = np.arange(len(raw)) if items is None else np.array(items)
    return Preparation.fit(raw, items, MemoryConfig(**settings))


@pytest.mark.parametrize(
    ("scaling", "oracle"), [("standard", StandardScaler), ("minmax", MinMaxScaler), ("robust", RobustScaler)]
)
@pytest.mark.parametrize("raw", [example(), with_holes()], ids=["whole", "holes"])
def test_scaling_is_that_of_scikit_learn_fitted_to_the_training_items(scaling, oracle, raw):
    items = [1, 2]
    fitted = fit(raw, items, scaling=scaling, missing="mask")
    oracle = oracle().fit(np.concatenate([raw.values[i] for i in items]).astype(np.float64))
    expected = oracle.transform(raw.ragged.flat.astype(np.float64))
    there = ~np.isnan(expected)
    np.testing.assert_allclose(prepared_by(fitted, raw)[:, :3][there], expected[there], rtol=1e-4, atol=1e-5)


def test_per_sequence_scaling_is_that_of_every_sequence_by_itself():
    for raw in (example(), with_holes()):
        prepared = fit(raw, [0], scaling="per_sequence", missing="mask").apply(raw).values
        for before, after in zip(raw.values, prepared, strict=True):
            with warnings.catch_warnings(action="ignore"):
                mean, deviation = (
                    np.nanmean(before.astype(float), axis=0),
                    np.nanstd(before.astype(float), axis=0),
                )
            expected = (before - mean) / np.where(deviation > 0, deviation, 1)
            np.testing.assert_allclose(
                after[:, :3], np.where(np.isnan(expected), 0, expected), rtol=1e-3, atol=1e-4
            )


def test_forward_fill_is_that_of_pandas_with_the_training_mean_before():
    raw, items = with_holes(), [2, 3, 5]
    mean = np.nanmean(np.concatenate([raw.values[i] for i in items]), axis=0)
    prepared = fit(raw, items, scaling="none", missing="forward_fill").apply(raw).values
    for before, after in zip(raw.values, prepared, strict=True):
        expected = pd.DataFrame(before).ffill().fillna(pd.Series(mean))
        np.testing.assert_allclose(after, expected, rtol=1e-6)


def test_interpolation_is_linear_in_steps_as_in_pandas():
    raw, items = with_holes(), [2, 3, 5]
    mean = np.nanmean(np.concatenate([raw.values[i] for i in items]), axis=0)
    prepared = fit(raw, items, scaling="none", missing="interpolate").apply(raw).values
    for before, after in zip(raw.values, prepared, strict=True):
        expected = pd.DataFrame(before).interpolate(limit_direction="both").fillna(pd.Series(mean))
        np.testing.assert_allclose(after, expected, rtol=1e-5, atol=1e-6)


def test_interpolation_goes_by_time_where_it_is_known():
    raw, rng = with_holes(), np.random.default_rng(1)
    times = Ragged.of([np.cumsum(rng.exponential(size=len(array))) for array in raw.values])
    filled = missing.filled(raw.ragged, "interpolate", np.full(3, 99.0), times)
    for before, after, time in zip(raw.values, filled, times, strict=True):
        for k in range(3):
            there = ~np.isnan(before[:, k])
            expected = np.interp(time, time[there], before[there, k]) if there.any() else 99
            np.testing.assert_allclose(after[:, k], expected, rtol=1e-5)


def test_masks_stand_beside_the_features_that_can_be_missing_and_are_not_scaled():
    raw = with_holes()
    raw.ragged.flat[:, 2] = 7
    fitted = fit(raw, [2, 3], missing="mask")
    assert fitted.prepared_features == ["a", "b", "c", "a missing", "b missing"]
    prepared = prepared_by(fitted, raw)
    holes = np.isnan(raw.ragged.flat)
    np.testing.assert_array_equal(prepared[:, 3:], holes[:, :2])
    np.testing.assert_allclose(prepared[:, :3][holes], 0, atol=1e-6)  # the training mean
    np.testing.assert_array_equal(fit(example(), missing="mask").prepared_features, ["a", "b", "c"])
    raw.ragged.flat[4, 2] = np.nan
    with pytest.raises(
        UserError, match=r"feature 'c': the value is missing; 1 in all.*\nexpected: .* a, b alone"
    ):
        fitted.apply(raw)


@pytest.mark.parametrize("how", ["forward_fill", "interpolate", "mask"])
@pytest.mark.parametrize("scaling", ["none", "standard", "minmax", "robust", "per_sequence"])
def test_what_is_fitted_knows_the_training_items_alone_and_survives_json(how, scaling):
    raw, items = with_holes(), [1, 2, 4]
    fitted = fit(raw, items, scaling=scaling, missing=how)
    again = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    before = prepared_by(fitted, raw)
    assert np.isfinite(before).all() and before.dtype == np.float32
    np.testing.assert_array_equal(prepared_by(again, raw), before)
    other = with_holes()
    for i in (0, 3, 5):
        other.values[i][:] *= 1e3
    assert fit(other, items, scaling=scaling, missing=how) == fitted


@pytest.mark.parametrize("how", ["forward_fill", "interpolate", "mask"])
def test_sequences_do_not_fill_each_other(how):
    raw = with_holes()
    fitted = fit(raw, missing=how)
    together = fitted.apply(raw).values
    for i, array in enumerate(raw.values):
        alone = Sequences(values=[array], labels=None, ids=["it"], feature_names=raw.feature_names)
        np.testing.assert_array_equal(prepared_by(fitted, alone), together[i])


def test_missing_values_are_refused_by_name_unless_accepted():
    raw = example()
    raw.values[2][4, 1] = raw.values[2][5, 0] = raw.values[1][3, 2] = np.nan
    words = (
        r"^sequence '1', step 3 \(from 0\), feature 'c': the value is missing; 3 in all, in 2 sequences\n"
        r"expected: no missing values .*data.missing=forward_fill, interpolate or mask$"
    )
    with pytest.raises(UserError, match=words):
        fit(raw, [0])
    with pytest.raises(UserError, match=words):
        fit(example()).apply(raw)


@pytest.mark.parametrize("how", ["refuse", "forward_fill", "interpolate", "mask"])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_always_refused(how, value):
    raw = example()
    fitted = fit(raw, missing=how)
    raw.values[2][29, 0] = value
    for refused in (lambda: fit(raw, [0], missing=how), lambda: fitted.apply(raw)):
        with pytest.raises(UserError, match=rf"sequence '2', step 29 \(from 0\), feature 'a': {value}\n"):
            refused()


def test_a_feature_without_any_value_is_zero():
    raw = sequences_of([np.full((3, 1), np.nan, dtype=np.float32), np.ones((2, 1), dtype=np.float32)])
    for scaling in ("none", "standard", "minmax", "robust", "per_sequence"):
        fitted = fit(raw, [0], scaling=scaling, missing="forward_fill")
        np.testing.assert_array_equal(fitted.apply(raw).values[0], 0)


def test_what_older_checkpoints_hold_is_read():
    old = Preparation.from_dict(
        {"features": ["a", "b", "c"], "center": [0.0, 1.0, 2.0], "scale": [1.0, 2.0, 4.0]}
    )
    raw = example()
    np.testing.assert_allclose(prepared_by(old, raw), (raw.ragged.flat - [0, 1, 2]) / [1, 2, 4], rtol=1e-6)
