"""Categories from columns to batches: what is known comes from training alone, and what is not is told."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.config.data import MemoryConfig
from seqlab.config.files import FilesConfig
from seqlab.data.augmentation import Augmentation
from seqlab.data.batches import BatchLoader, PackedSequences
from seqlab.data.files import Files
from seqlab.data.memory import Memory
from seqlab.data.module import SequenceData
from seqlab.data.preparation import Preparation
from seqlab.errors import UserError
from seqlab.sequences import Categories, Ragged, Sequences

STATES = ["idle", "run", "stop", "rare"]


def sequences(codes, names=STATES, features=1, times=None):
    """Sequences of one categorical feature, with numeric ones that count the steps."""
    lengths = [len(row) for row in codes]
    values = [np.repeat(np.arange(n, dtype=np.float32)[:, None], features, 1) for n in lengths]
    return Sequences(
        values=values,
        labels=["ab"[i % 2] for i in range(len(codes))],
        ids=[f"s{i}" for i in range(len(codes))],
        feature_names=[f"x{k}" for k in range(features)],
        categories=Categories(
            names=["state"],
            codes=Ragged.of([np.array(row, dtype=np.int32)[:, None] for row in codes]),
            categories=[names],
        ),
        times=times,
    )


def fit(raw, items=None, **settings):
    return Preparation.fit(
        raw, np.arange(len(raw)) if items is None else np.array(items), MemoryConfig(**settings)
    )


RAW = sequences([[0, 1, 1, 2], [1, 1], [0, 3, 3, 3, 1]])


def test_the_vocabulary_is_that_of_the_training_items_the_most_frequent_first():
    fitted = fit(RAW, [0, 1])
    assert [(v.name, list(v.words)) for v in fitted.vocabularies] == [("state", ["run", "idle", "stop"])]
    tokens = fitted.apply(RAW).tokens
    assert [row[:, 0].tolist() for row in tokens] == [[3, 2, 2, 4], [2, 2], [3, 1, 1, 1, 2]]
    assert fitted.changes(RAW) == [
        "state: 3 of 11 steps hold one of 1 that the vocabulary lacks ('rare'): unknown to the network"
    ]
    assert fitted.changes(sequences([[0, 1]])) == []


def test_names_count_and_not_their_numbers():
    fitted = fit(RAW)
    other = sequences([[3, 2, 2, 1], [2, 2], [3, 0, 0, 0, 2]], names=STATES[::-1])
    assert [row.tolist() for row in fitted.apply(other).tokens] == [
        row.tolist() for row in fitted.apply(RAW).tokens
    ]


def test_it_survives_json_and_older_checkpoints_have_none():
    fitted = fit(RAW, unseen="refuse")
    again = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    assert Preparation.from_dict({"features": ["a"], "center": [0.0], "scale": [1.0]}).vocabularies == []


def test_unseen_categories_are_refused_by_name_where_that_is_asked_for():
    words = r"^sequence 's2', feature 'state': 'rare', which .* do not have; 3 such steps .*\nexpected: run, idle, stop"
    with pytest.raises(UserError, match=words):
        fit(RAW, [0, 1], unseen="refuse").apply(RAW)
    fit(RAW, unseen="refuse").apply(RAW)


@pytest.mark.parametrize(
    ("how", "expected", "said"),
    [
        ("forward_fill", [1, 2, 2, 3], "each is the last one before it"),
        ("interpolate", [1, 2, 2, 3], "each is the last one before it"),
        ("mask", [1, 2, 1, 3], "each counts as unknown"),
    ],
)
def test_missing_categories_are_refused_or_filled_and_counted(how, expected, said):
    raw = sequences([[1, 1, 1, 0], [-1, 1, -1, 0]])
    with pytest.raises(
        UserError, match=r"^sequence 's1', step 0 .* 'state': the category is missing; 2 in all"
    ):
        fit(raw)
    fitted = fit(raw, missing=how)
    assert fitted.apply(raw).tokens[1][:, 0].tolist() == expected
    assert fitted.changes(raw) == [f"2 missing categories: {said}"]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(-1, 3), min_size=1, max_size=9), min_size=1, max_size=6))
def test_forward_fill_is_that_of_pandas(codes):
    raw = sequences(codes)
    fitted = fit(raw, missing="forward_fill")
    words = list(fitted.vocabularies[0].words)
    for row, tokens in zip(codes, fitted.apply(raw).tokens, strict=True):
        known = pd.Series([np.nan if c < 0 else c for c in row]).ffill()
        expected = [1 if np.isnan(c) else 2 + words.index(STATES[int(c)]) for c in known]
        assert tokens[:, 0].tolist() == expected


def test_categories_stay_in_step_with_values_through_grid_and_crop():
    times = Ragged.of([np.array([0.0, 1.0, 4.0, 5.0])])
    raw = sequences([[0, 1, 2, 3]], times=times)
    fitted = fit(raw, irregular="resample", interval=1.0)
    held = [fitted.vocabularies[0].words[k - 2] for k in fitted.apply(raw).tokens[0][:, 0]]
    assert held == ["idle", "run", "run", "run", "stop", "rare"]
    cropped = fit(raw, irregular="resample", interval=1.0, crop=2, scaling="none")
    assert cropped.apply(raw).values[0][:, 0].tolist() == [2, 3]
    assert list(cropped.vocabularies[0].words) == ["rare", "stop"]  # what a crop takes away is not trained on


def test_other_categorical_features_are_refused():
    numbers = Sequences(values=RAW.values, labels=None, ids=RAW.ids, feature_names=RAW.feature_names)
    with pytest.raises(UserError, match=r"^categorical features: none\nexpected: state, as in training"):
        fit(RAW).apply(numbers)
    with pytest.raises(UserError, match=r"^categorical features: state\nexpected: none, numbers alone"):
        fit(numbers).apply(RAW)


@pytest.mark.parametrize("features", [0, 2])
def test_batches_hold_tokens_beside_values_or_alone(features):
    raw = sequences([[0, 1, 1, 2], [1, 1], [0, 3, 3, 3, 1]], features=features)
    prepared = fit(raw, scaling="none").apply(raw)
    batch = PackedSequences(prepared, None).gather(np.array([2, 1]))
    assert batch.tokens.shape == (2, 5, 1) and (batch.tokens[1, 2:] == 0).all()
    assert batch.tokens[0, :, 0].tolist() == prepared.tokens[2][:, 0].tolist()
    assert (batch.values is None) == (features == 0)


@pytest.mark.parametrize("features", [0, 1])
@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(random_crop=0.5),
        Augmentation(time_mask=0.5),
        Augmentation(time_warp=0.5),
        Augmentation(jitter=1.0),
    ],
)
def test_augmentation_keeps_tokens_in_step(augmentation, features):
    """The token of a step is its place: values and tokens tell the same places afterwards."""
    names = [f"p{k:02d}" for k in range(20)]
    raw = sequences([list(range(20)), list(range(13))], names=names, features=features)
    fitted = fit(raw, scaling="none")
    place = {2 + k: int(word[1:]) for k, word in enumerate(fitted.vocabularies[0].words)}
    loader = BatchLoader(
        PackedSequences(fitted.apply(raw), None),
        np.arange(2),
        batch_size=2,
        shuffle_seed=1,
        augmentation=augmentation,
    )
    (batch,) = loader
    changed = False
    for row in range(2):
        length = int(batch.lengths[row])
        tokens = batch.tokens[row, :length, 0].tolist()
        places = [place[t] for t in tokens if t]
        assert places == sorted(places)
        changed |= tokens != [t + 2 for t in range(length)] or length < 13
        if features and not augmentation.jitter:
            values = batch.values[row, :length, 0].tolist()
            assert all(abs(v - place[t]) <= 0.5 if t else v == 0 for v, t in zip(values, tokens, strict=True))
    assert changed or augmentation.jitter


def test_shares_are_counted_by_hand():
    data = SequenceData(
        Memory(MemoryConfig(validation_fraction=0), RAW), MemoryConfig(validation_fraction=0), 0
    )
    found = data.shares("train")
    names = list(data.preparation.vocabularies[0].words)
    for row, codes in zip(found, RAW.categories.codes, strict=True):
        assert row[0] == 0  # the unknown
        expected = [(codes[:, 0] == STATES.index(name)).mean() for name in names]
        np.testing.assert_allclose(row[1:], expected)


def test_a_column_of_words_reaches_batches_and_the_test_part(tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        (f"r{i:02d}", t, rng.normal(), rng.choice(["on", "off"]), i % 2)
        for i in range(20)
        for t in range(2 + i % 4)
    ]
    table = pd.DataFrame(rows, columns=["run_id", "time", "speed", "status", "label"])
    table[table.run_id < "r14"].to_csv(tmp_path / "train.csv", index=False)
    test = table[table.run_id >= "r14"].copy()
    test.iloc[0, 3] = "broken"
    test.to_parquet(tmp_path / "test.parquet")
    config = FilesConfig(train=str(tmp_path / "train.csv"), test=str(tmp_path / "test.parquet"))
    data = SequenceData(Files(config), config, seed=0)
    assert (list(data.spec.features), list(data.spec.categories)) == (["speed"], ["status"])
    assert list(data.spec.cardinalities) == [4]
    (batch,) = data.test_loader()
    assert batch.tokens[0, 0, 0] == 1 and int((batch.tokens == 1).sum()) == 1
    assert any("test part: status: 1 of" in note and "'broken'" in note for note in data.facts()["notes"])
    assert data.facts()["categories"] == {"status": 4}
