"""Checkpoints with plain contents: tensors, numbers, words, lists and dictionaries, nothing that runs on loading."""

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from seqlab import files
from seqlab.batch import TaskSpec
from seqlab.config.build import build_experiment, to_plain
from seqlab.config.experiment import Experiment
from seqlab.errors import UserError

FORMAT = 1
# What a checkpoint holds beside its format, and of what kind.
_CONTENTS = {
    "experiment": dict,
    "spec": dict,
    "preparation": dict,
    "epoch": int,
    "step": int,
    "weights": dict,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What it takes to use a network again.

    Args:
        experiment: the settings it was trained with (secrets redacted).
        spec: what the data promised.
        preparation: what was fitted on the training part, as plain contents.
        epoch: how many epochs had been trained.
        step: how many optimiser steps.
        weights: the network's state, on the CPU.
        reading: how tables were read, see `Source.reading`; None where the data were no tables.
    """

    experiment: Experiment
    spec: TaskSpec
    preparation: dict[str, Any]
    epoch: int
    step: int
    weights: dict[str, torch.Tensor]
    reading: dict[str, Any] | None = None

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        content = {
            "format": FORMAT,
            "experiment": to_plain(self.experiment),
            "spec": self.spec.to_dict(),
            "preparation": self.preparation,
            "epoch": self.epoch,
            "step": self.step,
            "weights": self.weights,
            "reading": self.reading,
        }
        # by way of memory: what torch.save says of a full disk nobody would take for one
        buffer = io.BytesIO()
        torch.save(content, buffer)
        files.write_bytes(path, buffer.getvalue())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint with `weights_only=True`: no code in the file is ever run.

    Raises:
        UserError: if the file is missing, damaged, or of another format, or needs a package that is not switched on.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such checkpoint")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damage leads the unpickler to raise anything: KeyError, IndexError, ...
        raise UserError(f"{path}: not a checkpoint that can be read ({type(error).__name__})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path}: not a seqlab checkpoint of format {FORMAT}")
    wrong = [name for name, kind in _CONTENTS.items() if not isinstance(content.get(name), kind)]
    if wrong:
        raise UserError(f"{path}: a damaged checkpoint (missing or of another kind: {', '.join(wrong)})")
    try:
        spec = TaskSpec.from_dict(content["spec"])
    except TypeError as error:
        raise UserError(f"{path}: a damaged checkpoint (spec: {error})") from None
    return Checkpoint(
        experiment=_experiment(content["experiment"], path),
        spec=spec,
        preparation=content["preparation"],
        epoch=content["epoch"],
        step=content["step"],
        weights=content["weights"],
        reading=content.get("reading"),  # runs of before tables were read have none
    )


def _experiment(plain: dict[str, Any], path: Path) -> Experiment:
    try:
        return build_experiment(plain)
    except UserError as error:
        absent = [str(package) for package in plain.get("plugins", []) if package not in sys.modules]
        if not absent:
            raise UserError(f"{path}: {error}") from None
        flags = " ".join(f"--plugin {package}" for package in absent)
        raise UserError(
            f"{path}: needs parts of {', '.join(absent)}; switch them on with {flags} "
            f"(training: plugins=[{','.join(absent)}]; in Python: import them first)"
        ) from None


def cpu_weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of a module's state on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}
