"""Augmentation: what every change may touch, and that it depends on seed, epoch and item alone."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.batch import SequenceBatch
from seqlab.config.data import MemoryConfig
from seqlab.data.augmentation import Augmentation
from seqlab.data.batches import BatchLoader, PackedSequences
from seqlab.data.preparation import Prepared
from seqlab.sequences import Ragged

N = 17
EVERY = Augmentation(random_crop=0.7, time_warp=0.4, scale_jitter=0.2, jitter=0.1, time_mask=0.3)
EACH = [
    Augmentation(random_crop=0.5),
    Augmentation(time_warp=0.5),
    Augmentation(scale_jitter=0.5),
    Augmentation(jitter=0.5),
    Augmentation(time_mask=0.4),
]
LENGTHS = np.random.default_rng(0).integers(1, 40, size=N)


def sequences():
    rng = np.random.default_rng(1)
    return [rng.normal(5, 1, size=(t, 3)).astype(np.float32) for t in LENGTHS]


def changed(augmentation, values=None, seed=3, epoch=2, **settings):
    """Sequences by item, as one training epoch shows them, without padding, which must be 0."""
    data = PackedSequences(Prepared(values=Ragged.of(values or sequences())), None)
    settings = {"items": np.arange(N), "batch_size": 5, **settings}
    loader = BatchLoader(data, shuffle_seed=seed, augmentation=augmentation, **settings)
    loader.set_epoch(epoch)
    found = {}
    for batch in loader:
        assert batch.values.shape[1] == batch.lengths.max()
        for row, length, item in zip(batch.values, batch.lengths, batch.ids.tolist(), strict=True):
            found[item] = row[:length].numpy().copy()
            assert (row[length:] == 0).all()
    return found


@pytest.mark.parametrize("augmentation", [*EACH, EVERY])
def test_a_pure_function_of_seed_epoch_and_item(augmentation):
    base = changed(augmentation)
    for how in (
        {"batch_size": 1},
        {"batch_size": 30},
        {"items": np.array([2, 9, 16])},
        {"rank": 1, "world": 2},
    ):
        for item, values in changed(augmentation, **how).items():
            np.testing.assert_array_equal(values, base[item])
    long = [item for item in range(N) if LENGTHS[item] > 9]
    for how in ({"seed": 4}, {"epoch": 3}):
        other = changed(augmentation, **how)
        differs = [base[i].shape != other[i].shape or (base[i] != other[i]).any() for i in long]
        assert np.mean(differs) > 0.8


def test_nothing_is_changed_by_default_nor_in_evaluation():
    values = sequences()
    for found in (changed(Augmentation.of(MemoryConfig())), changed(EVERY, seed=None)):
        assert all(np.array_equal(found[i], values[i]) for i in range(N))


def test_random_crop_keeps_one_stretch_of_the_share_asked_for():
    starts = []
    for item, after in changed(Augmentation(random_crop=0.5)).items():
        before = sequences()[item]
        assert len(after) == max(1, round(0.5 * len(before)))
        start = int(np.flatnonzero((before == after[0]).all(axis=1))[0])
        np.testing.assert_array_equal(after, before[start : start + len(after)])
        starts.append(start)
    assert len(set(starts)) > 5


def test_time_mask_hides_one_stretch_of_the_share_asked_for():
    for item, after in changed(Augmentation(time_mask=0.4)).items():
        before = sequences()[item]
        hidden = np.flatnonzero((after == 0).all(axis=1))
        assert len(hidden) == round(0.4 * len(before))
        assert not len(hidden) or hidden[-1] - hidden[0] == len(hidden) - 1
        seen = np.setdiff1d(np.arange(len(before)), hidden)
        np.testing.assert_array_equal(after[seen], before[seen])


def test_scale_jitter_is_one_factor_a_feature():
    factors = []
    for item, after in changed(Augmentation(scale_jitter=0.5)).items():
        ratio = after / sequences()[item]
        np.testing.assert_allclose(ratio, np.broadcast_to(ratio[0], ratio.shape), rtol=1e-5)
        factors.extend(ratio[0])
    assert min(factors) > 0 and 0.3 < np.log(factors).std() < 0.7


@settings(deadline=None, max_examples=40)
@given(strength=st.floats(0.01, 2), seed=st.integers(0, 2**32 - 1))
def test_time_warp_keeps_ends_and_order(strength, seed):
    """A straight line stays one that never falls, from the same start to the same end."""
    lines = [np.repeat(np.arange(t, dtype=np.float32)[:, None], 2, axis=1) for t in LENGTHS]
    for item, after in changed(Augmentation(time_warp=strength), lines, seed=seed).items():
        assert len(after) == LENGTHS[item] and after[0, 0] == 0
        np.testing.assert_allclose(after[-1], LENGTHS[item] - 1, rtol=1e-5)
        assert (np.diff(after, axis=0) >= -1e-4).all()


def test_tokens_go_along_with_the_steps():
    steps = torch.arange(1, 21)[None, :, None]
    for augmentation in (Augmentation(random_crop=0.5), Augmentation(time_warp=0.8)):
        batch = SequenceBatch(
            values=steps.float(),
            tokens=steps.clone(),
            lengths=torch.tensor([20]),
            targets=None,
            ids=torch.tensor([0]),
        )
        after = augmentation.apply(batch, 1, 0)
        assert after.tokens.dtype == torch.int64
        assert (after.tokens - after.values).abs().max() <= 0.5 + 1e-5
        assert not after.values.equal(steps.float())
