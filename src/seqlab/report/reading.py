"""Anybody's table: CSV, TSV, Parquet or JSON lines -> columns, with every refusal that a broken table deserves."""

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqlab.errors import UserError
from seqlab.report.evidence import FloatArray, IntArray
from seqlab.report.letters import whole

SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".parquet", ".pq", ".jsonl", ".ndjson", ".json")
_DELIMITERS = (",", ";", "\t", "|")
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "--", "—", "–", "?", ".", "#n/a"})
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_HEAD = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A column of numbers.

    Args:
        values: NaN where nothing stands [n].
        percent: whether they were written with a percent sign.
        deviations: whether a deviation stood behind them (0.92 ± 0.01), which is left out.
        infinite: how many were infinite; they are NaN here.
    """

    values: FloatArray
    percent: bool = False
    deviations: bool = False
    infinite: int = 0


class Table:
    """Columns by name.

    Args:
        path: where it comes from.
        columns: name -> values, in order.
        notes: what a reader has to know about the reading of it.
    """

    def __init__(self, path: Path, columns: dict[str, Any], notes: Sequence[str] = ()) -> None:
        self.path = path
        self._columns = columns
        self.notes = list(notes)

    @property
    def names(self) -> list[str]:
        """Of all columns."""
        return list(self._columns)

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(next(iter(self._columns.values()))) if self._columns else 0

    def only(self, keep: "np.ndarray") -> "Table":
        """The rows for which `keep` [n] is true."""
        mask = pa.array(keep)
        return Table(self.path, {name: c.filter(mask) for name, c in self._columns.items()}, self.notes)

    def join(self, names: Sequence[str], name: str) -> None:
        """Add a column that holds the values of several, one behind the other; nothing where one of them has none."""
        texts = [self._text(column) for column in names]
        self._columns[name] = pc.call_function("binary_join_element_wise", [*texts, pa.scalar(" ")])

    def codes(self, name: str) -> tuple[IntArray, list[str]]:
        """A column of labels as numbers [n] into its labels, in order of appearance; -1 where nothing stands."""
        text = self._text(name)
        encoded = text.dictionary_encode()
        labels = [str(label) for label in encoded.dictionary.to_pylist()]
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        empty = [number for number, label in enumerate(labels) if not label]
        if empty:
            codes[np.isin(codes, empty)] = -1
        return codes, labels

    def blanks(self, name: str) -> list[str]:
        """Labels of a column as they were written with blanks around them, where they were also written without."""
        column = self._columns[name]
        if not pa.types.is_string(column.type):
            return []
        written = [str(label) for label in column.unique().to_pylist() if label is not None]
        return [label for label in written if label != label.strip() and label.strip() in written]

    def _text(self, name: str) -> Any:
        column = self._columns[name]
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if pa.types.is_floating(column.type):
            values = column.to_numpy(zero_copy_only=False)
            known = values[np.isfinite(values)]
            if len(known) and (known == np.round(known)).all() and (np.abs(known) < 2**53).all():
                column = pa.array(values, pa.float64(), from_pandas=True).cast(pa.int64(), safe=False)
        if pa.types.is_nested(column.type):
            column = pa.array([str(value) for value in column.to_pylist()])
        return pc.call_function("utf8_trim_whitespace", [column.cast(pa.string())])

    def is_numeric(self, name: str) -> bool:
        """Whether a column holds numbers, or gaps, and at least one number."""
        try:
            return bool(np.isfinite(self.numbers(name).values).any())
        except UserError:
            return False

    def numbers(self, name: str) -> Numbers:
        """A column as numbers.

        Raises:
            UserError: for the first value that is none, with its row.
        """
        column = self._columns[name]
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        kind = column.type
        if pa.types.is_boolean(kind):
            column = column.cast(pa.int8())
        if pa.types.is_integer(column.type) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return _finite(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
        return self._parsed(name)

    def _parsed(self, name: str) -> Numbers:
        codes, labels = self.codes(name)
        values, percent, deviations = np.full(len(labels) + 1, np.nan), False, False
        for number, label in enumerate(labels):
            text = label.strip().strip("*").strip()
            if text.lower() in _MISSING:
                continue
            mean, sign, _ = text.partition("±") if "±" in text else text.partition("+-")
            if sign:
                text, deviations = mean.strip(), True
            if text.endswith("%"):
                text, percent = text[:-1].strip(), True
            if re.fullmatch(r"[+-]?\d+,\d+", text):  # a comma where others have a point
                text = text.replace(",", ".")
            if text.lower().lstrip("+-") in ("inf", "infinity"):
                values[number] = math.inf
            elif _NUMBER.match(text):
                values[number] = float(text)
            elif text.lower() in ("true", "false"):
                values[number] = float(text.lower() == "true")
            else:
                row = int(np.flatnonzero(codes == number)[0]) + 1
                raise UserError(
                    f"{self.path}: row {row} of column {name!r} is no number: {_short(label)!r}\n"
                    "allowed: numbers such as 0.93, 93 % or 1e-3; nothing, NA or nan where there is none"
                )
        return _finite(values[codes], percent, deviations)


def _finite(values: FloatArray, percent: bool = False, deviations: bool = False) -> Numbers:
    infinite = np.isinf(values)
    values = np.where(infinite, np.nan, values)
    return Numbers(values=values, percent=percent, deviations=deviations, infinite=int(infinite.sum()))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def read_table(path: Path) -> Table:
    """Read a table.

    Raises:
        UserError: if there is none, or it cannot be read.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] in ([".gz"], [".bz2"], [".zst"])
    suffix = (suffixes[-2:-1] if packed else suffixes[-1:] or [""])[0] if suffixes else ""
    try:
        if suffix in (".parquet", ".pq"):
            import pyarrow.parquet as pq

            table, notes = _named(path, pq.read_table(path)), []
        elif suffix in (".jsonl", ".ndjson", ".json"):
            table, notes = _named(path, _json(path)), []
        elif suffix in (".xlsx", ".xls", ".ods"):
            raise UserError(f"{path}: a spreadsheet\nallowed: save it as CSV, and give that")
        else:
            return _csv(path, suffix)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None
    if table.rows == 0:
        raise UserError(f"{path}: there are no rows in it")
    table.notes += notes
    return table


def _named(path: Path, table: Any) -> Table:
    for name in table.column_names:
        if pa.types.is_dictionary(table[name].type):
            column = table[name].cast(table[name].type.value_type)
            table = table.set_column(table.column_names.index(name), name, column)
    return Table(path, {str(name): table[name] for name in table.column_names})


def _json(path: Path) -> Any:
    import json

    with pa.input_stream(str(path), compression="detect") as stream:
        text = stream.read().decode("utf-8-sig").strip()
    if text.startswith("["):
        rows = json.loads(text)
    else:
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("expected one JSON object a row")
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    return pa.table({name: _column([row.get(name) for row in flat]) for name in names})


def _flat(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[whole(f"{prefix}{key}")] = whole(value) if isinstance(value, str) else value
    return found


def _column(values: list[Any]) -> Any:
    try:
        return pa.array(values)
    except pa.ArrowException:
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _csv(path: Path, suffix: str) -> Table:
    import pyarrow.csv

    with pa.input_stream(str(path), compression="detect") as stream:
        content = stream.read()
    text, notes = _decoded(content)
    lines = text[:_HEAD].splitlines(keepends=True)
    skipped = 0
    while skipped < len(lines) and (not lines[skipped].strip() or lines[skipped].startswith("# ")):
        skipped += 1
    if skipped == len(lines):
        raise UserError(f"{path}: there is nothing in it")
    delimiter = "\t" if suffix in (".tsv", ".tab") else _delimiter(lines[skipped])
    header = next(csv.reader(io.StringIO("".join(lines[skipped:])), delimiter=delimiter))
    names = _names(path, header)
    ends = len(list(csv.reader(io.StringIO(lines[skipped]), delimiter=delimiter, strict=False))) == 1
    if not ends:
        raise UserError(f"{path}: its first line is no line of names of columns")
    body = "".join(lines[: skipped + 1])
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(text[len(body) :].encode("utf-8") or b"\n"),
            read_options=pyarrow.csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
        words = re.search(r"Expected (\d+) columns, got (\d+)(?:: (.*))?", str(error), re.DOTALL)
        if words is None and "Empty" in str(error):
            raise UserError(f"{path}: there are names of columns, but no rows") from None
        if words is None:
            raise UserError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None
        raise UserError(
            f"{path}: a row has {words[2]} fields, but there are {words[1]} columns\n"
            f"the row: {_short((words[3] or '').strip())}"
        ) from None
    if table.num_rows == 0:
        raise UserError(f"{path}: there are names of columns, but no rows")
    if len(names) == 1:
        raise UserError(
            f"{path}: there is one column alone, {names[0]!r}\n"
            "allowed: columns separated by commas, semicolons, tabs or bars"
        )
    return Table(path, {name: table[name] for name in names}, notes)


def _decoded(content: bytes) -> tuple[str, list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), []
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), [
            "The file is not UTF-8; it was read as Windows-1252."
        ]


def _delimiter(line: str) -> str:
    counts = {mark: len(next(csv.reader([line], delimiter=mark))) for mark in _DELIMITERS}
    return max(_DELIMITERS, key=lambda mark: counts[mark])


def _names(path: Path, header: Sequence[str]) -> list[str]:
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]
    for name in names:
        if names.count(name) > 1:
            raise UserError(
                f"{path}: two columns are named {name!r}\nallowed: a name of its own for every column"
            )
    if names and all(_NUMBER.match(name) for name in names):
        raise UserError(
            f"{path}: its first line holds numbers\nallowed: names of the columns in the first line"
        )
    return names
