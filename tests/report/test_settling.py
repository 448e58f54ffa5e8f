"""What would settle an open question, and what looking again costs."""

import math

import numpy as np

from seqlab.report.judging import judge

RNG = np.random.default_rng(12)
SEEDS = RNG.normal(0.9, 0.01, 20)


def open_scores(count: int, effect: float = 0.02, spread: float = 0.04) -> dict[str, np.ndarray]:
    drawn = RNG.normal(0, 1, count)
    base = SEEDS[:count]
    return {"b": base - 0.3, "a": base - 0.3 + effect + spread * (drawn - drawn.mean()) / drawn.std(ddof=1)}


def test_looks_that_were_fixed_allow_the_next_one(evidence):
    verdict = judge(evidence(open_scores(10), looks=(10, 20, 200))).primary[0]
    assert verdict.word == "open" and verdict.settles == "190 more seeds"
    assert "the look at 20 seeds was fixed beforehand" in verdict.again and "keeps the level" in verdict.again


def test_looks_that_are_used_up_do_not(evidence):
    verdict = judge(evidence(open_scores(10), looks=(5, 10))).primary[0]
    assert verdict.settles.startswith("about ")
    assert "the last look that was fixed, at 10, has spent the 5 %" in verdict.again


def test_without_looks_a_further_one_is_said_to_cost(evidence):
    findings = judge(evidence(open_scores(10), confidence=0.99))
    assert "this look has spent the 1 %" in findings.primary[0].again
    assert "up to twice as often" in findings.sure and "(protocol.replicates)" in findings.sure
    table = judge(evidence(open_scores(10), frozen=False)).primary[0]
    assert "protocol" not in table.again and "unless looks were fixed beforehand" in table.again


def test_what_is_settled_or_was_never_looked_at_says_nothing_of_looks(evidence):
    assert judge(evidence({"b": SEEDS, "a": SEEDS + 0.05 + RNG.normal(0, 0.001, 20)})).primary[0].again == ""
    two = judge(evidence({"b": SEEDS[:2], "a": SEEDS[:2] + np.array([0.01, 0.02])})).primary[0]
    assert two.settles == "at least 4 more seeds" and two.again == ""


def test_the_union_of_two_looks_is_what_is_said(evidence):
    """Looking twice at 5 % finds false differences more often than 5 %, and at most twice as often."""
    false = 0
    for _ in range(400):
        differences = RNG.normal(0, 0.01, 10)
        words = [
            judge(evidence({"b": SEEDS[:n] - 0.2, "a": SEEDS[:n] - 0.2 + differences[:n]}, margin=0.0))
            .primary[0]
            .word
            for n in (5, 10)
        ]
        false += any(word != "open" for word in words)
    assert 0.05 - 2 * math.sqrt(0.05 * 0.95 / 400) < false / 400 < 0.10 + 2 * math.sqrt(0.1 * 0.9 / 400)


def test_looks_are_at_seeds_and_at_nothing_else(evidence):
    verdict = judge(
        evidence(open_scores(10), looks=(10, 20, 200), about_results={"pairs_are": "tunings"})
    ).primary[0]
    assert verdict.settles.startswith("about ") and verdict.settles.endswith("more tunings")
    assert "this look has spent the 5 %" in verdict.again
