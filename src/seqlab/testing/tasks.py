"""The promises of tasks with one label a sequence."""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from seqlab.batch import Encoded, SequenceBatch, TaskSpec
from seqlab.recurrent.dropout import set_dropout_step
from seqlab.results import METRICS
from seqlab.tasks.base import Task
from seqlab.testing.findings import Finding, demand, demand_same, run_checks

TOLERANCE = 1e-5  # a loss may well be computed in float32
WIDTH = 6
DROPOUT = 0.3
LENGTHS = torch.tensor([3, 5, 1, 4, 2, 5])
TARGETS = torch.tensor([0, 1, 2, 1, 0, 2])
SPEC = TaskSpec(
    target="label",
    features=["x", "y"],
    classes=["a", "b", "c"],
    sizes={"train": 40, "validation": 10},
    class_counts=[10, 20, 10],
    longest=5,
)


def check_task(make_task: Callable[[TaskSpec, int, float], Task], part: str = "task") -> list[Finding]:
    """Hold a task to the kit.

    Args:
        make_task: makes the task from (what the data promise, width of the encoder's output, dropout).
        part: its name in the findings.
    """
    return run_checks(part, lambda: _prepared(make_task(SPEC, WIDTH, DROPOUT)), TASK_CHECKS)


def _prepared(task: Task) -> Task:
    task.double().train()
    set_dropout_step(task, seed=3, step=11)
    return task


def _batch() -> tuple[Encoded, SequenceBatch]:
    rows = len(LENGTHS)
    padding = torch.arange(5) >= LENGTHS[:, None]
    steps = torch.randn(rows, 5, WIDTH, dtype=torch.float64).masked_fill(padding[:, :, None], 0.0)
    encoded = Encoded(steps=steps, final=steps[torch.arange(rows), LENGTHS - 1], lengths=LENGTHS)
    weights = torch.tensor([1.0, 2.0, 1.0, 0.5, 1.0, 1.0], dtype=torch.float64)
    items = torch.tensor([8, 3, 21, 0, 5, 13])
    batch = SequenceBatch(values=None, lengths=LENGTHS, targets=TARGETS, weights=weights, ids=items)
    return encoded, batch


def _rows(encoded: Encoded, batch: SequenceBatch, rows: Tensor) -> tuple[Encoded, SequenceBatch]:
    assert batch.targets is not None and batch.ids is not None and batch.weights is not None
    picked = Encoded(steps=encoded.steps[rows], final=encoded.final[rows], lengths=encoded.lengths[rows])
    return picked, replace(
        batch,
        lengths=batch.lengths[rows],
        targets=batch.targets[rows],
        weights=batch.weights[rows],
        ids=batch.ids[rows],
    )


def _loss(task: Task, encoded: Encoded, batch: SequenceBatch) -> tuple[Tensor, Tensor]:
    total, weight = task.loss(task(encoded, batch.ids), batch)
    demand(
        total.shape == () and weight.shape == (), "loss must return two scalars: summed loss, summed weight"
    )
    return total, weight


def padding_changes_nothing(task: Task) -> None:
    """Longer padding changes neither loss nor gradient."""
    encoded, batch = _batch()
    results: list[tuple[Tensor, list[Tensor | None]]] = []
    for extra in (0, 30):
        task.zero_grad()
        longer = replace(encoded, steps=torch.nn.functional.pad(encoded.steps, (0, 0, 0, extra)))
        total, _ = _loss(task, longer, batch)
        total.backward()
        results.append((total.detach(), [p.grad for p in task.parameters()]))
    demand_same("loss", results[1][0], results[0][0], TOLERANCE)
    for found, expected in zip(results[1][1], results[0][1], strict=True):
        demand_same("a gradient", found, expected, TOLERANCE)


def weights_count(task: Task) -> None:
    """A sequence of weight 0 counts nothing; no weights at all are weights of 1."""
    encoded, batch = _batch()
    assert batch.weights is not None
    kept = torch.tensor([0, 1, 3, 5])
    weights = torch.zeros_like(batch.weights)
    weights[kept] = batch.weights[kept]
    total, weight = _loss(task, encoded, replace(batch, weights=weights))
    fewer, fewer_weight = _loss(task, *_rows(encoded, batch, kept))
    demand_same("summed loss with weights of 0", total, fewer, TOLERANCE)
    demand_same("summed weight with weights of 0", weight, fewer_weight, TOLERANCE)
    ones = _loss(task, encoded, replace(batch, weights=torch.ones_like(batch.weights)))
    none = _loss(task, encoded, replace(batch, weights=None))
    demand_same("summed loss without weights", none[0], ones[0], TOLERANCE)
    demand_same("summed weight without weights", none[1].double(), ones[1].double(), TOLERANCE)


def losses_add_up(task: Task) -> None:
    """The loss of a batch is the sum of the losses of its parts, so it can be divided over processes."""
    encoded, batch = _batch()
    total, weight = _loss(task, encoded, batch)
    halves = [_loss(task, *_rows(encoded, batch, rows)) for rows in torch.tensor([[4, 0, 2], [5, 1, 3]])]
    demand_same("summed loss", halves[0][0] + halves[1][0], total, TOLERANCE)
    demand_same("summed weight", halves[0][1] + halves[1][1], weight, TOLERANCE)


def probabilities_are_probabilities(task: Task) -> None:
    """Probabilities are between 0 and 1 and sum to 1."""
    encoded, batch = _batch()
    p = task.probabilities(task(encoded, batch.ids))
    classes = len(SPEC.classes)
    demand(p.shape == (len(LENGTHS), classes), f"shape {list(p.shape)}, expected {[len(LENGTHS), classes]}")
    demand(bool((p >= 0).all()) and bool((p <= 1).all()), "some are below 0 or above 1")
    demand_same("sums", p.sum(1), torch.ones(len(LENGTHS), dtype=p.dtype), TOLERANCE)


def scores_are_complete(task: Task) -> None:
    """Scores hold every metric, a number or None, for any mix of classes."""
    encoded, batch = _batch()
    outputs = task(encoded, batch.ids).detach()
    for targets in (TARGETS, torch.zeros_like(TARGETS)):
        scores = task.scores(outputs, targets)
        demand(set(scores) == set(METRICS), f"metrics {sorted(scores)}, expected {sorted(METRICS)}")
        for name, value in scores.items():
            finite = value is None or (isinstance(value, float) and math.isfinite(value))
            demand(finite, f"{name} is {value!r}, expected a finite number or None")


def order_does_not_matter(task: Task) -> None:
    """Predictions do not depend on the order of the batch, dropout included."""
    encoded, batch = _batch()
    order = torch.tensor([3, 0, 5, 4, 2, 1])
    picked, shuffled = _rows(encoded, batch, order)
    demand_same("predictions", task(picked, shuffled.ids), task(encoded, batch.ids)[order], TOLERANCE)


def everything_learns(task: Task) -> None:
    """The loss is finite, and its gradient reaches every parameter and the encoder."""
    encoded, batch = _batch()
    steps = encoded.steps.clone().requires_grad_()
    last = steps[torch.arange(len(LENGTHS)), LENGTHS - 1]
    total, weight = _loss(task, replace(encoded, steps=steps, final=last), batch)
    demand(bool(torch.isfinite(total)) and weight.item() > 0, f"loss {total.item()}, weight {weight.item()}")
    total.backward()
    idle = [name for name, p in task.named_parameters() if p.requires_grad and p.grad is None]
    demand(not idle, f"no gradient reaches {', '.join(idle)}")
    demand(steps.grad is not None and bool(steps.grad.abs().sum() > 0), "no gradient reaches the encoder")


def costs_are_declared(task: Task) -> None:
    """Operations are counted and the head is described."""
    demand(task.flops(20) >= task.flops(1) >= 0, f"flops(1), flops(20) are {task.flops(1)}, {task.flops(20)}")
    demand(bool(task.describe()), "describe() says nothing")


TASK_CHECKS: tuple[Callable[[Task], None], ...] = (
    padding_changes_nothing,
    weights_count,
    losses_add_up,
    probabilities_are_probabilities,
    scores_are_complete,
    order_does_not_matter,
    everything_learns,
    costs_are_declared,
)
