"""What trials are chosen by: folds where a validation part would be small, unless the file says otherwise."""

import dataclasses
from pathlib import Path

import pytest

from seqlab.comparison.validation import folds_asked, with_validation
from seqlab.data.archive import Archive
from seqlab.errors import UserError
from seqlab.replication import Folds, Plan, Validation, read_plan
from seqlab.sweep.frozen import difference, question_of

FILE = """\
    fixed: [data=adding, data.length=4, trainer.max_epochs=1]
    arms: {lstm: [model=lstm], gru: [model=gru]}
    space: {optimizer.lr: {low: 1e-4, high: 1e-1, log: true}}
    protocol: {contrasts: {cell: [gru, lstm]}}
"""


@pytest.mark.parametrize(
    ("train_size", "items", "folds"),
    [
        (1500, 300, None),  # a fifth is just enough
        (1495, 299, Folds(parts=5, repeats=1)),
        (300, 60, Folds(parts=5, repeats=1)),  # all of them once are enough
        (299, 60, Folds(parts=5, repeats=2)),
        (20, 4, Folds(parts=5, repeats=2)),
    ],
)
def test_below_300_sequences_trials_are_scored_out_of_fold(composed, train_size, items, folds):
    sweep, arms = composed(FILE, f"data.train_size={train_size}")
    settled, validation = with_validation(sweep, arms)
    assert (validation.items, validation.sequences, validation.folds) == (items, train_size, folds)
    trial = settled.config.trial
    assert (trial.folds, trial.fold_repeats) == ((folds.parts, folds.repeats) if folds else (1, 1))
    assert not validation.falls_short and "noisier" not in validation.in_words()
    # frozen as it was settled, so that the same words ask the same question again
    question = question_of(settled, arms)
    assert question["trial"] == {"folds": trial.folds, "fold_repeats": trial.fold_repeats}
    again, _ = with_validation(*composed(FILE, f"data.train_size={train_size}"))
    assert difference(question, question_of(again, arms)) is None


@pytest.mark.parametrize(
    ("words", "folds", "short"),
    [
        (["trial.folds=1"], None, True),
        (["trial.folds=3"], Folds(parts=3, repeats=1), True),
        (["trial.folds=5", "trial.fold_repeats=2"], Folds(parts=5, repeats=2), False),
        (["trial.folds=10"], Folds(parts=10, repeats=1), False),
    ],
)
def test_what_the_file_says_holds_and_is_told_where_it_is_less(composed, words, folds, short):
    sweep, arms = composed(FILE, "data.train_size=100", *words)
    settled, validation = with_validation(sweep, arms)
    assert settled.config.trial == sweep.config.trial
    assert validation.folds == folds
    assert (
        validation.falls_short == short == ("noisier than the protocol asks (2 x 5" in validation.in_words())
    )


def test_the_arm_with_the_fewest_sequences_decides_for_all(composed):
    text = FILE.replace("[model=lstm]", "[model=lstm, data.train_size=2000]").replace(
        "[model=gru]", "[model=gru, data.train_size=100]"
    )
    settled, validation = with_validation(*composed(text))
    assert (settled.config.trial.folds, settled.config.trial.fold_repeats) == (5, 2)
    assert (validation.items, validation.sequences) == (20, 100)


def test_there_are_never_more_folds_than_sequences():
    assert folds_asked(1, 3, 3) == Folds(parts=3, repeats=2)
    assert folds_asked(1, 1, 1) is None


def test_there_are_never_more_folds_than_groups_to_hold_out():
    assert folds_asked(30, 90, 3) == Folds(parts=3, repeats=2)


def test_the_validation_part_of_a_file_is_counted_as_runs_split_it(composed):
    text = FILE.replace("data=adding, data.length=4", "data=archive, data.name=GunPoint")
    _, validation = with_validation(*composed(text))
    assert (validation.items, validation.sequences) == (10, 50)


def test_the_test_part_is_not_read(composed, monkeypatch):
    monkeypatch.setattr(Archive, "read_test", lambda self: pytest.fail("the test part was read"))
    text = FILE.replace("data=adding, data.length=4", "data=archive, data.name=GunPoint")
    with_validation(*composed(text))


def test_folds_of_an_arm_are_refused(composed):
    sweep, arms = composed(FILE, "data.folds=4")
    with pytest.raises(UserError, match=r"data\.folds: 4 is not allowed in a comparison"):
        with_validation(sweep, arms)


@pytest.mark.parametrize("folds", [None, Folds(parts=5, repeats=2)])
def test_a_plan_is_read_back_and_older_ones_have_no_count(tmp_path: Path, folds):
    validation = Validation(items=4, sequences=20, folds=folds, asked=Folds(parts=5, repeats=2))
    plan = Plan(arms={}, words={}, contrasts=[], widths=[], validation=validation)
    plan.write(tmp_path)
    assert read_plan(tmp_path) == plan
    dataclasses.replace(plan, validation=None).write(tmp_path)
    old = read_plan(tmp_path)
    assert old is not None and old.validation is None
