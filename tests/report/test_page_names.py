"""Names that no screen shows as they are: they neither turn the page's text around nor keep it from being written."""

from pathlib import Path

import numpy as np
import pytest

from seqlab.report.judging import judge
from seqlab.report.page import write_page

SCORES = np.random.default_rng(4).normal(0.9, 0.01, (2, 5))


def page_with(evidence, folder: Path, name: str) -> str:
    made = evidence({name: SCORES[0], "plain": SCORES[1]}, more={"title": name, "notes": [f"{name} is odd."]})
    return write_page(made, judge(made), folder, folder / "figures").read_text(encoding="utf-8")


@pytest.mark.parametrize("mark", [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_a_name_does_not_turn_the_text_behind_it_around(evidence, tmp_path: Path, mark: int):
    source = page_with(evidence, tmp_path, f"left{chr(mark)}right")
    assert chr(mark) not in source and "leftright is odd." in source


def test_a_name_that_reads_from_the_right_stays_whole(evidence, tmp_path: Path):
    assert "שלום עולם is odd." in page_with(evidence, tmp_path, "שלום עולם")


def test_half_a_character_does_not_keep_the_page_from_being_written(evidence, tmp_path: Path):
    assert "run ? is odd." in page_with(evidence, tmp_path, "run \udc80")


def test_an_axis_may_be_named_with_lone_dollars(evidence, tmp_path: Path):
    made = evidence({"a": SCORES[0], "b": SCORES[1]}, metric="score in $ and \\foo$")
    assert (
        "score in $ and \\foo$" in write_page(made, judge(made), tmp_path, tmp_path / "figures").read_text()
    )
