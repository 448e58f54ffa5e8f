"""`seqlab sweep`: read, compose and try out first, then import what trains."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from seqlab.cli.outcome import leaving_at_once, patient_stdout
from seqlab.comparison.contrasts import check_protocol
from seqlab.config.build import to_plain
from seqlab.redaction import redact
from seqlab.startup import collector_off
from seqlab.sweep.arms import ComposedArm, compose_arms
from seqlab.sweep.checking import check_sweep_space
from seqlab.sweep.definition import Sweep
from seqlab.sweep.loading import load_sweep
from seqlab.sweep.pool import warm_up


def sweep_of(
    words: Sequence[str], config_dir: Path | None, called: Sequence[str]
) -> tuple[Sweep, list[ComposedArm]]:
    """A sweep and its arms, held to everything that can be known before a trial.

    Args:
        words: what follows the command, without flags.
        config_dir: a folder with YAML of the user's own.
        called: the words of the command line, for the record.

    Raises:
        UserError: for whatever the user can put right, before anything is written.
    """
    return held_to_its_space(load_sweep(words, config_dir, called))


def held_to_its_space(sweep: Sweep) -> tuple[Sweep, list[ComposedArm]]:
    """A sweep with its arms composed and its space tried out.

    Raises:
        UserError: for the first thing that does not fit, before anything is written.
    """
    arms = compose_arms(sweep)
    check_sweep_space(sweep, arms)
    if sweep.config.protocol.contrasts:
        check_protocol(sweep, arms)
    return sweep, arms


def show_sweep(sweep: Sweep) -> int:
    """Print the settings of a sweep, secrets redacted, without running it."""
    plain = to_plain(sweep.config) | {"fixed": list(sweep.fixed)}
    print(yaml.safe_dump(redact(plain), sort_keys=False, allow_unicode=True), end="")
    return 0


def run(sweep: Sweep, arms: list[ComposedArm]) -> int:
    """Run a sweep to the end of its budget; returns the exit code.

    Raises:
        UserError: for whatever the user can put right.
    """
    with leaving_at_once(), collector_off():
        warm_up()  # while this process imports what it needs itself
        if sweep.config.protocol.contrasts:
            from seqlab.cli.comparing import compare as work
        else:
            from seqlab.sweep.running import run_sweep as work

    with patient_stdout():
        return work(sweep, arms)
