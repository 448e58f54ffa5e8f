"""Which configuration is chosen: the best on average over fresh seeds, and what is said of its learning rate."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from seqlab.comparison.selection import select
from seqlab.results import TrialRow

FILE = """\
    fixed: [trainer.max_epochs=30{more}]
    arms: {{lstm: [model=lstm], gru: [model=gru]}}
    space: {{optimizer.lr: {{low: 1e-4, high: 1e-1, log: true}}}}
    trial: {{folds: {folds}}}
    protocol: {{contrasts: {{cell: [gru, lstm]}}, candidates: 3, reruns: 2}}
"""


class Scripted:
    """Does jobs by looking their score up: learning rate -> one (accuracy, loss, best epoch) a seed; None diverges."""

    def __init__(self, scores: dict[float, Sequence[tuple[float, float, int] | None]]) -> None:
        self.scores, self.jobs = scores, []

    def run(self, jobs: Sequence[Any], progress: Callable[[int, int], None]) -> list[Any]:
        self.jobs += jobs
        return [self._result(job) for job in jobs]

    def _result(self, job: Any) -> Any:
        place = int(job.settings["data"]["split_seed"]) - 500
        found = self.scores[job.settings["optimizer"]["lr"]][place]
        if found is None:
            return SimpleNamespace(status="failed", cause="diverged", metrics={}, epochs={})
        accuracy, loss, best = found
        return SimpleNamespace(
            status="completed",
            metrics={"validation": {"accuracy": accuracy, "loss": loss}},
            epochs={"best": best},
        )


def choose(
    composed: Any, trials: dict[float, float], scores: Any, folds: Any = "null", more: str = ""
) -> Any:
    """What is chosen for the LSTM, whose trials had these values."""
    sweep, arms = composed(FILE.format(folds=folds, more=more))
    rows = [
        TrialRow(arm="lstm", number=n, state="complete", parameters={"optimizer.lr": lr}, values=(value,))
        for n, (lr, value) in enumerate(trials.items())
    ]
    labour = Scripted(scores)
    chosen, failed = select(sweep, arms, rows, labour, lambda done, total: None)  # type: ignore[arg-type]
    assert failed == {"gru": "none of its trials came to an end"}
    (row,) = chosen
    return row, labour


def test_the_best_on_fresh_seeds_is_chosen_and_not_the_luckiest_trial(composed):
    scores = {
        0.01: [(0.7, 1, 10), (0.8, 1, 11)],
        0.003: [(0.9, 1, 20), (0.86, 1, 25)],
        0.02: [(0.6, 1, 9)] * 2,
    }
    row, labour = choose(composed, {0.01: 0.99, 0.003: 0.9, 0.02: 0.95, 0.005: 0.2}, scores)
    assert row.parameters == {"optimizer.lr": 0.003} and row.trial == 1
    assert row.reruns == [0.9, 0.86] and row.epochs == 22  # the mean of 20 and 25, to the even number
    assert row.candidates == {
        "0": [0.7, 0.8],
        "1": [0.9, 0.86],
        "2": [0.6, 0.6],
    }  # the fourth was no candidate
    assert (row.best_of, row.best_value, row.at_edge) == (4, 0.9, [])
    seeds = {(job.settings["seed"], job.settings["data"]["order_seed"]) for job in labour.jobs}
    assert {order for _, order in seeds} == {500, 501} and len({seed for seed, _ in seeds}) == 2
    assert not any(job.settings["evaluate_test"] for job in labour.jobs)


def test_equal_scores_are_told_apart_by_loss(composed):
    scores = {0.01: [(1.0, 0.4, 5)] * 2, 0.003: [(1.0, 0.1, 5)] * 2, 0.02: [(1.0, 0.2, 5)] * 2}
    row, _ = choose(composed, {0.01: 1.0, 0.003: 1.0, 0.02: 1.0}, scores)
    assert row.parameters == {"optimizer.lr": 0.003}


def test_a_configuration_that_diverges_on_a_fresh_seed_is_not_chosen(composed):
    scores = {0.01: [(0.99, 1, 5), None], 0.003: [(0.5, 1, 5)] * 2, 0.02: [None, None]}
    row, _ = choose(composed, {0.01: 0.99, 0.003: 0.5, 0.02: 0.9}, scores)
    assert row.parameters == {"optimizer.lr": 0.003}
    assert row.candidates["0"] == [0.99, None]


@pytest.mark.parametrize(
    ("rates", "accuracies", "barred"),
    [
        ((0.09, 0.01, 0.003), (0.9, 0.8, 0.8), True),  # the chosen one
        ((0.01, 0.09, 0.00015), (0.9, 0.895, 0.899), True),  # two that are as good
        ((0.01, 0.09, 0.00015), (0.9, 0.5, 0.4), False),  # two bad ones say nothing
        ((0.01, 0.09, 0.003), (0.9, 0.899, 0.89), False),  # one may lie there by luck
        ((0.09, 0.08, 0.003), (1.0, 1.0, 1.0), False),  # nothing is better than all right
    ],
)
def test_a_learning_rate_at_the_edge_bars_the_arm(composed, rates, accuracies, barred):
    pairs = dict(zip(rates, accuracies, strict=True))
    row, _ = choose(composed, pairs, {lr: [(a, 1.0, 5)] * 2 for lr, a in pairs.items()})
    assert row.at_edge == (["optimizer.lr"] if barred else [])


def test_folds_are_dealt_out_anew_for_every_seed_and_averaged(composed):
    scores = {lr: [(lr * 10, 1, 4), (lr * 10, 1, 6)] for lr in (0.01, 0.02, 0.03)}
    row, labour = choose(composed, {0.01: 0.1, 0.02: 0.2, 0.03: 0.3}, scores, folds=4)
    assert row.parameters == {"optimizer.lr": 0.03} and row.reruns == pytest.approx([0.3, 0.3])
    own = [job.settings["data"] for job in labour.jobs if job.settings["optimizer"]["lr"] == 0.03]
    assert sorted((data["split_seed"], data["fold"]) for data in own) == [
        (s, f) for s in (500, 501) for f in range(4)
    ]
    assert all(data["folds"] == 4 for data in own)


def test_a_schedule_that_ends_with_the_last_epoch_is_not_cut(composed):
    scores = {lr: [(0.5, 1, 4)] * 2 for lr in (0.01, 0.02, 0.03)}
    row, _ = choose(composed, {0.01: 0.5, 0.02: 0.5, 0.03: 0.5}, scores, more=", scheduler=cosine")
    assert row.epochs == 30
