"""Counts, the best, the front and the time left, against numbers worked out by hand or by Optuna."""

import random

import optuna
import pytest

from seqlab.config.sweep import BudgetConfig, ObjectiveConfig
from seqlab.results import TrialRow
from seqlab.sweep.progress import best_rows, progress_of, ranked, seconds_left, trials_per_minute
from seqlab.sweep.rows import trial_rows

ACCURACY = [ObjectiveConfig()]
LOSS = [ObjectiveConfig(metric="validation.loss")]


def row(arm: str, number: int, state: str = "complete", value: float | None = None, **more) -> TrialRow:
    values = () if state == "running" else (value,)
    plain = {"parameters": {}, "epochs": 10, "seconds": 20.0, "values": values}
    return TrialRow(arm=arm, number=number, state=state, **(plain | more))


ROWS = [
    row("a", 0, value=0.7),
    row("a", 1, value=0.9),
    row("a", 2, value=0.9),
    row("a", 3, "pruned", 0.95, epochs=2, seconds=4.0),
    row("a", 4, "diverged", epochs=1, seconds=2.0),
    row("a", 5, "failed", epochs=3, seconds=100.0),
    row("a", 6, "infeasible", epochs=0, seconds=0.0),
    row("a", 7, "running", epochs=4, seconds=0.0),
    row("b", 0, "running", epochs=0, seconds=0.0),
]


def test_what_counts_is_told_from_what_does_not():
    a, b, c = progress_of(ROWS, dict.fromkeys("abc", 10), ACCURACY)
    assert a.counts == {"complete": 3, "pruned": 1, "diverged": 1, "failed": 1, "infeasible": 1, "running": 1}
    assert (a.counted, a.left, a.divergence_rate) == (5, 5, 0.2)
    assert (a.epochs, a.seconds) == (40, 166.0)
    assert (a.mean_seconds, a.mean_epochs) == (66 / 5, 33 / 5)
    assert (b.counted, b.left, b.best, b.divergence_rate) == (0, 10, None, None)
    assert (c.arm, c.counts, c.left) == ("c", {}, 10)


def test_the_best_is_the_first_of_equals_and_never_one_that_was_pruned():
    (a, _) = progress_of(ROWS, {"a": None}, ACCURACY)
    assert a.best is not None and a.best.number == 1
    assert a.left is None
    assert [r.number for r in ranked(ROWS, ACCURACY)] == [1, 2, 0]
    assert [r.number for r in ranked(ROWS, LOSS)] == [0, 1, 2]


def test_a_complete_trial_without_a_value_is_never_the_best():
    assert best_rows([row("a", 0)], LOSS) == []


@pytest.mark.parametrize("metrics", [("validation.accuracy", "cost.parameters"), ("validation.loss",) * 3])
def test_the_front_is_optunas(metrics: tuple[str, ...]):
    objectives = [ObjectiveConfig(metric=metric) for metric in metrics]
    study = optuna.create_study(
        directions=["maximize" if m == "validation.accuracy" else "minimize" for m in metrics]
    )
    rng = random.Random(3)
    for _ in range(300):  # few values, so that there are ties and equals
        values = [float(rng.randrange(8)) for _ in metrics]
        study.add_trial(optuna.trial.create_trial(values=values))
    front = best_rows(trial_rows(study, "a"), objectives)
    assert len(front) > 1
    assert {r.number for r in front} == {t.number for t in study.best_trials}


def test_the_time_left_follows_from_the_mean_trial_and_the_workers():
    rows = [row("a", n, value=0.5) for n in range(4)]  # 20 s each
    progress = progress_of(rows, {"a": None}, ACCURACY)
    assert seconds_left(progress, BudgetConfig(trials=10), workers=1) == 120.0
    assert seconds_left(progress, BudgetConfig(trials=10), workers=3) == 40.0
    assert seconds_left(progress, BudgetConfig(trials=5), workers=3) == 20.0  # one worker does the last alone
    assert seconds_left(progress, BudgetConfig(trials=4), workers=3) == 0.0
    assert seconds_left(progress, BudgetConfig(trials=3), workers=3) == 0.0


def test_an_arm_may_have_fewer_points_than_the_budget_allows():
    rows = [row("a", n, value=0.5) for n in range(4)]
    progress = progress_of(rows, {"a": 6}, ACCURACY)  # a grid of six
    assert seconds_left(progress, BudgetConfig(trials=100), workers=1) == 40.0


def test_a_trial_that_runs_is_taken_to_be_half_done():
    rows = [row("a", 0, value=0.5), row("a", 1, "running"), row("a", 2, "running")]
    progress = progress_of(rows, {"a": 5}, ACCURACY)
    assert seconds_left(progress, BudgetConfig(trials=5), workers=2) == (4 - 1) * 20 / 2


def test_the_time_left_ends_with_the_first_limit_and_covers_arms_not_begun():
    rows = [row("a", n, value=0.5) for n in range(4)]  # 80 s and 40 epochs spent
    progress = progress_of(rows, {"a": 100, "b": 100}, ACCURACY)
    hours = BudgetConfig(trials=100, hours=100 / 3600)
    assert seconds_left(progress, hours, workers=1) == pytest.approx(20 + 100)
    epochs = BudgetConfig(trials=100, epochs=50)
    assert seconds_left(progress, epochs, workers=1) == pytest.approx(1 * 20 + 5 * 20)


def test_nothing_is_said_about_time_before_a_trial_has_ended():
    assert seconds_left(progress_of(ROWS[7:], {"a": 5}, ACCURACY), BudgetConfig(), 2) is None
    assert trials_per_minute([], ROWS[7:], 60.0) is None


def test_the_pace_counts_only_what_was_done_since():
    assert trials_per_minute(ROWS[:2], ROWS, 90.0) == pytest.approx(3 / 1.5)
