"""Splits by whole groups, and the refusal of what stands in two parts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.config.data import MemoryConfig
from seqlab.config.files import FilesConfig
from seqlab.data.files import Files
from seqlab.data.module import SequenceData
from seqlab.data.split import split_of, stratified_split
from seqlab.errors import UserError
from seqlab.sequences import Sequences


def sequences(labels, groups):
    values = [np.zeros((1, 1), dtype=np.float32)] * len(labels)
    ids = [str(i) for i in range(len(labels))]
    return Sequences(values=values, labels=labels, ids=ids, feature_names=["x"], groups=groups)


grouped = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 7)), min_size=12, max_size=80).filter(
    lambda rows: len({group for _, group in rows}) >= 5
)


@settings(deadline=None)
@given(grouped, st.floats(0.05, 0.6), st.integers(0, 5))
def test_no_group_is_in_two_parts(rows, fraction, seed):
    labels, groups = [label for label, _ in rows], [f"g{group}" for _, group in rows]
    raw = sequences(labels, groups)
    train, validation, _ = split_of(raw, MemoryConfig(validation_fraction=fraction), seed)
    assert sorted([*train, *validation]) == list(range(len(rows)))
    assert len(train) and len(validation)
    assert not {groups[i] for i in train} & {groups[i] for i in validation}
    again = split_of(raw, MemoryConfig(validation_fraction=fraction), seed)
    np.testing.assert_array_equal(again[1], validation)


@settings(deadline=None)
@given(grouped, st.integers(2, 5), st.integers(0, 5))
def test_every_sequence_validates_once_and_its_group_with_it(rows, folds, seed):
    labels, groups = [label for label, _ in rows], [f"g{group}" for _, group in rows]
    raw = sequences(labels, groups)
    parts = [split_of(raw, MemoryConfig(folds=folds, fold=fold), seed)[1] for fold in range(folds)]
    assert sorted(np.concatenate(parts)) == list(range(len(rows)))
    seen = [{groups[i] for i in part} for part in parts]
    assert all(seen) and sum(map(len, seen)) == len(set(groups))


def test_shares_come_as_near_as_groups_of_one_size_allow():
    labels, groups = ["a", "b"] * 50, [f"g{i // 10}" for i in range(100)]
    for seed in range(5):
        _, validation, notes = split_of(
            sequences(labels, groups), MemoryConfig(validation_fraction=0.2), seed
        )
        assert len(validation) == 20 and sum(labels[i] == "a" for i in validation) == 10
        assert notes == ["validation holds 2 of 10 groups, training the others"]


def test_asked_for_by_class_groups_are_mixed_as_if_there_were_none():
    labels, groups = ["a", "b"] * 20, [f"g{i % 8}" for i in range(40)]
    found = split_of(sequences(labels, groups), MemoryConfig(split="stratified"), 3)
    np.testing.assert_array_equal(found[1], stratified_split(labels, 0.2, 3)[1])


def test_what_cannot_be_split_by_groups():
    with pytest.raises(UserError, match=r"do not say what a sequence was taken from\nexpected: data\.group"):
        split_of(sequences(["a", "b"] * 4, None), MemoryConfig(split="group"), 0)
    with pytest.raises(UserError, match="1 groups: too few for 2 parts"):
        split_of(sequences(["a", "b"] * 4, ["m"] * 8), MemoryConfig(), 0)


def table(ids, seed=0):
    rows = [
        (name, t, value, "up" if int(name[1:]) % 2 else "down", f"m{int(name[1:]) // 5}")
        for name in ids
        for t, value in enumerate(np.random.default_rng((seed, int(name[1:]))).normal(size=4).round(3))
    ]
    return pd.DataFrame(rows, columns=["id", "time", "speed", "label", "who"])


def data_of(folder, train, test=None, **settings):
    train.to_csv(folder / "train.csv", index=False)
    if test is not None:
        test.to_csv(folder / "test.csv", index=False)
        settings["test"] = str(folder / "test.csv")
    config = FilesConfig(train=str(folder / "train.csv"), **settings)
    return SequenceData(Files(config), config, seed=0)


NAMES = [f"r{i}" for i in range(20)]


def test_a_test_part_that_repeats_training_is_refused_unless_asked_for(tmp_path):
    train, test = table(NAMES), table(["r18", "r19", "r20", "r21"])
    with pytest.raises(
        UserError, match=r"test part that repeat one of training step by step: 2 \(r18 is r18, r19 is r19\)"
    ):
        data_of(tmp_path, train.drop(columns="who"), test.drop(columns="who")).test_loader()
    asked = data_of(tmp_path, train.drop(columns="who"), test.drop(columns="who"), allow_leaks=True)
    assert len(asked.indices("test")) == 4
    assert any("test part that repeat" in note for note in asked.facts()["notes"])


def test_groups_in_training_and_test_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"groups that are in training and in test: 1 \(m3\)"):
        data_of(tmp_path, table(NAMES), table(["r18", "r19"], seed=1), group="who").test_loader()


def test_validation_that_repeats_training_is_refused(tmp_path):
    train = table(NAMES).drop(columns="who")
    twins = train.assign(id=train.id.str.replace("r", "t"))
    with pytest.raises(UserError, match="of the validation part that repeat one of training step by step"):
        data_of(tmp_path, pd.concat([train, twins])).train_loader()


def test_a_group_column_leaves_whole_groups_out(tmp_path):
    data = data_of(tmp_path, table(NAMES), group="who")
    held_out = {int(name[1:]) // 5 for name in data.ids("validation")}
    assert not held_out & {int(name[1:]) // 5 for name in data.ids("train")}
    assert any("groups" in note for note in data.facts()["notes"])
