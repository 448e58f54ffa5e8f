"""`seqlab train`: compose and check first, then import what trains."""

import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from seqlab.cli.outcome import leaving_at_once, patient_stdout, say_error
from seqlab.compose import Composed, compose, compose_stored, run_multirun
from seqlab.compose.overrides import key_of, value_text
from seqlab.config.build import to_plain
from seqlab.errors import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    EXIT_USER_ERROR,
    RunFailed,
    UserError,
)
from seqlab.preflight import check_start
from seqlab.redaction import redact, redact_words
from seqlab.results import RunResult
from seqlab.screen import show_several
from seqlab.startup import collector_off


def settings_of(overrides: Sequence[str], config_dir: Path | None, config: Path | None) -> Composed:
    """The settings of one run: composed, or those of a config file with changes on top.

    Raises:
        UserError: for whatever the user can put right, before anything is written.
    """
    return compose(overrides, config_dir) if config is None else compose_stored(config, overrides)


def show_config(composed: Composed) -> int:
    """Print the settings of a run, secrets redacted, without running it."""
    plain = redact(to_plain(composed.experiment))
    print(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), end="")
    return 0


def train_one(composed: Composed, called: Sequence[str]) -> int:
    """Train one model; returns the exit code.

    Args:
        composed: the settings.
        called: the words of the command line, for the record.

    Raises:
        UserError: for whatever the user can put right, before anything is written.
    """
    with patient_stdout():
        return _train(composed, called)[0]


def train_many(overrides: Sequence[str], config_dir: Path | None, called: Sequence[str]) -> int:
    """Train every combination of a sweep; returns the worst exit code.

    A job that fails is told and the others go on; an interruption ends them all.

    Raises:
        UserError: for a value that does not fit, before any job starts.
    """
    command = [word for word in called if word not in overrides and word not in ("-m", "--multirun")]
    codes: list[int] = []
    results: list[tuple[tuple[str, ...], RunResult]] = []

    def job(composed: Composed) -> None:
        words = [*command, *composed.overrides, f"hydra.run.dir={composed.run_dir}"]
        print(f"\nrun {len(codes)}: {shlex.join(redact_words(composed.overrides))}")
        try:
            code, result = _train(composed, words)
            codes.append(code)
            if result is not None:
                results.append((composed.overrides, result))
        except UserError as error:
            say_error(error)
            codes.append(EXIT_USER_ERROR)
        except RunFailed as error:
            say_error(error)
            codes.append(EXIT_FAILED)
        if codes[-1] in (EXIT_INTERRUPTED, EXIT_TERMINATED):
            raise SystemExit(codes[-1])

    def search(plain: Mapping[str, Any], runs: Sequence[str]) -> int:
        from seqlab.cli.sweeping import held_to_its_space
        from seqlab.cli.sweeping import run as run_sweep
        from seqlab.sweep.loading import sweep_from

        words = list(called)
        place = f"hydra.sweep.dir={value_text(str(plain['dir']))}"
        if not any(key_of(word) == "hydra.sweep.dir" for word in overrides):
            words.append(place)
        sweep, arms = held_to_its_space(sweep_from(plain, runs, config_dir, words, "hydra.sweeper."))
        if words != called:  # the directory's name is made up anew by every command
            print(f"to go on with this sweep later, add to the command: {shlex.quote(place)}\n")
        return run_sweep(sweep, arms)

    with patient_stdout():
        searched = run_multirun(overrides, job, config_dir, search)
        if isinstance(searched, int):
            return searched
        if len(results) > 1:
            show_several(results)
    return max(codes, default=0)


def _train(composed: Composed, called: Sequence[str]) -> tuple[int, RunResult | None]:
    """Train, and return the exit code with the result; no result where it was stopped before it had begun."""
    check_start(composed.experiment, composed.run_dir)
    command = shlex.join(redact_words(called))
    # only now what is heavy: a mistake is answered before torch is imported
    with leaving_at_once(), collector_off():
        from seqlab.experiment import run
        from seqlab.experiment.processes import Interrupted
        from seqlab.screen import Screen

    try:
        result = run(composed.experiment, run_dir=composed.run_dir, watcher=Screen(), command=command)
    except Interrupted as interrupted:  # before the run had begun
        print(f"interrupted: {interrupted}", file=sys.stderr)
        return (EXIT_TERMINATED if interrupted.signal == signal.SIGTERM else EXIT_INTERRUPTED), None
    if result.status == "interrupted":
        return (EXIT_TERMINATED if "SIGTERM" in (result.reason or "") else EXIT_INTERRUPTED), result
    return (0 if result.status == "completed" else EXIT_FAILED), result
