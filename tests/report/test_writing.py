"""What is written: tables that can be read back, Markdown and LaTeX in which no name does harm."""

import csv
import io
import math
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from seqlab.report.judging import judge
from seqlab.report.markdown import markdown
from seqlab.report.on_screen import show
from seqlab.report.tables import write_tables

RNG = np.random.default_rng(2)
EVIL = 'x_1 & <script>alert("1")</script> | 50% $\\alpha$ `#` \n new [b]line[/b]'
SCORES = {EVIL: RNG.normal(0.9, 0.01, 6), "plain": RNG.normal(0.8, 0.01, 6)}


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_tables_can_be_read_back(evidence, tmp_path: Path):
    made = evidence(SCORES)
    findings = judge(made)
    written = write_tables(made, findings, tmp_path)
    assert {path.name for path in written} >= {
        "leaderboard.csv",
        "leaderboard.tex",
        "verdicts.csv",
        "differences.csv",
    }
    rows = read_csv(tmp_path / "verdicts.csv")
    verdict = findings.primary[0]
    assert rows[0]["than"] == EVIL and rows[0]["arm"] == "plain" and rows[0]["verdict"] == "worse"
    assert float(rows[0]["difference"]) == verdict.difference.value
    assert rows[0]["sentence"] == verdict.sentence
    differences = read_csv(tmp_path / "differences.csv")
    redone = np.mean([float(row["difference"]) for row in differences])
    assert redone == pytest.approx(verdict.difference.value)


def test_gaps_are_empty_in_csv(evidence, tmp_path: Path):
    made = evidence({"a": [0.5], "b": [math.nan]})
    write_tables(made, judge(made), tmp_path)
    text = (tmp_path / "verdicts.csv").read_text() + (tmp_path / "leaderboard.csv").read_text()
    assert "nan" not in text.replace("finance", "")


def test_markdown_holds_answer_verdicts_rules_and_objections(evidence):
    made = evidence(
        SCORES, more={"question": "Which?", "notes": ["A note."], "commands": ["seqlab report x"]}
    )
    findings = judge(made)
    text = markdown(made, findings)
    for title in ("# toy", "**Question:** Which?", "**Answer:**", "## Leaderboard", "## Primary contrasts"):
        assert title in text
    for title in (
        "## Rules that were in force",
        "## Objections that can be made",
        "## Notes",
        "seqlab report x",
    ):
        assert title in text
    assert "<script" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, "every row has the same cells"


def test_the_screen_is_plain_and_narrow_enough(evidence):
    made = evidence(SCORES, more={"question": "Which [one]?"})
    stream = io.StringIO()
    show(made, judge(made), Console(file=stream, width=80, highlight=False))
    text = stream.getvalue()
    assert "Which [one]?" in text and "answer" in text and "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert not any(
        line != line.rstrip() for line in text.splitlines() if line.startswith(("answer", " " * 10))
    )


def test_long_lists_are_cut_on_screen_and_in_markdown_but_not_in_tables(evidence, tmp_path: Path):
    scores = {f"m{n}": RNG.normal(0.5 + n / 1000, 0.01, 3) for n in range(60)}
    made = evidence(scores, primary=[])
    findings = judge(made)
    stream = io.StringIO()
    show(made, findings, Console(file=stream, width=100, highlight=False))
    assert len(stream.getvalue().splitlines()) < 60 and "more" in stream.getvalue()
    assert len(markdown(made, findings).splitlines()) < 160
    write_tables(made, findings, tmp_path)
    assert len((tmp_path / "verdicts.csv").read_text().splitlines()) == 1 + 60 * 59 // 2


def test_halves_of_characters_and_control_characters_harm_nothing(evidence, tmp_path: Path):
    """A lone surrogate cannot be written, an escape sequence would be obeyed, a turning mark would turn a verdict."""
    name = "half \ud83d \x1b[31mred \u202eturned"
    made = evidence(
        {name: SCORES["plain"], "plain": SCORES[EVIL]},
        more={"question": name, "title": name, "commands": [f"seqlab report {name}"], "notes": [name]},
    )
    findings = judge(made)
    write_tables(made, findings, tmp_path)
    stream = io.StringIO()
    show(made, findings, Console(file=stream, width=100, highlight=False))
    for text in (stream.getvalue(), markdown(made, findings)):
        text.encode("utf-8")
        assert "red" in text and "\x1b" not in text and "\u202e" not in text
    assert "half ? " in (tmp_path / "leaderboard.csv").read_text(encoding="utf-8")
    assert "half ? " in (tmp_path / "leaderboard.tex").read_text(encoding="utf-8")
