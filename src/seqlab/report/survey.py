"""Several comparisons in one table: a line a primary contrast, and one over data sets where arms are the same."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seqlab import files
from seqlab.errors import UserError
from seqlab.report.cautions import read_before
from seqlab.report.evidence import Arm, Evidence
from seqlab.report.findings import Findings, Verdict
from seqlab.report.from_sweep import evidence_of_sweep
from seqlab.report.judging import judge
from seqlab.report.markdown import as_markdown
from seqlab.report.markdown import escape as escape_markdown
from seqlab.report.on_screen import say
from seqlab.report.recurrence import above_all_arms
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
        notes: what a reader has to know: references above every arm, comparisons that were left out.
    """

    lines: list[Line]
    whole: Evidence | None
    notes: list[str]


def survey(sweep_dirs: Sequence[Path], command: str = "") -> Survey:
    """Judge several comparisons, and those with the same arms and contrasts together as well.

    Args:
        sweep_dirs: directories of sweeps; those that are not at their end are left out, and that is said.
        command: the command line, for the record.

    Raises:
        UserError: if none of them can be judged.
    """
    found: dict[Path, Evidence] = {}
    notes: list[str] = []
    for path in sweep_dirs:
        try:
            found[path] = evidence_of_sweep(path)
        except UserError as error:
            notes.append(f"Left out: {str(error).splitlines()[0]}.")
            if len(notes) == len(sweep_dirs):
                raise
    names = _names_of(found)
    lines: list[Line] = []
    kin: dict[tuple[object, ...], list[Path]] = {}
    for path, evidence in found.items():
        lines += _lines(names[path], evidence, judge(evidence))
        notes += _about_references(names[path], evidence)
        kin.setdefault(_kind(evidence), []).append(path)
    whole: Evidence | None = None
    for group in kin.values():
        own = [found[path] for path in group]
        datasets = {results.dataset for evidence in own for results in evidence.results}
        if len(group) >= _FEWEST and len(datasets) == len(group):
            both = together(own)
            lines += _lines(_common_name([names[path] for path in group]), both, judge(both))
            again = [command] if command else []
            commands = [line for line in both.commands if not line.startswith("seqlab report ")]
            whole = dataclasses.replace(both, commands=again + commands) if len(group) == len(found) else None
    return Survey(lines=lines, whole=whole, notes=notes)


def _names_of(found: Mapping[Path, Evidence]) -> dict[Path, str]:
    """The names of sweeps, with their directories where two have the same."""
    titles = [evidence.title for evidence in found.values()]
    return {
        path: evidence.title if titles.count(evidence.title) == 1 else f"{evidence.title} ({path})"
        for path, evidence in found.items()
    }


def _common_name(names: Sequence[str]) -> str:
    """What the names begin with, up to the end of a word; else how many they are."""
    shared = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    start = "".join(letters[0] for letters in shared)
    start = start[: max(start.rfind(mark) for mark in "_- ./")] if set(names) != {start} else start
    return f"{start or f'{len(names)} comparisons'}, together"


def _about_references(name: str, evidence: Evidence) -> list[str]:
    unit = unit_of(evidence)
    above = [words for results in evidence.results if (words := above_all_arms(evidence, results, unit))]
    return [f"{name}: a reference stands above every arm ({words})." for words in above]


def together(group: Sequence[Evidence]) -> Evidence:
    """The evidence of comparisons that ask the same of several data sets."""
    first = group[0]
    common = [
        words for words in first.rules.rules if all(words in evidence.rules.rules for evidence in group)
    ]
    rules = dataclasses.replace(
        first.rules,
        rules=common,
        width_words=first.rules.width_words if first.rules.width_words in common else "",
    )
    endings = {
        arm.name: [e for evidence in group for e in evidence.endings.get(arm.name, ())] for arm in first.arms
    }
    return dataclasses.replace(
        first,
        title=", ".join(results.dataset for evidence in group for results in evidence.results),
        question=first.question if len({evidence.question for evidence in group}) == 1 else "",
        arms=[_arm(arm, [evidence.arm(arm.name) for evidence in group]) for arm in first.arms],
        results=[results for evidence in group for results in evidence.results],
        rules=rules,
        references=[reference for evidence in group for reference in evidence.references],
        register=[reading for evidence in group for reading in evidence.register],
        tuning=None,
        curves={},
        endings={name: own for name, own in endings.items() if own},
        gradients={},
        ledger=[],
        commands=[command for evidence in group for command in evidence.commands],
        notes=[note for evidence in group for note in (*evidence.notes, *_barred(evidence))],
        source=f"{len(group)} comparisons",
    )


def _arm(first: Arm, each: Sequence[Arm]) -> Arm:
    """An arm as it is over several data sets: what is the same on all, and its mean costs."""
    costs: dict[str, float | None] = {}
    for key in first.cost:
        values = [value for arm in each if (value := arm.cost.get(key)) is not None]
        costs[key] = sum(values) / len(values) if len(values) == len(each) else None
    return Arm(
        name=first.name,
        words=first.words if len({arm.words for arm in each}) == 1 else "",
        settings={k: v for k, v in first.settings.items() if all(arm.settings.get(k) == v for arm in each)},
        cost=costs,
    )


def _barred(evidence: Evidence) -> list[str]:
    """Arms on which there is no verdict by themselves, but whose scores count in the verdict over all."""
    datasets = ", ".join(results.dataset for results in evidence.results)
    blocked = evidence.tuning.blocked if evidence.tuning is not None else {}
    return [f"On {datasets} there is no verdict on {arm} alone: {why}." for arm, why in blocked.items()]


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


def show_survey(found: Survey, console: Console) -> None:
    """Print one row a verdict under the name of its comparison, and the notes."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for place, head in enumerate(("comparison", "verdict", "difference", "interval")):
        table.add_column(head, justify="left" if place < 2 else "right", overflow="fold")
    before: tuple[str, str] | None = None
    for line in found.lines:
        group = (line.comparison, line.dataset)
        if group != before:
            table.add_row(f"[bold]{escape(line.comparison)}[/bold], {escape(line.dataset)}")
        before = group
        cells = (f"  {line.verdict.contrast.name}", line.word, line.difference, line.interval)
        table.add_row(*map(escape, cells))
    console.print(table)
    console.print()
    for note in found.notes:
        say(console, "-", note, 2)
    if found.notes:
        console.print()


def write_survey(found: Survey, folder: Path) -> Path:
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
        for line in found.lines
    ]
    files.write_text(folder / f"{SURVEY}.csv", as_csv([head, *rows]))
    shown = [
        *as_markdown([head, *rows], text=len(head)),
        *([""] if found.notes else []),
        *(f"- {escape_markdown(n)}" for n in found.notes),
    ]
    path = folder / f"{SURVEY}.md"
    files.write_text(path, "\n".join(shown) + "\n")
    return path
