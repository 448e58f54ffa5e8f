"""A run replaces what a run wrote, when it may, and nothing of anybody else's."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import seqlab
from seqlab.compose import check_sweep, compose
from seqlab.errors import UserError
from seqlab.preflight import check_run, check_start
from seqlab.results import RunResult

TINY = ["trainer.max_epochs=1", "model=gru", "model.hidden_size=2", "logger=none", "trainer.accelerator=cpu"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    "theirs",
    [
        "wandb/run/data",
        "tensorboard/events",
        "figures/paper.pdf",
        "checkpoints/my.ckpt",
        "metrics.csv",
        "config.yaml",
    ],
)
@pytest.mark.parametrize("force", ["true", "false"])
def test_somebody_elses_files_are_refused_and_stay(tmp_path, theirs, force):
    place = tmp_path / "project"
    (place / theirs).parent.mkdir(parents=True)
    # settings of another program that happen to have the same words
    (place / theirs).write_text("data: imagenet\nmodel: resnet50\ntask: cls\n")
    with pytest.raises(UserError, match="which no run of seqlab wrote"):
        check_start(compose([*TINY, f"force={force}"]).experiment, place)
    assert (place / theirs).read_text().startswith("data: imagenet")


def test_a_stored_config_does_not_carry_the_wish_to_replace(tmp_path):
    first = seqlab.run(
        [*TINY, "data=archive", "data.name=ItalyPowerDemand", "force=true"], run_dir=tmp_path / "a"
    )
    assert "force: false" in (first.run_dir / "config.yaml").read_text()
    again = [*TINY, "data=archive", "data.name=ItalyPowerDemand"]
    check_start(compose(again).experiment, first.run_dir)  # the same settings may run again
    with pytest.raises(UserError, match=r"another configuration \(seed: 0 there, 1 here\)"):
        check_start(compose([*again, "seed=1"]).experiment, first.run_dir)
    check_start(compose([*again, "seed=1", "force=true"]).experiment, first.run_dir)


def test_a_finished_run_on_arrays_is_replaced_by_force_alone(tmp_path):
    rng = np.random.default_rng(0)
    data = [rng.normal(size=(5, 2)) for _ in range(20)], ["a", "b"] * 10
    result = seqlab.run([*TINY, "data=memory", "data.name=mine"], data=data, run_dir=tmp_path / "m")
    assert result.data["name"] == "mine"
    with pytest.raises(UserError, match="force=true"):
        seqlab.run(TINY, data=data, run_dir=tmp_path / "m")
    with pytest.raises(UserError, match="no test part"):
        seqlab.run([*TINY, "evaluate_test=true"], data=data, run_dir=tmp_path / "n")
    assert not (tmp_path / "n").exists()


def test_an_unknown_data_set_is_refused_before_torch(tmp_path):
    code = (
        "import sys, seqlab\n"
        "try:\n    seqlab.run(['data=archive', 'data.name=gunpoint'])\n"
        "except seqlab.UserError as error:\n    assert 'GunPoint' in str(error)\n"
        "else:\n    raise AssertionError\n"
        "assert not {'torch', 'pytorch_lightning', 'aeon', 'wandb'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["data.name=GunPoint,gunpoint"], ["model=gru,lstm", "data.name=gunpoint"]])
def test_every_data_set_of_a_sweep_is_looked_for_first(words):
    with pytest.raises(UserError, match="did you mean GunPoint"):
        check_sweep(["data=archive", *words])


def test_a_tracker_that_is_not_installed(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "tensorboard" else find(name, *rest)
    )
    with pytest.raises(UserError, match="tensorboard is not installed"):
        check_start(compose([*TINY, "logger=tensorboard"]).experiment, tmp_path / "a")
    with pytest.raises(UserError, match="tensorboard is not installed"):
        check_sweep(["logger=csv,tensorboard"])


def test_a_trial_without_a_checkpoint_says_which_ones_a_sweep_keeps(tmp_path):
    (tmp_path / "sweep" / "trials" / "all" / "3").mkdir(parents=True)
    for place, in_a_sweep in ((tmp_path / "sweep" / "trials" / "all" / "3", True), (tmp_path, False)):
        result = {"name": "x", "status": "pruned", "seed": 0, "started": "", "threads": 1, "command": ""}
        RunResult(run_dir=place, **result).write()
        if in_a_sweep:
            (tmp_path / "sweep" / "sweep.yaml").touch()
        with pytest.raises(UserError, match="has no checkpoints") as caught:
            check_run(place, "RUN_DIR")
        assert ("trial.keep" in str(caught.value)) == in_a_sweep
        assert len(str(caught.value).splitlines()) <= 3
