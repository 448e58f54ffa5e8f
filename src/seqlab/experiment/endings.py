"""Why a run did not complete: in words, and in one word."""

import torch

from seqlab.errors import Diverged, RunFailed
from seqlab.experiment.directory import FULL, of_the_disk
from seqlab.experiment.processes import Interrupted
from seqlab.results import Cause


def reason_of(error: BaseException) -> tuple[str, Cause]:
    """Why a run did not complete; an "error" is a bug of ours, to be seen with its traceback."""
    if isinstance(error, Diverged):
        return str(error), "diverged"
    if isinstance(error, RunFailed):
        return str(error), "disk"
    if isinstance(error, Interrupted):
        return str(error), "stopped"
    if isinstance(error, torch.OutOfMemoryError):
        return (
            "out of memory on the device; a smaller data.batch_size or model.hidden_size may help",
            "memory",
        )
    if isinstance(error, OSError) and error.errno in FULL:
        return of_the_disk(error), "disk"
    return f"{type(error).__name__}: {error}", "error"
