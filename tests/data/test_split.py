"""The stratified split: its promises for any labels."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seqlab.data.split import stratified_split
from seqlab.errors import UserError

labels = st.lists(st.sampled_from("abcdefg"), min_size=2, max_size=60)
fractions = st.floats(0.01, 0.99)
seeds = st.integers(0, 2**32)


@given(labels, fractions, seeds)
def test_promises(labels, fraction, seed):
    counts = Counter(labels)
    spare = len(labels) - len(counts)
    assume(spare > 0)
    train, validation, singles = stratified_split(labels, fraction, seed)
    assert sorted([*train, *validation]) == list(range(len(labels)))
    assert (np.diff(train) > 0).all() and (np.diff(validation) > 0).all()
    assert {labels[i] for i in train} == set(labels)
    assert len(validation) == min(max(1, round(fraction * len(labels))), spare)
    assert singles == sorted(name for name, count in counts.items() if count == 1)
    again = stratified_split(labels, fraction, seed)
    assert (again[0] == train).all()


@given(st.lists(st.integers(10, 40), min_size=2, max_size=6), st.floats(0.1, 0.8), seeds)
def test_every_class_in_proportion(sizes, fraction, seed):
    labels = [str(k) for k, size in enumerate(sizes) for _ in range(size)]
    _, validation, _ = stratified_split(labels, fraction, seed)
    held_out = Counter(labels[i] for i in validation)
    for k, size in enumerate(sizes):
        assert abs(held_out[str(k)] - fraction * size) <= 1


def test_seeds_differ():
    labels = ["a", "b"] * 20
    assert (stratified_split(labels, 0.2, 0)[1] != stratified_split(labels, 0.2, 1)[1]).any()


def test_nothing_to_spare():
    with pytest.raises(UserError, match="3 training sequences of 3 classes"):
        stratified_split(["a", "b", "c"], 0.2, 0)
