"""Recurrence is needed only where an arm beats everything that does without it."""

import dataclasses
import io

import numpy as np
import pytest
from rich.console import Console

from seqlab.references import (
    _of_how_many,  # pyright: ignore[reportPrivateUsage]
    capped_in,
)
from seqlab.report.evidence import Reference
from seqlab.report.judging import judge
from seqlab.report.markdown import markdown
from seqlab.report.on_screen import show
from seqlab.report.writing import write_report

RNG = np.random.default_rng(4)
EASY = RNG.normal(0, 1, 400)


def right(level: float, runs: int) -> np.ndarray:
    return EASY + RNG.normal(0, 0.3, (runs, 400)) < level


def reference(
    name: str, level: float, runs: int = 1, of_arm: str | None = None, items: bool = True
) -> Reference:
    told = right(level, runs).astype(float)
    return Reference(
        name=name, dataset="toy", scores=told.mean(axis=1), item_scores=told if items else None, of_arm=of_arm
    )


def said(evidence, of_items, references, level: float = 1.5) -> str:
    made = evidence({"lstm": []}, results=[of_items({"lstm": right(level, 6)})])
    return judge(dataclasses.replace(made, references=references)).recurrence["lstm"]


ALL = (
    ("majority class", 0.0, 1, None),
    ("pooled statistics, SVM", 0.8, 1, None),
    ("MiniRocket", 1.0, 3, None),
)


def test_all_are_beaten(evidence, of_items):
    references = [*(reference(*row) for row in ALL), reference("lstm on shuffled time", 0.9, 6, "lstm")]
    sentence = said(evidence, of_items, references)
    assert sentence.startswith("Recurrence is needed here: lstm beats all references (closest is MiniRocket")


def test_one_is_not_beaten(evidence, of_items):
    references = [*(reference(*row) for row in ALL), reference("lstm on shuffled time", 1.5, 6, "lstm")]
    sentence = said(evidence, of_items, references)
    assert sentence.startswith(
        "Recurrence is not shown to be needed here: lstm does not beat lstm on shuffled time"
    )


@pytest.mark.parametrize("missing", ["MiniRocket", "pooled statistics, SVM", "lstm on shuffled time"])
def test_what_was_not_tried_leaves_it_open(evidence, of_items, missing):
    references = [*(reference(*row) for row in ALL), reference("lstm on shuffled time", 0.9, 6, "lstm")]
    sentence = said(evidence, of_items, [r for r in references if r.name != missing])
    assert sentence.startswith("Whether recurrence is needed here is open")


def test_a_reference_of_another_arm_does_not_count(evidence, of_items):
    references = [reference(*row) for row in ALL]
    sentence = said(evidence, of_items, [*references, reference("gru on shuffled time", 3.0, 6, "gru")])
    assert "gru" not in sentence and "none of the arm on shuffled time" in sentence


def test_references_without_items(evidence, of_items):
    references = [reference(*row, items=False) for row in ALL]
    references.append(reference("lstm on shuffled time", 0.9, 6, "lstm", items=False))
    assert said(evidence, of_items, references).startswith("Recurrence is needed here")


def test_one_run_leaves_it_open(evidence, of_items):
    made = evidence({"lstm": []}, results=[of_items({"lstm": right(1.5, 1)})])
    words = judge(dataclasses.replace(made, references=[reference(*ALL[0])])).recurrence["lstm"]
    assert words.startswith("Whether recurrence is needed here is open") and "one run says nothing" in words


def test_without_references_nothing_is_said(evidence, of_items):
    assert judge(evidence({"lstm": []}, results=[of_items({"lstm": right(1.5, 6)})])).recurrence == {}


def test_a_reference_that_saw_a_part_of_the_data_says_so_wherever_it_stands(evidence, of_items, tmp_path):
    capped = dataclasses.replace(
        reference("MiniRocket", 1.0, 3), capped="fitted to 4,000 of 9,000 sequences", dataset="toy"
    )
    made = evidence({"lstm": []}, results=[of_items({"lstm": right(1.5, 6)})])
    made = dataclasses.replace(made, references=[*(reference(*row) for row in ALL[:2]), capped])
    findings = judge(made)
    assert "MiniRocket (fitted to 4,000 of 9,000 sequences)" in findings.recurrence["lstm"]
    assert any(
        "MiniRocket was fitted to 4,000 of 9,000 sequences" in caution for caution in findings.cautions
    )
    stream = io.StringIO()
    show(made, findings, Console(file=stream, width=110, highlight=False))
    page = write_report(made, tmp_path, findings).read_text()
    tables = [(tmp_path / "tables" / name).read_text() for name in ("leaderboard.csv", "leaderboard.tex")]
    for text in (stream.getvalue(), markdown(made, findings), *tables):
        assert "fitted to 4,000 of 9,000 sequences" in text
    board = page.partition('id="leaderboard"')[2].partition("</table>")[0]
    assert "fitted to 4,000 of 9,000 sequences" in board


def test_the_cap_is_read_out_of_the_note_of_a_reference():
    labels = np.zeros(9_000, dtype=np.int64)
    note = f"radial kernel, C 1 by 3-fold cross-validation, {_of_how_many(np.arange(4_000), labels)}"
    assert capped_in(note) == "fitted to 4,000 of 9,000 sequences"
    assert capped_in("every series resampled to 40 steps") == ""
