"""The table of arms: what became of their trials, and their best. Live, in the summary and in `seqlab status`."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table

from seqlab.config.sweep import ObjectiveConfig
from seqlab.results import TrialRow
from seqlab.sweep.objectives import short_name, value_in_words
from seqlab.sweep.progress import ArmProgress, ranked
from seqlab.sweep.wording import parameters_in_words, short_keys, shortened

_GAP = 2
_ROOM = 20  # less than this is too little for parameters
_LONGEST_NAME = 28
_NARROW = {"pruned": "prun", "diverged": "div", "failed": "fail", "infeasible": "inf", "running": "run"}


def progress_table(
    progress: Sequence[ArmProgress],
    objectives: Sequence[ObjectiveConfig],
    *,
    width: int,
    ended: bool = False,
    most: int | None = None,
) -> Table:
    """A row for every arm; with little room those that run and the best, and how many are left out.

    Args:
        progress: of every arm.
        objectives: what is improved.
        width: columns of the terminal.
        ended: whether it is a ledger of what was spent, rather than a look at what runs.
        most: rows that there is room for; None for all.
    """
    shown = chosen_arms(progress, objectives, most)
    heads, cells = _cells(progress, shown, objectives, ended)
    if len(progress) == 1:  # nothing to tell apart
        heads, cells = heads[1:], [row[1:] for row in cells]
    used = width_of(heads, cells)
    if used > width:
        heads = [_NARROW.get(head, head) for head in heads]
        used = width_of(heads, cells)
    bests = [arm.best for arm in shown]
    room = width - used
    if len(progress) > 1 and room >= _ROOM:
        names = short_keys({key for best in bests if best is not None for key in best.parameters})
        heads.append("with")
        for row, best in zip(cells, bests, strict=True):
            row.append("" if best is None else parameters_in_words(best.parameters, names, room))
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    for head in heads:
        left = head in ("arm", "with")
        table.add_column(head, justify="left" if left else "right", no_wrap=True, overflow="ellipsis")
    for row in cells:
        table.add_row(*map(escape, row))
    if len(shown) < len(progress):
        table.caption, table.caption_justify, table.caption_style = (
            f"and {len(progress) - len(shown)} more arms",
            "left",
            "",
        )
    return table


def width_of(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """Columns that a table needs, with a gap behind each of its own."""
    return sum(max(map(cell_len, column)) + _GAP for column in zip(heads, *cells, strict=True))


def _cells(
    progress: Sequence[ArmProgress],
    shown: Sequence[ArmProgress],
    objectives: Sequence[ObjectiveConfig],
    ended: bool,
) -> tuple[list[str], list[list[str]]]:
    infeasible = any(arm.counts.get("infeasible", 0) for arm in progress)
    heads = ["arm", "complete" if ended else "done", "pruned", "diverged", "failed"]
    heads += ["infeasible"] if infeasible else []
    heads += ["epochs"] if ended else ["running"]
    heads.append(f"best {short_name(objectives[0].metric)}" if ended else "best")
    heads += ["front"] if len(objectives) > 1 else []
    cells: list[list[str]] = []
    for arm in shown:
        count = arm.counts.get
        rate = f" ({arm.divergence_rate:.0%})" if ended and count("diverged", 0) else ""
        row = [shortened(arm.arm, _LONGEST_NAME), str(count("complete", 0)), str(count("pruned", 0))]
        row += [f"{count('diverged', 0)}{rate}", str(count("failed", 0))]
        row += [str(count("infeasible", 0))] if infeasible else []
        row.append(f"{arm.epochs:,}" if ended else str(count("running", 0)))
        row.append(best_in_words(arm.best, objectives))
        row += [str(arm.front)] if len(objectives) > 1 else []
        cells.append(row)
    return heads, cells


def best_in_words(best: TrialRow | None, objectives: Sequence[ObjectiveConfig]) -> str:
    """The first objective of a best trial, or a dash."""
    return "-" if best is None else value_in_words(objectives[0].metric, best.values[0], 4)


def chosen_arms(
    progress: Sequence[ArmProgress], objectives: Sequence[ObjectiveConfig], most: int | None
) -> list[ArmProgress]:
    """The arms to show where there is room for `most` lines: those that run, then the best; in their own order."""
    if most is None or len(progress) <= most:
        return list(progress)
    most = max(most - 1, 1)  # a line says how many are left out
    bests = ranked([arm.best for arm in progress if arm.best is not None], objectives)
    rank = {row.arm: place for place, row in enumerate(bests)}
    running = [arm for arm in progress if arm.counts.get("running", 0)]
    others = sorted(
        (arm for arm in progress if not arm.counts.get("running", 0)),
        key=lambda arm: rank.get(arm.arm, len(rank)),
    )
    best = [arm for arm in progress if rank.get(arm.arm) == 0]  # is always among them
    chosen = {arm.arm for arm in [*best, *(arm for arm in [*running, *others] if arm not in best)][:most]}
    return [arm for arm in progress if arm.arm in chosen]


def plain_table(*heads: str, left: Sequence[str] = ()) -> Table:
    """An empty table without lines; columns are numbers, but those in `left`."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, justify="left" if head in left else "right", no_wrap=True)
    return table
