"""A run's own config.yaml runs again, with single settings changed on top."""

import pytest
import yaml

from seqlab.compose import compose, compose_stored
from seqlab.config.build import all_keys, build_experiment, to_plain
from seqlab.errors import UserError


@pytest.fixture
def stored(tmp_path):
    def write(*overrides):
        composed = compose(overrides)
        file = tmp_path / "config.yaml"
        file.write_text(yaml.safe_dump(to_plain(composed.experiment)))
        return composed.experiment, file

    return write


@pytest.mark.parametrize(
    "overrides",
    [
        ["model=bigru_stacked", "model.dropout=0.5", "logger=none"],
        ["model=order_free", "data=archive", "data.name=GunPoint", "optimizer=sgd", "scheduler=cosine"],
    ],
)
def test_the_same_experiment_comes_back(stored, overrides):
    experiment, file = stored(*overrides)
    assert compose_stored(file, []).experiment == experiment


def test_single_settings_change_it(stored):
    _, file = stored("model=gru")
    again = compose_stored(file, ["seed=7", "model.hidden_size=5", "hydra.run.dir=here"])
    assert (again.experiment.seed, again.experiment.model.hidden_size) == (7, 5)
    assert str(again.run_dir) == "here"


@pytest.mark.parametrize("delete", ["~optimizer.lr", "~model.hidden_size", "~trainer.gradient_clip", "~seed"])
def test_a_deleted_setting_is_the_default_again(stored, delete):
    changed = ["optimizer.lr=0.5", "model.hidden_size=3", "trainer.gradient_clip=7.0", "seed=9"]
    _, file = stored(*changed)
    key, again = delete[1:], compose_stored(file, [delete]).experiment
    assert at(again, key) == at(compose([delete]).experiment, key) == at(build_experiment({}), key)
    before = compose_stored(file, []).experiment
    assert [k for k in all_keys(again) if at(again, k) != at(before, k)] == [key]


def at(experiment, key):
    for word in key.split("."):
        experiment = getattr(experiment, word)
    return experiment


def test_a_value_is_deleted_only_if_it_is_the_one_named(stored):
    _, file = stored("optimizer.lr=0.5")
    assert compose_stored(file, ["~optimizer.lr=0.5"]).experiment.optimizer.lr != 0.5
    with pytest.raises(UserError, match=r"optimizer\.lr is 0\.5"):
        compose_stored(file, ["~optimizer.lr=0.1"])
    with pytest.raises(UserError, match=r"did you mean: optimizer\.lr"):
        compose_stored(file, ["~optimizer.lrr"])


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model=lstm", "--config has chosen model already"),
        ("model.cel=gru", "did you mean: model.cell"),
        ("model.num_layers=0", "at least 1"),
        ("seed=1,2", "seed"),
    ],
)
def test_what_does_not_fit_is_refused(stored, override, words):
    _, file = stored("model=gru")
    with pytest.raises(UserError, match=words) as caught:
        compose_stored(file, [override])
    assert len(str(caught.value).splitlines()) <= 3


@pytest.mark.parametrize("content", ["", "- a", "model: {}", "a: [", "\x00"])
def test_another_kind_of_file_is_refused(tmp_path, content):
    file = tmp_path / "x.yaml"
    file.write_text(content)
    with pytest.raises(UserError, match="--config"):
        compose_stored(file, [])
    with pytest.raises(UserError, match="No such file"):
        compose_stored(tmp_path / "absent.yaml", [])
