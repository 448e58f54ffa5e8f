"""What the command line says of a report before the path of its page."""

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seqlab.report.evidence import Evidence
from seqlab.report.findings import Findings, Verdict
from seqlab.report.letters import shown
from seqlab.report.tables import difference_in_words, level_with_interval
from seqlab.report.units import Unit, unit_of

_MOST_LINES = 15
_MOST_VERDICTS = 10
_LONGEST_NAME = 32
_JOINED = "\u00a0%"
_COLOURS = {"better": "green", "worse": "red", "same": "cyan", "open": "yellow"}


def show(evidence: Evidence, findings: Findings, console: Console) -> None:
    """Print answer, how sure, costs, leaderboard, verdicts in short, objections and notes."""
    unit = unit_of(evidence)
    title, source = shown(evidence.title), shown(evidence.source)
    console.print(f"[bold]{escape(title)}[/bold]  {escape(source)}", soft_wrap=True)
    if evidence.question:
        console.print(escape(shown(evidence.question)))
    console.print()
    for name, words in (("answer", findings.answer), ("how sure", findings.sure), ("costs", findings.costs)):
        if words:
            say(console, name, words)
    console.print()
    console.print(_leaderboard(evidence, findings, unit))
    verdicts = [
        v for v in (*findings.primary, *findings.exploratory) if findings.over is None or v.dataset is None
    ]
    if verdicts:
        console.print()
        console.print(_verdicts(verdicts, unit, findings))
    points = [*evidence.notes, *findings.cautions]
    if points:
        console.print()
        for point in points[:_MOST_LINES]:
            say(console, "-", point, 2)
        if len(points) > _MOST_LINES:
            console.print(f"- and {len(points) - _MOST_LINES} more, on the page")
    console.print()


def say(console: Console, name: str, words: str, column: int = 10) -> None:
    """Words beside their name, wrapped under themselves."""
    whole = " ".join(shown(words).split()).replace(" %", _JOINED)  # no line begins with a sign of per cent
    wrapped = textwrap.wrap(whole, max(console.width - column, 20), break_on_hyphens=False)
    lines = [escape(line.replace(_JOINED, " %")) for line in wrapped]
    console.print(f"[bold]{name:<{column}}[/bold]" + f"\n{'':{column}}".join(lines), soft_wrap=True)


def _short(name: str) -> str:
    name = " ".join(shown(name).split())
    if cell_len(name) <= _LONGEST_NAME:
        return name
    while cell_len(name) > _LONGEST_NAME - 3:
        name = name[:-1]
    return name + "..."


def _table(heads: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right", overflow="fold")
    return table


def _leaderboard(evidence: Evidence, findings: Findings, unit: Unit) -> Table:
    level_head = f"mean {unit.words}" if findings.over is not None else unit.words
    interval = f"{evidence.rules.confidence * 100:g} % interval"
    if findings.over is not None:
        ranks = findings.over.mean_ranks
        table = _table(["arm", level_head, interval, "data sets", *(["mean rank"] if ranks else [])])
        means = findings.over.ordered(evidence.rules.higher_is_better)
        for name, mean, reference in means[:_MOST_LINES]:
            rank = [f"{ranks[name]:.2f}" if name in ranks else ""] if ranks else []
            words, style = (f"{_short(name)} (reference)", "dim") if reference else (_short(name), "")
            cells = (escape(words), *level_with_interval(mean, unit), str(mean.replicates), *rank)
            table.add_row(*cells, style=style)
        return _captioned(table, len(means))
    table = _table(["arm", level_head, interval, "runs"])
    for line in findings.standings[:_MOST_LINES]:
        name = shown(line.words) if line.reference else _short(line.name)
        style = "dim" if line.reference else ""
        table.add_row(
            escape(name), *level_with_interval(line.score, unit), str(line.score.replicates), style=style
        )
    return _captioned(table, len(findings.standings))


def _captioned(table: Table, count: int) -> Table:
    if count > _MOST_LINES:
        table.caption, table.caption_justify = f"and {count - _MOST_LINES:,} more, on the page", "left"
    return table


def _verdicts(verdicts: Sequence[Verdict], unit: Unit, findings: Findings) -> Table:
    size = "difference (points)" if unit.points else "difference"
    table = _table(["contrast" if findings.primary else "contrast (exploratory)", "", size, "interval"])
    for v in verdicts[:_MOST_VERDICTS]:
        name = f"{_short(v.contrast.arm)} against {_short(v.contrast.than)}"
        if findings.primary and not v.contrast.primary:
            name += " (exploratory)"
        colour = _COLOURS[v.word]
        table.add_row(escape(name), f"[{colour}]{v.word}[/{colour}]", *difference_in_words(v, unit))
    if len(verdicts) > _MOST_VERDICTS:
        table.caption, table.caption_justify = (
            f"and {len(verdicts) - _MOST_VERDICTS:,} more, on the page",
            "left",
        )
    return table
