"""One table in one file, long or wide, as text or in a columnar format -> what was understood of it."""

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from seqlab.errors import UserError
from seqlab.readers.delimited import read_delimited
from seqlab.readers.long import from_long
from seqlab.readers.opening import require_file
from seqlab.readers.reading import Format, Reading, Understood
from seqlab.readers.roles import in_sentences, roles_of
from seqlab.readers.wide import from_wide


def read_table_file(path: Path | str, given: Reading, *, labelled: bool = True) -> Understood:
    """Read sequences from a table.

    Args:
        path: a .csv, .tsv, .parquet, .arrow or .feather file; its content says which.
        given: what is known of it.
        labelled: whether there must be labels; without, those that are there are read all the same.

    Raises:
        UserError: for a file, a column or a cell that does not fit, up to twenty at once.
    """
    name = str(path)
    path = require_file(path, "a table: CSV, TSV, Parquet or Arrow")
    kind = given.format or table_format(path)
    guesses: list[str] = []
    delimiter = given.delimiter
    if kind == "csv":
        table, delimiter, guesses = read_delimited(path, given.delimiter)
    else:
        table = _columnar(path, kind)
    if table.num_rows == 0:
        raise UserError(f"{name}: no rows\nexpected: at least one sequence")
    roles = roles_of(name, table, replace(given, format=kind, delimiter=delimiter), labelled=labelled)
    reading = roles.reading
    if kind == "csv":
        table = _spelled_as_written(path, table, reading)
    has_labels = reading.target is not None and reading.target in table.column_names
    build = from_long if roles.layout == "long" else from_wide
    sequences = build(name, table, roles, labelled=labelled or has_labels)
    guesses += [*roles.guesses, *alike(sequences.labels or ())]
    changes = [*roles.changes, *in_sentences(roles.counted)]
    return Understood(sequences=sequences, reading=reading, guesses=guesses, changes=changes)


def alike(labels: Sequence[str]) -> list[str]:
    """A sentence for labels that differ in spaces or capitals alone, which are probably meant as one class."""
    spellings: dict[str, list[str]] = {}
    for label in sorted(set(labels)):
        spellings.setdefault(label.strip().casefold(), []).append(label)
    return [
        f"different classes: {', '.join(map(repr, several))}, though they differ in spaces or capitals alone"
        for several in spellings.values()
        if len(several) > 1
    ]


def table_format(path: Path) -> Format:
    """What a table's content is, by its first bytes."""
    with path.open("rb") as stream:
        head = stream.read(6)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"ARROW1"):
        return "arrow"
    return "csv"


def _columnar(path: Path, kind: str) -> pa.Table:
    with refusing(path):
        if kind == "parquet":
            return pq.read_table(path, use_threads=False)
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()


@contextlib.contextmanager
def refusing(path: Path) -> Generator[None]:
    """Say what Arrow finds wrong in a Parquet or Arrow file as a `UserError`."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["not readable"])[0]
        raise UserError(f"{path}: {reason[:200]}\nexpected: a whole Parquet or Arrow file") from None


def _spelled_as_written(path: Path, table: pa.Table, reading: Reading) -> pa.Table:
    """The table with ids, labels, groups and categories as they stand in the file: 007 is not 7."""
    named = [reading.id, reading.target, reading.group, *(reading.categorical or ())]
    names = [name for name in dict.fromkeys(named) if name is not None and name in table.column_names]
    if not names:
        return table
    written, _, _ = read_delimited(path, reading.delimiter, names)
    for name in names:
        table = table.set_column(table.column_names.index(name), name, written[name])
    return table
