"""report.md: the findings for pasting into an issue, a chat or a paper's notes."""

from collections.abc import Sequence

from seqlab.report.evidence import Evidence
from seqlab.report.findings import Findings, Verdict
from seqlab.report.letters import shown
from seqlab.report.pruned import audits_in_words
from seqlab.report.sentences import p_said
from seqlab.report.tables import level_with_interval
from seqlab.report.units import Unit, unit_of

# More is not pasted; the tables hold all.
MOST_LINES = 30
_LETTERS = str.maketrans(
    {letter: f"\\{letter}" for letter in "\\`*_[]|#~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
)


def markdown(evidence: Evidence, findings: Findings) -> str:
    """The report as Markdown.

    Args:
        evidence: what the report is made from.
        findings: what follows.
    """
    unit = unit_of(evidence)
    lines = [f"# {escape(evidence.title)}", ""]
    if evidence.question:
        lines += [f"**Question:** {escape(evidence.question)}", ""]
    lines += [f"**Answer:** {escape(findings.answer)}", "", f"**How sure:** {escape(findings.sure)}", ""]
    if findings.costs:
        lines += [f"**What it costs:** {escape(findings.costs)}", ""]
    lines += ["## Leaderboard", "", *_leaderboard(evidence, findings, unit), ""]
    if findings.primary:
        lines += ["## Primary contrasts", "", *_verdicts(findings.primary), ""]
    if findings.exploratory:
        lines += ["## Exploratory contrasts", "", *_verdicts(findings.exploratory), ""]
    if findings.over is not None:
        lines += _over(findings)
    if findings.recurrence:
        lines += ["## Is recurrence needed?", "", *_points(findings.recurrence.values()), ""]
    for title, points in (
        ("Rules that were in force", _rules(evidence, unit)),
        ("What pruning got wrong", audits_in_words(evidence.tuning)),
        ("Objections that can be made", findings.cautions),
        ("Notes", evidence.notes),
    ):
        if points:
            lines += [f"## {title}", "", *_points(points), ""]
    if evidence.commands:
        lines += ["## To do it again", "", "```sh", *map(shown, evidence.commands), "```", ""]
    versions = ", ".join(f"{name} {value}" for name, value in evidence.versions.items())
    source = ". ".join(words for words in (evidence.source, versions) if words)
    if source:
        lines += [f"From {escape(source)}.", ""]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Text that Markdown shows as it stands, in one line."""
    return " ".join(shown(text).split()).translate(_LETTERS)


def _points(sentences: "Sequence[str] | object") -> list[str]:
    return [f"- {escape(sentence)}" for sentence in sentences]  # type: ignore[attr-defined]


def _rules(evidence: Evidence, unit: Unit) -> list[str]:
    rules = evidence.rules
    best = "more is better" if rules.higher_is_better else "less is better"
    margin = f"margin {unit.margin(rules.margin)}" if rules.margin > 0 else "no margin"
    fixed = "fixed before the first trial" if rules.frozen else "not known to be fixed before the results"
    first = f"Metric {unit.words} ({best}), {margin}, intervals at {rules.confidence * 100:g} %; {fixed}."
    return [
        first,
        *([rules.width_words] if rules.width_words and rules.width_words not in rules.rules else []),
        *rules.rules,
    ]


def _leaderboard(evidence: Evidence, findings: Findings, unit: Unit) -> list[str]:
    if findings.over is not None:
        means = findings.over.ordered(evidence.rules.higher_is_better)
        ranks = findings.over.mean_ranks
        rows = [
            [
                "",
                f"mean {unit.words}",
                "interval over data sets",
                "data sets",
                *(["mean rank"] if ranks else []),
            ]
        ]
        for name, mean, reference in means[:MOST_LINES]:
            level, interval = level_with_interval(mean, unit)
            rank = [f"{ranks[name]:.2f}" if name in ranks else ""] if ranks else []
            words = f"{name} (reference)" if reference else name
            rows.append([words, level, interval, str(mean.replicates), *rank])
        return [*as_markdown(rows), *_more(len(means))]
    rows = [["", unit.words, f"{evidence.rules.confidence * 100:g} % interval", "runs"]]
    for line in findings.standings[:MOST_LINES]:
        level, interval = level_with_interval(line.score, unit)
        rows.append([line.words, level, interval, str(line.score.replicates)])
    return [*as_markdown(rows), *_more(len(findings.standings))]


def _more(count: int) -> list[str]:
    return ["", f"and {count - MOST_LINES:,} more, in tables/"] if count > MOST_LINES else []


def as_markdown(rows: Sequence[Sequence[str]], text: int = 1) -> list[str]:
    """Lines of a table, the first row its head; columns behind the first `text` ones are aligned to the right."""
    head, body = rows[0], rows[1:]
    lines = [head, [*["---"] * text, *["---:"] * (len(head) - text)]]
    return [
        "| " + " | ".join(cells) + " |"
        for cells in (lines[0], lines[1], *([escape(cell) for cell in row] for row in body))
    ]


def _verdicts(verdicts: Sequence[Verdict]) -> list[str]:
    lines: list[str] = []
    for verdict in verdicts[:MOST_LINES]:
        where = (
            f"On {verdict.dataset}: " if verdict.dataset and len({v.dataset for v in verdicts}) > 1 else ""
        )
        lines.append(f"- **{verdict.word}** {escape(where + verdict.sentence)}")
        more = [f"{p_said(verdict.adjusted)} after Holm"] if verdict.adjusted == verdict.adjusted else []
        more += verdict.conditional
        if verdict.settles:
            more.append(f"would be settled by {verdict.settles}")
        if verdict.price:
            more.append(f"costs {verdict.price}")
        if more:
            lines.append(f"  ({escape('; '.join(more))})")
    again = dict.fromkeys(verdict.again for verdict in verdicts[:MOST_LINES] if verdict.again)
    looking = ["", *(f"Looking again: {escape(words)}." for words in again)] if again else []
    return [*lines, *_more(len(verdicts)), *looking]


def _over(findings: Findings) -> list[str]:
    assert findings.over is not None
    over = findings.over
    lines: list[str] = []
    if over.mean_ranks:
        friedman = (
            ""
            if over.friedman_p is None
            else f"That all arms are alike: Friedman's {p_said(over.friedman_p)}. "
        )
        groups = "; ".join(", ".join(clique) for clique in over.cliques)
        told = (
            f"Not told apart by Wilcoxon's test after Holm: {groups}."
            if groups
            else "All arms are told apart by ranks."
        )
        lines += ["## Ranks over data sets", "", escape(friedman + told), ""]
    return lines
