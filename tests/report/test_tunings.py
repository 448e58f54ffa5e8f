"""Repeated tunings: from five on they are the unit, and chance is split into tuning, seeds and test items."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqlab.replication import Chosen, Plan
from seqlab.report.comparing import compare
from seqlab.report.evidence import Results
from seqlab.report.from_replicates import results_of
from seqlab.report.from_sweep import blocked_arms
from seqlab.report.judging import judge

CLASSES = ["no", "yes"]
TRUTH = np.arange(40) % 2


def row(arm: str, tuning: int, at_edge: list[str] | None = None) -> Chosen:
    return Chosen(
        arm=arm, tuning=tuning, trial=0, parameters={}, epochs=1, reruns=[0.5], candidates={}, best_of=1,
        best_value=0.5, at_edge=at_edge or [],
    )  # fmt: skip


def stored(tmp_path: Path, tunings: int, metric: str, seeds: int = 3, lost: tuple[Any, ...] = ()) -> Results:
    """Replicates of arms a and b, of which `a` of tuning t and seed s has t + s items wrong, and `b` one more."""
    rows: list[dict[str, Any]] = []
    runs: dict[tuple[str, int], list[Any]] = {}
    for number, arm in enumerate(("a", "b")):
        for tuning in range(tunings):
            for seed in range(seeds):
                if (arm, tuning) in lost:
                    continue
                wrong = np.arange(40) < tuning + seed + number
                said = np.where(wrong, 1 - TRUTH, TRUTH)
                place = {"kind": "replicate", "arm": arm, "tuning": tuning, "pair": str(1000 + seed)}
                rows += [
                    {**place, "item": str(n), "truth": CLASSES[TRUTH[n]], "predicted": CLASSES[said[n]],
                     "p_no": 1.0 - said[n], "p_yes": float(said[n])}
                    for n in range(40)
                ]  # fmt: skip
                run = SimpleNamespace(
                    run_dir=Path(place["pair"]), status="completed", task={"classes": CLASSES},
                    data={"name": "toy"}, metrics={"test": {metric: float((said == TRUTH).mean())}},
                )  # fmt: skip
                runs.setdefault((arm, tuning), []).append(run)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "replicates.parquet")
    chosen = [row(*key) for key in runs]
    runs = {key: runs.get(key, []) for key in [("a", 0), ("b", 0), *runs]}
    plan = Plan(arms={"a": [], "b": []}, words={}, contrasts=[], widths=[])
    return results_of(tmp_path, plan, chosen, runs, metric)


def test_up_to_four_tunings_every_replicate_is_a_pair(tmp_path):
    found = stored(tmp_path, 2, "accuracy")
    assert found.pairs_are == "seeds" and len(found.pairs) == 6
    assert found.pairs[3] == "1000 of tuning 2"
    assert found.scores["a"] == pytest.approx([1, 39 / 40, 38 / 40, 39 / 40, 38 / 40, 37 / 40])


@pytest.mark.parametrize("metric", ["accuracy", "f1_macro"])
def test_from_five_on_a_tuning_is_a_pair_whatever_the_metric(tmp_path, metric):
    found = stored(tmp_path, 5, metric)
    assert found.pairs_are == "tunings" and len(found.pairs) == 5
    assert found.scores["a"] == pytest.approx([1 - (t + 1) / 40 for t in range(5)])
    compared = compare(found, metric, "b", "a")
    assert compared.pairs == 5 and compared.mean.value == pytest.approx(-1 / 40)
    if metric == "accuracy":
        assert compared.items == 40
        assert found.item_scores["a"].mean(axis=1) == pytest.approx(found.scores["a"])


def test_a_tuning_that_came_to_nothing_leaves_its_pair_open(tmp_path):
    found = stored(tmp_path, 5, "accuracy", lost=(("a", 1),))
    assert np.isnan(found.scores["a"]).tolist() == [False, True, False, False, False]
    assert compare(found, "accuracy", "b", "a").pairs == 4
    assert len(stored(tmp_path, 2, "accuracy", lost=(("a", 1),)).pairs) == 6


def test_what_tunings_differ_by_is_split_as_it_was_made(evidence):
    rng = np.random.default_rng(3)
    tuning, seed, S = 0.02, 0.03, 4
    differences = rng.normal(0, tuning, (4000, 1)) + rng.normal(0, seed, (4000, S))
    of_tunings = {"b": 0.8 + differences, "a": np.full_like(differences, 0.8)}
    scores = {arm: values.mean(axis=1) for arm, values in of_tunings.items()}
    findings = judge(
        evidence(scores, tunings=4000, about_results={"of_tunings": of_tunings, "pairs_are": "tunings"})
    )
    shares = findings.primary[0].shares
    expected = (seed**2 / S) / (tuning**2 + seed**2 / S)
    assert shares == pytest.approx({"tuning": 1 - expected, "seeds": expected}, abs=0.03)
    assert "from tuning" in findings.sure
    assert not any("for these configurations" in words for words in findings.primary[0].conditional)


@pytest.mark.parametrize(
    ("edges", "tunings", "barred"), [(1, 1, True), (1, 2, True), (2, 5, False), (3, 5, True)]
)
def test_an_arm_is_barred_if_half_of_its_tunings_end_at_the_edge(edges, tunings, barred):
    chosen = [row("a", t, ["optimizer.lr"] if t < edges else []) for t in range(tunings)]
    found = blocked_arms([*chosen, row("b", 0)])
    assert list(found) == (["a"] if barred else [])
    if barred and tunings > 1:
        assert f"in {edges} of {tunings} tunings" in found["a"]
