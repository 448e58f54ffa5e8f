"""The sweeps of the beliefs can be asked as they are, are comparisons by every rule, and share no test part."""

import functools
from pathlib import Path

import pytest

from seqlab import paths
from seqlab.comparison.contrasts import check_protocol
from seqlab.config.data import ArchiveConfig
from seqlab.config.probes import ProbeConfig
from seqlab.data.archive import Archive, bundled
from seqlab.errors import UserError
from seqlab.sweep.arms import compose_arms
from seqlab.sweep.catalogue import find_sweep, sweep_files
from seqlab.sweep.loading import load_sweep

FILES = sorted((paths.sweeps_dir() / "beliefs").glob("*.yaml"))
NAMES = [f"beliefs/{path.stem}" for path in FILES]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "local_conf_dirs", list)


@functools.cache
def composed(name: str):
    sweep = load_sweep([f"sweep={name}", "workers=2"], None, [])
    return sweep, compose_arms(sweep)


@functools.cache
def experiments(name: str):
    return {arm.name: arm.experiment(arm.walk(lambda p: p.ends()[0])) for arm in composed(name)[1]}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_comparison_by_every_rule(name: str, tmp_path: Path):
    sweep, arms = composed(name)
    contrasts = check_protocol(sweep, arms)
    assert 1 <= len(contrasts) <= 4
    assert all(contrast.differs != "nothing" for contrast in contrasts)
    assert {arm for c in contrasts for arm in (c.arm, c.than)} <= {arm.name for arm in arms}
    assert sweep.config.question
    assert list(tmp_path.iterdir()) == [], "nothing is written"


@pytest.mark.parametrize("name", NAMES)
def test_all_arms_are_tuned_alike_and_widely(name: str):
    sweep, arms = composed(name)
    for arm in arms:
        assert [parameter.key for parameter in arm.parameters] == ["optimizer.lr", "model.dropout"]
        lr = arm.parameters[0]
        assert (lr.low, lr.high, lr.config.log) == (1e-4, 1e-1, True)
    assert sweep.config.pruner.name == "none" and sweep.config.sampler.name == "random"
    assert sweep.config.protocol.replicates[0] >= 10


@pytest.mark.parametrize("name", NAMES)
def test_small_data_are_tuned_by_folds_that_the_file_names(name: str):
    sizes = [_validation_items(experiment.data) for experiment in experiments(name).values()]
    folds = composed(name)[0].config.trial.folds
    assert (folds is not None) == (min(sizes) < 300)


def _validation_items(data: object) -> int:
    if isinstance(data, ProbeConfig):
        return round(data.train_size * data.validation_fraction)
    assert isinstance(data, ArchiveConfig)
    return round(len(Archive(data).read_train()) * data.validation_fraction)


def test_no_two_sweeps_read_the_same_test_part():
    """From the second reading on a verdict is exploratory."""
    seen: dict[tuple[object, ...], str] = {}
    for name in NAMES:
        tests = set()
        for experiment in experiments(name).values():
            data = experiment.data
            if isinstance(data, ProbeConfig):
                assert data.test_size == 10_000
                tests.add((data.probe, data.length, data.decides, data.seed))
            else:
                assert isinstance(data, ArchiveConfig) and data.name in bundled()
                tests.add((data.name,))
        assert len(tests) == 1, "all arms are tested on the same"
        (test,) = tests
        assert test not in seen, f"{name} and {seen.get(test)}"
        seen[test] = name
    assert len({data[-1] for data in seen}) == len(seen)


def test_every_belief_is_asked():
    names = " ".join(NAMES)
    for word in ("memory", "depth", "direction", "gru_or_lstm", "training_size"):
        assert word in names
    assert sum("depth_direction" in name for name in NAMES) >= 3
    lengths = {e.data.length for n in NAMES if "memory" in n for e in experiments(n).values()}  # type: ignore[attr-defined]
    assert len(lengths) >= 3


def test_training_size_varies_cell_and_size_alone():
    found = experiments("beliefs/training_size")
    epochs: dict[int, set[int]] = {}
    for experiment in found.values():
        assert isinstance(experiment.data, ProbeConfig)
        epochs.setdefault(experiment.data.train_size, set()).add(experiment.trainer.max_epochs)
    assert len(epochs) >= 3 and all(len(each) == 1 for each in epochs.values())
    assert not composed("beliefs/training_size")[0].config.protocol.references


def test_a_sweep_in_a_folder_is_found_by_both_words(tmp_path: Path):
    assert find_sweep("beliefs/memory_60") == paths.sweeps_dir() / "beliefs" / "memory_60.yaml"
    assert "memory_60" not in sweep_files()
    own = tmp_path / "sweeps" / "beliefs" / "memory_60.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("question: Mine?")
    assert find_sweep("beliefs/memory_60") == Path("sweeps/beliefs/memory_60.yaml").resolve()


@pytest.mark.parametrize(
    "given", ["beliefs/memry_60", "memory_60", "beliefs/memory_60.yml", "memory_60.yaml"]
)
def test_a_sweep_that_is_nearly_there(given: str):
    with pytest.raises(UserError) as caught:
        find_sweep(given)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3 and lines[2] == "did you mean: sweep=beliefs/memory_60"
    assert "smoke" in lines[1] and "beliefs/..." in lines[1]
