"""What is found in sequences, against counts by hand and by pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.inspection.facts import (
    balance,
    duplicates_in,
    features_of,
    histogram,
    intervals_of,
    leaks_between,
    mixed_groups,
)
from seqlab.sequences import Categories, Ragged, Sequences, offsets_of


def sequences(arrays, labels=None, ids=None, **more):
    arrays = [np.asarray(array, dtype=np.float32) for array in arrays]
    names = [f"f{k}" for k in range(arrays[0].shape[1])]
    ids = ids or [str(i) for i in range(len(arrays))]
    return Sequences(values=arrays, labels=labels, ids=ids, feature_names=names, **more)


def test_features_are_described_as_pandas_does():
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(40, 4)).astype(np.float32)
    steps[:, 1] = 7
    steps[3:9, 2] = np.nan
    steps[:, 3] = steps[:, 0]
    found = features_of(sequences([steps[:15], steps[15:]]))
    table = pd.DataFrame(steps.astype(np.float64))
    for k, feature in enumerate(found):
        assert (feature.low, feature.high) == (table[k].min(), table[k].max())
        assert feature.mean == pytest.approx(table[k].mean())
        assert feature.missing == table[k].isna().sum()
    assert [feature.constant for feature in found] == [False, True, False, False]
    assert [feature.same_as for feature in found] == [None, None, None, "f0"]


def test_a_feature_without_any_value():
    (feature,) = features_of(sequences([[[np.nan], [np.nan]]]))
    assert (feature.low, feature.mean, feature.missing, feature.constant) == (None, None, 2, False)


def test_a_column_that_names_the_sequences_is_told_from_states():
    def named(codes):
        offsets = offsets_of([2] * len(codes))
        flat = np.repeat(np.array(codes, dtype=np.int32), 2)[:, None]
        kept = Categories(names=["it"], codes=Ragged(flat, offsets), categories=[[str(k) for k in range(9)]])
        return features_of(sequences([np.zeros((2, 1))] * len(codes), categories=kept))[-1].names_sequences

    assert named(range(8)) and named([0, 1, 2, 3, 4, 4])
    assert not named([0, 1, 1, 0, 2, 2]) and not named([3] * 6)


def test_categories_are_counted_where_they_occur():
    codes = np.array([[0, 2], [-1, 2], [1, 2]], dtype=np.int32)
    kept = Categories(
        names=["state", "kind"],
        codes=Ragged(codes, offsets_of([3])),
        categories=[["a", "b"], ["x", "y", "z"]],
    )
    raw = Sequences(
        values=[np.zeros((3, 0), dtype=np.float32)], labels=None, ids=["0"], feature_names=[], categories=kept
    )
    state, kind = features_of(raw)
    assert (state.categories, state.missing, state.constant) == (2, 1, False)
    assert (kind.categories, kind.missing, kind.constant) == (1, 0, True)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=50), st.integers(1, 12))
def test_a_histogram_counts_every_length_once_in_its_own_row(lengths, bins):
    rows = histogram(np.array(lengths), bins)
    assert len(rows) <= bins
    for low, high, count in rows:
        assert count == sum(low <= length <= high for length in lengths)
    assert sum(count for _, _, count in rows) == len(lengths)


@given(st.lists(st.lists(st.floats(0.5, 2), max_size=4), min_size=1, max_size=5))
def test_intervals_are_those_within_sequences(steps):
    arrays = [np.cumsum([100.0 * k, *row]) for k, row in enumerate(steps)]
    found = intervals_of(Ragged.of(arrays))
    within = [step for array in arrays for step in np.diff(array)]
    if not within:
        assert found is None
        return
    assert found is not None
    assert (found.low, found.median, found.high) == (min(within), np.median(within), max(within))
    assert found.regular == all(abs(step - found.median) <= 0.01 * found.median for step in within)


def test_no_times_no_intervals():
    assert intervals_of(None) is None


def test_duplicates_name_the_first_and_tell_labels_apart():
    a, b, c = [[1.0]], [[2.0], [3.0]], [[2.0], [4.0]]
    raw = sequences([a, b, a, c, b, b], ["x", "y", "z", "y", "y", "x"], ids=list("abcdef"))
    found = duplicates_in(raw)
    assert (found.sequences, found.other_label) == (3, 2)
    assert list(found.examples) == [("a", "c"), ("b", "e"), ("b", "f")]


def test_leaks_are_test_sequences_that_training_holds():
    train = sequences([[[1.0]], [[2.0], [3.0]]])
    test = sequences([[[2.0]], [[2.0], [3.0]]], ids=["p", "q"])
    assert leaks_between(train, test) == ["q"]


def test_classes_and_groups():
    assert balance(["b", "a", "b"]) == [("b", 2), ("a", 1)]
    assert mixed_groups(["m1", "m2", "m1", "m3"]) == 1
