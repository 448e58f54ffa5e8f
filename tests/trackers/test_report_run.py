"""The report of a comparison as a W&B run, offline, read back with W&B's own reader."""

import csv
import json
from pathlib import Path

import pytest
from tests.report.example_evidence import whole

from seqlab import paths
from seqlab.comparison.phases import Comparison
from seqlab.comparison.tracking import track_report
from seqlab.replication import Plan
from seqlab.report.judging import judge
from seqlab.report.writing import write_report
from seqlab.sweep.arms import compose_arms
from seqlab.sweep.loading import load_sweep

FILE = """\
name: deeper
fixed: [logger=%s]
arms: {lstm: [model=lstm], lstm_stacked: [model=lstm_stacked]}
space: {optimizer.lr: {low: 1e-4, high: 1e-1, log: true}}
protocol: {contrasts: {a second layer: [lstm_stacked, lstm]}, margin: 0.02}
"""


def comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logger: str, *words: str) -> Comparison:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "local_conf_dirs", list)
    Path("own.yaml").write_text(FILE % logger, encoding="utf-8")
    sweep = load_sweep(["sweep=own.yaml", *words], None, [])
    arms = {arm.name: list(arm.overrides) for arm in sweep.arms}
    return Comparison(
        sweep=sweep, arms=compose_arms(sweep), plan=Plan(arms=arms, words={}, contrasts=[], widths=[])
    )


def test_page_figures_tables_and_verdicts_lie_in_the_sweeps_group(read_back, tmp_path, monkeypatch):
    evidence = whole(("lstm", "lstm_stacked"), R=3, N=40, C=2, trials=6)
    findings = judge(evidence)
    page = write_report(evidence, tmp_path / "report", findings)
    verdicts = {f"verdict.{v.contrast.name}": v.word for v in findings.primary}
    asked = comparison(tmp_path, monkeypatch, "wandb")
    line = track_report(asked, page, {"answer": findings.answer, **verdicts})
    assert line is not None and "offline" in line

    records = read_back(page.parent)
    (run,) = records["run"]
    assert (run["job_type"], run["run_group"], run["display_name"]) == (
        "report",
        "deeper",
        "report of deeper",
    )
    assert run["tags"] == ["report"]
    config = run["config"]["update"]
    assert config["protocol"]["margin"] == 0.02 and list(config["arms"]) == ["lstm", "lstm_stacked"]
    final = {key: value for row in records["summary"] for key, value in row["update"].items()}
    assert verdicts and {key: final[key] for key in verdicts} == verdicts
    assert (final["answer"], final["status"]) == (findings.answer, "completed")

    (folder,) = (page.parent / "wandb").glob("offline-run-*")
    files = folder / "files"
    assert (files / final["page.path"]).read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    figures = sorted((page.parent / "figures").glob("*.png"))
    assert figures
    for figure in figures:
        assert (files / final[f"figures/{figure.stem}.path"]).stat().st_size > 0
    tables = sorted((page.parent / "tables").glob("*.csv"))
    assert {"verdicts", "leaderboard"} <= {path.stem for path in tables}
    for path in tables:
        with path.open(encoding="utf-8", newline="") as stream:
            columns, *rows = csv.reader(stream)
        if rows:
            stored = json.loads((files / final[f"tables/{path.stem}.path"]).read_text(encoding="utf-8"))
            assert (stored["columns"], stored["data"]) == (columns, rows)

    assert track_report(asked, page, {}) is None  # a report is told once
    assert len(list((page.parent / "wandb").glob("offline-run-*"))) == 1


@pytest.mark.parametrize("logger", ["none", "csv"])
def test_without_wandb_nothing_is_told(tmp_path, monkeypatch, logger):
    page = tmp_path / "report" / "report.html"
    assert track_report(comparison(tmp_path, monkeypatch, logger), page, {}) is None
    assert not page.parent.exists()
