"""Columns of a table -> NumPy arrays, with every cell that does not fit named by row and column."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqlab.readers.problems import Problems
from seqlab.readers.roles import is_date, is_numeric
from seqlab.sequences import FloatArray, IntArray

# Says where a row is, such as "row 17 (id 'a3')".
Place = Callable[[int], str]


def numbers(column: str, values: pa.ChunkedArray, place: Place, problems: Problems) -> FloatArray:
    """A column of numbers as float32 [rows]; NaN where a cell is empty; what is no finite number is a problem."""
    kind = values.type
    if pa.types.is_null(kind):
        return np.full(len(values), np.nan, dtype=np.float32)
    if not is_numeric(kind):
        return _from_words(column, values, place, problems)
    if pa.types.is_boolean(kind) or pa.types.is_decimal(kind):
        values = values.cast(pa.float64())
    wide = values.to_numpy().astype(np.float64, copy=False)
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    for row in np.flatnonzero(np.isinf(narrow)):
        problems.add(
            f"{place(int(row))}, column {column!r}", f"{wide[row]:g}",
            "finite numbers within single precision (below 3.4e38); leave the cell empty where there is no value",
        )  # fmt: skip
    return narrow


def _from_words(column: str, values: pa.ChunkedArray, place: Place, problems: Problems) -> FloatArray:
    """Words that should have been numbers."""
    found = np.full(len(values), np.nan, dtype=np.float32)
    for row, word in enumerate(_as_text(values)):
        try:
            found[row] = np.nan if word is None else float(word)
        except ValueError:
            problems.add(
                f"{place(row)}, column {column!r}", f"{word[:60]!r}" if word else "nothing",
                "numbers, with a decimal point, in every row; or the column left out (data.ignore)",
            )  # fmt: skip
    return found


def words(values: pa.ChunkedArray) -> tuple[IntArray, list[str]]:
    """A column as codes [rows], -1 where a cell is empty, and the distinct words in the order of their first row.

    Whole numbers are written without a point, so that a column of labels is the same in CSV and in Parquet.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_floating(kind):
        present = values.drop_null().to_numpy()
        if (np.floor(present) == present).all():
            values = values.cast(pa.int64())
    encoded = values.dictionary_encode().combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, [str(word) for word in encoded.dictionary.to_pylist()]


def moments(
    column: str, values: pa.ChunkedArray, place: Place, problems: Problems
) -> npt.NDArray[np.float64]:
    """A column of times as float64 [rows]: numbers as they are, dates in seconds since 1970."""
    kind = values.type
    if is_date(kind):
        values = (
            values.cast(pa.timestamp("ns"))
            if not pa.types.is_timestamp(kind)
            else values.cast(pa.timestamp("ns", kind.tz))
        )
        found = values.cast(pa.int64()).to_numpy().astype(np.float64) / 1e9
    elif is_numeric(kind):
        found = values.cast(pa.float64()).to_numpy().astype(np.float64, copy=False)
    else:
        return _from_dates_in_words(column, values, place, problems)
    for row in np.flatnonzero(~np.isfinite(found)):
        problems.add(
            f"{place(int(row))}, column {column!r}", "no time", "a time in every row, or no time column"
        )
    return found


def _from_dates_in_words(
    column: str, values: pa.ChunkedArray, place: Place, problems: Problems
) -> npt.NDArray[np.float64]:
    """Words that should have been dates; those without a time zone are taken as UTC."""
    found = np.zeros(len(values))
    for row, word in enumerate(_as_text(values)):
        try:
            date = datetime.fromisoformat(word or "")
            found[row] = date.replace(tzinfo=date.tzinfo or UTC).timestamp()
        except ValueError:
            problems.add(
                f"{place(row)}, column {column!r}", "no time" if word is None else f"{word[:60]!r}",
                "times as numbers, or as dates such as 2026-11-24 17:05:00",
            )  # fmt: skip
    return found


def _as_text(values: pa.ChunkedArray) -> list[str | None]:
    return values.cast(pa.string()).to_pylist()
