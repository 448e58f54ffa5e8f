"""Which column of a table is what: as the user said, else by name and content, said as a guess."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from seqlab.errors import UserError, nearest
from seqlab.readers.reading import Layout, Reading, Settled

# Names by which columns are recognised, in the order of trust.
TARGETS = ("label", "target", "class", "y", "category", "outcome", "activity", "labels", "classlabel")
IDS = (
    "id", "sequence_id", "series_id", "seq_id", "sequence", "series", "case_id", "case", "run_id", "run", "sample_id",
    "sample", "item_id", "item", "episode", "trial", "record", "recording", "unit", "uid", "name", "file",
)  # fmt: skip
TIMES = ("time", "timestamp", "ts", "t", "datetime", "date", "step", "time_step", "timestep")
GROUPS = ("group", "machine", "patient", "subject", "speaker", "person", "user", "device", "site", "machine_id",
          "patient_id", "subject_id", "speaker_id", "user_id", "device_id")  # fmt: skip


_BEGINS_AS_NUMBER = re.compile(r"\s*[-+]?\.?[0-9]")
_LOOKED_AT = 1000
_UNNAMED = re.compile(r"column [0-9]+")  # what readers call a column without a name


@dataclass(slots=True)
class Roles:
    """Columns of a table by what they are.

    Args:
        layout: long or wide.
        reading: the same, for the next file, with nothing left open.
        guesses: sentences on what had to be guessed.
        changes: sentences on columns that are left out.
        counted: what was changed in rows, as a sentence with {rows} or {sequences} in it -> how many.
        first_row: rows of the file before these, where a table comes in pieces.
    """

    layout: Layout
    reading: Reading
    guesses: list[str] = field(default_factory=list[str])
    changes: list[str] = field(default_factory=list[str])
    counted: Counter[str] = field(default_factory=Counter[str])
    first_row: int = 0


def in_sentences(counted: Counter[str]) -> list[str]:
    """What was changed in rows, with its numbers."""
    return [
        sentence.format(rows=_in_words(count, "row"), sequences=_in_words(count, "sequence"))
        for sentence, count in counted.items()
    ]


def _in_words(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def is_numeric(kind: pa.DataType) -> bool:
    """Whether a column of this type holds numbers (or true and false)."""
    return (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def is_date(kind: pa.DataType) -> bool:
    """Whether a column of this type holds dates."""
    return pa.types.is_timestamp(kind) or pa.types.is_date(kind)


def roles_of(name: str, table: pa.Table, given: Reading, *, labelled: bool) -> Roles:
    """Settle the role of every column.

    Args:
        name: of the file, for errors.
        table: as read.
        given: what the user said.
        labelled: whether there must be a label.

    Raises:
        UserError: for a column that was named and is not there, no label where there must be one, or no feature.
    """
    columns = list(table.column_names)
    _require_columns(name, columns, given, labelled)
    guesses: list[str] = []
    named = {*(given.features or ()), *(given.categorical or ())}
    counters = [
        column for column in columns if column not in given.ignore and _counts_rows(column, table[column])
    ]
    free = [column for column in columns if column not in (*given.ignore, *counters)]

    def guess(role: str, known: Sequence[str], taken: Sequence[str | None]) -> str | None:
        if isinstance(given, Settled) and role != "sequence":
            return None
        folded = {column.casefold().replace(" ", "_"): column for column in free if column not in taken}
        found = next((folded[word] for word in known if word in folded), None)
        if found is not None and found not in named:
            guesses.append(f"{role}: column {found!r}, by its name")
            return found
        return None

    target = given.target if given.target in columns else None
    if given.target is None:
        target = guess("label", TARGETS, [given.id, given.time, given.group])
    if labelled and target is None:
        raise UserError(
            f"{name}: no column is called label, target or class\n"
            f"expected: data.target=COLUMN (inspect: --target), one of {_listed(columns)}"
        )
    identity = given.id or guess("sequence", IDS, [target, given.time, given.group])
    layout = given.layout
    if layout not in ("long", "wide"):
        layout = "wide"
        if identity is not None and len(table[identity].unique()) < table.num_rows:
            layout = "long"
        why = f"long, since {identity!r} stands in several rows"
        guesses.append(f"form: {why if layout == 'long' else 'wide, one row a sequence'}")
    if layout == "long" and identity is None:
        raise UserError(
            f"{name}: no column names the sequence of a row\nexpected: data.id=COLUMN, one of {_listed(columns)}"
        )
    time = given.time
    if layout == "long" and time is None:
        time = guess("time", TIMES, [target, identity, given.group])
    group = given.group or guess("group", GROUPS, [target, identity, time])
    rest = [column for column in free if column not in (target, identity, time, group)]
    features, categorical = _features_of(name, table, rest, layout, given, guesses)
    if layout == "wide" and given.layout is None and given.features is None and (odd := _unlike(features)):
        raise UserError(
            f"{name}: is a row a sequence, or a time step? No column names the sequence of several rows, and these are "
            f"not numbered like steps: {_listed(odd)}\n"
            "expected: data.id=COLUMN and data.layout=long if a row is a time step; else data.layout=wide if they are "
            "steps, data.ignore=[COLUMN] if not"
        )
    changes = [f"column {column!r}, which counts the rows, is left out" for column in counters]
    changes += [f"column {column!r} is left out, as asked" for column in given.ignore if column in columns]
    unused = [c for c in rest if c not in features and c not in categorical]
    if unused:
        changes.append(f"columns that are not used: {_listed(unused)}")
    settled = replace(
        given, layout=layout, id=identity, time=time, target=target or given.target, group=group,
        features=features, categorical=categorical, ignore=tuple(given.ignore),
    )  # fmt: skip
    return Roles(layout=layout, reading=settled, guesses=guesses, changes=changes)


def _features_of(
    name: str, table: pa.Table, rest: Sequence[str], layout: Layout, given: Reading, guesses: list[str]
) -> tuple[list[str], list[str]]:
    """Numeric and categorical features among the columns that have no other role.

    Raises:
        UserError: for columns that hold neither numbers nor, where those are taken, words; or if nothing is left.
    """
    features, categorical = list(given.features or ()), list(given.categorical or ())
    if given.features is None:
        free = [column for column in rest if column not in categorical]
        # a column that some words spoil is one of numbers: its cells will be refused one by one
        features = [column for column in free if _is_numbers(table[column]) or _mostly_numbers(table[column])]
        odd = [column for column in free if column not in features]
        takes_words = given.categorical is None and layout == "long"
        if odd and not (takes_words and all(is_words(table[column].type) for column in odd)):
            raise UserError(
                f"{name}: columns that hold no numbers: {_listed(odd)}\n"
                "expected: numbers; leave others out with data.ignore=[COLUMN], or say what they are: "
                "data.id, data.time, data.target, data.group"
            )
        if odd:
            counted = [f"{column} ({len(table[column].unique()):,} different)" for column in odd]
            guesses.append(f"categorical features: {_listed(counted)}, since they hold words")
            categorical += odd
    if not features and not categorical:
        raise UserError(
            f"{name}: no column is left for features; columns: {_listed(table.column_names)}\nexpected: at least one"
        )
    return features, categorical


def _require_columns(name: str, columns: Sequence[str], given: Reading, labelled: bool) -> None:
    wanted = {"data.id": given.id, "data.time": given.time}
    if labelled:
        wanted["data.group"] = given.group
    if labelled:
        wanted["data.target"] = given.target
    listed = [("data.features", c) for c in given.features or ()]
    listed += [("data.categorical", c) for c in given.categorical or ()]
    for key, column in [*wanted.items(), *listed]:
        if column is not None and column not in columns:
            near = nearest(column, columns)
            hint = f"\ndid you mean: {near}" if near else ""
            raise UserError(
                f"{name}: there is no column {column!r} ({key})\nexpected: one of {_listed(columns)}{hint}"
            )


def _counts_rows(name: str, column: pa.ChunkedArray) -> bool:
    """Whether a column is the row numbers that some tool wrote beside the data."""
    named = (
        name.casefold() in ("index", "unnamed: 0", "__index_level_0__")
        or _UNNAMED.fullmatch(name) is not None
    )
    if not (named and pa.types.is_integer(column.type)) or column.null_count:
        return False
    values = column.to_numpy()
    return bool((np.diff(values) == 1).all()) and int(values[0]) in (0, 1)


def _unlike(columns: Sequence[str]) -> list[str]:
    """Columns that are not numbered like most of them: of t0, t1, t2 and age it is age; without a pattern, all."""
    stems = [re.sub(r"[0-9]+", "#", column) for column in columns]
    common = max(set(stems), key=stems.count)
    if "#" not in common or 2 * stems.count(common) <= len(stems):
        return list(columns)
    return [column for column, stem in zip(columns, stems, strict=True) if stem != common]


def _is_numbers(column: pa.ChunkedArray) -> bool:
    """Whether all cells of a column hold numbers, or none holds anything."""
    return is_numeric(column.type) or pa.types.is_null(column.type)


def _mostly_numbers(column: pa.ChunkedArray) -> bool:
    """Whether at least half of the words of a column begin as a number does: a column that some cells spoil."""
    if not is_words(column.type):
        return False
    words: list[str] = column.drop_null()[:_LOOKED_AT].cast(pa.string()).to_pylist()
    return bool(words) and 2 * sum(_BEGINS_AS_NUMBER.match(word) is not None for word in words) >= len(words)


def is_words(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(str, names[:20])) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
