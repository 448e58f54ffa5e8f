"""The network before training: a pure function of settings and data."""

from pathlib import Path
from typing import Any

import torch

from seqlab.config.experiment import Experiment
from seqlab.data.module import SequenceData
from seqlab.experiment.fitting import start_from
from seqlab.experiment.scoring import first_batch
from seqlab.gradients import gradient_profile
from seqlab.model import SequenceModel


def network_of(experiment: Experiment, data: SequenceData) -> SequenceModel:
    """The network before training, a pure function of its arguments."""
    with torch.random.fork_rng(devices=()):  # the caller's generator stays as it was
        torch.manual_seed(experiment.seed)
        model = SequenceModel(experiment, data.spec)
    if experiment.init_from is not None:
        start_from(model, data, Path(experiment.init_from))
    return model


def profile_before(model: SequenceModel, data: SequenceData) -> dict[str, Any]:
    """The gradient profile of a network that has not been trained, under its name."""
    return {"at initialisation": gradient_profile(model, first_batch(data))}
