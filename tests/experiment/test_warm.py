"""Data that are kept from one run to the next change no run's numbers."""

import numpy as np
import pytest

from seqlab.compose import compose
from seqlab.data.module import SequenceData
from seqlab.experiment import warm

WORDS = ["data=archive", "data.name=ItalyPowerDemand", "data.batch_size=16"]


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(warm, "_kept", {})


def experiment(*words):
    return compose([*WORDS, *words]).experiment


def seen(data: SequenceData):
    """What a run gets to see: ids and values of its training batches, its parts, its facts."""
    batches = [(batch.ids.tolist(), batch.values.numpy().copy()) for batch in data.train_loader()]
    return batches, data.indices("validation").tolist(), data.arrays("train")[0], data.facts()


RUNS = [
    ("seed=1",),
    ("seed=2",),
    ("seed=1", "data.split_seed=5"),
    ("seed=2", "data.split_seed=5"),
    ("seed=2", "data.split_seed=5", "data.order_seed=3"),
    ("seed=3", "data.split_seed=5", "data.order_seed=4", "data.jitter=0.1"),
    ("data.validation_fraction=0",),
    ("data.validation_fraction=0", "seed=4"),
    ("data.validation_fraction=0", "seed=4", "data.order_seed=1"),
    ("data.shuffle_time=true",),
    ("data.shuffle_time=true", "data.order_seed=0"),
    ("data.shuffle_time=true", "data.order_seed=1", "data.split_seed=0"),
    ("data.shuffle_time=true", "data.order_seed=2", "data.split_seed=0"),
    ("trainer.overfit_batches=1", "data.order_seed=1"),
    ("trainer.overfit_batches=1", "data.order_seed=2"),
    *(("data.folds=3", f"data.fold={k}", "data.split_seed=0") for k in range(4)),
]


def test_runs_see_what_they_would_see_alone():
    alone = []
    for words in RUNS:
        warm._kept.clear()
        alone.append(seen(warm.kept_data_of(experiment(*words))))
    warm._kept.clear()
    order = [*range(len(RUNS)), *np.random.default_rng(0).permutation(len(RUNS))]
    for place in order:
        batches, validation, arrays, facts = seen(warm.kept_data_of(experiment(*RUNS[place])))
        theirs = alone[place]
        assert [ids for ids, _ in batches] == [ids for ids, _ in theirs[0]], RUNS[place]
        assert all((a == b).all() for (_, a), (_, b) in zip(batches, theirs[0], strict=True)), RUNS[place]
        assert validation == theirs[1] and facts == theirs[3], RUNS[place]
        assert all((a == b).all() for a, b in zip(arrays, theirs[2], strict=True)), RUNS[place]


def test_replicates_on_all_data_share_one_preparation_but_never_a_test_part():
    first, second = (
        warm.kept_data_of(experiment("data.validation_fraction=0", "evaluate_test=true", f"seed={seed}"))
        for seed in (1, 2)
    )
    assert first is second
    first.test_loader()
    other = warm.kept_data_of(experiment("data.validation_fraction=0", "seed=1"))
    assert "test" in first.facts()["sizes"] and "test" not in other.facts()["sizes"]


def test_what_is_kept_is_bounded_by_number_and_memory(monkeypatch):
    folds = [experiment("data.folds=6", f"data.fold={k}", "data.split_seed=0") for k in range(6)]
    for one in folds:
        warm.kept_data_of(one).facts()
    assert len(warm._kept) == 6  # small ones are all kept
    monkeypatch.setattr(warm, "_BYTES", 1000)
    warm.kept_data_of(folds[0]).facts()
    assert len(warm._kept) == 4
