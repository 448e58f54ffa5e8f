"""`python sweep.py`: help that is light, mistakes that end early, settings that are shown."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from seqlab import paths
from seqlab.cli.help import command_help, sweep_help
from seqlab.cli.parsing import run_command, run_sweep
from seqlab.config.build import all_keys, build
from seqlab.config.sweep import SweepConfig
from seqlab.errors import UserError
from seqlab.sweep.loading import load_sweep

ROOT = Path(__file__).parents[2]
SWEEP = [sys.executable, "-X", "importtime", str(ROOT / "sweep.py")]
HEAVY = {
    "torch",
    "pytorch_lightning",
    "wandb",
    "aeon",
    "sklearn",
    "matplotlib",
    "optuna",
    "sqlalchemy",
    "pyarrow",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words: str) -> tuple[int, str, str, set[str]]:
    """Run the command; its exit code, both outputs, and the packages that it imported."""
    done = subprocess.run([*SWEEP, *words], capture_output=True, text=True, env=dict(os.environ))
    lines = done.stderr.splitlines()
    told = [line for line in lines if not line.startswith("import time:")]
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in lines if line not in told}
    return done.returncode, done.stdout, "\n".join(told), imported


def test_help_is_light_and_names_the_sweeps(here: Path):
    (here / "sweeps").mkdir()
    (here / "sweeps" / "mine.yaml").write_text("question: Is mine listed?\n")
    code, shown, told, imported = call("--help")
    assert (code, told) == (0, "")
    assert not imported & (HEAVY | {"hydra", "omegaconf", "numpy"})
    for name in ("smoke", "depth_width_direction", "architectures", "accuracy_vs_size"):
        question = yaml.safe_load((paths.sweeps_dir() / f"{name}.yaml").read_text())["question"]
        assert f"  {name} " in shown and question.split()[-1] in shown
    assert "Is mine listed?" in shown
    assert max(map(len, shown.splitlines())) <= 110


def test_help_explains_every_setting_of_a_sweep():
    shown = sweep_help("python sweep.py")
    keys = set(all_keys(build(SweepConfig, {}))) - {"dir", "name", "objective"}
    for key in {*keys, "sweep.dir", "sweep.name", "objective.metric", "objective.direction"}:
        assert re.search(rf"^  {re.escape(key)}[=*]", shown, re.MULTILINE), key
    assert re.search(r"budget\.trials=20 .*\n? .*\[an integer at\s+least 1; in trials\]", shown)
    assert "seqlab sweep" in command_help()


def test_examples_of_help_can_be_asked():
    examples = sweep_help("python sweep.py").partition("Examples")[2].strip().splitlines()
    assert len(examples) >= 4
    for example in examples:
        load_sweep(shlex.split(example)[2:], None, [])


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ([], "sweep=NAME"),
        (["sweep=smok"], "did you mean: sweep=smoke"),
        (["sweep=smoke", "modle=gru"], "model"),
        (["sweep=smoke", "budget.trails=3"], "budget.trials"),
        (["sweep=smoke", "evaluate_test=true"], "never reads test data"),
        (["sweep=smoke", "model.num_layers=2"], "space.model.num_layers"),
        (["sweep=smoke", "model=order_free", "model.cell=gru"], "model.cell"),
        (["sweep=smoke", "data.name=NoSuchSet", "data.directory=."], "NoSuchSet"),
    ],
)
def test_mistakes_end_early(here: Path, words: list[str], hint: str):
    code, shown, told, imported = call(*words)
    assert (code, shown) == (2, "")
    assert told.startswith("error: ") and hint in told and len(told.splitlines()) <= 3
    assert not imported & HEAVY
    assert not list(here.iterdir()), "nothing is written"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--multirun"], "allowed: --config-dir, --cfg, --help"),
        (["--sweep", "smoke"], "did you mean: sweep=smoke"),
        (["--budget.trials=3"], "did you mean: budget.trials=3"),
        (["--model", "gru"], "did you mean: model=gru"),
        (["--hlep"], "did you mean: --help"),
        (["--cfg", "hydra"], "job"),
        (["--config-dir", "nowhere", "sweep=smoke"], "nowhere"),
    ],
)
def test_flags_that_there_are_not(words: list[str], hint: str):
    with pytest.raises(UserError) as caught:
        run_command(["sweep", *words])
    assert hint in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


def test_settings_are_shown_without_secrets(here: Path, capsys: pytest.CaptureFixture[str]):
    words = ["sweep=smoke", "--cfg", "job", "storage=postgresql://me:hunter2@host/db", "seed=3", "workers=2"]
    assert run_sweep(words, command="seqlab sweep") == 0
    shown = capsys.readouterr().out
    assert "hunter2" not in shown
    config = build(SweepConfig, yaml.safe_load(shown))
    assert (config.name, config.workers, config.fixed[-1]) == ("smoke", 2, "seed=3")
    assert not list(here.iterdir())


def test_a_folder_of_ones_own_choices(here: Path, capsys: pytest.CaptureFixture[str]):
    (here / "mine" / "model").mkdir(parents=True)
    (here / "mine" / "model" / "tiny.yaml").write_text("defaults: [lstm, _self_]\nhidden_size: 4\n")
    words = ["sweep=smoke", "--config-dir", "mine", "--cfg", "job", "model=tiny"]
    assert run_sweep(words, command="seqlab sweep") == 0
    assert "model=tiny" in capsys.readouterr().out


def test_a_sweep_that_passes_is_handed_to_the_engine(monkeypatch: pytest.MonkeyPatch):
    from seqlab.sweep import running

    handed: list[tuple[object, ...]] = []

    def engine(*given: object) -> int:
        handed.append(given)
        return 7

    monkeypatch.setattr(running, "run_sweep", engine)
    assert run_sweep(["sweep=smoke", "seed=3"], command="seqlab sweep") == 7
    ((sweep, arms),) = handed
    assert sweep.command == ("seqlab", "sweep", "sweep=smoke", "seed=3")  # type: ignore[attr-defined]
    assert [arm.experiment({}).seed for arm in arms] == [3]  # type: ignore[attr-defined]
