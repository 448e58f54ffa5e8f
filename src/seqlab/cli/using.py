"""`seqlab predict`, `evaluate` and `check`: what is cheap to refuse is refused before torch is imported."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from seqlab.choices import conf_folders
from seqlab.cli.progress import Progress
from seqlab.compose import compose
from seqlab.errors import EXIT_FAILED, UserError
from seqlab.plugins import load_plugins, local_plugins
from seqlab.preflight import check_run
from seqlab.readers import read_sequences
from seqlab.readers.files import is_table


def predict(run_dir: Path, file: Path, out: Path | None, plugins: Sequence[str]) -> int:
    """Predict the sequences of a file, into another file or as CSV on standard output; returns the exit code.

    Raises:
        UserError: for a run or a file that cannot be used.
    """
    check_run(run_dir, "RUN_DIR")
    if not file.is_file():
        raise UserError(f"FILE: there is no file {str(file)!r}")
    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise UserError(f"--out {out}: predictions are written as .csv or .parquet")
    if out is not None:
        _check_out(out)
    _switch_on(plugins)
    sequences = None if is_table(file) else read_sequences(file)
    from seqlab.predict import predict_file

    progress = Progress(file.name)
    try:
        told = predict_file(run_dir, file, out or sys.stdout.buffer, sequences=sequences, tell=progress.tell)
    except BrokenPipeError:
        raise
    except OSError as error:
        place = "standard output" if out is None else f"--out {out}"
        raise UserError(f"{place}: {error.strerror or error}") from None
    finally:
        progress.wipe()
    for change in told.changes:
        print(f"{file}: {change}", file=sys.stderr)
    if out is not None:
        print(f"{told.sequences:,} predictions written to {out}")
    return 0


def evaluate(run_dir: Path, part: Literal["validation", "test"], plugins: Sequence[str]) -> int:
    """Score a run again, under the names of result.json; returns the exit code.

    Raises:
        UserError: for a run that cannot be used.
    """
    check_run(run_dir, "RUN_DIR")
    _switch_on(plugins)
    here = compose(()).experiment.data.directory  # the file of this machine holds for every command
    from seqlab.predict import evaluate as score

    found = score(run_dir, part, here)
    print(f"{part}: {len(found.ids):,} sequences")
    for metric, value in found.scores.items():
        interval = found.intervals.get(metric)
        words = f"   (95 % interval {interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
        print(f"  {metric:<18} {'null' if value is None else repr(value)}{words}")
    return 0


def check(package: str) -> int:
    """Hold the parts that a package registers to the conformance kit; returns the exit code.

    Raises:
        UserError: for a package that cannot be imported.
    """
    load_plugins([package])
    from seqlab.testing import check_package

    findings = check_package(package)
    for finding in findings:
        print(finding)
    failed = sum(not finding.passed for finding in findings)
    print(f"{len(findings)} checks, {failed} failed")
    return EXIT_FAILED if failed else 0


def _check_out(out: Path) -> None:
    """Refuse, before anything is predicted, a file that could not be written."""
    if out.is_dir():
        raise UserError(f"--out {out}: a directory\nallowed: a file, .csv or .parquet")
    folder = next(parent for parent in out.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise UserError(f"--out {out}: {str(folder)!r} is a file, not a directory")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"--out {out}: nothing can be written to {str(folder)!r} (permission denied)")


def _switch_on(plugins: Sequence[str]) -> None:
    """Import the packages that were named, here or in the file of this machine; never those a run names."""
    load_plugins([*local_plugins(conf_folders()), *plugins])
