"""Rows of a table as they come from disk, and their cells as what they are meant to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from seqlab.readers.cells import moments, numbers
from seqlab.readers.delimited import ABSENT, FALSE, TRUE, bad_rows, head_of
from seqlab.readers.problems import Problems
from seqlab.readers.reading import Reading, Settled
from seqlab.readers.roles import is_date, is_words
from seqlab.readers.tables import refusing, table_format

pc: Any = pyarrow.compute  # its functions are made when it is imported

_CELLS = 2**20  # of a columnar file that are read together
_BLOCK, _CELL = 2**20, 32  # bytes of text that are read together, and of a cell, so that long rows fit in


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a file.

    Args:
        table: all of its columns, or of text those that are asked for, as written.
        share: how much of the file has been read, from 0 to 1.
    """

    table: pa.Table
    share: float


def rows_of(path: Path, given: Settled) -> Iterator[Rows]:
    """All rows of a file, some at a time, none of them empty.

    Args:
        path: CSV, TSV, Parquet or Arrow.
        given: how it is to be read.

    Raises:
        UserError: for a file that cannot be read, and rows of another length.
    """
    kind = table_format(path)
    found = _of_text(path) if kind == "csv" else _of_parquet(path) if kind == "parquet" else _of_arrow(path)
    for rows in found:
        at_once = max(1, _CELLS // max(1, rows.table.num_columns))
        for start in range(0, rows.table.num_rows, at_once):
            yield Rows(rows.table.slice(start, at_once), rows.share)


def _of_text(path: Path) -> Iterator[Rows]:
    head, problems, size = head_of(path), Problems(str(path)), path.stat().st_size
    parsing = head.parsing
    parsing.invalid_row_handler = bad_rows(problems, head.headless)
    with path.open("rb") as stream:
        with head.refusing():
            reader = arrow_csv.open_csv(
                stream,
                read_options=head.reading(block_size=max(_BLOCK, _CELL * len(head.names))),
                parse_options=parsing,
                convert_options=arrow_csv.ConvertOptions(
                    column_types={name: pa.string() for name in head.names},
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        while True:
            with head.refusing():
                batch = next(iter(reader), None)
            problems.refuse()
            if batch is None:
                return
            yield Rows(pa.table(batch), min(1.0, stream.tell() / size))


def _of_parquet(path: Path) -> Iterator[Rows]:
    with refusing(path):
        file = pq.ParquetFile(path, buffer_size=_BLOCK, pre_buffer=False)
    with file:
        total, done = file.metadata.num_rows, 0
        at_once = max(1, _CELLS // max(1, file.metadata.num_columns))
        batches = file.iter_batches(at_once, use_threads=False)
        while True:
            with refusing(path):
                batch = next(batches, None)
            if batch is None:
                return
            done += batch.num_rows
            yield Rows(pa.table(batch), done / total)


def _of_arrow(path: Path) -> Iterator[Rows]:
    with refusing(path):
        source = pa.memory_map(str(path))
    with source:
        with refusing(path):
            reader = pa.ipc.open_file(source)
        for k in range(reader.num_record_batches):
            with refusing(path):
                batch = reader.get_batch(k)
            yield Rows(pa.table(batch), (k + 1) / reader.num_record_batches)


def typed(
    name: str, table: pa.Table, reading: Reading, first_row: int, dates: bool | None
) -> tuple[pa.Table, bool | None]:
    """Rows with ids and labels in words, numbers in single precision and times in double.

    Args:
        name: of the file, for errors.
        table: as read.
        reading: with all roles.
        first_row: rows of the file before these.
        dates: whether times were dates so far; None where nothing is known.

    Returns:
        The columns that have a role, and whether times are dates.

    Raises:
        UserError: for cells that do not fit, and rows without id.
    """
    problems, columns = Problems(name), dict[str, pa.ChunkedArray]()
    named = [reading.id, reading.target, *(reading.categorical or ())]
    for column in dict.fromkeys(named):
        if column is not None and column in table.column_names:
            columns[column] = _as_words(table[column])
    ids = columns.get(reading.id or "")
    if ids is not None and ids.null_count:
        row = pc.index(ids.is_null(), True).as_py()
        problems.add(f"row {first_row + row + 1}, column {reading.id!r}", "no id", "an id in every row")
        problems.refuse()

    def place(row: int) -> str:
        return f"row {first_row + row + 1}" + ("" if ids is None else f" ({reading.id} {ids[row].as_py()!r})")

    if reading.time is not None:
        time = _as_times(table[reading.time])
        found = is_date(time.type) or is_words(time.type)
        if dates is not None and found != dates:
            said = "times that are dates, after numbers" if found else "times that are numbers, after dates"
            problems.add(f"{place(0)}, column {reading.time!r}", said, "one or the other in the whole file")
            problems.refuse()
        dates = found
        columns[reading.time] = pa.chunked_array([moments(reading.time, time, place, problems)])
    for column in reading.features or ():
        values = numbers(column, _as_numbers(table[column]), place, problems)
        columns[column] = pa.chunked_array([values])
    problems.refuse()
    return pa.table(columns), dates


def _as_words(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Words; whole numbers without a point, whatever stands beside them."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_floating(column.type):
        whole = pc.equal(pc.floor(column), column)
        return pc.if_else(
            whole, pc.if_else(whole, column, 0).cast(pa.int64()).cast(pa.string()), column.cast(pa.string())
        )
    return column.cast(pa.string())


def _as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Words as numbers, or as true and false, if all of them are; else as they are."""
    if not is_words(column.type):
        return column
    words = pc.utf8_trim_whitespace(column.cast(pa.string()))
    words = pc.if_else(pc.is_in(words, pa.array(ABSENT)), None, words)
    try:
        return words.cast(pa.float64())
    except pa.ArrowInvalid:
        pass
    said = pc.if_else(
        pc.is_in(words, pa.array(TRUE)), True, pc.if_else(pc.is_in(words, pa.array(FALSE)), False, None)
    )
    return said if said.null_count == words.null_count else column


def _as_times(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Words as numbers or as dates, if all of them are; else as they are."""
    if not is_words(column.type):
        return column
    words = pc.utf8_trim_whitespace(column.cast(pa.string()))
    for kind in (pa.float64(), pa.timestamp("ns")):
        try:
            return words.cast(kind)
        except pa.ArrowInvalid:
            continue
    return column
