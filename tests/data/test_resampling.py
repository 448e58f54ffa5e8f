"""Times and lengths, against NumPy's interpolation and slices by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from seqlab.config.data import MemoryConfig
from seqlab.data import resampling
from seqlab.data.memory import Memory
from seqlab.data.module import SequenceData
from seqlab.data.preparation import Preparation
from seqlab.errors import ConfigError, UserError
from seqlab.sequences import Categories, Ragged, Sequences

LENGTHS = (9, 1, 14, 6, 30)


def timed(times=None, seed=0, lengths=LENGTHS):
    """Sequences [T, 2] with a category a step, at irregular times unless these are given."""
    rng = np.random.default_rng(seed)
    times = times or [100 * rng.random() + np.cumsum(rng.uniform(0.2, 3, size=t)) for t in lengths]
    arrays = [rng.normal(size=(len(t), 2)).astype(np.float32) for t in times]
    codes = [rng.integers(0, 3, size=(len(t), 1)).astype(np.int32) for t in times]
    return Sequences(
        values=arrays,
        labels=[f"class {i % 2}" for i in range(len(times))],
        ids=[f"run {i}" for i in range(len(times))],
        feature_names=["a", "b"],
        categories=Categories(names=["state"], codes=Ragged.of(codes), categories=[["x", "y", "z"]]),
        times=Ragged.of(times),
    )


def regular(every=0.1, lengths=LENGTHS, wobble=0.0):
    rng = np.random.default_rng(1)
    return timed([5 + every * (np.arange(t) + wobble * rng.uniform(-0.5, 0.5, size=t)) for t in lengths])


def fit(raw, items=None, **settings):
    items = np.arange(len(raw)) if items is None else np.array(items)
    return Preparation.fit(raw, items, MemoryConfig(**{"scaling": "none", **settings}))


def test_regular_times_change_nothing():
    raw = regular(wobble=0.009)
    np.testing.assert_array_equal(fit(raw).apply(raw).values.flat, raw.ragged.flat)


@pytest.mark.parametrize("items", [[0], [0, 1, 2, 3, 4]])
def test_irregular_times_are_refused_in_words(items):
    times = [0.1 * np.arange(t) for t in LENGTHS]
    times[3][4:] += 0.002
    words = (
        r"^sequence 'run 3', step 4 \(from 0\): 0.102 after the step before, where 0.1 is usual; "
        r"1 of 55 intervals differ by more than 1 %\nexpected: .*data.irregular=delta .*resample"
    )
    with pytest.raises(UserError, match=words):
        fit(timed(times), items)
    with pytest.raises(UserError, match=words):
        fit(regular()).apply(timed(times))


def test_another_regular_interval_than_in_training_is_refused():
    with pytest.raises(UserError, match=r"0\.2 after the step before, where 0\.1 is usual; 55 of 55"):
        fit(regular(0.1)).apply(regular(0.2))


def test_delta_is_a_feature_scaled_like_others():
    raw, items = timed(), [0, 2]
    fitted = fit(raw, items, irregular="delta", scaling="standard")
    assert fitted.prepared_features == ["a", "b", "time since the step before"]
    deltas = [np.diff(time, prepend=time[0]) for time in raw.times]
    seen = np.concatenate([deltas[i] for i in items])
    for delta, values, prepared in zip(deltas, raw.values, fitted.apply(raw).values, strict=True):
        np.testing.assert_allclose(prepared[:, 2], (delta - seen.mean()) / seen.std(), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            prepared[:, :2], (values - fitted.center[:2]) / fitted.scale[:2], rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("interval", [0.3, 1.0, 7.0, None])
def test_resampling_is_linear_interpolation_on_a_grid(interval):
    raw, items = timed(), [2, 3]
    fitted = fit(raw, items, irregular="resample", interval=interval)
    if interval is None:
        interval = np.median(np.concatenate([np.diff(raw.times[i]) for i in items]))
        assert fitted.interval == interval
    prepared = fitted.apply(raw).values
    assert prepared.lengths().tolist() == fitted.lengths(raw).tolist()
    for time, before, after in zip(raw.times, raw.values, prepared, strict=True):
        grid = np.arange(time[0], time[-1] + 1e-9, interval)
        expected = np.stack([np.interp(grid, time, before[:, k]) for k in range(2)], axis=1)
        np.testing.assert_allclose(after, expected, rtol=1e-4, atol=1e-5)


def test_resampling_onto_the_steps_themselves_keeps_every_digit_and_every_hole():
    raw = timed([np.arange(t, dtype=np.float64) for t in LENGTHS])
    raw.values[2][3, 1] = raw.values[4][0, 0] = np.nan
    plain = fit(raw, missing="mask")
    on_grid = fit(raw, missing="mask", irregular="resample", interval=1.0)
    np.testing.assert_array_equal(on_grid.apply(raw).values.flat, plain.apply(raw).values.flat)
    between = fit(raw, missing="mask", irregular="resample", interval=0.5).apply(raw).values
    assert between[2][:, 3].nonzero()[0].tolist() == [5, 6, 7]  # a mask beside what lies next to a hole


def test_a_grid_that_is_much_too_fine_is_refused():
    raw = timed([np.array([0.0, 1.0, 2.0, 3e7])])
    with pytest.raises(UserError, match=r"30,000,001 steps of 4; the longest sequence, 'run 0'") as caught:
        fit(raw, irregular="resample")
    assert "longer data.interval" in str(caught.value)


@pytest.mark.parametrize("how", ["delta", "resample"])
def test_times_are_needed_where_they_are_asked_for(how):
    raw = timed()
    without = replace(raw, times=None)
    for call in (lambda: fit(without, irregular=how), lambda: fit(raw, irregular=how).apply(without)):
        with pytest.raises(UserError, match=f"data.irregular={how}: the sequences have no times"):
            call()


@pytest.mark.parametrize(("crop_from", "kept"), [("end", slice(-8, None)), ("start", slice(0, 8))])
@pytest.mark.parametrize("scaling", ["none", "standard"])
def test_long_sequences_are_cropped_and_scaling_knows_what_is_left(crop_from, kept, scaling):
    raw = regular()
    fitted = fit(raw, crop=8, crop_from=crop_from, scaling=scaling)
    prepared = fitted.apply(raw).values
    assert prepared.lengths().tolist() == fitted.lengths(raw).tolist() == [8, 1, 8, 6, 8]
    left = np.concatenate([array[kept] for array in raw.values]).astype(np.float64)
    if scaling == "standard":
        left = (left - left.mean(axis=0)) / left.std(axis=0)
    np.testing.assert_allclose(prepared.flat, left, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("how", ["delta", "resample"])
def test_what_is_fitted_knows_the_training_items_alone_and_survives_json(how):
    items, settings = [0, 2, 3], {"scaling": "robust", "missing": "interpolate", "crop": 5}
    raw = timed()
    raw.values[0][3] = np.nan
    fitted = fit(raw, items, irregular=how, **settings)
    again = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    np.testing.assert_array_equal(again.apply(raw).values.flat, fitted.apply(raw).values.flat)
    for i in (1, 4):
        raw.values[i][:] = 1e6
        raw.times[i][:] *= 50
    assert fit(raw, items, irregular=how, **settings) == fitted


def test_cropping_and_resampling_are_counted_and_the_spec_tells_the_model():
    config = MemoryConfig(irregular="resample", interval=1.0, crop=12, validation_fraction=0.0)
    raw = timed()
    raw.times.flat[:] = np.concatenate([2.0 * np.arange(t) for t in LENGTHS])
    data = SequenceData(Memory(config, raw), config, 0)
    assert data.spec.longest == 12 == max(len(array) for array in data.arrays("train")[0])
    notes, lengths = data.facts()["notes"], data.facts()["lengths"]
    assert (lengths["max"], lengths["min"]) == (12, 1)
    assert "values were put on a grid of one step every 1 (data.irregular=resample)" in notes
    assert "of 3 of 5 sequences only the last 12 steps are used (data.crop)" in notes


def test_what_is_changed_in_the_test_part_is_said_once_it_was_read():
    config = MemoryConfig(crop=12, missing="mask", validation_fraction=0.0)
    test = regular(lengths=(3, 20))
    data = SequenceData(Memory(config, regular(), test), config, 0)
    cropped = "sequences only the last 12 steps are used (data.crop)"
    assert data.facts()["notes"][1:] == [f"of 2 of 5 {cropped}"]
    data.test_loader()
    assert data.facts()["notes"][1:] == [f"of 2 of 5 {cropped}", f"test part: of 1 of 2 {cropped}"]


def test_an_interval_without_a_use_is_refused():
    with pytest.raises(ConfigError, match=r"interval: 1\.0 is not allowed"):
        MemoryConfig(interval=1.0)


def test_categories_go_along_with_the_steps():
    raw = timed()
    on_grid, short = resampling.resampled(raw, 0.5), resampling.cropped(raw, 4, "end")
    for i, codes in enumerate(raw.categories.codes):
        before = [int(np.flatnonzero(raw.times[i] <= t + 1e-9)[-1]) for t in on_grid.times[i]]
        np.testing.assert_array_equal(on_grid.categories.codes[i], codes[before])
        np.testing.assert_array_equal(short.categories.codes[i], codes[-4:])
        np.testing.assert_array_equal(short.times[i], raw.times[i][-4:])
