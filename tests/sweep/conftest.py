"""Made-up sweeps and trials for tests of what is shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqlab.config.build import build
from seqlab.config.sweep import SweepConfig
from seqlab.results import TrialRow
from seqlab.sweep.definition import Arm, Sweep

SPACE: dict[str, Any] = {
    "optimizer.lr": {"low": 1e-4, "high": 1e-1, "log": True},
    "model.dropout": {"low": 0.0, "high": 0.5, "when": "model.num_layers > 1"},
}


def _sweep_in(directory: Path, arms: tuple[str, ...] = ("all",), **config: Any) -> Sweep:
    """A sweep over learning rate and dropout."""
    return Sweep(
        name="widths",
        directory=directory,
        config=build(SweepConfig, {"question": "Is [width] worth it?", "space": SPACE, **config}),
        fixed=("trainer.max_epochs=30", "data.api_key=hidden"),
        arms=tuple(Arm(name=name, overrides=(f"model={name}",)) for name in arms),
        config_dir=None,
        command=("python", "sweep.py", "sweep=widths"),
    )


def _trial(number: int, value: float | None = None, state: str | None = None, **more: Any) -> TrialRow:
    """A trial; complete where it has a value and nothing else is said."""
    plain: dict[str, Any] = {
        "arm": "all",
        "state": state or ("running" if value is None else "complete"),
        "parameters": {"optimizer.lr": 0.01, "model.dropout": 0.25},
        "values": () if state in (None, "running") and value is None else (value,),
        "epochs": 10,
        "seconds": 6.0,
    }
    return TrialRow(number=number, **(plain | more))


@pytest.fixture
def sweep_in() -> Callable[..., Sweep]:
    """Makes sweeps."""
    return _sweep_in


@pytest.fixture
def trial() -> Callable[..., TrialRow]:
    """Makes rows of trials."""
    return _trial
