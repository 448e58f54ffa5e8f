"""Batches: gathering, order, dealing out to processes, noise."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.data.augmentation import Augmentation
from seqlab.data.batches import BatchLoader, PackedSequences
from seqlab.data.preparation import Prepared
from seqlab.sequences import Ragged

N = 23


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(t, 2)).astype(np.float32) for t in rng.integers(1, 12, size=N)]


@pytest.fixture(scope="module")
def data(values):
    return PackedSequences(Prepared(values=Ragged.of(values)), list(range(N)))


def loader(data, items=None, **settings):
    return BatchLoader(data, np.arange(N) if items is None else items, **{"batch_size": 5, **settings})


def ids(batches):
    return [batch.ids.tolist() for batch in batches]


def flat(lists):
    return [item for inner in lists for item in inner]


def test_gather_is_padding_by_hand(data, values):
    items = np.array([7, 3, 20])
    batch = data.gather(items)
    longest = max(len(values[i]) for i in items)
    expected = np.stack([np.pad(values[i], ((0, longest - len(values[i])), (0, 0))) for i in items])
    np.testing.assert_array_equal(batch.values, expected)
    assert batch.lengths.tolist() == [len(values[i]) for i in items]
    assert batch.targets.tolist() == batch.ids.tolist() == items.tolist()
    assert {batch.targets.dtype, batch.ids.dtype, batch.lengths.dtype} == {torch.int64}
    assert batch.weights is None


def test_no_targets(values):
    assert PackedSequences(Prepared(values=Ragged.of(values)), None).gather(np.array([0])).targets is None


@settings(deadline=None)
@given(
    batch_size=st.integers(1, 30),
    world=st.integers(1, 9),
    items=st.sets(st.integers(0, N - 1), min_size=1).map(lambda s: np.array(sorted(s))),
    seed=st.none() | st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 5),
)
def test_shares_together_are_the_batches_of_one_process(data, batch_size, world, items, seed, epoch):
    def make(rank, world):
        made = loader(data, items, batch_size=batch_size, shuffle_seed=seed, rank=rank, world=world)
        made.set_epoch(epoch)
        return made

    alone = list(make(0, 1))
    shares = [list(make(rank, world)) for rank in range(world)]
    assert all(len(share) == len(alone) == len(make(0, world)) for share in shares)
    assert sorted(flat(ids(alone))) == items.tolist()
    for whole, *parts in zip(alone, *shares, strict=True):
        counted = []
        for part in parts:
            weights = torch.ones(part.size) if part.weights is None else part.weights
            assert weights.tolist() == ([0.0] if part.weights is not None else [1.0] * part.size)
            counted += [i for i, weight in zip(part.ids.tolist(), weights, strict=True) if weight]
        assert sorted(counted) == sorted(whole.ids.tolist())


def test_evaluation_is_in_order(data):
    assert flat(ids(loader(data))) == list(range(N))


def test_order_is_a_pure_function_of_seed_and_epoch(data):
    def epoch(number, seed=1):
        made = loader(data, shuffle_seed=seed)
        made.sampler.set_epoch(number)
        return ids(made)

    made = loader(data, shuffle_seed=1)
    epochs = []
    for number in range(4):
        made.set_epoch(number)
        epochs.append(ids(made))
    assert epochs == [epoch(number) for number in range(4)]
    assert epochs[0] != epochs[1]
    assert epoch(0) != epoch(0, seed=2)


def test_noise_is_a_pure_function_of_seed_epoch_and_item(data, values):
    def noise_of_items(seed=3, epoch=2, **kwargs):
        made = loader(data, shuffle_seed=seed, augmentation=Augmentation(jitter=0.5), **kwargs)
        made.set_epoch(epoch)
        found = {}
        for batch in made:
            for row, item in enumerate(batch.ids.tolist()):
                length = len(values[item])
                found[item] = (batch.values[row, :length].numpy() - values[item]) / 0.5
                assert (batch.values[row, length:] == 0).all()
        return found

    base = noise_of_items()
    for other in (
        noise_of_items(batch_size=1),
        noise_of_items(batch_size=30),
        noise_of_items(items=np.array([2, 4, 21])),
        noise_of_items(world=2, rank=1),
    ):
        for item, noise in other.items():
            np.testing.assert_allclose(noise, base[item], atol=1e-6)
    everything = np.concatenate(list(base.values())).ravel()
    assert abs(everything.mean()) < 0.3 and 0.8 < everything.std() < 1.2
    assert len(np.unique(everything.round(5))) > 0.95 * everything.size
    for other in (noise_of_items(epoch=3), noise_of_items(seed=4)):
        assert all(not np.allclose(other[item], base[item]) for item in base)


def test_no_noise_in_evaluation_and_none_left_behind(data, values):
    list(loader(data, shuffle_seed=0, augmentation=Augmentation(jitter=1.0)))
    first = next(iter(loader(data, augmentation=Augmentation(jitter=1.0))))
    np.testing.assert_array_equal(first.values[0, : len(values[0])], values[0])
