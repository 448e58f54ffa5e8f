"""A checkpoint comes back as it was written; whatever else the file holds is refused in words."""

import pytest
import torch

from seqlab.batch import TaskSpec
from seqlab.checkpoint import Checkpoint, load_checkpoint
from seqlab.config.build import build_experiment
from seqlab.errors import UserError


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "best.ckpt"
    spec = TaskSpec(target="label", features=["x"], classes=["a", "b"], sizes={"train": 2}, longest=3)
    Checkpoint(
        experiment=build_experiment({"seed": 3}),
        spec=spec,
        preparation={"mean": [0.5]},
        epoch=4,
        step=5,
        weights={"w": torch.arange(3)},
    ).save(path)
    return path


def test_it_comes_back(stored):
    found = load_checkpoint(stored)
    assert (found.epoch, found.step, found.preparation, found.experiment.seed) == (4, 5, {"mean": [0.5]}, 3)
    assert found.spec.classes == ["a", "b"] and found.weights["w"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("content", [[], 3, {}, {"format": 1}, {"format": 2}, {"format": 1, "weights": 3}])
def test_another_content_is_refused(tmp_path, content):
    path = tmp_path / "best.ckpt"
    torch.save(content, path)
    with pytest.raises(UserError, match=r"best\.ckpt: ") as caught:
        load_checkpoint(path)
    assert len(str(caught.value).splitlines()) <= 3


@pytest.mark.parametrize("name", ["experiment", "spec", "preparation", "epoch", "step", "weights"])
def test_a_missing_or_strange_entry_is_named(stored, name):
    whole = torch.load(stored, weights_only=True)
    for changed in ({key: value for key, value in whole.items() if key != name}, whole | {name: "x"}):
        torch.save(changed, stored)
        with pytest.raises(UserError, match=name):
            load_checkpoint(stored)
    if name == "spec":
        torch.save(whole | {"spec": {"target": "label"}}, stored)
        with pytest.raises(UserError, match="spec"):
            load_checkpoint(stored)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04"])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "best.ckpt"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a checkpoint"):
        load_checkpoint(path)
