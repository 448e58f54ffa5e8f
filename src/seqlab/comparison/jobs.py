"""From a point of an arm's space to a run of the comparison, with a command line that trains it again."""

import shlex
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from seqlab.compose.overrides import key_of, value_text
from seqlab.config.build import with_values
from seqlab.config.sweep import Scalar
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.definition import Sweep
from seqlab.sweep.ordering import words_of
from seqlab.sweep.orders import Run

_STEP = 1000


def job_of(
    sweep: Sweep,
    arm: ComposedArm,
    values: Mapping[str, Scalar],
    changes: Mapping[str, Scalar],
    run_dir: Path,
    keep: Literal["nothing", "predictions"],
) -> Run:
    """A run at a point of an arm's space.

    Args:
        sweep: the sweep.
        arm: composed.
        values: the point.
        changes: settings on top, which replace those of the sweep.
        run_dir: where its files go.
        keep: what is kept of it.
    """
    words = [word for word in words_of(arm, values) if key_of(word) not in changes]
    words += [f"{key}={value_text(value)}" for key, value in changes.items()]
    around = {"name": f"{arm.name}-{run_dir.name}", "logger.name": "none"}
    return Run(
        settings=with_values(arm.plain(values), {**changes, **around}),
        run_dir=run_dir,
        command=shlex.join(["python", "train.py", *sweep.flags, *words]),
        git_commit=None,  # whoever has it done knows
        keep=keep,
    )


def weights_seed(arm: str, number: int) -> int:
    """The seed of initial weights and dropout of a run: an arm's own, so that alike arms are not the same runs.

    Args:
        arm: its name.
        number: of the pair, below 2^31.
    """
    return (zlib.crc32(arm.encode()) % 1_000_000 * _STEP + number) % 2**32
