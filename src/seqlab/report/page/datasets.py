"""Several data sets: scores on each, ranks with their critical difference, and all pairs in one matrix."""

import math

from seqlab.figures.over_datasets import Outcome, critical_difference, difference_matrix
from seqlab.report.findings import Estimate, OverDatasets
from seqlab.report.page.blocks import Block, Cell, Fold, Section, Table, Words
from seqlab.report.page.facts import Facts, signed
from seqlab.report.sentences import p_in_words

FEWEST_FOR_RANKS = 10
_RANKED, _MATRIX, _COLUMNS, _REFERENCES, _ROWS = 40, 12, 14, 8, 250


def datasets(facts: Facts) -> Section | None:
    """Shown only where there are several data sets."""
    over = facts.findings.over
    if over is None:
        return None
    blocks: list[Block] = []
    if over.mean_ranks and len(over.datasets) >= FEWEST_FOR_RANKS:
        blocks += _ranks(facts, over)
    if over.differences:
        blocks += _pairs(facts, over)
    scores = _scores(facts)
    if scores is not None:
        blocks.append(scores)
    if not blocks:
        return None
    count = len(over.datasets)
    return Section(
        key="datasets",
        title=f"Over {count} data sets",
        short="Over data sets",
        how="Every data set counts once, however many runs it has; blue is better, orange worse."
        if count >= FEWEST_FOR_RANKS
        else "Every data set counts once; below ten of them ranks would say little, and are left out.",
        blocks=blocks,
    )


def _ranks(facts: Facts, over: OverDatasets) -> list[Block]:
    best = dict(sorted(over.mean_ranks.items(), key=lambda item: item[1])[:_RANKED])
    cliques = [[name for name in group if name in best] for group in over.cliques]
    figure = critical_difference(
        best,
        cliques,
        title="Mean ranks over the data sets",
        note="1 is best; a bar joins arms that Wilcoxon's test does not tell apart (Holm)",
    )
    alt = "; ".join(f"{name} {rank:.2f}" for name, rank in best.items())
    words = (
        ""
        if over.friedman_p is None
        else f"Friedman's p that all arms are alike: {p_in_words(over.friedman_p)}."
    )
    if len(best) < len(over.mean_ranks):
        words += f" Drawn are the best {len(best)} of {len(over.mean_ranks)} arms."
    blocks: list[Block] = [facts.picture("critical_difference", figure, f"Mean ranks: {alt}")]
    return [*blocks, *([Words(text=words.strip())] if words else [])]


def _pairs(facts: Facts, over: OverDatasets) -> list[Block]:
    by = facts.sign * facts.factor
    order = sorted(over.means, key=lambda name: _last(-facts.sign * over.means[name].value))
    order = order or [arm.name for arm in facts.evidence.arms]
    outcomes: dict[tuple[str, str], Outcome] = {}
    for (arm, than), (mean, wins, ties, losses) in over.differences.items():
        p = over.pairs_p.get((arm, than), over.pairs_p.get((than, arm), math.nan))
        outcomes[arm, than] = Outcome(gain=by * mean, wins=wins, ties=ties, losses=losses, p=p)
        outcomes[than, arm] = Outcome(gain=-by * mean, wins=losses, ties=ties, losses=wins, p=p)
    shown = [name for name in order if any(name in pair for pair in outcomes)][:_MATRIX]
    inside = {pair: o for pair, o in outcomes.items() if pair[0] in shown and pair[1] in shown}
    gains = [o.gain / facts.factor for o in inside.values() if math.isfinite(o.gain)]
    digits = min(facts.unit.decimals(gains[:50]), 4) if gains else 1
    figure = difference_matrix(
        shown,
        inside,
        decimals=digits,
        title="Every pair: row against column",
        note="mean gain of the row; data sets won / tied / lost"
        + ("; p of Wilcoxon's test (Holm), bold below 0.05" if over.pairs_p else ""),
    )
    alt = "; ".join(
        f"{a} against {b}: {o.wins} won, {o.losses} lost" for (a, b), o in list(inside.items())[:12]
    )
    blocks: list[Block] = [facts.picture("differences", figure, f"Pairwise differences. {alt}")]
    if len(shown) < len(order):
        blocks.append(Words(text=f"Drawn are the best {len(shown)} of {len(order)} arms."))
    rows = [
        [
            facts.arm_cell(arm),
            facts.arm_cell(than),
            signed(facts.unit.number(facts.sign * mean, facts.unit.decimals([mean]))),
            f"{wins} / {ties} / {losses}",
            p_in_words(over.pairs_p[arm, than]) if (arm, than) in over.pairs_p else "",
        ]
        for (arm, than), (mean, wins, ties, losses) in list(over.differences.items())[:_ROWS]
    ]
    head = ["arm", "against", "better by", "won / tied / lost", "p (Wilcoxon, Holm)"]
    table = Table(head=head, rows=rows, text=2)
    return [*blocks, Fold(summary="The same as a table", blocks=[table])]


def _scores(facts: Facts) -> Block | None:
    """Mean score of every arm on every data set; wide tables show the best arms."""
    lines = {(s.dataset, s.name): s.score for s in facts.findings.standings}
    over = facts.findings.over
    assert over is not None
    means = over.means
    arms = sorted(
        (arm.name for arm in facts.evidence.arms),
        key=lambda name: _last(-facts.sign * means[name].value) if name in means else math.inf,
    )[:_COLUMNS]
    rows: list[list[Cell]] = []
    for dataset in over.datasets[:_ROWS]:
        cells: list[Cell] = [dataset]
        for arm in arms:
            cells.append(_number(facts, lines.get((dataset, arm))))
        rows.append(cells)
    if not rows or not arms:
        return None
    references = list(dict.fromkeys(line.name for line in facts.findings.standings if line.reference))
    references = references[:_REFERENCES]
    for row in rows:
        row += [_number(facts, lines.get((str(row[0]), name))) for name in references]
    left = len(facts.evidence.arms) - len(arms)
    title = (
        f"{facts.score_axis}, best arm on average first"
        + ("; references behind the arms" if references else "")
        + (f"; {left} more arms are in the tables" if left else "")
    )
    return Fold(
        summary="Scores on every data set",
        blocks=[Table(title=title, head=["data set", *arms, *references], rows=rows)],
    )


def _number(facts: Facts, score: Estimate | None) -> str:
    if score is None or not math.isfinite(score.value):
        return ""
    return facts.unit.number(score.value, 1 if facts.unit.points else 4)


def _last(value: float) -> float:
    return value if math.isfinite(value) else math.inf
