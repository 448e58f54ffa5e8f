"""`SequenceData` as a whole."""

import json
import pickle

import numpy as np
import pytest

from seqlab.baselines import pool
from seqlab.config.data import ArchiveConfig, MemoryConfig
from seqlab.data.archive import Archive
from seqlab.data.labels import natural_order
from seqlab.data.memory import Memory
from seqlab.data.module import SequenceData
from seqlab.data.order import time_permutations
from seqlab.data.preparation import Preparation
from seqlab.errors import UserError
from seqlab.readers import from_arrays


class Counting(Memory):
    """Counts how often each part is read."""

    def __init__(self, *args):
        super().__init__(*args)
        self.reads = {"train": 0, "test": 0}

    def read_train(self):
        self.reads["train"] += 1
        return super().read_train()

    def read_test(self):
        self.reads["test"] += 1
        return super().read_test()


def sequences(labels, features=2, seed=0):
    rng = np.random.default_rng(seed)
    return from_arrays([rng.normal(3, 2, size=(rng.integers(1, 9), features)) for _ in labels], labels)


def memory(train, test=None, seed=0, overfit_batches=None, **settings):
    config = MemoryConfig(batch_size=4, **settings)
    return SequenceData(Counting(config, train, test), config, seed, overfit_batches=overfit_batches)


LABELS = ["10", "2", "1"] * 8


@pytest.fixture(scope="module")
def vowels():
    config = ArchiveConfig()
    return SequenceData(Archive(config), config, seed=0)


def test_japanese_vowels(vowels):
    spec = vowels.spec
    assert spec.target == "label"
    assert list(spec.classes) == [str(k) for k in range(1, 10)]
    assert spec.sizes == {"train": 216, "validation": 54}
    assert list(spec.class_counts) == [24] * 9
    assert len(spec.features) == 12
    facts = json.loads(json.dumps(vowels.facts()))
    assert facts["lengths"] == {"min": 7, "median": 15.0, "mean": pytest.approx(4274 / 270), "max": 26}
    assert (facts["features"], facts["missing"], facts["notes"]) == (12, 0, [])


def test_each_part_is_read_once_and_test_only_when_asked():
    data = memory(sequences(LABELS), sequences(LABELS[:5]))
    data.spec, data.facts(), list(data.train_loader()), list(data.validation_loader()), data.ids("train")
    assert data.source.reads == {"train": 1, "test": 0}
    assert "test" not in data.facts()["sizes"]
    list(data.test_loader()), data.arrays("test")
    assert data.source.reads == {"train": 1, "test": 1}
    assert data.facts()["sizes"] == {"train": 19, "validation": 5, "test": 5}


def test_scaling_knows_the_training_split_alone():
    train = sequences(LABELS)
    data = memory(train)
    steps = np.concatenate([train.values[i] for i in data.indices("train")])
    np.testing.assert_allclose(data.preparation.center, steps.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(data.preparation.scale, steps.std(axis=0), rtol=1e-5)
    for i in data.indices("validation"):
        train.values[i][:] = 1e6
    assert memory(train).preparation == data.preparation


def test_batches_arrays_ids_and_labels_agree():
    train, test = sequences(LABELS), sequences(["2", "10", "1"], seed=1)
    data = memory(train, test)
    for part, raw, loader in (
        ("train", train, data.train_loader()),
        ("validation", train, data.validation_loader()),
        ("test", test, data.test_loader()),
    ):
        arrays, labels = data.arrays(part)
        by_id = dict(
            zip(data.indices(part).tolist(), zip(arrays, labels, data.ids(part), strict=True), strict=True)
        )
        seen = []
        for batch in loader:
            for row, item in enumerate(batch.ids.tolist()):
                array, label, name = by_id[item]
                seen.append(item)
                np.testing.assert_array_equal(batch.values[row, : batch.lengths[row]], array)
                assert batch.targets[row] == label
                assert name == raw.ids[item]
                assert data.spec.classes[label] == raw.labels[item]
                np.testing.assert_allclose(
                    array,
                    (raw.values[item] - data.preparation.center) / data.preparation.scale,
                    rtol=1e-4,
                    atol=1e-5,
                )
        assert sorted(seen) == sorted(by_id)
    assert not set(data.indices("train")) & set(data.indices("validation"))


def test_split_seed():
    train = sequences(LABELS)
    one, two = memory(train, seed=1, split_seed=7), memory(train, seed=2, split_seed=7)
    assert (one.indices("validation") == two.indices("validation")).all()
    assert one.fingerprint() == two.fingerprint()
    assert [b.ids.tolist() for b in one.train_loader()] != [b.ids.tolist() for b in two.train_loader()]
    other = memory(train, seed=1)
    assert (one.indices("validation") != other.indices("validation")).any()
    assert one.fingerprint() != other.fingerprint()


def test_overfitting_trains_and_validates_on_the_first_batches():
    train = sequences(LABELS)
    first = sorted(i for batch in list(memory(train).train_loader())[:2] for i in batch.ids.tolist())
    small = memory(train, overfit_batches=2)
    loader = small.train_loader()
    assert len(loader) == 2
    for epoch in range(3):
        loader.set_epoch(epoch)
        assert sorted(i for batch in loader for i in batch.ids.tolist()) == first
    assert [i for batch in small.validation_loader() for i in batch.ids.tolist()] == first
    assert small.spec.sizes == {"train": 8, "validation": 8}
    assert sum(small.spec.class_counts) == 8
    assert len(memory(train, overfit_batches=99).train_loader()) == len(memory(train).train_loader())


def test_pickles_before_reading():
    config = ArchiveConfig(name="ItalyPowerDemand")
    content = pickle.dumps(SequenceData(Archive(config), config, seed=3))
    assert len(content) < 2000
    assert pickle.loads(content).spec.sizes == {"train": 54, "validation": 13}


def test_given_preparation_is_kept():
    train = sequences(LABELS)
    config = MemoryConfig()
    given = Preparation(features=["x1", "x2"], center=[1.0, 2.0], scale=[3.0, 4.0])
    data = SequenceData(Memory(config, train), config, 0, given)
    arrays, _ = data.arrays("train")
    first = train.values[data.indices("train")[0]]
    np.testing.assert_allclose(arrays[0], (first - [1, 2]) / [3, 4], rtol=1e-5)


def test_single_members_are_noted():
    data = memory(sequences([*LABELS, "99"]))
    assert data.facts()["notes"] == ["class 99 has a single sequence, which stays in training"]
    assert data.spec.class_counts[-1] == 1


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (sequences(["a"] * 5), "all 5 training sequences have the label 'a'"),
        (from_arrays([[1.0], [2.0]]), "the training part has no labels"),
        (sequences(["a", "b"]), "2 training sequences of 2 classes: none can be held out"),
        (None, "handed over in Python"),
    ],
)
def test_data_that_cannot_be_learned_from(train, words):
    with pytest.raises(UserError, match=words) as caught:
        _ = memory(train).spec
    assert len(str(caught.value).splitlines()) <= 3


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (sequences(["1", "3"]), "class '3' that training has not"),
        (sequences(["1", "2"], features=3), r"expected: \[T, 2\], features x1, x2"),
        (from_arrays([np.ones((2, 2))]), "the test part has no labels"),
        (None, "no test part"),
    ],
)
def test_test_parts_that_do_not_fit(test, words):
    data = memory(sequences(LABELS), test)
    _ = data.spec
    with pytest.raises(UserError, match=words) as caught:
        data.test_loader()
    assert len(str(caught.value).splitlines()) <= 3


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["10", "2", "1", "2"], ["1", "2", "10"]),
        (["s10", "s2", "s1b", "s1"], ["s1", "s1b", "s2", "s10"]),
        (["-1", "1", "0.5"], ["-1", "0.5", "1"]),
        (["b", "a", "3", ""], ["", "3", "a", "b"]),
        (["nan", "1", "inf"], ["1", "inf", "nan"]),
        (["²", "1"], ["1", "²"]),
    ],
)
def test_natural_order(labels, expected):
    assert natural_order(labels) == expected
    assert natural_order(labels[::-1]) == expected


def orders(data):
    loader, found = data.train_loader(), []
    for epoch in range(2):
        loader.set_epoch(epoch)
        found += [(batch.ids.tolist(), batch.values) for batch in loader]
    return found


def test_the_order_has_a_seed_of_its_own():
    train = sequences(LABELS)
    base = memory(train, seed=3, jitter=0.5)
    same = memory(train, seed=9, jitter=0.5, split_seed=3, order_seed=3)
    other = memory(train, seed=3, jitter=0.5, order_seed=4)
    for (ids, values), (own_ids, own_values) in zip(orders(base), orders(same), strict=True):
        assert ids == own_ids and values.equal(own_values)
    assert [ids for ids, _ in orders(base)] != [ids for ids, _ in orders(other)]
    assert (base.indices("validation") == other.indices("validation")).all()


def test_folds_hold_out_every_sequence_once_and_scaling_knows_the_rest_alone():
    train = sequences(LABELS)
    split = [memory(train, folds=4, fold=k, validation_fraction=0.0) for k in range(4)]
    assert sorted(np.concatenate([data.indices("validation") for data in split])) == list(range(len(LABELS)))
    for data in split:
        assert data.spec.sizes == {"train": 18, "validation": 6} and list(data.spec.class_counts) == [6, 6, 6]
        steps = np.concatenate([train.values[i] for i in data.indices("train")])
        np.testing.assert_allclose(data.preparation.center, steps.mean(axis=0), rtol=1e-5)
    assert (memory(train, folds=4, fold=4).indices("validation") != split[0].indices("validation")).any()
    with pytest.raises(UserError, match=r"arrays: data.folds=30: only 24"):
        memory(train, folds=30).facts()


@pytest.mark.parametrize("scaling", ["none", "standard"])
def test_shuffled_time_moves_steps_within_their_sequence_the_same_way_in_every_epoch(scaling):
    train, test = sequences(LABELS), sequences(LABELS[:5], seed=1)
    plain = memory(train, test, scaling=scaling)
    data = memory(train, test, scaling=scaling, shuffle_time=True, seed=0)
    moved = 0
    for part in ("train", "validation", "test"):
        for before, after in zip(plain.arrays(part)[0], data.arrays(part)[0], strict=True):
            assert before.shape == after.shape
            rows = [sorted(map(tuple, array.tolist())) for array in (before, after)]
            assert rows[0] == rows[1]  # whole steps, none lost
            moved += (before != after).any()
    assert moved > len(LABELS) // 2
    again = memory(train, test, scaling=scaling, shuffle_time=True, split_seed=0, seed=7)
    other = memory(train, test, scaling=scaling, shuffle_time=True, order_seed=7)
    for part in ("train", "validation", "test"):
        arrays = [d.arrays(part)[0] for d in (data, again, other)]
        assert all(
            (a == b).all() for a, b in zip(arrays[0], arrays[1], strict=True)
        )  # the run's seed is no matter
    assert any((a != b).any() for a, b in zip(data.arrays("train")[0], other.arrays("train")[0], strict=True))
    assert data.fingerprint() == plain.fingerprint() and "order of chance" in data.facts()["notes"][0]
    lengths = {len(array) for array in train.values}
    firsts = {int(order[0]) for order in time_permutations([9] * 200, 0, 0)}
    assert firsts == set(range(9)) and len(lengths) > 1


def test_order_free_statistics_do_not_notice_shuffled_time():
    train = sequences(LABELS)
    plain, shuffled = memory(train), memory(train, shuffle_time=True)
    tables = [pool(data.arrays("train")[0]) for data in (plain, shuffled)]
    np.testing.assert_allclose(tables[0], tables[1], rtol=1e-5, atol=1e-6)


def test_without_validation_everything_is_trained_on():
    train = sequences(LABELS)
    data = memory(train, sequences(LABELS[:5]), validation_fraction=0.0)
    assert data.indices("train").tolist() == list(range(24)) and len(data.indices("validation")) == 0
    assert data.spec.sizes == {"train": 24} and "no validation part" in data.facts()["notes"][0]
    np.testing.assert_allclose(data.preparation.center, np.concatenate(train.values).mean(axis=0), rtol=1e-5)
    first = next(iter(data.sample_loader()))
    assert first.ids.tolist() == list(range(16))
