"""A comparison from the command line: tune, choose, replicate, report."""

from pathlib import Path

from seqlab.cli.reporting import present
from seqlab.comparison.phases import conclude, prepared
from seqlab.comparison.tracking import track_report
from seqlab.replication import REPORT_FOLDER
from seqlab.report.from_sweep import evidence_of_sweep
from seqlab.report.judging import judge
from seqlab.screen import shown_path
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.definition import Sweep
from seqlab.sweep.running import run_sweep
from seqlab.sweep.view import SweepScreen


def compare(sweep: Sweep, arms: list[ComposedArm]) -> int:
    """Do what a comparison has left to do, and write its report; returns the exit code.

    The last line on the screen is the path of the page.

    Raises:
        UserError: for whatever the user can put right.
        RunFailed: if a run cannot be done.
    """
    comparison = prepared(sweep, arms)
    screen = SweepScreen(goes_on=True, more=[("chosen by", comparison.chosen_by)])
    code = run_sweep(comparison.sweep, comparison.arms, screen)
    if code:
        return code
    print()
    code = conclude(comparison, _is_settled, _say)
    if code:
        return code
    directory = comparison.sweep.directory
    page, findings = present(evidence_of_sweep(directory), directory / REPORT_FOLDER)
    summary = {f"verdict.{v.contrast.name}": v.word for v in findings.primary}
    line = track_report(comparison, page, {"answer": findings.answer, **summary})
    if line is not None:
        print(line)
    print(shown_path(page))
    return 0


def _is_settled(directory: Path, replicates: int) -> bool:
    """Whether no primary contrast is open that more seeds could settle; those on blocked arms they could not."""
    evidence = evidence_of_sweep(directory)
    blocked = evidence.tuning.blocked if evidence.tuning is not None else {}
    return all(
        verdict.word != "open" or verdict.contrast.arm in blocked or verdict.contrast.than in blocked
        for verdict in judge(evidence).primary
    )


def _say(line: str) -> None:
    print(line, flush=True)
