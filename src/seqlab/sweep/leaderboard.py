"""The best trials of a sweep, or its Pareto front, as a table with a column for every setting."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from seqlab.config.sweep import ObjectiveConfig
from seqlab.results import TrialRow
from seqlab.sweep.objectives import short_name, value_in_words
from seqlab.sweep.progress import best_rows, ranked
from seqlab.sweep.rows import TRIALS_FILE
from seqlab.sweep.table import plain_table, width_of
from seqlab.sweep.wording import parameters_in_words, scalar_in_words, short_keys, shortened

_TOP = 10
_MOST_ROWS = 12


def show_leaders(
    console: Console, rows: Sequence[TrialRow], objectives: Sequence[ObjectiveConfig], several_arms: bool
) -> None:
    several = len(objectives) > 1
    shown = best_rows(rows, objectives) if several else ranked(rows, objectives)
    title = (
        f"Pareto front: {len(shown)} trials, none beaten in everything by another"
        if several
        else "best trials"
    )
    console.print(f"\n[bold]{title}[/bold]")
    top = _spread(shown, _MOST_ROWS) if several else shown[:_TOP]
    heads = [short_name(objective.metric) for objective in objectives]
    heads += [*(["arm"] if several_arms else []), "trial", "epochs"]
    cells: list[list[str]] = []
    for row in top:
        pairs = zip(objectives, row.values, strict=True)
        line = [value_in_words(objective.metric, value, 4) for objective, value in pairs]
        line += [shortened(row.arm, 28)] if several_arms else []
        cells.append([*line, str(row.number), str(row.epochs)])
    _add_settings(heads, cells, top, console.width)
    table = plain_table(*heads, left=("arm", "settings"))
    for line in cells:
        table.add_row(*map(escape, line))
    console.print(table)
    if several and len(top) < len(shown):
        console.print(f"{len(top)} of the {len(shown)}, evenly spread; all of them are in {TRIALS_FILE}")


def _add_settings(heads: list[str], cells: Sequence[list[str]], rows: Sequence[TrialRow], width: int) -> None:
    """A column for every setting, or one for all of them where there is no room for so many."""
    keys = list(dict.fromkeys(key for row in rows for key in row.parameters))
    names = short_keys(keys)
    chosen = [
        [scalar_in_words(row.parameters[key]) if key in row.parameters else "" for key in keys]
        for row in rows
    ]
    used = width_of(heads, cells)
    if used + width_of([names[key] for key in keys], chosen) <= width + 2:
        heads += [names[key] for key in keys]
        for line, own in zip(cells, chosen, strict=True):
            line += own
        return
    heads.append("settings")
    for line, row in zip(cells, rows, strict=True):
        line.append(parameters_in_words(row.parameters, names, max(width - used, 16)))


def _spread(rows: Sequence[TrialRow], most: int) -> list[TrialRow]:
    """At most so many rows, the first and the last among them."""
    if len(rows) <= most:
        return list(rows)
    return [rows[round(place * (len(rows) - 1) / (most - 1))] for place in range(most)]
