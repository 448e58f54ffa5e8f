"""The gradient profile against gradients taken one sequence at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from seqlab.batch import SequenceBatch, TaskSpec
from seqlab.config import build_experiment
from seqlab.gradients import gradient_profile
from seqlab.model import SequenceModel

LENGTHS = [5, 2, 1, 4, 5]


def model_and_batch() -> tuple[SequenceModel, SequenceBatch]:
    torch.manual_seed(0)
    spec = TaskSpec(
        target="label",
        features=["x", "y"],
        classes=["a", "b"],
        sizes={"train": 5},
        class_counts=[3, 2],
        longest=5,
    )
    settings = {
        "model": {"cell": "gru", "hidden_size": 4, "dropout": 0.5},
        "task": {"class_weights": "balanced"},
    }
    model = SequenceModel(build_experiment(settings), spec).double()
    values = torch.randn(5, 6, 2, dtype=torch.float64)
    targets = torch.tensor([0, 1, 1, 0, 1])
    return model, SequenceBatch(
        values=values, lengths=torch.tensor(LENGTHS), targets=targets, ids=torch.arange(5)
    )


def by_hand(model: SequenceModel, batch: SequenceBatch) -> list[list[float]]:
    """For each sequence alone, without padding: norms from its end on."""
    assert batch.values is not None and batch.targets is not None
    model.eval()
    rows: list[list[float]] = []
    for i, length in enumerate(LENGTHS):
        values = batch.values[i : i + 1, :length].clone().requires_grad_(True)
        alone = SequenceBatch(
            values=values,
            lengths=batch.lengths[i : i + 1],
            targets=batch.targets[i : i + 1],
            ids=torch.tensor([i]),
        )
        model.task.loss(model(alone), alone)[0].backward()
        assert values.grad is not None
        rows.append([float(values.grad[0, t].square().sum().sqrt()) for t in reversed(range(length))])
    return rows


def test_median_by_distance_from_the_end():
    model, batch = model_and_batch()
    rows = by_hand(model, batch)
    expected = [np.median([row[k] for row in rows if len(row) > k]) for k in range(5)]
    np.testing.assert_allclose(gradient_profile(model, batch), expected, rtol=1e-10)


@pytest.mark.parametrize("padding", [float("nan"), 1e30])
def test_padding_is_harmless(padding: float):
    model, batch = model_and_batch()
    assert batch.values is not None
    values = batch.values.clone()
    for row, length in zip(values, LENGTHS, strict=True):
        row[length:] = padding
    found = gradient_profile(model, replace(batch, values=values))
    np.testing.assert_array_equal(found, gradient_profile(model, batch))


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(training: bool):
    model, batch = model_and_batch()
    model.train(training)
    with torch.no_grad():
        gradient_profile(model, batch)
    assert all(module.training is training for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_one_sequence_with_a_large_loss_makes_no_cliff():
    model, batch = model_and_batch()
    heavy = replace(batch, weights=torch.tensor([1.0, 1.0, 1.0, 1e6, 1.0], dtype=torch.float64))
    assert gradient_profile(model, heavy)[:4].max() < 1e3 * gradient_profile(model, batch)[:4].max()
