"""A small made-up data set on which a run takes a second."""

import numpy as np
import pytest

from seqlab.config import build_experiment
from seqlab.experiment import run


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def waves():
    """Rising and falling ramps of different lengths: order decides, the mean does not."""
    rng = np.random.default_rng(7)
    X, y = [], []
    for i in range(60):
        length = int(rng.integers(5, 12))
        ramp = np.linspace(-1, 1, length) * (1 if i % 2 else -1)
        X.append(np.stack([ramp, rng.normal(size=length)], 1) + 0.1 * rng.normal(size=(length, 2)))
        y.append("up" if i % 2 else "down, 'quoted'")
    return X, y


@pytest.fixture
def train(waves, tmp_path):
    """Train on the waves: `train(group={key: value}, run_dir=..., data=...)`."""

    def call(name="run", arrays=waves, watcher=None, overseer=None, **groups):
        plain = {
            "data": {"batch_size": 8},
            "model": {"hidden_size": 8, "dropout": 0.2},
            "task": {},
            "trainer": {"max_epochs": 3, "accelerator": "cpu"},
            "logger": {"name": "none"},
        }
        for key, value in groups.items():
            plain[key] = plain[key] | value if isinstance(value, dict) and key in plain else value
        experiment = build_experiment(plain)
        return run(
            experiment,
            run_dir=tmp_path / name,
            command="python train.py",
            watcher=watcher,
            data=arrays,
            overseer=overseer,
        )

    return call
