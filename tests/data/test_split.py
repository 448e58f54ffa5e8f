"""The stratified splits: their promises for any labels."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from seqlab.data.split import stratified_fold, stratified_split
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


folds = st.integers(2, 8)


@given(labels, folds, st.integers(0, 3), seeds)
def test_folds_promise(labels, folds, repetition, seed):
    counts = Counter(labels)
    several = [i for i, label in enumerate(labels) if counts[label] > 1]
    assume(len(several) >= folds)
    split = [stratified_fold(labels, folds, repetition * folds + k, seed) for k in range(folds)]
    held_out = np.concatenate([validation for _, validation, _ in split])
    assert sorted(held_out) == several  # each exactly once in a repetition
    for train, validation, singles in split:
        assert sorted([*train, *validation]) == list(range(len(labels)))
        assert (np.diff(train) > 0).all() and (np.diff(validation) > 0).all() and len(validation)
        assert {labels[i] for i in train} == set(labels)
        assert singles == sorted(name for name, count in counts.items() if count == 1)
    sizes = [len(validation) for _, validation, _ in split]
    assert max(sizes) - min(sizes) <= 1
    for name in counts:
        within = [sum(labels[i] == name for i in validation) for _, validation, _ in split]
        assert max(within) - min(within) <= 1
    again = stratified_fold(labels, folds, repetition * folds, seed)
    assert (again[1] == split[0][1]).all()


@given(st.lists(st.integers(8, 30), min_size=2, max_size=5), folds, seeds)
def test_folds_hold_as_many_of_every_class_as_those_of_scikit_learn(sizes, folds, seed):
    labels = [str(k) for k, size in enumerate(sizes) for _ in range(size)]
    theirs = [validation for _, validation in StratifiedKFold(folds).split(labels, labels)]
    ours = [stratified_fold(labels, folds, k, seed)[1] for k in range(folds)]
    for name in set(labels):
        counts = [
            sorted(sum(labels[i] == name for i in validation) for validation in parts)
            for parts in (ours, theirs)
        ]
        assert counts[0] == counts[1]


def test_repetitions_and_seeds_deal_anew():
    labels = ["a", "b"] * 20
    first, repeated, other = (stratified_fold(labels, 4, *how)[1] for how in ((0, 0), (4, 0), (0, 1)))
    assert (first != repeated).any() and (first != other).any()


def test_fewer_sequences_than_folds():
    with pytest.raises(UserError, match="only 4 training sequences"):
        stratified_fold(["a", "a", "b", "b", "c"], 5, 0, 0)
    with pytest.raises(UserError, match="none can be held out"):
        stratified_fold(["a", "b", "c"], 2, 0, 0)
