"""What a section is made of: words, tables, pictures, verdicts, commands; `kind` names the macro that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in a table, with the mark that stands for its arm in the figures.

    Args:
        text: the name.
        note: fainter, beneath it.
        colour, marker: as in the figures; empty for what is no arm.
        dashed: whether the colour is taken by an earlier arm, too.
    """

    text: str
    note: str = ""
    colour: str = ""
    marker: str = ""
    dashed: bool = False


Cell = str | Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One paragraph."""

    kind: ClassVar[str] = "words"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A list of sentences."""

    kind: ClassVar[str] = "points"
    sentences: Sequence[str]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; columns from `text` on are numbers, aligned to the right.

    Args:
        head: names of the columns.
        rows: cells.
        text: how many columns, from the left, are text.
        foot: a last row that sums up; empty for none.
        title: above it.
    """

    kind: ClassVar[str] = "table"
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    text: int = 1
    foot: Sequence[Cell] = ()
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure.

    Args:
        source: data URI.
        width, height: in CSS pixels.
        alt: what it shows, for those who cannot see it.
        files: the same as files: (relative link, name).
    """

    kind: ClassVar[str] = "picture"
    source: str
    width: int
    height: int
    alt: str
    files: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A piece of a bar: from and width in per cent."""

    name: str
    start: float
    width: float
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A verdict with all that belongs to it."""

    word: str
    sentence: str
    facts: Sequence[tuple[str, str]]
    shares: Sequence[Share] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """Verdicts."""

    kind: ClassVar[str] = "cards"
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Command lines."""

    kind: ClassVar[str] = "code"
    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Files beside the page: (relative link, name, what it is)."""

    kind: ClassVar[str] = "links"
    links: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """What only some want to see."""

    kind: ClassVar[str] = "fold"
    summary: str
    blocks: "Sequence[Block]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Pictures side by side where there is room."""

    kind: ClassVar[str] = "beside"
    pictures: Sequence[Picture]


Block = Beside | Words | Points | Table | Picture | Cards | Code | Links | Fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page.

    Args:
        key: its anchor.
        title: a heading.
        short: the heading in the list of contents.
        how: one sentence that says how to read it.
        blocks: what it shows.
    """

    key: str
    title: str
    short: str
    how: str
    blocks: Sequence[Block] = field(default_factory=tuple)
