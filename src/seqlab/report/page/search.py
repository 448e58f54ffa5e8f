"""How tuning went: the best against the budget, what mattered, what was chosen, and the trials that came to nothing."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from seqlab import stats
from seqlab.figures.looks import short_number
from seqlab.figures.tuning import Search, best_against_budget, importances
from seqlab.report.effort import Trial, Tuning
from seqlab.report.evidence import FloatArray
from seqlab.report.page.blocks import Block, Points, Section, Table, Words
from seqlab.report.page.facts import Facts
from seqlab.report.units import WORDS, named_share

# A line has no use for more places than its figure has pixels.
_PLACES = 120
_ARMS, _REASONS, _LONGEST_REASON = 30, 40, 240
_METHODS = {
    "PED-ANOVA": "which settings tell the best trials from the others",
    "fANOVA": "the share of the variance of the score, over the whole space, that a setting explains by itself",
}


def tuning(facts: Facts) -> Section | None:
    """Best against budget, importances, and what was searched and chosen."""
    given = facts.evidence.tuning
    if given is None:
        return None
    blocks: list[Block] = []
    random = given.sampler == "random"
    if any(trial.state != "failed" and trial.arm in facts.numbers for trial in given.trials):
        blocks.append(_budget(facts, given, random))
    blocks += _importances(facts, given)
    blocks += _settings(facts, given)
    points = [*given.blocked.values(), *given.notes]
    if points:
        blocks.append(Points(sentences=list(dict.fromkeys(points)), title="What to know about it"))
    if not blocks:
        return None
    return Section(
        key="tuning",
        title="How the arms were tuned",
        short="Tuning",
        how="Lines that have become flat would gain little from a larger budget; where one still rises, its arm was "
        "tuned too briefly.",
        blocks=blocks,
    )


def _budget(facts: Facts, given: Tuning, random: bool) -> Block:
    metric = given.objective.partition(".")[2] or given.objective
    by = 100.0 if named_share(metric) and facts.unit.points else 1.0
    searches = [
        search
        for arm, number in list(facts.numbers.items())[:_ARMS]
        if (search := search_of(arm, number, given, random, by)) is not None
    ]
    words = (
        f"validation {WORDS.get(metric, metric)}"
        if given.objective.startswith("validation.")
        else given.objective
    )
    words += " (%)" if by != 1 else ""
    repeated = any(len(search.best) > 1 for search in searches)
    if random:
        title = "Expected best of so many random trials"
        note = (
            "the mean of the best over all subsets of the trials; a trial that diverged counts as the worst"
            + ("" if given.pruner == "none" else ", one that was pruned as well")
        )
    else:
        title = f"Best trial so far ({given.sampler})"
        note = "one tuning an arm: its luck is in the line" if not repeated else ""
    if repeated:
        note = f"{note}{'; ' if note else ''}line: median, band: lowest to highest of the repeated tunings"
    figure = best_against_budget(
        searches, title=title, note=f"{note}; faint points: single trials", axis=words, steps=not random
    )
    names = ", ".join(search.name for search in searches)
    return facts.picture("budget", figure, f"{title}, by budget, for {names}")


def search_of(arm: str, number: int, given: Tuning, random: bool, by: float = 1.0) -> Search | None:
    """The best of one arm against its budget, one row a tuning; scores times `by`."""
    by_tuning: dict[int, list[Trial]] = defaultdict(list)
    for trial in given.trials:
        if trial.arm == arm and trial.state != "failed":
            by_tuning[trial.tuning].append(trial)
    if not by_tuning:
        return None
    values = [by * _values(sorted(of, key=lambda t: t.number)) for _, of in sorted(by_tuning.items())]
    most = max(map(len, values))
    budgets = np.unique(np.round(np.linspace(1, most, min(most, _PLACES))).astype(int))
    best = np.full((len(values), len(budgets)), np.nan)
    for row, of_tuning in enumerate(values):
        if random:
            best[row] = _expected(of_tuning, budgets, given.higher_is_better)
        else:
            so_far = stats.best_so_far(of_tuning, higher_is_better=given.higher_is_better)
            there = budgets <= len(so_far)
            best[row, there] = so_far[budgets[there] - 1]
    trials = np.array(
        [(i + 1, v) for of in values for i, v in enumerate(of) if math.isfinite(v)], dtype=np.float64
    ).reshape(-1, 2)
    return Search(name=arm, number=number, budgets=budgets.astype(np.float64), best=best, trials=trials)


def _values(trials: Sequence[Trial]) -> FloatArray:
    given = [t.value if t.state == "complete" and t.value is not None else math.nan for t in trials]
    values = np.array(given, dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _expected(values: FloatArray, budgets: np.ndarray, higher_is_better: bool) -> FloatArray:
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(len(budgets), np.nan)
    worst = known.min() if higher_is_better else known.max()
    filled = np.where(np.isfinite(values), values, worst)
    return stats.expected_best(filled, [int(b) for b in budgets], higher_is_better=higher_is_better)


def _importances(facts: Facts, given: Tuning) -> list[Block]:
    methods: dict[str, dict[str, dict[str, float]]] = {}
    for arm in facts.numbers:
        for method, weights in given.importances.get(arm, {}).items():
            if weights:
                methods.setdefault(method, {})[arm] = dict(weights)
    if not methods:
        return []
    figure = importances(
        dict(list(methods.items())[:3]),
        facts.numbers,
        title="Which settings mattered",
        note=f"by {' and '.join(methods)}; one mark an arm",
    )
    names = ", ".join(dict.fromkeys(setting for of in methods.values() for w in of.values() for setting in w))
    meanings = [f"{method}: {_METHODS[method]}." for method in methods if method in _METHODS]
    return [
        facts.picture("importances", figure, f"Importance of {names}, by {' and '.join(methods)}"),
        *([Words(text=" ".join(meanings))] if meanings else []),
    ]


def _settings(facts: Facts, given: Tuning) -> list[Block]:
    arms = [arm for arm in facts.evidence.arms if arm.chosen]
    names = list(dict.fromkeys([*given.space, *(key for arm in arms for key in arm.chosen)]))
    if not names:
        return []
    head = ["setting", *(["searched"] if given.space else []), *(arm.name for arm in arms)]
    rows = [
        [
            name,
            *([given.space.get(name, "")] if given.space else []),
            *(_value(arm.chosen.get(name)) for arm in arms),
        ]
        for name in names
    ]
    if given.reruns and arms:
        again = ["validation score on fresh seeds", *([""] if given.space else [])]
        rows.append([*again, *(_mean(given.reruns.get(arm.name, ())) for arm in arms)])
    return [Table(title="What was searched and chosen", head=head, rows=rows, text=2 if given.space else 1)]


def _value(value: object) -> str:
    if isinstance(value, float):
        return short_number(value) if math.isfinite(value) and 1e-4 <= abs(value) < 1e4 else f"{value:.3g}"
    return "" if value is None else str(value)


def _mean(values: Sequence[float]) -> str:
    known = [value for value in values if math.isfinite(value)]
    return f"{sum(known) / len(known):.4g} ({len(known)})" if known else ""


def trials(facts: Facts) -> Section | None:
    """Trials that did not complete, with their reasons."""
    given = facts.evidence.tuning
    lost = [trial for trial in given.trials if trial.state != "complete"] if given is not None else []
    if given is None or not lost:
        return None
    states = [
        s for s in ("complete", "pruned", "diverged", "failed") if any(t.state == s for t in given.trials)
    ]
    counts = Counter((trial.arm, trial.state) for trial in given.trials)
    arms = list(dict.fromkeys([*facts.numbers, *(trial.arm for trial in given.trials)]))
    arms = [arm for arm in arms if any(counts[arm, state] for state in states)]
    rows = [[facts.arm_cell(arm), *(f"{counts[arm, state]:,}" for state in states)] for arm in arms]
    reasons: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for trial in lost:
        words = " ".join((trial.reason or "no reason was recorded").split())
        reasons[trial.arm, trial.state, words].append(trial.number)
    most = sorted(reasons.items(), key=lambda item: -len(item[1]))
    told = [
        [facts.arm_cell(arm), state, _cut(words), _numbers(numbers), f"{len(numbers):,}"]
        for (arm, state, words), numbers in most[:_REASONS]
    ]
    blocks: list[Block] = [
        Table(head=["arm", *states], rows=rows),
        Table(title="Reasons", head=["arm", "state", "reason", "trials", "how many"], rows=told, text=4),
    ]
    if len(most) > _REASONS:
        blocks.append(Words(text=f"And {len(most) - _REASONS:,} more reasons, each of them rarer."))
    return Section(
        key="trials",
        title="Trials that did not complete",
        short="Failed trials",
        how="A trial that was pruned or diverged is its arm's own result and has used up budget; one that failed was "
        "lost to the machine and was tried again.",
        blocks=blocks,
    )


def _cut(words: str) -> str:
    return words if len(words) <= _LONGEST_REASON else f"{words[: _LONGEST_REASON - 1]}…"


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:6])
    return f"{shown}, …" if len(numbers) > 6 else shown
