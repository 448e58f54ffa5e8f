"""CSV, TSV and their kin -> an Arrow table, with the delimiter and the encoding found out."""

import contextlib
import csv
import io
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from seqlab.errors import UserError
from seqlab.readers.opening import require_file
from seqlab.readers.problems import Problems

DELIMITERS = (",", "\t", ";", "|")
# Spellings of a value that is not there.
ABSENT = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?", "-nan")
TRUE = ("true", "True", "TRUE")
FALSE = ("false", "False", "FALSE")
_SAMPLE = 65536
_EXPECTED = "a table of text with one header line, such as id,time,speed,label"


def read_delimited(
    path: Path | str, delimiter: str | None = None, as_text: Sequence[str] | None = None
) -> tuple[pa.Table, str, list[str]]:
    """Read a table of text.

    Args:
        path: in UTF-8 or, with a byte order mark, UTF-16.
        delimiter: between the columns; None: found out.
        as_text: columns to read, as they are written: 007 stays 007, and NA is a word. None: all columns, as numbers or
            dates where all of their cells are.

    Returns:
        The table, its delimiter, and sentences on what had to be guessed.

    Raises:
        UserError: for a file that is empty, no text, or has rows of different lengths or column names twice.
    """
    head = head_of(path, delimiter)
    table = _read(head, as_text)
    if table.num_rows == 0:
        raise UserError(f"{path}: a header and no rows\nexpected: {_EXPECTED}")
    return table, head.delimiter, head.guesses


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How a table of text is written.

    Args:
        path: of the file.
        encoding: utf-8 or utf-16.
        delimiter: between the columns.
        names: of the columns.
        headless: whether the names are made up, since the first line holds numbers.
        guesses: sentences on what had to be guessed.
    """

    path: Path
    encoding: str
    delimiter: str
    names: list[str]
    headless: bool
    guesses: list[str]

    @property
    def parsing(self) -> arrow_csv.ParseOptions:
        """How rows become cells."""
        return arrow_csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=False)

    def reading(self, **options: Any) -> arrow_csv.ReadOptions:
        """How the file is read; in the order of its rows."""
        return arrow_csv.ReadOptions(
            column_names=self.names,
            skip_rows=0 if self.headless else 1,
            encoding=self.encoding,
            use_threads=False,
            **options,
        )

    @contextlib.contextmanager
    def refusing(self) -> Generator[None]:
        """Say what Arrow finds wrong in this file as a `UserError`."""
        try:
            yield
        except (pa.ArrowInvalid, UnicodeError, OSError) as error:
            reason = (str(error).splitlines() or ["not readable"])[0]
            if "UTF8" in reason or "utf" in reason.lower() or isinstance(error, UnicodeError):
                raise self.not_utf8() from None
            raise UserError(f"{self.path}: {reason[:200]}\nexpected: {_EXPECTED}") from None

    def not_utf8(self, column: str | None = None) -> UserError:
        """That it is written in another encoding."""
        where = "" if column is None else f", column {column!r}"
        return UserError(f"{self.path}{where}: text that is not UTF-8\nexpected: the file saved as UTF-8")


def head_of(path: Path | str, delimiter: str | None = None) -> Head:
    """Look at the beginning of a table of text.

    Args:
        path: of the file.
        delimiter: between the columns; None: found out.

    Raises:
        UserError: for a file that is empty or no text, or has column names twice.
    """
    path = require_file(path, _EXPECTED)
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    encoding = _encoding(head, path)
    sample = head.decode(encoding, errors="ignore")
    if not sample.strip():
        raise UserError(f"{path}: the file is empty\nexpected: {_EXPECTED}")
    lines = [line for line in sample.splitlines() if line.strip()]
    if len(head) == _SAMPLE and len(lines) > 1:
        lines.pop()  # cut off
    delimiter = delimiter or sniffed(lines)
    first = next(csv.reader(io.StringIO(lines[0]), delimiter=delimiter))
    guesses: list[str] = []
    names = [name.strip() for name in first]
    headless = all(_is_number(cell) for cell in first)
    if headless:
        names = [f"c{k + 1}" for k in range(len(first))]
        guesses.append(f"no header line: the columns are called c1 to c{len(names)}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(
            f"{path}: column names that stand twice: {', '.join(map(repr, twice[:10]))}\n"
            "expected: a name of its own for each"
        )
    if "" in names:
        names = [name or f"column {k + 1}" for k, name in enumerate(names)]
    return Head(
        path=path,
        encoding=encoding.replace("-sig", ""),
        delimiter=delimiter,
        names=names,
        headless=headless,
        guesses=guesses,
    )


def sniffed(lines: Sequence[str]) -> str:
    """The delimiter that cuts these lines into most columns, equally many in each; a comma if none does.

    Args:
        lines: first ones of a file, whole.
    """
    best, most = DELIMITERS[0], 1
    for candidate in DELIMITERS:
        try:
            rows = list(csv.reader(lines[:50], delimiter=candidate))
        except csv.Error:
            continue
        counts = [len(row) for row in rows if row]
        common = max(set(counts), key=counts.count)
        if common > most and counts.count(common) >= 0.8 * len(counts):
            best, most = candidate, common
    return best


def _encoding(head: bytes, path: Path) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in head:
        raise UserError(f"{path}: not a text file (it holds zero bytes)\nexpected: {_EXPECTED}")
    return "utf-8-sig" if head.startswith(b"\xef\xbb\xbf") else "utf-8"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.strip() in ABSENT and bool(cell.strip())
    return True


def bad_rows(problems: Problems, headless: bool) -> Callable[[arrow_csv.InvalidRow], str]:
    """What Arrow is to do with rows of another length: leave them out, now that they are problems.

    Args:
        problems: where they are added.
        headless: whether the file has no header line.
    """

    def bad_row(row: arrow_csv.InvalidRow) -> str:
        place = (
            f"row {row.number - (0 if headless else 1)}"
            if row.number is not None
            else f"row {row.text[:60]!r}"
        )
        problems.add(
            place, f"{row.actual_columns} cells, where the others have {row.expected_columns}",
            "the same number of cells in every row; quote cells that hold the delimiter",
        )  # fmt: skip
        return "skip"

    return bad_row


def _read(head: Head, as_text: Sequence[str] | None) -> pa.Table:
    problems = Problems(str(head.path))
    parsing = head.parsing
    parsing.invalid_row_handler = bad_rows(problems, head.headless)
    with head.refusing():
        table = arrow_csv.read_csv(
            head.path,
            read_options=head.reading(),
            parse_options=parsing,
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in as_text or ()},
                include_columns=list(as_text or ()),
                null_values=list(ABSENT) if as_text is None else [""],
                strings_can_be_null=True,
                true_values=list(TRUE),
                false_values=list(FALSE),
            ),
        )
    problems.refuse()
    for name, kind in zip(table.column_names, table.schema.types, strict=True):
        if pa.types.is_binary(kind):
            raise head.not_utf8(name)
    return table
