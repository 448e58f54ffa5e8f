"""`.ts` files of the UCR/UEA archive (Bagnall et al. 2018, https://www.timeseriesclassification.com).

A header of `@tag value` lines, then one sequence a line: dimensions apart by `:`, values apart by `,`, the
label last. Read here and not by aeon, whose import takes a hundred times longer than a file, and which
lowers the labels' case and names neither line nor value in its errors.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np

from seqlab.errors import UserError, nearest
from seqlab.readers.arrays import as_float32, default_features, numbered
from seqlab.readers.opening import require_file
from seqlab.sequences import FloatArray, Sequences

_EXPECTED = "a .ts file of the UCR/UEA archive: header lines such as '@classLabel true a b', then '@data'"
_BOOLEANS = ("timestamps", "missing", "univariate", "equallength", "targetlabel")


@dataclass(slots=True)
class _Header:
    flags: dict[str, bool] = field(default_factory=dict[str, bool])
    classlabel: bool | None = None
    classes: list[str] = field(default_factory=list[str])
    dimensions: int | None = None


class _Lines:
    """The lines of a file that say something, and where in it we are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        with self.path.open("rb") as stream:
            for raw in stream:
                self.number += 1
                try:
                    line = raw.decode("utf-8-sig" if self.number == 1 else "utf-8")
                except UnicodeDecodeError:  # descriptions in old encodings
                    line = raw.decode("latin-1")
                line = line.strip()
                if line and not line.startswith(("#", "%")):
                    yield line

    def refuse(self, found: str, expected: str) -> NoReturn:
        raise UserError(f"{self.path}, line {self.number}: {found}\nexpected: {expected}")


def read_ts(path: Path | str) -> Sequences:
    """Read a `.ts` file: one or many dimensions, equal or unequal lengths, with class labels or without.

    Labels keep the spelling of the header's list. Sequences are called by their index, counted from 0.

    Raises:
        UserError: if it is no such file, if a line does not fit the header or the lines before it, if values
            are missing (`?` or NaN), or if it has time stamps or target values in the place of classes.
    """
    lines = _Lines(require_file(path, _EXPECTED))
    source = iter(lines)
    header = _read_header(source, lines)
    spelling = {name.lower(): name for name in header.classes}
    values: list[FloatArray] = []
    labels: list[str] = []
    missing, first_missing = 0, ""
    for line in source:
        channels = line.split(":")
        if header.classlabel:
            labels.append(_label(channels.pop().strip(), spelling, header, lines))
        array = _read_channels(channels, lines)
        if values and array.shape[1] != values[0].shape[1]:
            lines.refuse(f"{array.shape[1]} dimensions", f"{values[0].shape[1]}, as in the lines before")
        _hold_to_header(array, values, header, lines)
        if holes := int(np.isnan(array).sum()):
            step, dimension = (int(k) + 1 for k in np.argwhere(np.isnan(array))[0])
            first_missing = (
                first_missing or f"line {lines.number}: value {step} of dimension {dimension} is missing"
            )
            missing += holes
        values.append(array)
    if missing:
        raise UserError(
            f"{lines.path}, {first_missing} ({missing} missing in all)\n"
            "expected: no missing values; seqlab does not handle them yet, fill them first"
        )
    if not values:
        raise UserError(f"{lines.path}: no sequences after @data\nexpected: one sequence a line")
    return Sequences(
        values=values,
        labels=labels if header.classlabel else None,
        ids=numbered(len(values)),
        feature_names=default_features(values[0].shape[1]),
    )


def _read_header(source: Iterator[str], lines: _Lines) -> _Header:
    header = _Header()
    for line in source:
        if not line.startswith("@"):
            lines.refuse(f"{line[:40]!r} before @data", _EXPECTED)
        tag, *rest = line[1:].split()
        tag = tag.lower()
        if tag == "data":
            break
        if tag in _BOOLEANS:
            header.flags[tag] = _boolean(tag, rest, lines)
        elif tag == "classlabel":
            header.classlabel, header.classes = _boolean(tag, rest[:1], lines), rest[1:]
        elif tag in ("dimensions", "dimension") and rest and rest[0].isdecimal():
            header.dimensions = int(rest[0])
    else:
        raise UserError(f"{lines.path}: no line '@data'\nexpected: {_EXPECTED}")
    if header.flags.get("timestamps"):
        lines.refuse("the header says '@timeStamps true'", "values without time stamps ('@timeStamps false')")
    if header.flags.get("targetlabel"):
        lines.refuse(
            "the header says '@targetLabel true' (values to predict)", "classes ('@classLabel true ...')"
        )
    if header.classlabel is None:
        lines.refuse("the header has no @classLabel", "'@classLabel true a b ...', or '@classLabel false'")
    return header


def _boolean(tag: str, rest: list[str], lines: _Lines) -> bool:
    word = rest[0].lower() if len(rest) == 1 else " ".join(rest)
    if word not in ("true", "false"):
        lines.refuse(f"@{tag} {word!r}", "true or false")
    return word == "true"


def _label(label: str, spelling: dict[str, str], header: _Header, lines: _Lines) -> str:
    if not label:
        lines.refuse("no label after the last ':'", "a label ('@classLabel true')")
    if not header.classes:
        return label
    known = spelling.get(label.lower()) or _same_number(label, header.classes)
    if known is None:
        near = nearest(label, header.classes)
        hint = f"; did you mean {near}?" if near else ""
        shown = ", ".join(header.classes[:12]) + (", ..." if len(header.classes) > 12 else "")
        lines.refuse(f"label {label[:40]!r}", f"one of the header's classes: {shown}{hint}")
    return known


def _same_number(label: str, classes: list[str]) -> str | None:
    """The class that is the same number in another spelling, such as 1 for 1.0."""
    try:
        return next((name for name in classes if float(name) == float(label)), None)
    except ValueError:
        return None


def _read_channels(channels: list[str], lines: _Lines) -> FloatArray:
    """One sequence [T, F] from its dimensions' texts; NaN where a value is missing."""
    rows: list[list[float]] = []
    for dimension, text in enumerate(channels, start=1):
        rows.append(_numbers(text.split(","), dimension, lines))
        if len(rows[-1]) != len(rows[0]):
            lines.refuse(
                f"dimension {dimension} has {len(rows[-1])} values, dimension 1 has {len(rows[0])}",
                "all dimensions of a sequence equally long",
            )
    if not rows:
        lines.refuse("no values", "values and a label, apart by ':' ('@classLabel true')")
    exact = np.array(rows, dtype=np.float64).T
    narrow = as_float32(exact)
    if np.isinf(narrow).any():
        step, dimension = (int(k) for k in np.argwhere(np.isinf(narrow))[0])
        lines.refuse(
            f"value {step + 1} of dimension {dimension + 1} is {exact[step, dimension]:g}",
            "finite numbers within float32",
        )
    return narrow


def _numbers(texts: list[str], dimension: int, lines: _Lines) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        numbers: list[float] = []
    for place, text in enumerate(texts, start=1):
        try:
            numbers.append(float("nan" if text.strip() == "?" else text))
        except ValueError:
            lines.refuse(
                f"value {place} of dimension {dimension} is {text.strip()[:40]!r}", "numbers apart by ','"
            )
    return numbers


def _hold_to_header(array: FloatArray, before: list[FloatArray], header: _Header, lines: _Lines) -> None:
    """What the header promises must be so: number of dimensions, equal lengths."""
    length, dimensions = array.shape
    if header.flags.get("univariate") and dimensions != 1:
        lines.refuse(f"{dimensions} dimensions", "1 ('@univariate true')")
    if header.dimensions not in (None, dimensions):
        lines.refuse(f"{dimensions} dimensions", f"{header.dimensions} ('@dimensions {header.dimensions}')")
    if header.flags.get("equallength") and before and length != len(before[0]):
        lines.refuse(f"{length} steps", f"{len(before[0])}, as in the first sequence ('@equalLength true')")
