"""The classification task: its loss against torch's, its weights, its dropout, its refusals."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from seqlab.batch import Encoded, SequenceBatch, TaskSpec
from seqlab.config.task import ClassificationConfig
from seqlab.errors import UserError
from seqlab.tasks.base import Task
from seqlab.tasks.classification import Classification

LENGTHS = torch.tensor([3, 1, 4, 2, 4])
TARGETS = torch.tensor([0, 2, 2, 1, 0])


def spec(classes=("a", "b", "c"), counts=(6, 3, 1), target="label") -> TaskSpec:
    return TaskSpec(
        target=target, features=["x"], classes=classes, class_counts=counts, sizes={"train": 10}, longest=4
    )


def make(dropout: float = 0.0, the_spec: TaskSpec | None = None, **config) -> Classification:
    torch.manual_seed(0)
    return Classification(ClassificationConfig(**config), the_spec or spec(), input_size=6, dropout=dropout)


def batch(weights=None) -> SequenceBatch:
    return SequenceBatch(values=torch.zeros(5, 4, 1), lengths=LENGTHS, targets=TARGETS, weights=weights)


def encoded() -> Encoded:
    steps = torch.randn(5, 4, 6, generator=torch.Generator().manual_seed(1))
    steps = steps * (torch.arange(4) < LENGTHS[:, None])[..., None]
    return Encoded(steps=steps, final=steps[torch.arange(5), LENGTHS - 1], lengths=LENGTHS)


LOGITS = torch.randn(5, 3, generator=torch.Generator().manual_seed(2))


def test_it_is_a_task_and_makes_logits():
    task = make()
    assert isinstance(task, Task)
    logits = task(encoded())
    assert logits.shape == (5, 3)
    torch.testing.assert_close(task.probabilities(logits).sum(1), torch.ones(5))
    assert set(task.scores(logits, TARGETS)) >= {"loss", "accuracy"}


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_is_torchs_mean_when_divided(smoothing):
    total, weight = make(label_smoothing=smoothing).loss(LOGITS, batch())
    torch.testing.assert_close(total / weight, cross_entropy(LOGITS, TARGETS, label_smoothing=smoothing))
    assert weight == 5


def test_balanced_weights_are_those_of_scikit_learn_and_torch():
    task = make(class_weights="balanced")
    torch.testing.assert_close(task.class_weights, torch.tensor([10 / 18, 10 / 9, 10 / 3]))
    total, weight = task.loss(LOGITS, batch())
    torch.testing.assert_close(total / weight, cross_entropy(LOGITS, TARGETS, weight=task.class_weights))
    torch.testing.assert_close(weight, task.class_weights[TARGETS].sum())


def test_a_class_without_training_sequences_weighs_nothing():
    task = make(class_weights="balanced", the_spec=spec(counts=(5, 0, 5)))
    torch.testing.assert_close(task.class_weights, torch.tensor([2 / 3, 0.0, 2 / 3]))


def test_weights_of_sequences_multiply_and_zero_takes_one_out():
    weights = torch.tensor([1.0, 0.0, 2.0, 0.5, 0.0])
    task = make(class_weights="balanced", label_smoothing=0.2)
    total, weight = task.loss(LOGITS, batch(weights))
    each = cross_entropy(LOGITS, TARGETS, reduction="none", label_smoothing=0.2)
    together = weights * task.class_weights[TARGETS]
    torch.testing.assert_close(total, (together * each).sum())
    torch.testing.assert_close(weight, together.sum())


def test_sums_over_shards_are_the_whole():
    task = make(class_weights="balanced")
    whole = task.loss(LOGITS, batch())
    shards = [
        task.loss(LOGITS[s], replace(batch(), values=None, lengths=LENGTHS[s], targets=TARGETS[s]))
        for s in (slice(0, 2), slice(2, 5))
    ]
    for part in range(2):
        torch.testing.assert_close(shards[0][part] + shards[1][part], whole[part])


def test_half_precision_logits_are_summed_in_single():
    total, weight = make().loss(LOGITS.bfloat16(), batch())
    assert total.dtype == weight.dtype == torch.float32


def test_dropout_hangs_on_the_items_and_rests_in_evaluation():
    task = make(dropout=0.5)
    items = torch.tensor([7, 3, 9, 1, 5])
    order = torch.tensor([4, 2, 0, 1, 3])
    one = task(encoded(), items)
    e = encoded()
    shuffled = Encoded(steps=e.steps[order], final=e.final[order], lengths=e.lengths[order])
    torch.testing.assert_close(task(shuffled, items[order]), one[order])
    task.eval()
    torch.testing.assert_close(task(encoded(), items), make()(encoded()))


def test_class_weights_are_no_part_of_a_checkpoint():
    assert set(make(class_weights="balanced").state_dict()) == {"linear.weight", "linear.bias"}


def test_flops_count_pooling_and_linear():
    assert make().flops(4) == (2 * 6 + 1) * 3
    assert make(pooling="mean").flops(4) == (2 * 6 + 1) * 3 + 5 * 6


@pytest.mark.parametrize("bad", [spec(target="steps"), spec(classes=(), counts=())])
def test_data_without_one_class_a_sequence_are_refused(bad):
    with pytest.raises(UserError, match="one class a sequence"):
        make(the_spec=bad)
