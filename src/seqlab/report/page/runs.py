"""Every run as a point, and the same pairs of two arms side by side."""

import math
from collections.abc import Sequence

import numpy as np

from seqlab.figures.replicates import Pair, Strip, paired_lines, replicates
from seqlab.report.evidence import Contrast, FloatArray, Results
from seqlab.report.findings import Standing
from seqlab.report.page.blocks import Block, Fold, Section, Table, Words
from seqlab.report.page.facts import Facts

_DATASETS, _ARMS, _PAIRS = 6, 40, 4
_NUMBERS_UP_TO = 1500
# A reference further from the runs than so many times their span would squeeze them together.
_FAR = 1.0


def runs(facts: Facts) -> Section | None:
    """Strips of points for up to six data sets, and lines between the arms of the primary contrasts."""
    results = [r for r in facts.evidence.results if any(np.isfinite(s).any() for s in r.scores.values())]
    if not results:
        return None
    shown = [r for r in results if max(len(s) for s in r.scores.values()) > 1][:_DATASETS]
    strips: list[Block] = [_strips(facts, r) for r in shown]
    pairs = _pairs(facts)
    if facts.several and strips:
        if len(results) > len(shown):
            strips.append(Words(text=f"Drawn are {len(shown)} of {len(results)} data sets."))
        strips = [Fold(summary="Every run, data set by data set", blocks=strips)]
    blocks: list[Block] = [*([pairs] if pairs and facts.several else []), *strips]
    if pairs and not facts.several:
        blocks.append(pairs)
    numbers = [
        _numbers(facts, r) for r in shown if r.scores and len(r.pairs) * len(r.scores) <= _NUMBERS_UP_TO
    ]
    if numbers:
        blocks.append(Fold(summary="All scores as numbers", blocks=numbers))
    if not blocks:
        return None
    return Section(
        key="runs",
        title="Every run as a point",
        short="Every run",
        how="Where the clouds of two arms lie apart, chance does not explain it; where they overlap, look at the "
        "lines, which join runs of the same pair.",
        blocks=blocks,
    )


def _strips(facts: Facts, results: Results) -> Block:
    lines = {s.name: s for s in facts.findings.standings if s.dataset == results.dataset and not s.reference}
    order = [name for name in lines if name in results.scores][:_ARMS]
    order += [name for name in results.scores if name not in lines][: _ARMS - len(order)]
    by = facts.factor
    strips = [_strip(facts, name, results.scores[name], lines.get(name)) for name in order]
    values = np.concatenate([strip.values for strip in strips])
    values = values[np.isfinite(values)]
    references, far = _near(facts, results.dataset, values)
    where = f" on {results.dataset}" if facts.several else ""
    figure = replicates(
        strips,
        references=references,
        title=f"{len(results.pairs)} {results.pairs_are} an arm{where}",
        note=f"points: single runs; diamond and line: mean and {facts.evidence.rules.confidence * 100:g} % interval"
        + far,
        axis=facts.score_axis,
    )
    alt = "; ".join(f"{s.name}: mean {s.mean / by * by:.4g}" for s in strips)
    return facts.picture(f"runs{where}", figure, f"Every run of every arm{where}. {alt}")


def _strip(facts: Facts, name: str, scores: FloatArray, line: Standing | None) -> Strip:
    by, known = facts.factor, scores[np.isfinite(scores)]
    mean = float(known.mean()) if len(known) else math.nan
    low, high = (line.score.low, line.score.high) if line is not None else (math.nan, math.nan)
    return Strip(
        name=name,
        number=facts.numbers.get(name, 0),
        values=by * scores,
        mean=by * mean,
        low=by * low,
        high=by * high,
    )


def _near(facts: Facts, dataset: str, values: FloatArray) -> tuple[dict[str, float], str]:
    """The best two references, or a word on where they are if that is far away."""
    sign = facts.sign
    found = [
        (s.name, facts.factor * s.score.value)
        for s in facts.findings.standings
        if s.reference and s.of_arm is None and s.dataset == dataset and math.isfinite(s.score.value)
    ]
    found = sorted(found, key=lambda item: -sign * item[1])[:2]
    if not found or not len(values):
        return {}, ""
    room = _FAR * max(float(np.ptp(values)), 1e-9)
    near = {name: v for name, v in found if values.min() - room <= v <= values.max() + room}
    if near:
        return near, "; broken line: what has to be beaten"
    name, value = found[0]
    return {}, f"; the best reference, {name}, is further off ({value:.3g})"


def _pairs(facts: Facts) -> Block | None:
    contrasts = [v.contrast for v in facts.findings.primary] or [
        v.contrast for v in facts.findings.exploratory if not (facts.several and v.dataset)
    ]
    contrasts = list({(c.arm, c.than): c for c in contrasts}.values())[:_PAIRS]
    pairs = [pair for c in contrasts if (pair := _pair(facts, c)) is not None]
    if not pairs:
        return None
    pairs_are = "data sets" if facts.several else facts.pairs_are
    figure = paired_lines(
        pairs,
        higher_is_better=facts.evidence.rules.higher_is_better,
        pairs_are=pairs_are,
        title=f"The same {pairs_are}, side by side",
        note="blue: the arm at the right is better; orange: worse; black: the means",
        axis=facts.score_axis,
    )
    alt = "; ".join(f"{p.arm} against {p.than}" for p in pairs)
    return facts.picture("pairs", figure, f"Paired {pairs_are} of {alt}")


def _pair(facts: Facts, contrast: Contrast) -> Pair | None:
    a, b = (side(facts.evidence.results, name) for name in (contrast.arm, contrast.than))
    if a is None or b is None or np.count_nonzero(np.isfinite(a) & np.isfinite(b)) < 2:
        return None
    by = facts.factor
    return Pair(arm=contrast.arm, than=contrast.than, arm_values=by * a, than_values=by * b)


def side(results: Sequence[Results], arm: str) -> FloatArray | None:
    """Scores of an arm, one a pair; its means, one a data set, where there are several."""
    if len(results) == 1:
        return results[0].scores.get(arm)
    given = [r.scores.get(arm, np.zeros(0)) for r in results]
    known = [scores[np.isfinite(scores)] for scores in given]
    return np.array([float(scores.mean()) if len(scores) else np.nan for scores in known])


def _numbers(facts: Facts, results: Results) -> Block:
    arms = [name for name in facts.numbers if name in results.scores]
    known = [v for arm in arms for v in results.scores[arm] if math.isfinite(v)]
    digits = facts.unit.decimals(known[:1], 0.005 if facts.unit.points else math.nan)
    rows = [
        [str(pair), *(facts.unit.number(results.scores[arm][i], digits) for arm in arms)]
        for i, pair in enumerate(results.pairs)
        if all(i < len(results.scores[arm]) for arm in arms)
    ]
    where = f" on {results.dataset}" if facts.several else ""
    return Table(
        title=f"{facts.score_axis}{where}", head=[results.pairs_are.removesuffix("s"), *arms], rows=rows
    )
