"""What is asked of files and what was understood of them: `Reading` in, `Understood` out."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

from seqlab.sequences import Sequences

Format = Literal["csv", "parquet", "arrow", "ts", "npz"]
Layout = Literal["long", "wide"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read files: what the user said, or, with nothing left open, what a reader made of it.

    Everything may be None, which means: find out. The `Reading` that a training file ended with reads its test file and
    new files later, so that the same columns mean the same.

    Args:
        format: of the content; csv stands for any delimiter, arrow for IPC files.
        layout: long: one row a step; wide: one row a sequence.
        id: column that names the sequence of a row (long), or the row (wide).
        time: column of the time steps, numbers or dates; rows of a sequence are put into its order.
        target: column of the label.
        group: column of what a sequence was taken from, such as a machine or a person.
        features: numeric columns, in order.
        categorical: columns whose values are names.
        ignore: columns that are left out.
        delimiter: of csv.
    """

    format: Format | None = None
    layout: Layout | None = None
    id: str | None = None
    time: str | None = None
    target: str | None = None
    group: str | None = None
    features: Sequence[str] | None = None
    categorical: Sequence[str] | None = None
    ignore: Sequence[str] = ()
    delimiter: str | None = None

    def columns_named(self) -> list[str]:
        """Settings that only a table can follow, such as "target='label'"."""
        said = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "format"}
        return [f"{name}={value!r}" for name, value in said.items() if value]

    def for_another_file(self) -> "Reading":
        """The same columns, in a file whose format is found out anew: a CSV may train and a Parquet test."""
        return replace(self, format=None, delimiter=None)


class Settled(Reading):
    """How a training file was read, for other files: where something is None, there is none to be found out.

    Only a column that names sequences is still looked for in the wide form, where it is but a name.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """Files, read.

    Args:
        sequences: what they hold.
        reading: how they were read, with nothing left open that matters for them.
        guesses: sentences on what had to be guessed, such as "label: taken to be the column 'class', ...".
        changes: sentences on what was changed while reading, counted, such as "rows of 3 sequences were put into the
            order of time".
    """

    sequences: Sequences
    reading: Reading
    guesses: Sequence[str] = ()
    changes: Sequence[str] = ()
