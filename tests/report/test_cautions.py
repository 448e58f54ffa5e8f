"""What a hostile reviewer would object to in tables of others is said before he does."""

import dataclasses

import numpy as np
import pytest

from seqlab.report.effort import Ledger
from seqlab.report.evidence import Results
from seqlab.report.judging import judge

RNG = np.random.default_rng(21)


def cautions(made) -> str:
    return " ".join(judge(made).cautions)


def test_data_sets_on_scales_of_their_own(of_datasets):
    errors = {"a": np.array([0.01, 3.0, 900.0]), "b": np.array([0.02, 2.5, 1000.0])}
    said = cautions(of_datasets(errors, metric="rmse", higher_is_better=False, margin=0.0))
    assert "63,333 times apart" in said and "ruled by the largest" in said
    alike = {"a": np.array([1.0, 3.0, 4.0]), "b": np.array([2.0, 2.5, 3.0])}
    assert "times apart" not in cautions(
        of_datasets(alike, metric="rmse", higher_is_better=False, margin=0.0)
    )
    shares = {"a": np.array([0.02, 0.5, 0.9]), "b": np.array([0.03, 0.4, 0.8])}
    assert "times apart" not in cautions(of_datasets(shares))


def test_arms_that_are_the_same_runs(evidence):
    scores = RNG.normal(0.9, 0.01, 6)
    said = cautions(evidence({"a": scores, "b": scores.copy(), "c": scores + 0.01}))
    assert "Exactly the same scores in every run: a and b. Are they the same runs?" in said
    assert "Are they the same runs" not in cautions(evidence({"a": np.ones(6), "b": np.ones(6)})), (
        "all perfect"
    )


@pytest.mark.parametrize("count", [1, 3])
def test_few_runs(evidence, count):
    said = cautions(evidence({"a": [0.9, 0.8, 0.85][:count], "b": [0.7, 0.75, 0.8][:count]}))
    assert ("1 seed only: they have no interval" in said) == (count == 1)
    assert ("3 seeds only: below 5 an interval rests" in said) == (count == 3)


def test_nothing_is_missing_where_nothing_is_paired(evidence):
    scores = {"a": np.array([0.9, 0.91, 0.92]), "b": np.array([0.8, 0.82, np.nan])}
    results = {
        paired: [Results(dataset="", pairs=list("123"), scores=scores, paired=paired)]
        for paired in (True, False)
    }
    assert "1 score is missing" in cautions(evidence(scores, results=results[True]))
    assert "missing" not in cautions(evidence(scores, results=results[False]))


def test_no_chance_in_many_data_sets_is_not_called_one_run(of_datasets):
    sure = judge(of_datasets({"a": np.ones(12), "b": np.ones(12)})).sure
    assert "12 data sets an arm, and none of them shows any chance" in sure and "one run" not in sure


@pytest.mark.parametrize(("trials", "said"), [(2, True), (4, True), (5, False), (40, False)])
def test_next_to_no_tuning_is_the_first_objection(evidence, trials, said):
    scores = {"a": 0.9, "b": 0.8}
    ledger = [
        Ledger(
            arm=arm,
            tuning_trials=trials,
            tuning_epochs=9,
            tuning_seconds=9.0,
            replicates=6,
            replicate_seconds=9.0,
        )
        for arm in scores
    ]
    made = evidence({arm: RNG.normal(level, 0.01, 6) for arm, level in scores.items()})
    found = judge(dataclasses.replace(made, ledger=ledger)).cautions
    assert [f"Arms had {trials} trials of tuning or little more" in words for words in found[:1]] == [said]
