"""The package of docs/examples: it passes the kit, trains, and is used again when it is named, never else."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seqlab
from seqlab.cli.parsing import run_command
from seqlab.config import registry
from seqlab.errors import UserError

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "own-parts.md").read_text(encoding="utf-8")
ALL_PARTS = ["plugins=[my_lab]", "model=gru", "model.cell=mgu", "data=first_symbol", "task=focal"]
SMALL = ["data.length=6", "model.hidden_size=8", "trainer.max_epochs=2", "logger=none"]


def forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "my_lab"]:
        del sys.modules[name]


@pytest.fixture
def not_switched_on(monkeypatch, tmp_path):
    """A folder of work with the package in it, which nothing has imported; nothing of it stays registered."""
    shutil.copytree(ROOT / "docs" / "examples" / "my_lab", tmp_path / "my_lab")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(registry, "_PARTS", {k: v for k, v in registry._PARTS.items() if v.owner == "seqlab"})
    forget()
    yield tmp_path
    forget()


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run that uses all three parts, trained from the folder of the package by another process."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "docs" / "examples" / "my_lab", folder / "my_lab")
    words = [*ALL_PARTS, *SMALL, "task.gamma=1", "hydra.run.dir=out"]
    command = [sys.executable, "-m", "seqlab", "train", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "mgu" in done.stdout and "focal" in done.stdout
    return folder / "out"


def test_it_passes_the_kit(not_switched_on, capsys):
    assert run_command(["check", "my_lab"]) == 0
    said = capsys.readouterr().out
    for part in ("cell mgu", "data first_symbol", "task focal"):
        assert f"ok      {part}" in said
    assert "FAILED" not in said and said.strip().endswith("0 failed")


def test_a_run_uses_its_parts(trained):
    result = json.loads((trained / "result.json").read_text())
    assert (result["model"]["cell"], result["data"]["name"]) == ("mgu", "FirstSymbol6")
    assert (result["task"]["kind"], result["task"]["gamma"]) == ("focal", 1.0)


@pytest.mark.parametrize(
    "words", [["model.cell=mgu"], ["data=first_symbol"], ["data.kind=first_symbol"], ["task=focal"]]
)
def test_its_parts_are_unknown_until_it_is_named(not_switched_on, words):
    with pytest.raises(UserError, match=words[0].split("=")[0]):
        run_command(["train", *words])
    assert "my_lab" not in sys.modules
    assert {p.name for p in not_switched_on.iterdir()} == {"my_lab"}


def test_a_setting_of_its_own_is_held_to_its_range(not_switched_on):
    for words in (["task=focal", "task.gamma=-1"], ["data=first_symbol", "data.symbols=1"]):
        with pytest.raises(UserError, match=r"at least"):
            run_command(["train", "plugins=[my_lab]", *words])
    with pytest.raises(UserError, match=r"task\.label_smoothing"):
        run_command(["train", "plugins=[my_lab]", "task=focal", "task.label_smoothing=0.1"])


def test_a_run_that_needs_it_says_so_in_one_line(not_switched_on, trained):
    np.savez("new.npz", X=np.eye(4, dtype=np.float32)[np.zeros((2, 6), dtype=int)])
    for words in (["evaluate", str(trained)], ["predict", str(trained), "new.npz"]):
        with pytest.raises(UserError, match="--plugin my_lab") as refusal:
            run_command(words)
        assert len(str(refusal.value).splitlines()) == 1
    with pytest.raises(UserError, match="my_lab"):
        seqlab.load(trained)
    with pytest.raises(UserError, match=r"plugins=\[my_lab\]"):
        seqlab.run([f"init_from={trained}"])
    assert "my_lab" not in sys.modules


def test_with_the_package_named_the_run_is_used_again(not_switched_on, trained, capsys):
    assert run_command(["evaluate", str(trained), "--plugin", "my_lab"]) == 0
    found = dict(re.findall(r"^  (\w+) +(\S+)", capsys.readouterr().out, re.MULTILINE))
    metrics = json.loads((trained / "result.json").read_text())["metrics"]["validation"]
    assert found == {name: repr(value) for name, value in metrics.items()}
    np.savez("new.npz", X=np.eye(4, dtype=np.float32)[np.zeros((2, 6), dtype=int)])
    assert run_command(["predict", str(trained), "new.npz", "--out", "o.csv", "--plugin", "my_lab"]) == 0
    assert len(Path("o.csv").read_text().splitlines()) == 3
    assert len(seqlab.load(trained).predict([np.eye(4)[:3]]).labels) == 1


def commands_of_the_page() -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = [line.partition("#")[0].split() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_page_shows_commands_that_work(not_switched_on, trained):
    commands = commands_of_the_page()
    assert len(commands) >= 6 and all(words[0] == "seqlab" for words in commands)
    shutil.copytree(trained, "RUN_DIR")
    np.savez("new.npz", X=np.eye(4, dtype=np.float32)[np.zeros((2, 6), dtype=int)])
    for _, command, *words in commands:
        short = ["trainer.max_epochs=1", "logger=none", "model.hidden_size=4"] if command == "train" else []
        assert run_command([command, *words, *short]) == 0, (command, words)


@pytest.mark.slow
def test_two_processes_know_its_parts_too(trained):
    words = [*ALL_PARTS, *SMALL, "task.gamma=1", "trainer=ddp", "trainer.max_epochs=2", "hydra.run.dir=ddp"]
    command = [sys.executable, "-m", "seqlab", "train", *words]
    done = subprocess.run(command, cwd=trained.parent, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    losses = [
        json.loads((folder / "result.json").read_text())["metrics"]["validation"]["loss"]
        for folder in (trained, trained.parent / "ddp")
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
