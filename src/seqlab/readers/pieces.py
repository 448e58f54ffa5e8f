"""Large tables -> sequences, some at a time: memory holds a piece of the file, however large it is."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from seqlab.errors import UserError
from seqlab.readers.long import from_long
from seqlab.readers.problems import Problems
from seqlab.readers.reading import Settled
from seqlab.readers.roles import Roles, roles_of
from seqlab.readers.rows import Rows, rows_of, typed
from seqlab.readers.seen import Seen
from seqlab.readers.tables import refusing, table_format
from seqlab.readers.wide import from_wide
from seqlab.sequences import IntArray, Sequences

# Bytes up to which a table is read whole: its rows may stand in any order then.
WHOLE = 2**24
_STEPS = 2**16  # of a piece, at least, unless the file ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some sequences of a file.

    Args:
        sequences: one at least.
        changes: sentences on columns that are left out, the same with every piece.
        counted: what was changed in their rows, see `Roles.counted`.
        share: how much of the file has been read, from 0 to 1.
    """

    sequences: Sequences
    changes: list[str]
    counted: Counter[str]
    share: float


def is_large(path: Path) -> bool:
    """Whether a table is to be read in pieces.

    Raises:
        UserError: for a damaged file.
    """
    if path.stat().st_size > WHOLE:
        return True
    if table_format(path) != "parquet":
        return False
    with refusing(path):
        metadata = pq.read_metadata(path)
    return sum(metadata.row_group(k).total_byte_size for k in range(metadata.num_row_groups)) > WHOLE


def in_pieces(path: Path, given: Settled) -> Iterator[Piece]:
    """The sequences of a table in the order of the file.

    Args:
        path: CSV, TSV, Parquet or Arrow, with labels or without.
        given: how the training file was read.

    Raises:
        UserError: for a file, column or cell that does not fit, and for an id whose rows do not stand together.
    """
    pieces: _Pieces | None = None
    for rows in rows_of(path, given):
        if pieces is None:
            pieces = _Pieces(str(path), roles_of(str(path), rows.table, given, labelled=False))
        yield from pieces.add(rows)
    if pieces is None:
        raise UserError(f"{path}: no rows\nexpected: at least one sequence")
    yield from pieces.rest()


class _Pieces:
    """Cuts a table between sequences.

    Args:
        name: of the file, for errors.
        roles: what its columns are.
    """

    def __init__(self, name: str, roles: Roles) -> None:
        self._name = name
        self._roles = roles
        self._waiting: list[pa.Table] = []  # whole sequences, and the beginning of one
        self._first_row = 0  # of what waits
        self._dates: bool | None = None
        self._seen = Seen()

    def add(self, rows: Rows) -> Iterator[Piece]:
        """What is whole now."""
        place = self._first_row + sum(table.num_rows for table in self._waiting)
        table, dates = typed(self._name, rows.table, self._roles.reading, place, self._dates)
        self._dates = dates if self._dates is None else self._dates
        if self._roles.layout == "wide":
            yield self._piece(table, rows.share)
            return
        start = _of_last_sequence(table[self._roles.reading.id])
        if start == 0 or place + start - self._first_row < _STEPS:
            self._waiting.append(table)
            return
        whole = pa.concat_tables([*self._waiting, table.slice(0, start)])
        self._waiting = [table.slice(start)]
        yield self._piece(whole, rows.share)

    def rest(self) -> Iterator[Piece]:
        """What is left at the end of the file."""
        if self._waiting:
            yield self._piece(pa.concat_tables(self._waiting), 1.0)

    def _piece(self, table: pa.Table, share: float) -> Piece:
        roles = Roles(
            layout=self._roles.layout,
            reading=self._roles.reading,
            changes=self._roles.changes,
            first_row=self._first_row,
        )
        identity = roles.reading.id
        if identity is not None:
            self._require_new(table[identity])
        build = from_long if roles.layout == "long" else from_wide
        labelled = roles.reading.target in table.column_names
        sequences = build(self._name, table, roles, labelled=labelled)
        self._first_row += table.num_rows
        return Piece(sequences=sequences, changes=roles.changes, counted=roles.counted, share=share)

    def _require_new(self, ids: pa.ChunkedArray) -> None:
        """Refuse ids that were before."""
        reading, problems = self._roles.reading, Problems(self._name)
        starts = _starts(ids)
        names: list[str] = ids.take(pa.array(starts)).to_pylist()
        long = self._roles.layout == "long"
        for k in self._seen.before(names):
            problems.add(
                f"row {self._first_row + int(starts[k]) + 1}, column {reading.id!r}",
                f"{names[k]!r} comes back, after rows of other sequences" if long else f"{names[k]!r}, as before",
                f"the rows of a sequence together in a file of over {WHOLE // 2**20} MiB; sort it by {reading.id!r}"
                if long
                else "an id of its own for every row",
            )  # fmt: skip
        problems.refuse()


def _starts(ids: pa.ChunkedArray) -> IntArray:
    """Rows that have another id than the row before."""
    codes = ids.dictionary_encode().combine_chunks().indices.to_numpy(zero_copy_only=False)
    return np.flatnonzero(np.diff(codes, prepend=-1))


def _of_last_sequence(ids: pa.ChunkedArray) -> int:
    """The first row of the sequence that the last row belongs to."""
    return int(_starts(ids)[-1])
