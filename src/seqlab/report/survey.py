"""Several comparisons in one table: a line a primary contrast, and one over data sets where arms are the same."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seqlab import files
from seqlab.report.cautions import read_before
from seqlab.report.evidence import Evidence
from seqlab.report.findings import Findings, Verdict
from seqlab.report.from_sweep import evidence_of_sweep
from seqlab.report.judging import judge
from seqlab.report.tables import as_csv, difference_in_words
from seqlab.report.units import unit_of

SURVEY = "survey"
# Fewer data sets say nothing of others.
_FEWEST = 3
_WORDS = {"open": "not enough evidence", "same": "the same"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One verdict.

    Args:
        comparison: name of the sweep, or what several of them have in common.
        dataset: on which; "all N" where the data set is the unit.
        verdict: what can be said.
        difference: with its unit, in words.
        interval: in words.
        word: the verdict, and whether it is exploratory.
    """

    comparison: str
    dataset: str
    verdict: Verdict
    difference: str
    interval: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What several comparisons come to.

    Args:
        lines: one a primary contrast.
        whole: the evidence of all together, where all ask the same of several data sets; else None.
    """

    lines: list[Line]
    whole: Evidence | None


def survey(sweep_dirs: Sequence[Path]) -> Survey:
    """Judge several comparisons, and those with the same arms and contrasts together as well.

    Args:
        sweep_dirs: directories of sweeps.

    Raises:
        UserError: for one that is no comparison.
    """
    found = [(path, evidence_of_sweep(path)) for path in sweep_dirs]
    lines: list[Line] = []
    kin: dict[tuple[object, ...], list[Evidence]] = {}
    for _, evidence in found:
        lines += _lines(evidence.title, evidence, judge(evidence))
        kin.setdefault(_kind(evidence), []).append(evidence)
    whole: Evidence | None = None
    for group in kin.values():
        datasets = {results.dataset for evidence in group for results in evidence.results}
        if len(group) >= _FEWEST and len(datasets) == len(group):
            both = together(group)
            lines += _lines(f"{len(group)} data sets", both, judge(both))
            whole = both if len(group) == len(found) else None
    return Survey(lines=lines, whole=whole)


def together(group: Sequence[Evidence]) -> Evidence:
    """The evidence of comparisons that ask the same of several data sets."""
    first = group[0]
    return dataclasses.replace(
        first,
        title=", ".join(results.dataset for evidence in group for results in evidence.results),
        question=first.question if len({evidence.question for evidence in group}) == 1 else "",
        results=[results for evidence in group for results in evidence.results],
        references=[reference for evidence in group for reference in evidence.references],
        register=[reading for evidence in group for reading in evidence.register],
        tuning=None,
        curves={},
        gradients={},
        ledger=[],
        commands=[command for evidence in group for command in evidence.commands],
        notes=[note for evidence in group for note in evidence.notes],
        source=f"{len(group)} comparisons",
    )


def _kind(evidence: Evidence) -> tuple[object, ...]:
    contrasts = tuple((c.name, c.arm, c.than, c.differs) for c in evidence.contrasts)
    rules = evidence.rules
    return (contrasts, rules.metric, rules.margin, rules.width)


def _lines(name: str, evidence: Evidence, findings: Findings) -> list[Line]:
    unit = unit_of(evidence)
    lines: list[Line] = []
    barred = set(evidence.tuning.blocked) if evidence.tuning is not None else set[str]()
    for verdict in findings.primary:
        difference, interval = difference_in_words(verdict, unit)
        dataset = verdict.dataset or f"all {len(evidence.results)}"
        word = _WORDS.get(verdict.word, verdict.word)
        if barred & {verdict.contrast.arm, verdict.contrast.than}:
            word = "no verdict: tune again"
        if read_before(evidence):
            word += " (exploratory)"
        lines.append(
            Line(
                comparison=name,
                dataset=dataset,
                verdict=verdict,
                difference=difference,
                interval=interval,
                word=word,
            )
        )
    return lines


def show_survey(lines: Sequence[Line], console: Console) -> None:
    """Print one row a verdict."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for place, head in enumerate(("comparison", "data set", "contrast", "verdict", "difference", "interval")):
        table.add_column(head, justify="left" if place < 4 else "right", overflow="fold")
    before = ""
    for line in lines:
        name = "" if line.comparison == before else line.comparison
        before = line.comparison
        cells = (
            name,
            line.dataset,
            line.verdict.contrast.name,
            line.word,
            line.difference,
            line.interval,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    console.print()


def write_survey(lines: Sequence[Line], folder: Path) -> Path:
    """Write survey.md and survey.csv; returns the first."""
    head = ("comparison", "data set", "contrast", "verdict", "difference", "interval", "what would settle it")
    rows = [
        (
            line.comparison,
            line.dataset,
            f"{line.verdict.contrast.name} ({line.verdict.contrast.arm} against {line.verdict.contrast.than})",
            line.word,
            line.difference,
            line.interval,
            line.verdict.settles,
        )
        for line in lines
    ]
    files.write_text(folder / f"{SURVEY}.csv", as_csv([head, *rows]))
    shown = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    shown += [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows
    ]
    path = folder / f"{SURVEY}.md"
    files.write_text(path, "\n".join(shown) + "\n")
    return path
