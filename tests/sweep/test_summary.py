"""The end of a sweep: numbers against those worked out by hand, and commands that can be pasted."""

import dataclasses
import io
import json
import random
import shlex
from pathlib import Path

import pytest

from seqlab.errors import ConfigError
from seqlab.results import TrialRow
from seqlab.sweep.view import SweepScreen

RESULT = {
    "schema": 1,
    "name": "x",
    "status": "completed",
    "seed": 0,
    "started": "2026-01-01T00:00:00+00:00",
    "model": {"kind": "recurrent"},
    "data": {"kind": "archive"},
    "baselines": {
        "majority": {"validation": {"accuracy": 0.125}},
        "order_free": {"validation": {"accuracy": 0.875}},
    },
    "threads": 1,
    "command": "python train.py",
    "plugins": ["my_lab"],
}


class OnlySoWide:
    """An arm whose dropout cannot go below 0."""

    def __init__(self, name: str) -> None:
        self.name = name

    def experiment(self, values):
        if values["model.dropout"] < 0:
            raise ConfigError("model.dropout", values["model.dropout"], "a number at least 0")
        return values


def words_of(row: TrialRow) -> list[str]:
    return ["model=lstm", "data.name=A B", *(f"{k}={v!r}" for k, v in row.parameters.items()), "seed=0"]


@pytest.fixture
def summary(tmp_path, sweep_in, monkeypatch):
    """What is printed at the end of a sweep with these trials, below `tmp_path`, as lines without double spaces."""
    monkeypatch.chdir(tmp_path)

    def printed(rows, arms=("all",), storage=None, **config) -> list[str]:
        stream = io.StringIO()
        sweep = sweep_in(tmp_path / "runs" / "my sweep", arms=arms, **config)
        screen = SweepScreen(stream, live=False)
        screen.before(sweep, 1, rows)
        start = len(stream.getvalue())
        composed = [OnlySoWide(name) for name in arms]
        screen.after(rows, 60.0, arms=composed, words_of=words_of, storage=storage)
        return [" ".join(line.split()) for line in stream.getvalue()[start:].splitlines()]

    return printed


def leave_result(tmp_path: Path, number: int, arm: str = "all", **more) -> Path:
    run = tmp_path / "runs" / "my sweep" / "trials" / arm / str(number)
    run.mkdir(parents=True)
    (run / "result.json").write_text(json.dumps({**RESULT, **more}))
    return run


def test_the_ledger_counts_every_trial(summary, trial):
    rows = [
        trial(0, 0.7, arm="lstm"),
        trial(1, 0.9, arm="lstm"),
        trial(2, 0.4, "pruned", arm="lstm", epochs=2),
        trial(3, None, "diverged", arm="lstm", epochs=1),
        trial(4, None, "failed", arm="lstm", epochs=0, reason="killed [9]"),
        trial(0, None, "infeasible", arm="gru", epochs=0, seconds=0.0),
        trial(1, 0.8, arm="gru"),
    ]
    lines = summary(rows, arms=("lstm", "gru"))
    assert "widths 5 trials that count, 33 epochs, 36 s of training by all workers" in lines
    assert "arm complete pruned diverged failed infeasible epochs best accuracy with" in lines
    assert "lstm 2 1 1 (25%) 1 0 23 0.9000 lr=0.01 dropout=0.25" in lines
    assert "gru 1 0 0 0 1 10 0.8000 lr=0.01 dropout=0.25" in lines
    assert "failed because: killed [9]" in lines
    place = lines.index("best trials")
    assert lines[place + 1 : place + 5] == [
        "accuracy arm trial epochs lr dropout",
        "0.9000 lstm 1 10 0.01 0.25",
        "0.8000 gru 1 10 0.01 0.25",
        "0.7000 lstm 0 10 0.01 0.25",
    ]


def test_the_leaderboard_ends_after_ten(summary, trial):
    lines = summary([trial(n, n / 100) for n in range(30)])
    place = lines.index("best trials")
    shown = [line.split()[1] for line in lines[place + 2 : lines.index("", place)]]
    assert shown == [str(n) for n in range(29, 19, -1)]


def test_both_importances_are_explained(summary, trial):
    rng = random.Random(0)
    rows = []
    for number in range(40):
        lr, dropout = 10 ** rng.uniform(-4, -1), rng.uniform(0, 0.5)
        point = {"optimizer.lr": lr} | ({"model.dropout": dropout} if number % 2 else {})
        rows.append(trial(number, lr, parameters=point))
    text = "\n".join(summary(rows))
    assert "setting PED-ANOVA fANOVA\nlr 100%" in text
    assert "PED-ANOVA: which settings tell the best tenth of the trials" in text
    assert "fANOVA: the share of the variance of the value, over the whole space" in text
    assert "can disagree widely" in text
    assert "left out, not asked for in every trial: dropout" in text


def test_too_few_trials_are_not_weighed(summary, trial):
    text = "\n".join(summary([trial(0, 0.5), trial(1, 0.6)]))
    assert "too few to weigh settings" in text
    assert "PED-ANOVA" not in text


def test_a_best_value_at_the_edge_is_said_with_its_end(summary, trial):
    point = {"optimizer.lr": 0.09, "model.dropout": 0.0}
    text = " ".join(summary([trial(0, 0.5, parameters=point)]))
    assert (
        "the best optimizer.lr lies close to the upper end of its range, 0.1 (0.09): "
        "more may be better still, so widen it"
    ) in text
    assert "the best model.dropout lies at the lower end of its range, 0 (0); less is not possible" in text
    assert "at the edge" not in " ".join(summary([trial(0, 0.5)]))


def test_arms_at_the_same_edge_share_a_line(summary, trial):
    point = {"model.dropout": 0.25}
    rows = [
        trial(0, 0.5, arm="lstm", parameters={"optimizer.lr": 0.09, **point}),
        trial(0, 0.9, arm="gru", parameters={"optimizer.lr": 0.095, **point}),
        trial(1, 0.4, arm="gru", parameters={"optimizer.lr": 1e-4, **point}),  # not its arm's best
        trial(0, 0.7, arm="rnn", parameters={"optimizer.lr": 1e-4, **point}),
    ]
    lines = summary(rows, arms=("lstm", "gru", "rnn"))
    text = " ".join(lines[lines.index("at the edge of the space") :])
    assert "upper end of its range, 0.1 (gru 0.095, lstm 0.09): more may be" in text
    assert "lies at the lower end of its range, 0.0001 (rnn 0.0001): less may be" in text
    assert text.count("the best optimizer.lr") == 2


def test_the_best_stands_beside_the_baselines_and_can_be_run_again(summary, trial, tmp_path):
    leave_result(tmp_path, 1)
    rows = [trial(0, 0.5), trial(1, 0.9, parameters={"optimizer.lr": 0.0123456789012345})]
    lines = summary(rows)
    assert "best trial 1: validation.accuracy 0.9000" in lines
    assert "without recurrence: order-free 0.8750, majority class 0.1250 (validation.accuracy)" in lines
    assert "nothing here shows that order matters" not in " ".join(lines)
    command = shlex.split(lines[lines.index("the same again") + 1])
    assert command[1:] == ["train.py", *words_of(rows[1])]
    assert "best run directory runs/my sweep/trials/all/1" in lines
    text = " ".join(lines)
    assert "The best of 2 trials on the validation data that chose it is an optimistic number" in text
    assert "A search is no comparison" in text


def test_the_command_finds_a_persons_own_files_of_settings(summary, sweep_in, trial, tmp_path):
    sweep = dataclasses.replace(sweep_in(tmp_path), config_dir=Path("my conf"))
    stream = io.StringIO()
    screen = SweepScreen(stream, live=False)
    screen.before(sweep, 1)
    rows = [trial(0, 0.9)]
    screen.after(rows, 60.0, arms=[OnlySoWide("all")], words_of=words_of)
    lines = [line.strip() for line in stream.getvalue().splitlines()]
    command = shlex.split(lines[lines.index("the same again") + 1])
    assert command[1:] == ["train.py", "--config-dir", "my conf", *words_of(rows[0])]


def test_it_is_said_where_order_free_statistics_do_as_well(summary, trial, tmp_path):
    leave_result(tmp_path, 0)
    assert "nothing here shows that order matters" in " ".join(summary([trial(0, 0.875)]))
    assert "nothing here" not in " ".join(summary([trial(0, 0.876)]))


def test_next_commands_quote_paths_and_offer_only_what_is_there(summary, trial, tmp_path):
    run = leave_result(tmp_path, 0)
    text = "\n".join(summary([trial(0, 0.5)]))
    assert "seqlab status 'runs/my sweep'\n" in text
    assert "optuna-dashboard 'sqlite:///runs/my sweep/study.db'" in text
    assert "evaluate" not in text and "leet" not in text
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "best.ckpt").touch()
    (run / "wandb" / "offline-run-1").mkdir(parents=True)
    text = "\n".join(summary([trial(0, 0.5)]))
    assert "seqlab evaluate 'runs/my sweep/trials/all/0' --part test --plugin my_lab" in text
    assert "wandb leet 'runs/my sweep/trials/all/0/wandb/offline-run-1'" in text


@pytest.mark.parametrize("storage", ["postgresql://me:geheim@host/db", "postgresql://me:<redacted>@host/db"])
def test_a_password_is_left_to_the_environment(summary, trial, storage: str):
    text = "\n".join(summary([trial(0, 0.5)], storage=storage))
    assert "geheim" not in text and "redacted" not in text
    assert "status 'runs/my sweep' --storage \"$SEQLAB_STORAGE\"" in text
    assert 'optuna-dashboard "$SEQLAB_STORAGE"' in text


def test_another_database_is_named_in_the_commands(summary, trial):
    text = "\n".join(summary([trial(0, 0.5)], storage="postgresql://host/db"))
    assert "--storage postgresql://host/db" in text


def test_several_objectives_end_with_the_front(summary, trial):
    values = [(0.9, 500.0), (0.8, 100.0), (0.7, 300.0), (0.95, 9000.0)]  # the third is beaten by the second
    rows = [trial(n, values=pair, state="complete") for n, pair in enumerate(values)]
    lines = summary(rows, objective=[{"metric": "validation.accuracy"}, {"metric": "cost.parameters"}])
    place = next(n for n, line in enumerate(lines) if line.startswith("Pareto front: 3 trials"))
    assert lines[place + 1 : place + 5] == [
        "accuracy parameters trial epochs lr dropout",
        "0.9500 9,000 3 10 0.01 0.25",
        "0.9000 500 0 10 0.01 0.25",
        "0.8000 100 1 10 0.01 0.25",
    ]
    assert "best by validation.accuracy trial 3: validation.accuracy 0.9500, cost.parameters 9,000" in lines


def test_no_complete_trial_is_no_reason_to_fail(summary, trial):
    lines = summary([trial(0, None, "failed", reason="out of memory"), trial(1)])
    assert "no trial is complete, so there is no best one" in lines
    assert "the same again" not in lines
    assert any("status" in line for line in lines)


def test_trials_that_come_to_the_same_value_are_said_not_to_be_told_apart(summary, trial):
    tied = " ".join(summary([trial(0, 0.9), trial(1, 0.8), trial(2, 0.9), trial(3, 0.9)]))
    assert "2 other trials come to the same value: validation.accuracy does not tell them apart" in tied
    assert "the same value" not in " ".join(summary([trial(0, 0.9), trial(1, 0.8)]))
