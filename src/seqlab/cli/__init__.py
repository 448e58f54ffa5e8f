"""The command line: `seqlab train`, `sweep`, `predict`, `evaluate` and `check`; `python train.py` is `seqlab train`.

Light on purpose: help, a typing mistake and everything else that ends early import neither torch nor Lightning.
"""

import sys

from seqlab.cli.outcome import finish
from seqlab.cli.parsing import run_command, run_sweep, run_train

__all__ = ["main", "sweep", "train"]


def main() -> None:
    """The console command `seqlab`; ends the process with its exit code."""
    finish(lambda: run_command(sys.argv[1:]))


def train() -> None:
    """`python train.py`; ends the process with its exit code."""
    finish(lambda: run_train(sys.argv[1:], command="python train.py"))


def sweep() -> None:
    """`python sweep.py`; ends the process with its exit code."""
    finish(lambda: run_sweep(sys.argv[1:], command="python sweep.py"))
