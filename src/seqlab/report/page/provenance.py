"""What somebody who disagrees needs: rules in force, register of the test part, commands, versions, files, notes."""

from pathlib import Path

from seqlab.report.page.blocks import Block, Code, Links, Points, Section, Table, Words
from seqlab.report.page.facts import Facts, relative

_READINGS = 50
_FILES = {
    "leaderboard": "the leaderboard",
    "verdicts": "all verdicts, with everything they rest on",
    "differences": "the differences behind the verdicts",
    "ranks": "mean ranks over the data sets",
}


def rules(facts: Facts) -> Section | None:
    """What was fixed, and the rules that were in force."""
    given, unit = facts.evidence.rules, facts.unit
    more = "more is better" if given.higher_is_better else "less is better"
    margin = f"margin {unit.margin(given.margin)}" if given.margin > 0 else "no margin"
    fixed = (
        "Contrasts and margin were fixed before the first trial."
        if given.frozen
        else "Contrasts and margin are not known to have been fixed before the results."
    )
    first = f"Metric: {unit.words} ({more}); {margin}; intervals at {given.confidence * 100:g} %. {fixed}"
    looks = (
        f"Looks at the results were allowed at {', '.join(map(str, given.looks))} {facts.pairs_are}."
        if len(given.looks) > 1
        else ""
    )
    rest = [sentence for sentence in given.rules if sentence != given.width_words]
    sentences = [sentence for sentence in (first, given.width_words, looks, *rest) if sentence]
    return Section(
        key="rules",
        title="Rules in force",
        short="Rules",
        how="What was settled before anybody could know whom it would favour.",
        blocks=[Points(sentences=sentences)],
    )


def register(facts: Facts) -> Section | None:
    """Who has read the test part."""
    readings = facts.evidence.register
    if not readings:
        return None
    rows = [
        [r.when, r.dataset, r.what, r.who, "this one" if r.own else "another"] for r in readings[:_READINGS]
    ]
    blocks: list[Block] = [Table(head=["when", "data set", "what for", "who", "whose"], rows=rows, text=5)]
    if len(readings) > _READINGS:
        blocks.append(Words(text=f"And {len(readings) - _READINGS:,} more."))
    return Section(
        key="register",
        title="Who has read the test part",
        short="Test part",
        how="Test data can be spent once: after the first reading, choices may have been made by it.",
        blocks=blocks,
    )


def again(facts: Facts) -> Section | None:
    """What to type to do it again, and with what it was done."""
    evidence = facts.evidence
    blocks: list[Block] = []
    if evidence.commands:
        blocks.append(Code(lines=list(evidence.commands)))
    own = [[facts.arm_cell(arm.name), arm.command] for arm in evidence.arms if arm.command]
    own = [row for row in own if row[1] not in evidence.commands]
    if own:
        blocks.append(Table(title="One arm alone", head=["arm", "command"], rows=own, text=2))
    if evidence.versions:
        rows = [[name, value] for name, value in evidence.versions.items()]
        blocks.append(Table(title="Versions", head=["what", "version"], rows=rows, text=2))
    links = files_beside(facts.folder)
    if links:
        blocks.append(Links(links=links))
    if evidence.source:
        blocks.append(Words(text=f"Source: {evidence.source}."))
    if not blocks:
        return None
    return Section(
        key="again",
        title="To do it again",
        short="Do it again",
        how="These commands, with these versions, lead to this page; the files hold every number on it."
        if evidence.commands or own
        else "What this page was made from; the files hold the numbers on it.",
        blocks=blocks,
    )


def notes(facts: Facts) -> Section | None:
    """What a reader has to know about the data."""
    if not facts.evidence.notes:
        return None
    return Section(
        key="notes",
        title="Notes",
        short="Notes",
        how="What was odd about what this page is made from.",
        blocks=[Points(sentences=list(facts.evidence.notes))],
    )


def files_beside(folder: Path) -> list[tuple[str, str, str]]:
    """Tables and the like that lie beside the page: link, name, what it is."""
    found: list[tuple[str, str, str]] = []
    for path in sorted((folder / "tables").glob("*")):
        if path.suffix in (".csv", ".tex") and path.is_file():
            kind = "CSV" if path.suffix == ".csv" else "LaTeX"
            found.append(
                (relative(path, folder), path.name, f"{_FILES.get(path.stem, path.stem)}, as {kind}")
            )
    words = {
        "report.md": "the findings in short, for pasting",
        "replicates.parquet": "every prediction of every run",
    }
    for name, what in words.items():
        if (folder / name).is_file():
            found.append((name, name, what))
    return found
