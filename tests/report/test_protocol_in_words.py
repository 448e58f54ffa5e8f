"""The rules of a comparison as the report prints them: how trials were chosen, and where that was less than asked."""

import pytest

from seqlab.replication import Folds, Plan, PrimaryContrast, Validation
from seqlab.report.protocol_in_words import deviations_in_words, rules_in_words

ASKED = Folds(parts=5, repeats=2)


def question(**trial):
    protocol = {
        "metric": "accuracy", "margin": 0.01, "width": "compared", "replicates": [5], "candidates": 3,
        "reruns": 3, "tunings": 1,
    }  # fmt: skip
    return {"protocol": protocol, "sampler": {"name": "random"}, "pruner": {"name": "none"}, "trial": trial}


def plan(validation):
    contrast = PrimaryContrast(name="deeper", arm="b", than="a", differs="model.num_layers: 2 and 1")
    return Plan(arms={}, words={}, contrasts=[contrast], widths=[], validation=validation)


@pytest.mark.parametrize(
    ("folds", "asked", "said", "deviation"),
    [
        (ASKED, ASKED, "(scores out of fold (2 x 5 folds, 540 scores of 270 sequences)", None),
        (
            None,
            ASKED,
            "(a validation part of 54 sequences; below 300",
            "alidation part of 54 items, below 300",
        ),
        (
            Folds(parts=3, repeats=1),
            ASKED,
            "270 scores of 270",
            "on 3 folds, where the protocol asks for 2 x 5",
        ),
        (None, None, "(a validation part of 54 sequences)", None),
    ],
)
def test_what_selection_saw_is_said_and_so_is_what_it_lacked(folds, asked, said, deviation):
    found = plan(Validation(items=54, sequences=270, folds=folds, asked=asked))
    (rule,) = [line for line in rules_in_words(question(), found) if "Selection saw" in line]
    assert said in rule
    deviations = deviations_in_words(found)
    assert (deviation is None) == (deviations == [])
    assert all(deviation in line and "noisier" in line for line in deviations)


def test_a_plan_from_before_it_was_counted_tells_its_folds():
    (rule,) = [r for r in rules_in_words(question(folds=5, fold_repeats=1), plan(None)) if "Selection" in r]
    assert "(5 folds)" in rule and deviations_in_words(plan(None)) == []


@pytest.mark.parametrize(
    ("folds", "first"), [(None, "none before 7 epochs"), (1, "none before 7 epochs"), (5, "its first fold")]
)
def test_whether_trials_were_ended_early_is_said(folds, first):
    asked = question(folds=folds)
    assert any("no trial was ended early" in rule for rule in rules_in_words(asked, plan(None)))
    asked["pruner"] = {"name": "hyperband", "warmup_epochs": 7}
    (rule,) = [rule for rule in rules_in_words(asked, plan(None)) if "ended early" in rule]
    assert "hyperband" in rule and first in rule and "one place in ten" in rule
