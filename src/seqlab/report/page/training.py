"""How the arms learned: curves over the epochs, and how far back their gradients reach."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqlab.figures.bands import Curves, learning_bands
from seqlab.figures.gradients import gradients_by_arm
from seqlab.report.evidence import FloatArray
from seqlab.report.page.blocks import Block, Section
from seqlab.report.page.facts import Facts
from seqlab.report.units import WORDS, named_share

_ARMS = 24


def curves(facts: Facts) -> Section | None:
    """The metric and the loss over the epochs, a panel an arm."""
    evidence = facts.evidence
    order = [name for name in facts.numbers if evidence.curves.get(name)][:_ARMS]
    tuned = evidence.tuning.objective.partition(".")[2] if evidence.tuning is not None else ""
    measures = dict.fromkeys([evidence.rules.metric, tuned, "loss"])
    blocks: list[Block] = []
    for measure in measures:
        by = 100.0 if named_share(measure) and facts.unit.points else 1.0
        arms = [Curves(name=name, parts=_parts(evidence.curves[name], measure, by)) for name in order]
        if not any(np.isfinite(v).any() for arm in arms for v in arm.parts.values()):
            continue
        words = WORDS.get(measure, measure)
        count = max((v.shape[0] for arm in arms for v in arm.parts.values()), default=1)
        band = "line: median, band: lowest to highest of" if count > 1 else "one run an arm of"
        figure = learning_bands(
            arms,
            measure=f"{words} (%)" if by != 1 else words,
            title=f"Learning curves: {words}",
            note=f"{band} {f'up to {count} runs' if count > 1 else 'the chosen configuration'}",
        )
        blocks.append(facts.picture(f"curves_{measure}", figure, f"{words} by epoch, for {', '.join(order)}"))
    if not blocks:
        return None
    return Section(
        key="curves",
        title="Learning curves",
        short="Learning curves",
        how="A gap between training and validation that grows is learning by heart; a curve that still rises at its "
        "end was stopped early.",
        blocks=blocks,
    )


def _parts(runs: Sequence[Sequence[Mapping[str, Any]]], measure: str, by: float) -> dict[str, FloatArray]:
    found: dict[str, FloatArray] = {}
    longest = max((len(run) for run in runs), default=0)
    for part in ("train", "validation"):
        values = np.full((len(runs), longest), np.nan)
        for r, run in enumerate(runs):
            for e, row in enumerate(run):
                value = (row.get(part) or {}).get(measure)
                if isinstance(value, int | float) and math.isfinite(value):
                    values[r, e] = by * value
        if np.isfinite(values).any():
            found[part] = values
    return found


def gradients(facts: Facts) -> Section | None:
    """How far back the gradient reaches, a panel a state of training."""
    given = facts.evidence.gradients
    states: dict[str, dict[str, FloatArray]] = {}
    for arm in facts.numbers:
        for state, norms in given.get(arm, {}).items():
            data = np.asarray(norms, dtype=np.float64)
            if len(data):
                states.setdefault(state, {})[arm] = data
    if not states:
        return None
    figure = gradients_by_arm(states, facts.numbers)
    names = ", ".join(arm for arm in facts.numbers if arm in given)
    return Section(
        key="gradients",
        title="How far back the gradient reaches",
        short="Gradients",
        how="A line that falls steeply towards the left forgets: steps that far before the end can hardly be learned "
        "from.",
        blocks=[facts.picture("gradients", figure, f"Gradient norm by time step, for {names}")],
    )
