"""What a machine does not have is refused by name, before anything is written."""

import pytest
import torch

from seqlab.config.training import TrainerConfig
from seqlab.errors import ConfigError
from seqlab.experiment.fitting import check_hardware, threads


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"accelerator": "gpu"}, "trainer.accelerator"),
        ({"accelerator": "mps"}, "trainer.accelerator"),
        ({"accelerator": "cpu", "precision": "16-mixed"}, "trainer.precision"),
    ],
)
def test_hardware_that_is_not_there(given, key, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ConfigError) as caught:
        check_hardware(TrainerConfig(**given))
    assert caught.value.key == key


def test_more_gpus_than_there_are(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    check_hardware(TrainerConfig(accelerator="gpu", devices=2))
    with pytest.raises(ConfigError, match="at most 2"):
        check_hardware(TrainerConfig(accelerator="auto", devices=3))


def test_threads_are_put_back():
    before = torch.get_num_threads()
    with threads(2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == before
