"""The end of a sweep: what was spent, what was best, what mattered, and what to do with it."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.markup import escape

from seqlab.config.sweep import ObjectiveConfig, Scalar
from seqlab.errors import UserError
from seqlab.results import COUNTED_STATES, RunResult, TrialRow
from seqlab.screen import duration_in_words, shown_python, shown_script, shown_tool
from seqlab.sweep.definition import Sweep
from seqlab.sweep.importance import MEANING, Edge, edges, importances
from seqlab.sweep.keeping import trial_dir
from seqlab.sweep.leaderboard import show_leaders
from seqlab.sweep.next_steps import result_of, show_next_steps
from seqlab.sweep.objectives import is_cost, maximize, value_in_words
from seqlab.sweep.ordering import whole_words
from seqlab.sweep.progress import best_rows, progress_of, ranked
from seqlab.sweep.space import Parameter, Space
from seqlab.sweep.table import plain_table, progress_table
from seqlab.sweep.wording import listed, scalar_in_words, short_keys, shortened

_MOST_ROWS = 12
_BASELINES = {"order_free": "order-free", "majority": "majority class"}


class TrialArm(Protocol):
    """What the summary needs of a composed arm."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def experiment(self, values: Any) -> Any:
        """The settings with these values, or a UserError."""
        ...


def show_summary(
    console: Console,
    sweep: Sweep,
    rows: Sequence[TrialRow],
    *,
    arms: Sequence[TrialArm],
    words_of: Callable[[TrialRow], Sequence[str]],
    storage: str | None = None,
) -> None:
    """Ledger, leaderboard or Pareto front, importances, edges, the best and its command, where everything lies.

    Args:
        console: where to.
        sweep: the question.
        rows: all trials of all arms.
        arms: the composed arms.
        words_of: the words behind `python train.py` that repeat a trial.
        storage: address of the database; None for study.db in the sweep's directory.
    """
    objectives = sweep.config.objective
    best = best_rows(rows, objectives)
    show_ledger(console, sweep, rows)
    if best:
        show_leaders(console, rows, objectives, several_arms=len(sweep.arms) > 1)
        _show_importances(console, sweep, rows)
        _show_edges(console, sweep, rows, arms)
        _show_best(console, sweep, rows, best, words_of)
    else:
        console.print("\nno trial is complete, so there is no best one")
    show_next_steps(console, sweep.directory, best, storage)


def show_ledger(console: Console, sweep: Sweep, rows: Sequence[TrialRow]) -> None:
    """What every arm has spent, and how its trials ended."""
    budgets = {arm.name: sweep.config.budget.trials for arm in sweep.arms}
    progress = progress_of(rows, budgets, sweep.config.objective)
    counted = sum(row.state in COUNTED_STATES for row in rows)
    seconds, epochs = sum(arm.seconds for arm in progress), sum(arm.epochs for arm in progress)
    console.print()
    console.print(
        f"[bold]{escape(sweep.name)}[/bold]  {counted} trials that count, {epochs:,} epochs, "
        f"{duration_in_words(seconds)} of training by all workers",
    )
    console.print()
    console.print(progress_table(progress, sweep.config.objective, width=console.width, ended=True))
    failed = [row for row in rows if row.state == "failed" and row.reason]
    if failed:
        reasons = dict.fromkeys(shortened(row.reason or "", 90) for row in failed)
        console.print(f"failed because: {escape(listed(list(reasons), 2))}")


def _show_importances(console: Console, sweep: Sweep, rows: Sequence[TrialRow]) -> None:
    objectives, space = sweep.config.objective, _space(sweep)
    place = next((n for n, objective in enumerate(objectives) if not is_cost(objective.metric)), 0)
    arms = list(dict.fromkeys(row.arm for row in ranked(rows, objectives)))
    several = len(sweep.arms) > 1
    names = short_keys(space)
    table = plain_table(*(["arm"] if several else []), "setting", *MEANING, left=("arm", "setting"))
    said: dict[str, list[str]] = {}
    weighed = 0
    for arm in arms:
        if weighed and weighed + len(space) > _MOST_ROWS:
            said.setdefault("not weighed here", []).append(arm)
            continue
        own = [row for row in rows if row.arm == arm]
        found = importances(own, space, maximize=maximize(objectives[place]), place=place)
        if found.why_not is not None:
            said.setdefault(found.why_not, []).append(arm)
        if found.left_out:
            left_out = ", ".join(names[key] for key in found.left_out)
            said.setdefault(f"left out, not asked for in every trial: {left_out}", []).append(arm)
        for line, (key, share) in enumerate(found.ped_anova.items()):
            weighed += 1
            cells = [shortened(arm, 28) if line == 0 else ""] if several else []
            fanova = f"{found.fanova[key]:.0%}" if key in found.fanova else "-"
            table.add_row(*map(escape, [*cells, names[key], f"{share:.0%}", fanova]))
    console.print(f"\n[bold]what mattered[/bold] for {escape(objectives[place].metric)}")
    if weighed:
        console.print(table)
        for method, meaning in MEANING.items():
            console.print(f"{method}: {meaning}")
        console.print("They answer different questions and can disagree widely; neither is a test.")
    for words, where in said.items():
        which = f" ({listed(where, 6)})" if several else ""
        console.print(escape(f"{words}{which}"))


def _space(sweep: Sweep) -> dict[str, Parameter]:
    return {parameter.key: parameter for parameter in Space.of(sweep.config).parameters}


def _show_edges(console: Console, sweep: Sweep, rows: Sequence[TrialRow], arms: Sequence[TrialArm]) -> None:
    objectives, space = sweep.config.objective, _space(sweep)
    if len(objectives) > 1:  # a front has ends by its nature
        return
    by_name = {arm.name: arm for arm in arms}
    found: dict[tuple[str, bool, bool], list[tuple[str, Edge]]] = {}
    for name in dict.fromkeys(row.arm for row in ranked(rows, objectives)):
        (best,) = best_rows([row for row in rows if row.arm == name], objectives)
        for edge in edges(best.parameters, space, _allowed(by_name.get(name), best.parameters)):
            found.setdefault((edge.key, edge.upper, edge.final), []).append((name, edge))
    if found:
        console.print("\n[bold]at the edge of the space[/bold]")
    for same in found.values():
        console.print(escape(_edge_in_words(same, several_arms=len(sweep.arms) > 1)))


def _allowed(arm: TrialArm | None, best: Mapping[str, Scalar]) -> Callable[[str, float], bool]:
    def allowed(key: str, value: float) -> bool:
        if arm is None:
            return True
        try:
            arm.experiment({**best, key: value})
        except UserError:
            return False
        return True

    return allowed


def _edge_in_words(same: Sequence[tuple[str, Edge]], several_arms: bool) -> str:
    """One line for the arms whose best value of a setting lies at the same end of its range."""
    edge = same[0][1]
    end, more = ("upper", "more") if edge.upper else ("lower", "less")
    at = "at" if all(edge.value == edge.limit for _, edge in same) else "close to"
    values = [f"{name} {scalar_in_words(edge.value)}" for name, edge in same]
    which = listed(values, 4) if several_arms else scalar_in_words(edge.value)
    words = (
        f"the best {edge.key} lies {at} the {end} end of its range, {scalar_in_words(edge.limit)} ({which})"
    )
    if edge.final:
        return f"{words}; {more} is not possible"
    return f"{words}: {more} may be better still, so widen it"


def _show_best(
    console: Console,
    sweep: Sweep,
    rows: Sequence[TrialRow],
    best: Sequence[TrialRow],
    words_of: Callable[[TrialRow], Sequence[str]],
) -> None:
    objectives = sweep.config.objective
    first = best[0]
    arm = f" of {first.arm}" if len(sweep.arms) > 1 else ""
    which = f"best by {objectives[0].metric}" if len(objectives) > 1 else "best"
    pairs = zip(objectives, first.values, strict=True)
    words = ", ".join(f"{o.metric} {value_in_words(o.metric, value, 4)}" for o, value in pairs)
    console.print(f"\n[bold]{which}[/bold]  trial {first.number}{escape(arm)}: {words}")
    result = result_of(trial_dir(sweep.directory, first.arm, first.number))
    for line in _baselines_in_words(result, first, objectives):
        console.print(line)
    alike = sum(row.values == first.values for row in ranked(rows, objectives))
    if len(objectives) == 1 and alike > 1:
        others = {2: "Another trial comes"}.get(alike, f"{alike - 1} other trials come")
        finer = "" if objectives[0].metric == "validation.loss" else "; validation.loss is finer"
        console.print(f"{others} to the same value: {objectives[0].metric} does not tell them apart{finer}.")
    counted = sum(row.state in COUNTED_STATES for row in rows)
    console.print(
        f"The best of {counted} trials on the validation data that chose it is an optimistic number: "
        "score it once on test data.",
    )
    console.print(
        "A search is no comparison: one seed a trial, so near ties mean nothing before they are repeated.",
    )
    console.print()
    start = (
        ["seqlab", "train"]
        if sweep.command[:1] == ("seqlab",)
        else [shown_python(), shown_script("train.py")]
    )
    if start[0] == "seqlab":
        start = [*shlex.split(shown_tool("seqlab")), "train"]
    trial, again = sweep.config.trial, list(words_of(first))
    console.print(
        f"the first of its {trial.runs} folds again" if trial.is_cross_validation else "the same again"
    )
    console.print(f"  {escape(shlex.join([*start, *sweep.flags, *again]))}", soft_wrap=True)
    if trial.is_cross_validation:
        console.print(
            "the same on all of the training data, for as many epochs as were best (the folds' median)"
        )
        words = whole_words(again, result.epochs["best"] if result is not None else None)
        console.print(f"  {escape(shlex.join([*start, *sweep.flags, *words]))}", soft_wrap=True)


def _baselines_in_words(
    result: RunResult | None, best: TrialRow, objectives: Sequence[ObjectiveConfig]
) -> list[str]:
    """What the data give without recurrence, beside the best value."""
    place = next((n for n, objective in enumerate(objectives) if not is_cost(objective.metric)), None)
    if result is None or place is None:
        return []
    objective, reached = objectives[place], best.values[place]
    metric = objective.metric.partition(".")[2]
    scores = {name: result.baselines.get(name, {}).get("validation", {}).get(metric) for name in _BASELINES}
    words = [
        f"{_BASELINES[name]} {value_in_words(objective.metric, value, 4)}"
        for name, value in scores.items()
        if value is not None
    ]
    if not words:
        return []
    lines = [f"without recurrence: {', '.join(words)} ({objective.metric})"]
    order_free = scores["order_free"]
    if order_free is not None and reached is not None:
        as_good = order_free >= reached if maximize(objective) else order_free <= reached
        if as_good and result.model.get("kind") != "order_free":
            lines.append("Order-free statistics do at least as well: nothing here shows that order matters.")
    return lines
