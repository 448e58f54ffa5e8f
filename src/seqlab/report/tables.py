"""Tables of a report as CSV, for a machine, and as LaTeX, for a paper."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

from seqlab import files
from seqlab.report.evidence import Evidence
from seqlab.report.findings import Estimate, Findings, Verdict
from seqlab.report.latex import Cell, as_latex
from seqlab.report.letters import whole
from seqlab.report.sentences import p_in_words
from seqlab.report.units import Unit, unit_of


def write_tables(evidence: Evidence, findings: Findings, folder: Path) -> list[Path]:
    """Write leaderboard, verdicts and differences (and ranks over data sets), each as .csv and .tex.

    Args:
        evidence: what the report is made from.
        findings: what follows.
        folder: where to.

    Returns:
        The files that were written.
    """
    unit = unit_of(evidence)
    tables: dict[str, tuple[Sequence[Sequence[Cell]], Sequence[Sequence[Cell]] | None]] = {
        "leaderboard": (_leaderboard(findings), _leaderboard_to_read(findings, unit)),
        "verdicts": (_verdicts(findings), _verdicts_to_read(findings, unit)),
    }
    if findings.over is not None:
        tables["differences"] = (_over(findings), _over_to_read(findings, unit))
    else:
        tables["differences"] = (_pairs(evidence), None)
    if findings.over is not None and findings.over.mean_ranks:
        ranks: list[Sequence[Cell]] = [("arm", "mean_rank")]
        ranks += sorted(findings.over.mean_ranks.items(), key=lambda item: item[1])
        tables["ranks"] = (
            ranks,
            [[row[0], f"{row[1]:.2f}" if i else "mean rank"] for i, row in enumerate(ranks)],
        )
    written: list[Path] = []
    for name, (rows, to_read) in tables.items():
        written.append(folder / f"{name}.csv")
        files.write_text(written[-1], as_csv(rows))
        if to_read is not None:
            written.append(folder / f"{name}.tex")
            files.write_text(written[-1], as_latex(to_read))
    return written


def as_csv(rows: Sequence[Sequence[Cell]]) -> str:
    """Rows as CSV, the first of them names; numbers in full, nothing where there is none."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return whole(stream.getvalue())


def _plain(cell: Cell) -> str | float | int:
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return ""
    return repr(cell) if isinstance(cell, float) else cell


def _leaderboard(findings: Findings) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [
        (
            "dataset",
            "name",
            "kind",
            "mean",
            "low",
            "high",
            "interquartile_mean",
            "replicates",
            "test_items",
            "capped",
        )
    ]
    for line in findings.standings:
        kind = "reference" if line.reference else "arm"
        score = line.score
        rows.append(
            (
                line.dataset,
                line.name,
                kind,
                score.value,
                score.low,
                score.high,
                line.middle,
                score.replicates,
                score.items,
                line.capped,
            )
        )
    return rows


def level_with_interval(score: Estimate, unit: Unit) -> tuple[str, str]:
    """A score and its interval as they are read."""
    if not math.isfinite(score.low):
        return unit.level(score.value), "none"
    digits = unit.decimals([score.value], (score.high - score.low) / 2, ())
    return unit.level(
        score.value, digits
    ), f"{unit.number(score.low, digits)} to {unit.number(score.high, digits)}"


def _leaderboard_to_read(findings: Findings, unit: Unit) -> list[Sequence[Cell]]:
    many = findings.over is not None
    head = ["", *(["data set"] if many else []), unit.words, "interval", "runs"]
    rows: list[Sequence[Cell]] = [head]
    for line in findings.standings:
        level, interval = level_with_interval(line.score, unit)
        rows.append([line.words, *([line.dataset] if many else []), level, interval, line.score.replicates])
    return rows


def _verdicts(findings: Findings) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [
        (
            "contrast", "arm", "than", "kind", "dataset", "verdict", "difference", "low", "high", "p", "p_holm",
            "replicates", "test_items", "sentence", "conditional", "settles", "again", "price",
        )
    ]  # fmt: skip
    for kind, verdicts in (("primary", findings.primary), ("exploratory", findings.exploratory)):
        for v in verdicts:
            difference = v.difference
            rows.append(
                (
                    v.contrast.name, v.contrast.arm, v.contrast.than, kind, v.dataset, v.word, difference.value,
                    difference.low, difference.high, v.p, v.adjusted, difference.replicates, difference.items,
                    v.sentence, "; ".join(v.conditional), v.settles, v.again, v.price,
                )
            )  # fmt: skip
    return rows


def difference_in_words(verdict: Verdict, unit: Unit) -> tuple[str, str]:
    """A difference and its interval as they are read, in units of the metric."""
    d = verdict.difference
    if not math.isfinite(d.low):
        return (unit.number(d.value, unit.decimals([d.value])) if math.isfinite(d.value) else "none"), "none"
    digits = unit.decimals([d.value, d.low, d.high], (d.high - d.low) / 2)
    return unit.number(d.value, digits), f"{unit.number(d.low, digits)} to {unit.number(d.high, digits)}"


def _verdicts_to_read(findings: Findings, unit: Unit) -> list[Sequence[Cell]]:
    size = "difference (points)" if unit.points else "difference"
    rows: list[Sequence[Cell]] = [["arm", "than", "verdict", size, "interval", "p (Holm)"]]
    for v in [*findings.primary, *findings.exploratory]:
        if findings.over is None or v.dataset is None:
            words = difference_in_words(v, unit)
            rows.append([v.contrast.arm, v.contrast.than, v.word, *words, p_in_words(v.adjusted)])
    return rows


def _pairs(evidence: Evidence) -> list[Sequence[Cell]]:
    """Every paired difference behind the verdicts, so that anyone can redo them."""
    rows: list[Sequence[Cell]] = [("dataset", "pair", "arm", "than", "score", "score_than", "difference")]
    for results in evidence.results:
        for contrast in evidence.contrasts:
            a, b = results.scores.get(contrast.arm), results.scores.get(contrast.than)
            if a is not None and b is not None:
                rows += [
                    (results.dataset, pair, contrast.arm, contrast.than, float(x), float(y), float(x - y))
                    for pair, x, y in zip(results.pairs, a, b, strict=True)
                ]
    return rows


def _over(findings: Findings) -> list[Sequence[Cell]]:
    assert findings.over is not None
    rows: list[Sequence[Cell]] = [
        ("arm", "than", "mean_difference", "wins", "ties", "losses", "wilcoxon_p_holm")
    ]
    for (arm, than), (mean, *outcome) in findings.over.differences.items():
        rows.append((arm, than, mean, *outcome, findings.over.pairs_p.get((arm, than))))
    return rows


def _over_to_read(findings: Findings, unit: Unit) -> list[Sequence[Cell]]:
    assert findings.over is not None
    size = "mean difference (points)" if unit.points else "mean difference"
    rows: list[Sequence[Cell]] = [["arm", "than", size, "won / tied / lost", "Wilcoxon p (Holm)"]]
    for (arm, than), (mean, wins, ties, losses) in findings.over.differences.items():
        p = findings.over.pairs_p.get((arm, than))
        told = "" if p is None else p_in_words(p)
        number = unit.number(mean, unit.decimals([mean]))
        rows.append([arm, than, number, f"{wins} / {ties} / {losses}", told])
    return rows
