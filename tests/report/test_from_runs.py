"""Plain run directories: arms by their settings, contrasts by name, and what runs tell of themselves."""

from pathlib import Path

import numpy as np
import pytest

from seqlab.cli.parsing import run_command
from seqlab.errors import UserError
from seqlab.report.from_runs import evidence_of_runs
from seqlab.report.judging import judge
from seqlab.report.options import Options
from seqlab.results import RunResult

RNG = np.random.default_rng(8)


@pytest.fixture
def a_run(tmp_path: Path):
    """Leaves a run directory as training does, without training."""

    def make(
        cell: str, seed: int, accuracy: float, *, dataset: str = "toy", best: int = 5, schedule: str = "none"
    ):
        folder = tmp_path / "runs" / f"{dataset}-{cell}-{seed}"
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(
            f"name: x\nseed: {seed}\ndata:\n  name: {dataset}\nmodel:\n  cell: {cell}\n"
            f"trainer:\n  max_epochs: 10\nscheduler:\n  name: {schedule}\n"
        )
        RunResult(
            name=f"{cell}-{seed}", status="completed", reason=None, cause=None, seed=seed, started="", threads=1,
            data={"name": dataset}, metrics={"validation": {"accuracy": accuracy}, "test": {"accuracy": accuracy}},
            baselines={"majority": {"test": {"accuracy": 0.5}}, "order_free": {"test": {"accuracy": 0.97}}},
            epochs={"run": 10, "best": best}, command=f"python train.py model={cell}", run_dir=folder,
        ).write()  # fmt: skip
        return folder

    return make


@pytest.fixture
def runs(a_run) -> list[Path]:
    levels = {"gru": 0.9, "lstm": 0.8}
    return [
        a_run(cell, seed, level + RNG.normal(0, 0.01)) for cell, level in levels.items() for seed in range(6)
    ]


def test_a_contrast_of_runs_is_primary(runs, capsys):
    assert (
        run_command(["report", *map(str, runs), "--contrast", "cell=gru:cell=lstm", "--margin", "0.02"]) == 0
    )
    page = Path(capsys.readouterr().out.splitlines()[-1])
    text = (page.parent / "report.md").read_text()
    assert "## Primary contrasts" in text and "cell=gru is better than cell=lstm" in text
    assert "margin 2 points" in text and "--contrast cell=gru:cell=lstm" in text
    made = evidence_of_runs(runs, Options(contrasts=["cell=gru:cell=lstm"], margin=0.02, confidence=0.9))
    assert [(c.arm, c.than) for c in made.contrasts if c.primary] == [("cell=gru", "cell=lstm")]
    assert made.rules.margin == 0.02 and made.rules.confidence == 0.9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--contrast", "cell=gru:cell=lst"], "did you mean: cell=lstm"),
        (["--contrast", "CELL=GRU:cell=lstm"], "did you mean: cell=gru"),
        (["--contrast", "cell=gru"], "names no pair"),
        (["--score", "f1"], "--contrast, --margin, --confidence"),
    ],
)
def test_mistakes_about_runs(runs, words, message):
    with pytest.raises(UserError) as caught:
        run_command(["report", *map(str, runs), *words])
    assert message in str(caught.value) and len(str(caught.value).splitlines()) <= 3


def test_arms_at_chance_level_are_named(a_run):
    runs = [a_run("lstm", seed, 0.5 + 0.01 * (-1) ** seed) for seed in range(4)]
    runs += [a_run("gru", seed, 0.8 + 0.01 * (-1) ** seed) for seed in range(4)]
    found = [c for c in judge(evidence_of_runs(runs)).cautions if "chance level" in c]
    assert found == [
        "cell=lstm is at chance level: not shown to be above the largest class alone (50.0 %). Arms that have learnt "
        "nothing are alike by that."
    ]


def test_training_that_was_cut_off_is_said(a_run):
    runs = [a_run("lstm", seed, 0.8 + 0.01 * seed, best=10 if seed else 4) for seed in range(3)]
    runs += [a_run("gru", seed, 0.8 + 0.01 * seed, best=9) for seed in range(3)]
    runs += [a_run("rnn", seed, 0.8 + 0.01 * seed, best=10, schedule="cosine") for seed in range(3)]
    (found,) = [c for c in judge(evidence_of_runs(runs)).cautions if "cut off" in c]
    assert "cell=lstm" in found and "(2 of 3 runs)" in found and "(10)" in found
    assert "gru" not in found, "its best epoch is not in the last tenth"
    assert "rnn" not in found, "its schedule ends with its epochs"


def test_references_stand_beside_arms_over_several_data_sets(a_run, capsys):
    runs = [
        a_run(cell, seed, 0.8 + 0.05 * (cell == "gru") + 0.01 * seed, dataset=dataset)
        for cell in ("lstm", "gru")
        for dataset in ("one", "two", "three")
        for seed in range(3)
    ]
    findings = judge(evidence_of_runs(runs))
    assert (
        findings.over is not None and findings.over.references["order-free logistic regression"].value == 0.97
    )
    assert (
        "On 3 of 3 data sets a reference that knows nothing of recurrence stands above every arm."
        in findings.answer
    )
    assert run_command(["report", *map(str, runs)]) == 0
    out = capsys.readouterr().out
    assert "order-free logistic regression (reference)" in out and "majority class (reference)" in out
    page = Path(out.splitlines()[-1])
    assert "order-free logistic regression (reference)" in (page.parent / "report.md").read_text()
    html = page.read_text()
    assert html.count("order-free logistic regression") >= 2, "in the means, and on every data set"


def test_a_pattern_that_meets_an_earlier_report_takes_the_runs(runs, tmp_path, capsys):
    folder = runs[0].parent
    (folder / "report").mkdir()
    (folder / "report" / "report.md").write_text("an earlier one")
    assert run_command(["report", *map(str, sorted(folder.iterdir())), "--out", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize("below", ["", "mine", "mine/trials"])
def test_trials_of_a_sweep_are_not_taken_for_runs(tmp_path, below):
    trial = tmp_path / "sweeps" / "mine" / "trials" / "gru" / "0"
    trial.mkdir(parents=True)
    (tmp_path / "sweeps" / "mine" / "sweep.yaml").touch()
    (trial / "result.json").write_text("{}")
    with pytest.raises(UserError, match=r"holds trials of the sweep .*mine\nallowed: sweeps as a whole"):
        evidence_of_runs([tmp_path / "sweeps" / below], Options())
