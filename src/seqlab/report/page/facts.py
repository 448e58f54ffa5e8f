"""What every section needs: evidence and findings, how numbers are said, where pictures go."""

import base64
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

from seqlab.figures import style
from seqlab.figures.looks import look
from seqlab.report.evidence import Evidence
from seqlab.report.findings import Findings, Verdict
from seqlab.report.page.blocks import Name, Picture
from seqlab.report.units import Unit, unit_of

# An SVG stays sharp, but not at any price in bytes.
_SVG_UP_TO = 250_000
_SVG_AT_MOST_TIMES = 3.0
_PIXELS_AN_INCH = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of one page.

    Args:
        evidence, findings: what it tells.
        unit: how the metric is spoken of.
        numbers: arm -> number, which decides how it looks everywhere.
        folder: of the page.
        figures: where its pictures go as files.
    """

    evidence: Evidence
    findings: Findings
    unit: Unit
    numbers: dict[str, int]
    folder: Path
    figures: Path
    used: set[str] = field(default_factory=set)

    @property
    def sign(self) -> float:
        """1 where more of the metric is better, else -1."""
        return 1.0 if self.evidence.rules.higher_is_better else -1.0

    @property
    def factor(self) -> float:
        """From the metric to the numbers that are shown."""
        return 100.0 if self.unit.points else 1.0

    @property
    def score_axis(self) -> str:
        """The metric as the label of an axis."""
        return f"{self.unit.words} (%)" if self.unit.points else self.unit.words

    @property
    def gain_axis(self) -> str:
        """A difference of the metric as the label of an axis."""
        more = "higher" if self.evidence.rules.higher_is_better else "lower"
        words = f"points of {self.unit.words}" if self.unit.points else f"{self.unit.words}, {more} by"
        return f"how much better the first is ({words})"

    @property
    def several(self) -> bool:
        """Whether there is more than one data set."""
        return len(self.evidence.results) > 1

    @property
    def pairs_are(self) -> str:
        """What the pairs are, in the plural."""
        return self.evidence.results[0].pairs_are if self.evidence.results else "runs"

    def arm_cell(self, name: str, note: str = "") -> Name:
        """A name with the mark of its arm; plain where it is no arm."""
        number = self.numbers.get(name)
        if number is None:
            return Name(text=name, note=note)
        drawn = look(number)
        return Name(text=name, note=note, colour=drawn.colour, marker=drawn.marker, dashed=drawn.dash != "-")

    def gain(self, verdict: Verdict) -> tuple[float, float, float]:
        """By how much the arm in question is better, with interval, in the numbers that are shown."""
        d, by = verdict.difference, self.sign * self.factor
        ends = sorted((by * d.low, by * d.high)) if math.isfinite(d.low) else [math.nan, math.nan]
        return by * d.value, ends[0], ends[1]

    def gain_in_words(self, verdict: Verdict) -> str:
        """The same in words: "+2.1 (1.2 to 3.0)"."""
        d, sign = verdict.difference, self.sign
        if not math.isfinite(d.value):
            return "unknown"
        half = (d.high - d.low) / 2
        digits = self.unit.decimals([d.value, d.low, d.high], half, (0.0,))
        value = signed(self.unit.number(sign * d.value, digits))
        if not math.isfinite(d.low):
            return f"{value} (no interval)"
        low, high = sorted((sign * d.low, sign * d.high))
        return f"{value} ({self.unit.number(low, digits)} to {self.unit.number(high, digits)})"

    def picture(self, name: str, figure: Figure, alt: str) -> Picture:
        """Write a figure as PNG and SVG, and take into the page what serves it best.

        Args:
            name: of the files, without their ending.
            figure: to be drawn.
            alt: what it shows.
        """
        name = unused(slug(name), self.used)
        png, svg = self.figures / f"{name}.png", self.figures / f"{name}.svg"
        style.save(figure, png)
        style.save(figure, svg)
        drawn, lines = png.read_bytes(), _squeezed(svg.read_bytes())
        if len(lines) <= min(_SVG_UP_TO, _SVG_AT_MOST_TIMES * len(drawn)):
            source = f"data:image/svg+xml;base64,{base64.b64encode(lines).decode()}"
        else:
            source = f"data:image/png;base64,{base64.b64encode(drawn).decode()}"
        width, height = (round(_PIXELS_AN_INCH * float(inches)) for inches in figure.get_size_inches())
        files = [(relative(path, self.folder), path.suffix[1:].upper()) for path in (png, svg)]
        return Picture(source=source, width=width, height=height, alt=alt, files=[f for f in files if f[0]])


def facts_of(evidence: Evidence, findings: Findings, folder: Path, figures: Path) -> Facts:
    """What every section needs."""
    numbers = {arm.name: number for number, arm in enumerate(evidence.arms)}
    return Facts(
        evidence=evidence,
        findings=findings,
        unit=unit_of(evidence),
        numbers=numbers,
        folder=folder,
        figures=figures,
    )


def signed(number: str) -> str:
    """A number with its sign; none for zero."""
    return number if number.startswith("-") or not number.strip("0.") else f"+{number}"


def slug(name: str) -> str:
    """A file name on every system."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60] or "figure"


def unused(name: str, used: set[str]) -> str:
    """The name, or the name with a number if it is taken."""
    found, number = name, 2
    while found in used:
        found, number = f"{name}_{number}", number + 1
    used.add(found)
    return found


def relative(path: Path, folder: Path) -> str:
    """A link from the page to a file beneath its folder; empty for one that lies elsewhere."""
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return ""


def _squeezed(svg: bytes) -> bytes:
    """An SVG without what no browser draws."""
    text = svg.decode("utf-8")
    text = re.sub(
        r"<metadata>.*?</metadata>|<!--.*?-->|<\?xml.*?\?>|<!DOCTYPE.*?>", "", text, flags=re.DOTALL
    )
    return re.sub(r"\n\s*", "\n", text).strip().encode()


def duration(seconds: float) -> str:
    """A time as it is said: "42 s", "3.1 min", "2.4 h", "3.2 days"."""
    if not math.isfinite(seconds):
        return "unknown"
    for size, unit in ((86400 * 2, "days"), (3600 * 2, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / {'days': 86400, 'h': 3600, 'min': 60}[unit]:,.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{float(f'{seconds:.2g}'):g} s"
