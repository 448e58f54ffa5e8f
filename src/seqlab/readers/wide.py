"""Wide form, one row a sequence of one feature -> sequences."""

import numpy as np
import pyarrow as pa

from seqlab.readers.cells import numbers, words
from seqlab.readers.problems import Problems
from seqlab.readers.roles import Roles
from seqlab.sequences import Ragged, Sequences, offsets_of


def from_wide(name: str, table: pa.Table, roles: Roles, *, labelled: bool) -> Sequences:
    """The columns of features, in their order, are the time steps; empty cells at the end make a sequence shorter.

    Args:
        name: of the file, for errors.
        table: as read.
        roles: what its columns are; shorter sequences are counted there.
        labelled: whether every row has a label.

    Raises:
        UserError: for cells that do not fit, rows without a value, and ids that stand twice.
    """
    reading, problems, rows = roles.reading, Problems(name), table.num_rows
    start = roles.first_row
    ids = [str(start + row) for row in range(rows)]
    if reading.id is not None:
        codes, names = words(table[reading.id])
        ids = [names[int(k)] if k >= 0 else "" for k in codes]
        for row in np.flatnonzero(codes < 0):
            problems.add(f"row {start + row + 1}, column {reading.id!r}", "no id", "an id in every row")
        first: dict[str, int] = {}
        for row, word in enumerate(ids):
            if word and first.setdefault(word, row) != row:
                problems.add(
                    f"row {start + row + 1}, column {reading.id!r}", f"{word!r}, as in row {start + first[word] + 1}",
                    "an id of its own for every row, or the long form (data.layout=long)",
                )  # fmt: skip

    def place(row: int) -> str:
        return f"row {start + row + 1}" + (f" ({reading.id} {ids[row]!r})" if reading.id is not None else "")

    def words_of(column: str | None) -> list[str] | None:
        if column is None or column not in table.column_names:
            return None
        codes, names = words(table[column])
        for row in np.flatnonzero(codes < 0):
            problems.add(f"{place(int(row))}, column {column!r}", "nothing", f"a {column} in every row")
        return [names[int(k)] if k >= 0 else "" for k in codes]

    columns = list(reading.features or ())
    steps = np.stack([numbers(column, table[column], place, problems) for column in columns], axis=1)
    present = ~np.isnan(steps)
    lengths = np.where(present.any(axis=1), len(columns) - present[:, ::-1].argmax(axis=1), 0)
    for row in np.flatnonzero(lengths == 0):
        problems.add(place(int(row)), "no value in any column", "at least one step in every row")
    labels = words_of(reading.target) if labelled else None
    groups = words_of(reading.group)
    problems.refuse()
    if short := int((lengths < len(columns)).sum()):
        roles.counted["{sequences} shorter than others, since rows end in empty cells"] += short
    within = np.arange(len(columns)) < lengths[:, None]
    return Sequences(
        values=Ragged(steps[within][:, None], offsets_of(lengths)),
        labels=labels,
        ids=ids,
        feature_names=["value"],
        groups=groups,
    )
