"""Puts the page together and writes it."""

import base64
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from seqlab import files
from seqlab.report.evidence import Evidence
from seqlab.report.findings import Findings
from seqlab.report.letters import shown
from seqlab.report.page import classes, costs, datasets, effects, provenance, runs, search, training, verdicts
from seqlab.report.page.blocks import Section
from seqlab.report.page.facts import Facts, facts_of
from seqlab.report.page.leaderboard import leaderboard, prices

PAGE_FILE, FIGURES_FOLDER = "report.html", "figures"
_TEMPLATES = Path(__file__).parents[1] / "templates"
_SECTIONS: tuple[Callable[[Facts], Section | None], ...] = (
    verdicts.verdicts,
    verdicts.recurrence,
    verdicts.objections,
    datasets.datasets,
    runs.runs,
    effects.effects,
    costs.tradeoffs,
    training.curves,
    training.gradients,
    classes.confusions,
    search.tuning,
    search.trials,
    costs.ledger,
    provenance.register,
    provenance.rules,
    provenance.notes,
    provenance.again,
)
_SHORT_CAUTIONS, _CAUTION_LENGTH = 3, 96


def write_page(evidence: Evidence, findings: Findings, folder: Path, figures: Path | None = None) -> Path:
    """Write the page and its figures; figures of an earlier page are replaced.

    Args:
        evidence: what it is made from.
        findings: what follows.
        folder: where to; links to the tables are made to what lies there.
        figures: where figures go; `folder/figures` unless said.

    Returns:
        The page.
    """
    figures = folder / FIGURES_FOLDER if figures is None else figures
    shutil.rmtree(figures, ignore_errors=True)
    page = folder / PAGE_FILE
    files.write_text(page, render(facts_of(evidence, findings, folder, figures)))
    return page


def render(facts: Facts) -> str:
    """The page as HTML; figures are written on the way."""
    sections = [section for make in _SECTIONS if (section := make(facts)) is not None]
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    evidence, findings = facts.evidence, facts.findings
    words = [verdict.word for verdict in findings.primary]
    page = environment.get_template(
        "report.html"
    ).render(
        css=Markup(css),  # our own file
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'",
        title=evidence.title or "Comparison",
        heading=evidence.question or evidence.title or "Comparison",
        about=_about(facts),
        findings=findings,
        mood=words[0] if words and len(set(words)) == 1 else "",
        cautions=[_shortened(caution) for caution in findings.cautions[:_SHORT_CAUTIONS]],
        more_cautions=max(len(findings.cautions) - _SHORT_CAUTIONS, 0),
        board=leaderboard(facts),
        prices=prices(facts),
        sections=sections,
        source=evidence.source,
    )
    return shown(page)


def _about(facts: Facts) -> list[str]:
    """What was compared, in a line."""
    evidence = facts.evidence
    found: list[str] = []
    if evidence.question and evidence.title:
        found.append(evidence.title)
    named = [r.dataset for r in evidence.results if r.dataset]
    if len(evidence.results) > 1:
        found.append(f"{len(evidence.results):,} data sets")
    else:
        found += named
    found.append(_counted(len(evidence.arms), "arms"))
    if len(evidence.results) == 1:
        results = evidence.results[0]
        found.append(_counted(len(results.pairs), results.pairs_are))
        size = len(results.items.truth) if results.items is not None else results.test_size
        if size:
            found.append(_counted(size, "test items"))
    return found


def _counted(number: int, plural: str) -> str:
    return f"{number:,} {plural.removesuffix('s') if number == 1 else plural}"


def _shortened(caution: str) -> str:
    """The first sentence of a caution, or its first clause if that is long."""
    words = caution.partition(". ")[0].removesuffix(".")
    if len(words) > _CAUTION_LENGTH:
        ends = [end for mark in (": ", "; ") if (end := words.find(mark)) > _CAUTION_LENGTH // 3]
        words = words[: min(ends)] if ends else words
    if len(words) > _CAUTION_LENGTH:
        words = f"{words[:_CAUTION_LENGTH].rsplit(' ', 1)[0]} …"
    return words
