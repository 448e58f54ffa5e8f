"""One training with one seed, from the data to the files of its run directory."""

from seqlab.experiment.recorder import Watcher
from seqlab.experiment.run import run

__all__ = ["Watcher", "run"]
