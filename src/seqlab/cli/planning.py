"""`seqlab plan`: what a comparison would cost here, and what it could find, before anything is spent."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from seqlab.cli.outcome import leaving_at_once
from seqlab.cli.sweeping import sweep_of
from seqlab.errors import UserError
from seqlab.screen import PLAIN_WIDTH, duration_in_words
from seqlab.sweep.introduction import spared_in_words
from seqlab.sweep.pool import warm_up
from seqlab.sweep.table import plain_table


def plan(words: Sequence[str], config_dir: Path | None) -> int:
    """Print runs, time and detectable differences of a comparison; nothing is kept.

    Args:
        words: as behind `python sweep.py`.
        config_dir: a folder with YAML of the user's own.

    Raises:
        UserError: for whatever the user can put right, also for a sweep that is no comparison.
    """
    sweep, arms = sweep_of(words, config_dir, ["seqlab", "plan", *words])
    if not sweep.config.protocol.contrasts:
        raise UserError(
            f"seqlab plan: {sweep.name} is a search, not a comparison (its file has no protocol.contrasts)\n"
            "see docs/protocol.md; python sweep.py shows what a search spends"
        )
    with leaving_at_once():
        warm_up()
        from seqlab.comparison.phases import prepared
        from seqlab.comparison.planning import measured, phases_of, test_items
        from seqlab.comparison.power import beside_margin, detectable

    console = Console(width=PLAIN_WIDTH, highlight=False)
    comparison = prepared(sweep, arms)
    console.print(f"[bold]{sweep.name}[/bold]  {sweep.config.question}", soft_wrap=True)
    for name, text in comparison.plan.words.items():
        console.print(f"  {name:<20} {text}", soft_wrap=True)
    console.print(f"\ntrials are chosen by {comparison.chosen_by}", soft_wrap=True)
    console.print(f"measuring a short training of each of {len(comparison.plan.arms)} arms ...")
    seconds, workers = measured(comparison, lambda line: console.print(line))
    phases = phases_of(comparison, seconds, workers)
    table = plain_table("", "runs", "epochs at most", f"time, {workers} at a time", left=("",))
    for phase in phases:
        table.add_row(phase.name, f"{phase.runs:,}", f"{phase.epochs:,}", duration_in_words(phase.seconds))
    total = sum(phase.seconds for phase in phases)
    runs, epochs = (sum(values) for values in zip(*((p.runs, p.epochs) for p in phases), strict=True))
    table.add_row("together", f"{runs:,}", f"{epochs:,}", duration_in_words(total))
    console.print(table)
    if sweep.config.pruner.name != "none":
        console.print(
            f"{sweep.config.pruner.name} ends trials early, so tuning takes less than that; "
            f"{spared_in_words(sweep.config)}",
            soft_wrap=True,
        )
    items, protocol = test_items(comparison), sweep.config.protocol
    looks, contrasts = protocol.replicates, len(protocol.contrasts)
    corrected = f", corrected for {contrasts} contrasts" if contrasts > 1 else ""
    console.print(
        f"\nsmallest true difference that four of five such comparisons would find, with {items:,} test items"
        f"{corrected}:"
    )
    table = plain_table(
        "seeds move the difference by", "arms disagree on", *(f"{n} replicates" for n in looks), left=("",)
    )
    for row in detectable(looks, items, contrasts):
        cells = [f"{100 * row.difference[n]:.1f} points" for n in looks]
        table.add_row(f"{100 * row.deviation:.1f} points", f"{100 * row.disagreement:g} % of items", *cells)
    console.print(table)
    console.print(f"\n{beside_margin(looks, items, contrasts, protocol.margin)}")
    console.print("How much seeds move a difference is known only afterwards: the report says it.")
    return 0
