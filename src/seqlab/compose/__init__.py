"""YAML and overrides -> `Experiment`. The only room that uses Hydra's compose.

Everything is checked on the typed tree before anything starts, so that a wrong key, choice, type or range
gets an answer of three lines at most, and not a traceback, a run directory, or a setting that nobody reads.
"""

from seqlab.compose.hydra_route import Composed, compose
from seqlab.compose.multirun import check_sweep, run_multirun
from seqlab.compose.stored import compose_stored

__all__ = ["Composed", "check_sweep", "compose", "compose_stored", "run_multirun"]
