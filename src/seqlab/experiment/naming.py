"""What a run is called, how it is tagged, and its numbers under flat names."""

from collections.abc import Mapping
from typing import Any

from seqlab.config.experiment import Experiment
from seqlab.config.model import RecurrentConfig
from seqlab.results import RunResult


def run_name(experiment: Experiment, data: str) -> str:
    """Such as "bilstm-2x64-JapaneseVowels-seed0"."""
    model = experiment.model
    what = model.kind
    if isinstance(model, RecurrentConfig):
        what = f"{'bi' if model.bidirectional else ''}{model.cell}"
    return f"{what}-{model.num_layers}x{model.hidden_size}-{data}-seed{experiment.seed}"


def tags(experiment: Experiment, result: RunResult) -> list[str]:
    """Cell, layers, direction, data and seed, then the user's own."""
    model = experiment.model
    found = [model.kind]
    if isinstance(model, RecurrentConfig):
        found = [model.cell, "bidirectional" if model.bidirectional else "unidirectional"]
    layers = f"{model.num_layers} layer{'s' if model.num_layers > 1 else ''}"
    return [
        *found,
        layers,
        str(result.data["name"]),
        f"seed {experiment.seed}",
        *experiment.logger.wandb.tags,
    ]


def summary(result: RunResult) -> dict[str, float | int | str | None]:
    """Final numbers under dotted names, such as "validation.accuracy" and "cost.parameters"."""
    flat: dict[str, float | int | str | None] = {"status": result.status, "reason": result.reason}
    trees: dict[str, Mapping[str, Any]] = {
        "": result.metrics,
        "cost": result.cost,
        "baselines": result.baselines,
        "epochs": result.epochs,
        "seconds": result.seconds,
    }
    for prefix, tree in trees.items():
        _flatten(prefix, tree, flat)
    return flat


def _flatten(prefix: str, tree: Mapping[str, Any], into: dict[str, float | int | str | None]) -> None:
    for key, value in tree.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, Mapping):
            _flatten(name, value, into)
        else:
            into[name] = value
