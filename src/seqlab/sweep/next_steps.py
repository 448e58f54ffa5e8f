"""What can be done with a sweep: commands ready to paste, without a secret in them."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from seqlab.errors import UserError
from seqlab.redaction import REDACTED
from seqlab.results import BEST_CHECKPOINT, RunResult, TrialRow, read_result
from seqlab.screen import shown_path, shown_tool
from seqlab.sweep.address import STORAGE_VARIABLE, shown_address
from seqlab.sweep.keeping import trial_dir

STUDY_FILE = "study.db"


def show_next_steps(console: Console, directory: Path, best: Sequence[TrialRow], storage: str | None) -> None:
    """Where everything lies, and the commands that go on from here.

    Args:
        console: where to.
        directory: the sweep's.
        best: its best trials, the very best first.
        storage: address of the database; None for study.db in `directory`.
    """
    console.print()
    console.print(f"{'sweep directory':<20} {escape(shown_path(directory))}", soft_wrap=True)
    run = trial_dir(directory, best[0].arm, best[0].number) if best else None
    if run is not None:
        console.print(
            f"{'best run directory':<20} {escape(place_in_words(directory, best[0]))}", soft_wrap=True
        )
    console.print("\ntry next")
    commands = [("how it stands", status_command(directory, storage))]
    if run is not None and (scored := _score_command(run, result_of(run))) is not None:
        commands.append(("score it on test data", scored))
    commands.append(("all trials in a browser", dashboard_command(directory, storage)))
    log = max((run / "wandb").glob("*run-*"), default=None) if run is not None else None
    if log is not None:
        commands.append(("curves of the best", f"{shown_tool('wandb')} leet {shlex.quote(shown_path(log))}"))
    for why, command in commands:
        console.print(f"  {why:<24} {escape(command)}", soft_wrap=True)


def place_in_words(directory: Path, row: TrialRow) -> str:
    """Where the files of a trial lie: here, or in the sweep directory of the machine that trained it.

    Args:
        directory: the sweep's, on this machine.
        row: the trial.
    """
    run = trial_dir(directory, row.arm, row.number)
    if row.machine is None or run.is_dir():
        return shown_path(run)
    return f"{run.relative_to(directory)} in the sweep directory on {row.machine}, which trained it"


def _score_command(run: Path, result: RunResult | None) -> str | None:
    """The command that scores a run on test data, if it has weights and its data can be read again."""
    if result is None or result.data.get("kind") == "memory" or not (run / BEST_CHECKPOINT).is_file():
        return None
    plugins = "".join(f" --plugin {shlex.quote(package)}" for package in result.plugins)
    return f"{shown_tool('seqlab')} evaluate {shlex.quote(shown_path(run))} --part test{plugins}"


def status_command(directory: Path, storage: str | None) -> str:
    """The command that looks at a sweep from another terminal.

    Args:
        directory: the sweep's.
        storage: address of the database; None for study.db in `directory`. A password is not shown.
    """
    command = f"{shown_tool('seqlab')} status {shlex.quote(shown_path(directory))}"
    return command if storage is None else f"{command} --storage {_address(storage)}"


def _address(storage: str) -> str:
    """The address of a database for a shell; one with a password is left to the environment."""
    return f'"${STORAGE_VARIABLE}"' if REDACTED in shown_address(storage) else shlex.quote(storage)


def dashboard_command(directory: Path, storage: str | None) -> str:
    """The command that opens Optuna's dashboard on a sweep; it needs the extra `dashboard`.

    Args:
        directory: the sweep's.
        storage: address of the database; None for study.db in `directory`. A password is not shown.
    """
    beside = Path(sys.executable).with_name("optuna-dashboard")
    tool = "optuna-dashboard"
    if shutil.which(tool) is None and beside.is_file():
        tool = shlex.quote(shown_path(beside))
    return f"{tool} {_address(storage or f'sqlite:///{shown_path(directory / STUDY_FILE)}')}"


def result_of(run: Path) -> RunResult | None:
    """The result of a trial, or None where it has left none that can be read."""
    try:
        return read_result(run)
    except (UserError, OSError, ValueError, TypeError):
        return None
