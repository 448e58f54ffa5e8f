"""Every setting of a run: typed, closed, with its meaning, unit and range. Imports nothing heavy."""

from seqlab.config.build import build_experiment
from seqlab.config.experiment import Experiment

__all__ = ["Experiment", "build_experiment"]
