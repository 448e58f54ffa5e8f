"""Every shipped sweep can be asked as it is, and every line of it says what it means."""

import re
from pathlib import Path

import pytest

from seqlab import paths
from seqlab.sweep.arms import compose_arms
from seqlab.sweep.catalogue import sweep_files
from seqlab.sweep.checking import check_sweep_space
from seqlab.sweep.loading import load_sweep

FILES = sorted(paths.sweeps_dir().glob("*.yaml"))
_KEY = re.compile(r"^\s*(- )?[\w. ]+[:=]")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "local_conf_dirs", list)


def test_those_that_are_asked_for_are_there():
    assert {"accuracy_vs_size", "architectures", "depth_width_direction", "smoke"} <= set(sweep_files())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_passes_every_check(path: Path, tmp_path: Path):
    sweep = load_sweep([f"sweep={path.stem}", "workers=2", "budget.trials=3"], None, [])
    arms = compose_arms(sweep)
    check_sweep_space(sweep, arms)
    assert sweep.config.question
    assert [arm.name for arm in arms] == [arm.name for arm in sweep.arms]
    assert list(tmp_path.iterdir()) == [], "nothing is written"


@pytest.mark.parametrize("path", sorted(paths.sweeps_dir().glob("**/*.yaml")), ids=lambda path: path.stem)
def test_every_key_has_a_comment(path: Path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    for line in lines:
        if _KEY.match(line):
            assert "  # " in line, f"no comment: {line}"


def test_the_joint_search_calls_itself_one():
    sweep = load_sweep(["sweep=depth_width_direction", "model=gru"], None, [])
    assert "a search, not a comparison" in sweep.config.question
    assert compose_arms(sweep)[0].experiment({}).model.cell == "gru"  # type: ignore[attr-defined]


def test_the_comparison_has_every_architecture_at_one_width():
    arms = compose_arms(load_sweep(["sweep=architectures"], None, []))
    models = [arm.experiment({}).model for arm in arms]
    assert len({(m.cell, m.num_layers, m.bidirectional) for m in models}) == len(arms) == 12  # type: ignore[attr-defined]
    assert {m.hidden_size for m in models} == {64}
    assert [p.key for p in arms[0].parameters] == ["optimizer.lr", "model.dropout"]


def test_the_example_of_the_readme_can_be_asked(tmp_path: Path):
    readme = (paths.sweeps_dir() / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "own.yaml").write_text(example, encoding="utf-8")
    sweep = load_sweep(["sweep=own.yaml", "data.name=BasicMotions"], None, [])
    check_sweep_space(sweep, compose_arms(sweep))
    for path in FILES:
        assert f"`{path.name}`" in readme
