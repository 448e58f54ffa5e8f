"""What a person reads: scores beside baselines, where the run lies, what to try next."""

import io
from pathlib import Path

import pytest

from seqlab.results import EpochRow, LayerRow, RunResult
from seqlab.screen import Screen, show_several

SCORES = {"loss": 0.5, "accuracy": 0.75, "balanced_accuracy": 0.7, "f1_macro": 0.6, "auroc": None, "ece": 0.1}


def result(run_dir, **more):
    plain = {
        "name": "gru-1x8-[bold]odd[/bold]-seed0",
        "status": "completed",
        "seed": 0,
        "started": "2026-01-01T00:00:00+00:00",
        "task": {"monitor": "accuracy"},
        "data": {
            "name": "Odd [red]name[/red]",
            "sizes": {"train": 30, "validation": 10},
            "lengths": {"min": 1, "median": 2.5, "mean": 3.2, "max": 7},
            "features": 2,
            "classes": {"[a]": 10, "b": 20},
            "missing": 0,
            "notes": ["class [a] is rare"],
        },
        "model": {"kind": "recurrent"},
        "cost": {"parameters": 1234567, "flops": 89},
        "metrics": {"validation": SCORES},
        "intervals": {"validation": {"accuracy": [0.41, 0.93]}},
        "baselines": {"majority": {"validation": SCORES | {"accuracy": 0.5}}},
        "most_confused": {"validation": [("[a]", "b", 3)]},
        "epochs": {"run": 2, "best": 1},
        "seconds": {"training": 1.0, "total": 2.0},
        "threads": 1,
        "command": "python train.py model=gru model.hidden_size=8 data=archive 'data.name=A B'",
    }
    return RunResult(run_dir=run_dir, **(plain | more))


def show(live, outcome, rows=3):
    stream = io.StringIO()
    screen = Screen(stream, live=live)
    screen.before(outcome, [LayerRow(name="gru 1", output="T x 8", parameters=288, flops=80)], epochs=rows)
    for epoch in range(1, rows + 1):
        screen.batch(epoch, 1, 2)
        screen.epoch(EpochRow(epoch=epoch, step=2, seconds=1.0, lr=0.1, train=SCORES, validation=SCORES), 1)
    screen.after(outcome)
    return stream.getvalue()


def test_data_model_scores_and_baselines_are_shown(tmp_path):
    text = show(False, result(tmp_path))
    for words in (
        "gru-1x8-[bold]odd[/bold]-seed0, seed 0",  # a name is never markup
        "Odd [red]name[/red]: 30 train, 10 validation sequences; test not read",
        "1 to 7 steps, median 2.5",
        "[a] 10, b 20",
        "1,234,567",
        "0.410 to 0.930",
        "majority class",
        "[a] taken for b 3x",
        "best epoch 1 of 2",
    ):
        assert words in text
    assert "-" in text.split("auroc")[1]  # an undefined metric is a dash
    assert "\x1b" not in text and "\r" not in text


@pytest.mark.parametrize(
    ("numeric", "categories", "words"),
    [
        (2, {}, "features  2\n"),
        (2, {"[red]": 5}, "features  2 numeric; categorical: [red] (3)\n"),
        (0, {"text": 5002}, "features  categorical: text (5,000)\n"),
    ],
)
def test_features_are_counted_by_kind(tmp_path, numeric, categories, words):
    shown = result(tmp_path)
    shown.data |= {"features": numeric, "categories": categories}
    assert words in show(False, shown)


def test_plain_lines_are_few_and_end_with_the_last_epoch(tmp_path):
    lines = [
        line for line in show(False, result(tmp_path), rows=95).splitlines() if line.startswith("epoch ")
    ]
    assert len(lines) <= 12
    assert lines[-1].startswith("epoch 95/95")


def test_a_terminal_gets_one_line_that_is_written_over(tmp_path):
    text = show(True, result(tmp_path))
    assert (
        "\n" not in text[text.index("\repoch") if "\repoch" in text else text.index("\r") : text.rindex("\r")]
    )


def test_next_commands_keep_the_data_and_quote_paths(tmp_path):
    place = tmp_path / "it's here"
    place.mkdir()
    text = show(False, result(place))
    assert "train.py data=archive 'data.name=A B' model=order_free" in text
    assert "--part test" in text
    assert """it'"'"'s here'""" in text


def test_a_failed_run_says_why_and_gives_no_next_commands(tmp_path):
    text = show(False, result(tmp_path, status="failed", reason="no [space] left", metrics={}))
    assert "failed: no [space] left" in text
    assert "try next" not in text


def test_paths_below_the_working_directory_are_short(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = show(False, result(Path.cwd() / "runs" / "x"))
    assert "run directory  runs/x\n" in text


def test_next_commands_switch_plugins_on(tmp_path):
    lines = show(False, result(tmp_path, plugins=["my_lab", "their_lab"])).splitlines()
    for command in (" predict ", " evaluate "):
        (line,) = [line for line in lines if command in line]
        assert line.endswith("--plugin my_lab --plugin their_lab")


def test_no_test_part_is_offered_for_arrays_from_python(tmp_path):
    outcome = result(tmp_path)
    outcome.data["kind"] = "memory"
    assert "--part test" not in show(False, outcome)


@pytest.mark.parametrize(
    "command",
    [
        "seqlab.run(['seed=1'])",
        "python train.py --config runs/a/config.yaml seed=1",
        "python train.py --config=runs/a/config.yaml",
        "seqlab train seed=1 --config 'a b.yaml'",
    ],
)
def test_no_other_model_is_offered_where_the_command_cannot_choose_one(tmp_path, command):
    assert "order_free" not in show(False, result(tmp_path, command=command))


def test_the_command_of_another_model_keeps_what_is_not_the_models(tmp_path):
    command = (
        "python train.py --config-dir model seed=1 model=gru +model.dropout=0.1 ~model.bidirectional "
        "init_from=runs/a force=true hydra.run.dir=out task=classification"
    )
    text = show(False, result(tmp_path, command=command))
    assert "train.py --config-dir model seed=1 task=classification model=order_free\n" in text


def test_state_and_speed_are_shown_where_there_are_any(tmp_path):
    cost = {"parameters": 12, "flops": 89, "state_size": 1512, "sequences_per_second": 2345.6}
    text = show(False, result(tmp_path, cost=cost))
    assert "state carried from step to step: 1,512 numbers\n" in text
    assert "2,346 sequences/s in training" in text
    text = show(False, result(tmp_path, cost=cost | {"state_size": 0, "sequences_per_second": None}))
    assert "state carried" not in text and "sequences/s" not in text


def test_several_runs_end_with_a_line_each(tmp_path):
    common = ["model=gru", "logger=none"]
    runs = [
        ([*common, "seed=1"], result(tmp_path / "0")),
        (
            [*common, "seed=2"],
            result(tmp_path / "1", status="failed", metrics={}, intervals={}, baselines={}),
        ),
    ]
    stream = io.StringIO()
    show_several(runs, stream)
    first, second = (line for line in stream.getvalue().splitlines() if line.startswith("seed="))
    assert first.split() == ["seed=1", "0.750", "0.410", "to", "0.930", "-", "1,234,567", "1.0"]
    assert second.split()[:2] == ["seed=2", "failed"]
    assert "model=gru" not in stream.getvalue()  # what all have in common tells none apart
