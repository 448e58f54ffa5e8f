"""`seqlab predict`, `evaluate` and `check`: what is cheap to refuse is refused before torch is imported."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from seqlab.choices import conf_folders
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
    sequences, read = None if is_table(file) else read_sequences(file), list[str]()
    import pyarrow.csv

    from seqlab.predict import predict_table, understood_like, write_table

    if sequences is None:
        found = understood_like(run_dir, file)
        sequences, read = found.sequences, list(found.changes)
    try:
        table, changes = predict_table(run_dir, sequences)
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    for change in [*read, *changes]:
        print(f"{file}: {change}", file=sys.stderr)
    if sequences.labels is not None and "true" not in table.column_names:
        print(
            f"{file}: its labels are not the model's classes; the column `true` is left out", file=sys.stderr
        )
    if out is None:
        sys.stdout.flush()
        pyarrow.csv.write_csv(table, sys.stdout.buffer)
    else:
        try:
            write_table(table, out)
        except OSError as error:
            raise UserError(f"--out {out}: {error.strerror or error}") from None
        print(f"{table.num_rows:,} predictions written to {out}")
    return 0


def evaluate(run_dir: Path, part: str, plugins: Sequence[str]) -> int:
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
