"""What all figures share: paper, palette, headings, fonts that hold every character, and how files are written."""

import functools
import logging
import threading
import unicodedata
from collections.abc import Sequence
from pathlib import Path

# "building the font cache" is nobody's concern on the screen
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

import matplotlib as mpl  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.font_manager import FontProperties, fontManager, get_font  # noqa: E402
from matplotlib.ticker import MaxNLocator  # noqa: E402

from seqlab import files  # noqa: E402

DPI = 160
# Okabe and Ito (2008): told apart with every common kind of colour blindness.
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"
CYCLE = (SKY, BLUE, ORANGE, GREEN, PURPLE)
INK, FAINT, GRID = "#222222", "#666666", "#E4E4E4"
# Names inside an SVG come from a setting that all of matplotlib shares.
_SALTED = threading.Lock()
_MISSING = "\N{WHITE SQUARE}"
# Taken where installed, for names in scripts that the first one lacks.
_FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Emoji",
)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches, drawn by Agg."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def heading(figure: Figure, title: str, note: str, left: float) -> None:
    """Title and a fainter line beneath it, in the top half inch of the figure, from `left` inches on."""
    width, height = figure.get_size_inches()
    write(figure, left / width, 1 - 0.16 / height, title, size=11.5, weight="bold", color=INK)
    write(figure, left / width, 1 - 0.41 / height, note, size=8.5, color=FAINT)


def write(
    figure: Figure, x: float, y: float, text: str, *, size: float, color: str, weight: str = "normal"
) -> None:
    """Text with its upper left corner at (x, y) of the figure."""
    figure.text(
        x, y, printable(text), va="top", ha="left", color=color, parse_math=False, fontproperties=font(size, weight)
    )  # fmt: skip


def quiet_axes(axes: Axes) -> None:
    """Only what helps reading: no box, thin ticks, a faint grid across."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
        axes.spines[side].set_linewidth(0.8)
    axes.tick_params(colors=FAINT, labelcolor=INK, width=0.8, length=3, labelsize=8.5)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def count_axis(axes: Axes, ticks: int) -> None:
    """Whole, round numbers on the x axis."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=ticks, steps=[1, 2, 5, 10], min_n_ticks=1))


def label(axes: Axes, x: str, y: str) -> None:
    """What the axes mean, with units."""
    axes.set_xlabel(printable(x), fontproperties=font(9), color=INK, labelpad=5, parse_math=False)
    axes.set_ylabel(printable(y), fontproperties=font(9), color=INK, labelpad=6, parse_math=False)


def font(size: float, weight: str = "normal") -> FontProperties:
    """The families at hand, at `size` points."""
    return FontProperties(family=list(_families()), size=size, weight=weight)


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG or SVG, by the name's ending, whole or not at all; the same figure, the same bytes."""
    files.write_whole(path, lambda draft: _draw(figure, draft))


def _draw(figure: Figure, path: Path) -> None:
    if path.suffix != ".svg":
        figure.savefig(path, format="png")
        return
    with _SALTED, mpl.rc_context({"svg.hashsalt": "seqlab", "svg.fonttype": "path"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def printable(text: str) -> str:
    """`text` in characters that the fonts hold: others become a square, invisible ones a blank or nothing."""
    return "".join(_character(c) for c in text)


def shorten(text: str, longest: int) -> str:
    """`text` with its middle left out if it is longer than `longest` characters: names often differ at their ends."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail].rstrip()}…{text[len(text) - tail :].lstrip()}"


def names(texts: Sequence[str], longest: int = 26) -> list[str]:
    """Class names as they can be drawn."""
    return [printable(shorten(text, longest)) for text in texts]


@functools.cache
def _families() -> tuple[str, ...]:
    installed = {entry.name for entry in fontManager.ttflist}
    return tuple(family for family in _FAMILIES if family in installed)


@functools.cache
def _character(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    code = ord(character)
    paths = [fontManager.findfont(FontProperties(family=family)) for family in _families()]
    if any(get_font(path).get_char_index(code) for path in paths):
        return character
    return "" if category in ("Cf", "Mn", "Me") else _MISSING
