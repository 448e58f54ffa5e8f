"""What the arms cost: score against size and time, and the ledger of what was spent."""

import math

from seqlab.figures.looks import short_number
from seqlab.figures.tradeoff import Panel, Point, pareto, tradeoff
from seqlab.report.findings import Estimate
from seqlab.report.page.blocks import Block, Section, Table, Words
from seqlab.report.page.facts import Facts, duration
from seqlab.report.pruned import audits, share_in_words
from seqlab.report.sentences import listed

_AXES = {
    "parameters": "parameters",
    "seconds": "time to train one model (s)",
    "flops": "FLOPs of one sequence",
    "latency_ms": "latency of one prediction (ms)",
}
_STEPS = {
    "layers_ms": "training step of the layers (ms)",
    "plain_layers_ms": "of plain PyTorch layers (ms)",
}
_STATES = ("complete", "pruned", "diverged", "failed")


def scores_of(facts: Facts) -> dict[str, Estimate]:
    """Arm -> its score; over several data sets the mean over them."""
    over = facts.findings.over
    if over is not None and over.means:
        return dict(over.means)
    return {line.name: line.score for line in facts.findings.standings if not line.reference}


def tradeoffs(facts: Facts) -> Section | None:
    """Score against every cost that is known of two arms, with the front."""
    scores, factor = scores_of(facts), facts.factor
    panels: list[Panel] = []
    fronts: dict[str, list[str]] = {}
    for key, axis in _AXES.items():
        points: list[Point] = []
        for arm in facts.evidence.arms:
            cost, score = arm.cost.get(key), scores.get(arm.name)
            if cost is not None and math.isfinite(cost) and score is not None and math.isfinite(score.value):
                low, high = factor * score.low, factor * score.high
                number = facts.numbers[arm.name]
                points.append(
                    Point(
                        name=arm.name,
                        number=number,
                        cost=cost,
                        score=factor * score.value,
                        low=low,
                        high=high,
                    )
                )
        if len(points) > 1:
            panels.append(Panel(axis=axis, points=points))
            front = [point.name for point in pareto(points, facts.evidence.rules.higher_is_better)]
            fronts.setdefault(listed(front, 12), []).append(axis.partition(" (")[0])
    if not panels:
        return None
    words = [f"By {listed(by)}, the front is {front}." for front, by in fronts.items()]
    figure = tradeoff(
        panels,
        higher_is_better=facts.evidence.rules.higher_is_better,
        title="Score against cost",
        note=f"lines: {facts.evidence.rules.confidence * 100:g} % intervals; broken: the front, which no other arm "
        "beats at no more cost",
        score_axis=facts.score_axis,
    )
    alt = "; ".join(f"{p.name} {short_number(p.cost)}" for p in panels[0].points)
    blocks: list[Block] = [
        facts.picture("cost", figure, f"Score against {panels[0].axis}: {alt}"),
        Words(
            text=f"{' '.join(words)} Means alone decide on the front; intervals that overlap may swap places."
        ),
        _table(facts),
        *_engines(facts),
    ]
    return Section(
        key="cost",
        title="What the score costs",
        short="Score and cost",
        how=f"{'Up' if facts.sign > 0 else 'Down'} and to the left is better and cheaper; a pale arm costs at least "
        "as much as one that is better.",
        blocks=blocks,
    )


def _table(facts: Facts) -> Block:
    names = _AXES | _STEPS
    known = [key for key in names if any(arm.cost.get(key) is not None for arm in facts.evidence.arms)]
    rows = [
        [facts.arm_cell(arm.name, arm.words), *(_said(key, arm.cost.get(key)) for key in known)]
        for arm in facts.evidence.arms
    ]
    return Table(head=["arm", *(names[key].removesuffix(" (s)") for key in known)], rows=rows)


def _engines(facts: Facts) -> list[Block]:
    """What was timed, and what it is held against."""
    engines = sorted({arm.engine for arm in facts.evidence.arms if arm.engine})
    if not engines or all(arm.cost.get("layers_ms") is None for arm in facts.evidence.arms):
        return []
    text = (
        f"Times are seqlab's on {listed(engines)}. A training step of the layers is one batch, forwards and backwards, "
        "in CPU time, all arms in turn; plain PyTorch layers are nn.RNN, nn.GRU or nn.LSTM of the same shape, "
        "packed where lengths differ. A ratio that the two do not share is the kernels' doing, not the cells'."
    )
    return [Words(text=text)]


def _said(key: str, value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "unknown"
    if key == "parameters":
        return f"{value:,.0f}"
    return duration(value) if key == "seconds" else short_number(value)


def ledger(facts: Facts) -> Section | None:
    """What every arm has spent, and all together."""
    rows = facts.evidence.ledger
    if not rows:
        return None
    states = [s for s in _STATES if any(row.states.get(s) for row in rows)]
    states += sorted({s for row in rows for s in row.states} - set(_STATES))
    table = [
        [
            facts.arm_cell(row.arm),
            f"{row.tuning_trials:,}",
            *(f"{row.states.get(state, 0):,}" for state in states),
            f"{row.tuning_epochs:,}",
            duration(row.tuning_seconds),
            f"{row.replicates:,}",
            duration(row.replicate_seconds),
            duration(row.tuning_seconds + row.replicate_seconds),
        ]
        for row in rows
    ]
    seconds = [sum(row.tuning_seconds for row in rows), sum(row.replicate_seconds for row in rows)]
    foot = [
        "all arms",
        f"{sum(row.tuning_trials for row in rows):,}",
        *(f"{sum(row.states.get(state, 0) for row in rows):,}" for state in states),
        f"{sum(row.tuning_epochs for row in rows):,}",
        duration(seconds[0]),
        f"{sum(row.replicates for row in rows):,}",
        duration(seconds[1]),
        duration(sum(seconds)),
    ]
    head = ["arm", "trials", *states, "epochs", "tuning", "replicates", "for them", "together"]
    return Section(
        key="ledger",
        title="What every arm has spent",
        short="Ledger",
        how="Equal effort shows as equal trials; time is that of all workers added up, and differs where arms do.",
        blocks=[Table(head=head, rows=table, foot=foot), *_pruning(facts)],
    )


def _pruning(facts: Facts) -> list[Block]:
    """How often pruning was wrong, where there was any."""
    tuning = facts.evidence.tuning
    found = audits(tuning)
    if tuning is None or not found:
        return []
    rows = [
        [facts.arm_cell(a.arm), f"{a.pruned:,}", f"{a.spared:,}", f"{a.wrong:,}", share_in_words(a)]
        for a in found
    ]
    return [
        Table(
            title="What pruning got wrong",
            head=["arm", "pruned", "spared", "of these wrong", "share wrong"],
            rows=rows,
        ),
        Words(
            text=f"Spared: {tuning.pruner} would have ended it, but its place in the budget was drawn to be run to its "
            f"end. Wrong: it ended at least as well as the last of the best {tuning.candidates} that were let through."
        ),
    ]
