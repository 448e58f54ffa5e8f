"""The report as a run of the tracker: the page, its figures and its tables, in the group of the sweep."""

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

from seqlab.comparison.phases import Comparison
from seqlab.config.build import to_plain
from seqlab.redaction import redact
from seqlab.trackers import Outcome, RunAbout, make_tracker


def track_report(
    comparison: Comparison, page: Path, summary: Mapping[str, float | int | str | None]
) -> str | None:
    """Hand a report to the logger of the sweep's runs, once.

    Args:
        comparison: whose report it is.
        page: report.html; figures/ and tables/ lie beside it.
        summary: flat names -> what to show of it in a list of runs.

    Returns:
        A line worth saying, or None.
    """
    sweep, arm = comparison.sweep, comparison.arms[0]
    logger = arm.experiment(arm.walk(lambda parameter: parameter.ends()[0])).logger
    folder = page.parent
    if logger.name != "wandb" or (folder / "wandb").exists():
        return None
    tracker = make_tracker(logger, lambda line: print(line, file=sys.stderr))
    line = tracker.start(
        RunAbout(
            name=f"report of {sweep.name}",
            config=redact({"protocol": to_plain(sweep.config.protocol), "arms": comparison.plan.arms}),
            tags=["report"],
            group=logger.wandb.group or sweep.name,
            job_type="report",
            run_dir=folder,
        )
    )
    tables = {path.stem: _rows(path) for path in sorted((folder / "tables").glob("*.csv"))}
    tracker.finish(
        Outcome(
            status="completed",
            summary=summary,
            figures=sorted((folder / "figures").glob("*.png")),
            page=page,
            tables={name: rows for name, rows in tables.items() if len(rows) > 1},
        )
    )
    return line


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))
