"""Several comparisons in one table: their names, what is left out, and what stands above every arm."""

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console
from tests.report.example_evidence import whole

from seqlab.cli.parsing import run_command
from seqlab.errors import UserError
from seqlab.report import survey as module
from seqlab.report.evidence import Evidence
from seqlab.report.survey import show_survey, survey, write_survey


def on(dataset: str, title: str, seed: int, **changes) -> Evidence:
    made = whole(R=5, N=60, trials=3, seed=seed)
    return dataclasses.replace(
        made,
        title=title,
        results=[dataclasses.replace(result, dataset=dataset) for result in made.results],
        references=[dataclasses.replace(reference, dataset=dataset) for reference in made.references],
        **changes,
    )


@pytest.fixture
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Directories of sweeps that stand for evidence; None for one that is not at its end."""

    def make(**evidence: Evidence | None) -> list[Path]:
        for name in evidence:
            (tmp_path / name).mkdir()
            (tmp_path / name / "sweep.yaml").write_text("")

        def read(path: Path) -> Evidence:
            found = evidence[path.name]
            if found is None:
                raise UserError(f"{path}: this comparison is not at its end\nexpected: one that is")
            return found

        monkeypatch.setattr(module, "evidence_of_sweep", read)
        return [tmp_path / name for name in evidence]

    return make


THREE = {f"s{n}": on(f"data {n}", f"depth_{word}", n) for n, word in enumerate(("one", "two", "three"))}


def test_comparisons_that_ask_the_same_are_judged_together(sweeps, tmp_path):
    found = survey(sweeps(**THREE), "seqlab report all of them")
    names = list(dict.fromkeys(line.comparison for line in found.lines))
    assert names == ["depth_one", "depth_two", "depth_three", "depth, together"]
    assert {line.dataset for line in found.lines if line.comparison == names[-1]} == {"all 3"}
    assert found.whole is not None and found.whole.commands[0] == "seqlab report all of them"
    assert not any(line.startswith("seqlab report runs/") for line in found.whole.commands)
    stream = io.StringIO()
    show_survey(found, Console(file=stream, width=100))
    assert "depth_three, data 2" in stream.getvalue()
    rows = [line for line in write_survey(found, tmp_path).read_text().splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(found.lines)


def test_what_is_not_at_its_end_is_left_out_and_said(sweeps):
    found = survey(sweeps(**THREE, rest=None))
    assert any(note.startswith("Left out: ") and "not at its end" in note for note in found.notes)
    assert found.whole is not None
    with pytest.raises(UserError, match="not at its end"):
        survey(list(sweeps(alone=None)))


def test_a_reference_above_every_arm_is_said(sweeps):
    better = on("data 9", "nine", 9)
    top = dataclasses.replace(
        better.references[0], name="MiniRocket, all of it", scores=better.references[0].scores * 0 + 1
    )
    found = survey(
        sweeps(a=dataclasses.replace(better, references=[*better.references, top]), b=on("x", "ten", 2))
    )
    (note,) = found.notes
    assert note.startswith("nine: a reference stands above every arm (MiniRocket, all of it 100.0 %, bilstm")


def test_names_that_two_sweeps_share_are_told_apart(sweeps):
    found = survey(sweeps(a=on("x", "same", 1), b=on("y", "same", 2)))
    assert len({line.comparison for line in found.lines}) == 2


def test_costs_and_rules_that_differ_are_not_those_of_the_first(sweeps):
    big = whole(R=5, N=60, trials=3, seed=4)
    arms = [dataclasses.replace(arm, cost={**arm.cost, "parameters": 100_000.0}) for arm in big.arms]
    rules = dataclasses.replace(
        big.rules, width_words="Other widths.", rules=[*big.rules.rules, "Only here."]
    )
    other = on("data 7", "depth_four", 4, arms=arms, rules=rules)
    found = survey(sweeps(**THREE, four=other)).whole
    assert found is not None
    costs = [arm.cost["parameters"] for arm in found.arms]
    assert costs[0] == pytest.approx((3 * 20_300 + 100_000) / 4)
    assert found.rules.width_words == "" and "Only here." not in found.rules.rules and found.rules.rules


def test_a_report_among_sweeps_is_passed_over_and_anything_else_refused(sweeps, tmp_path, capsys):
    paths = sweeps(**THREE)
    assert run_command(["report", *map(str, paths), "--out", str(tmp_path / "report")]) == 0
    again = sorted(path for path in tmp_path.iterdir() if path.is_dir())
    assert tmp_path / "report" in again
    assert run_command(["report", *map(str, again), "--out", str(tmp_path / "report")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "report" / "report.html")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no directory of a sweep"):
        run_command(["report", *map(str, again), str(tmp_path / "empty")])
