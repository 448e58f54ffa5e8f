"""Pruners: they end what promises little, judge every arm alike, and spare a tenth to show where they are wrong."""

import math
import threading
from collections import Counter
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState

from seqlab.config.sweep import PrunerConfig
from seqlab.sweep.books import Books, Overhead
from seqlab.sweep.listening import Heard, Listening
from seqlab.sweep.orders import Ended, Epoch, FoldDone
from seqlab.sweep.pruning import bracket_order, is_spared, make_pruner

QUALITIES = [0.9, 0.8, 0.7, 0.2, 0.3, 0.25, 0.1, 0.15, 0.95, 0.05, 0.12, 0.3]


@pytest.mark.parametrize("name", ["median", "halving", "hyperband"])
def test_pruners_end_the_worse_trials_and_let_the_best_go_on(name):
    config = PrunerConfig(name=name, warmup_epochs=2, startup_trials=3, reduction_factor=2)
    study = optuna.create_study(direction="maximize", pruner=make_pruner(config, 16))
    epochs = []
    for quality in [0.9, 0.8, 0.7, 0.2, 0.3, 0.25, 0.1, 0.15, 0.95, 0.05, 0.12, 0.3]:
        trial = study.ask()
        for epoch in range(1, 17):
            trial.report(quality * epoch / 16, epoch)
            if trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, quality)
        epochs.append(epoch)
    assert min(epochs) >= 2  # nobody is judged before the warm-up
    assert epochs[0] == 16 and epochs[8] == 16 and sum(epochs) < 0.8 * 16 * len(epochs)


@pytest.mark.parametrize("name", ["median", "halving", "hyperband"])
def test_folds_are_judged_from_the_first_on(name):
    config = PrunerConfig(name=name, warmup_epochs=30, startup_trials=3, reduction_factor=2)
    study = optuna.create_study(direction="maximize", pruner=make_pruner(config, 50, folds=8))
    folds = []
    for quality in [0.9, 0.8, 0.7, 0.2, 0.3, 0.25, 0.1, 0.15, 0.95, 0.05, 0.12, 0.3]:
        trial = study.ask()
        for fold in range(1, 9):
            trial.report(quality, fold)
            if trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, quality)
        folds.append(fold)
    assert folds[0] == folds[8] == 8 and min(folds) == 1


def test_without_a_pruner_nothing_is_pruned():
    study = optuna.create_study(pruner=make_pruner(PrunerConfig(), 10))
    trial = study.ask()
    trial.report(float("inf"), 1)
    assert not trial.should_prune()


def ends(study: optuna.Study, slots: list[int], qualities: list[float], last: int) -> list[int]:
    """At which epoch trials in these slots end, one after the other; a trial is told to be spared by a quality < 0."""
    found = []
    for slot, quality in zip(slots, qualities, strict=True):
        trial = study.ask()
        about: dict[str, Any] = {"slot": slot}
        trial.set_user_attr("seqlab", about)
        for epoch in range(1, last + 1):
            trial.report(abs(quality) * epoch / last, epoch)
            if trial.should_prune():
                if quality >= 0:
                    study.tell(trial, state=TrialState.PRUNED)
                    break
                trial.set_user_attr("seqlab", {**about, "spared_at": epoch})
                study.tell(trial, abs(quality))
                break
        else:
            study.tell(trial, abs(quality))
        found.append(epoch)
    return found


@pytest.mark.parametrize("name", ["median", "halving", "hyperband"])
def test_arms_with_the_same_curves_end_at_the_same_epochs_whatever_their_names_and_losses(name: str):
    config = PrunerConfig(name=name, warmup_epochs=2, startup_trials=3, reduction_factor=2)
    plain = optuna.create_study(study_name="sweep/lstm", direction="maximize", pruner=make_pruner(config, 32))
    other = optuna.create_study(study_name="sweep/gru", direction="maximize", pruner=make_pruner(config, 32))
    for _ in range(5):  # lost to the machine, or turned down by a constraint: numbers shift, slots do not
        lost = other.ask()
        lost.report(1.0, 2)
        lost.should_prune()
        other.tell(lost, state=TrialState.FAIL)
    qualities = [*QUALITIES, *QUALITIES[::-1]]
    slots = list(range(len(qualities)))
    expected = ends(plain, slots, qualities, 32)
    assert ends(other, slots, qualities, 32) == expected
    assert min(expected) < 32 == max(expected)


def test_hyperbands_brackets_have_hyperbands_shares_and_are_spread():
    for count, factor in ((1, 3), (2, 3), (3, 2), (5, 3)):
        order = bracket_order(count, factor)
        shares = [math.ceil(count * factor**s / (s + 1)) for s in range(count - 1, -1, -1)]
        assert Counter(order) == dict(enumerate(shares))  # as many as Optuna deals out in the mean
        for length in range(1, len(order) + 1):
            for bracket, share in enumerate(shares):
                due = length * share / len(order)
                assert abs(order[:length].count(bracket) - due) < count


def test_hyperband_judges_a_bracket_by_its_own_first_rung():
    config = PrunerConfig(name="hyperband", warmup_epochs=2, reduction_factor=2)
    order = bracket_order(4, 2)  # first rungs after 2, 4, 8 and 16 epochs
    study = optuna.create_study(direction="maximize", pruner=make_pruner(config, 16))
    first = {bracket: order.index(bracket) for bracket in range(4)}
    ends(study, list(first.values()), [0.9] * 4, 16)
    again = [first[bracket] + len(order) for bracket in range(4)]
    assert ends(study, again, [0.1] * 4, 16) == [2, 4, 8, 16]


@pytest.mark.parametrize("name", ["median", "halving", "hyperband"])
def test_a_spared_trial_changes_nothing_for_others(name: str):
    config = PrunerConfig(name=name, warmup_epochs=2, startup_trials=3, reduction_factor=2)
    signs = [1, 1, 1, -1, -1, 1, -1, 1, 1, -1, 1, 1]
    found = []
    for qualities in (QUALITIES, [s * q for s, q in zip(signs, QUALITIES, strict=True)]):
        study = optuna.create_study(direction="maximize", pruner=make_pruner(config, 16))
        found.append(ends(study, list(range(12)), qualities, 16))
    assert found[0] == found[1]


@given(seed=st.integers(0, 2**32 - 1))
def test_one_slot_in_ten_is_spared_whatever_comes_after(seed: int):
    drawn = [slot for slot in range(200) if is_spared(seed, slot)]
    assert [slot // 10 for slot in drawn] == list(range(20))
    assert drawn[:5] == [slot for slot in range(50) if is_spared(seed, slot)]


def test_every_slot_has_the_same_chance_to_be_spared():
    counts = Counter(slot for seed in range(3000) for slot in range(10, 20) if is_spared(seed, slot))
    assert sum(counts.values()) == 3000
    assert all(abs(counts[slot] - 300) < 5 * math.sqrt(3000 * 0.1 * 0.9) for slot in range(10, 20))


class Worker:
    """Says what is listed, and notes what it is answered."""

    def __init__(self, *said: Any):
        self.said, self.answers = list(said), []

    def receive(self, seconds: float) -> Any:
        return self.said.pop(0)

    def send(self, answer: bool) -> None:
        self.answers.append(answer)


def heard_of(sweep_in, tmp_path, trial, slot, worker, *, folds=0, protocol=None) -> tuple[Heard, list[float]]:
    """What is heard of a trial that the pruner wants to end from its second report on."""
    config = {"pruner": {"name": "halving", "warmup_epochs": 1}, "protocol": protocol or {}}
    sweep = sweep_in(tmp_path, **config)
    listening = Listening(sweep, Books(), None, Overhead(), threading.Event(), print)  # type: ignore[arg-type]
    reported: list[float] = []
    asked = SimpleNamespace(
        report=lambda value, step: reported.append(value), should_prune=lambda: len(reported) > 1
    )
    order = SimpleNamespace(folds=(None,) * folds, prunes=True, settings={"trainer": {"max_epochs": 5}})
    heard = Heard(begun=0.0)
    listening._listen(None, trial(0, slot=slot), asked, worker, heard, order)  # type: ignore[arg-type]
    return heard, reported


CONTRAST = {"contrasts": {"depth": ["a", "b"]}}
SPARED = next(slot for slot in range(10) if is_spared(0, slot))


def test_a_spared_trial_goes_on_and_the_epoch_is_known(sweep_in, tmp_path, trial):
    epochs = [Epoch(n, n / 10) for n in range(1, 6)]
    ended = Ended("completed", None, None, 5, {})
    worker = Worker(*epochs, ended)
    heard, reported = heard_of(sweep_in, tmp_path, trial, SPARED, worker, protocol=CONTRAST)
    assert worker.answers == [False] * 5 and heard.spared_at == 2
    assert reported == [0.1, 0.2]  # no rung after that knows of it
    for slot, protocol in ((SPARED + 1, CONTRAST), (SPARED, None)):  # not drawn; and a search spares nothing
        worker = Worker(*epochs, ended)
        heard, _ = heard_of(sweep_in, tmp_path, trial, slot, worker, protocol=protocol)
        assert worker.answers[:2] == [False, True] and heard.spared_at is None


def test_a_spared_trial_of_folds_is_measured_in_epochs(sweep_in, tmp_path, trial):
    said = [Epoch(3, 0.1), FoldDone(1, 0.1), Epoch(7, 0.2), FoldDone(2, 0.2), Epoch(9, 0.2), FoldDone(3, 0.2)]
    worker = Worker(*said, Ended("completed", None, None, 9, {}))
    heard, _ = heard_of(sweep_in, tmp_path, trial, SPARED, worker, folds=3, protocol=CONTRAST)
    assert worker.answers == [False] * 3 and heard.spared_at == 7


def test_a_wish_to_end_a_trial_after_its_last_epoch_spares_nothing(sweep_in, tmp_path, trial):
    worker = Worker(Epoch(4, 0.1), Epoch(5, 0.2), Ended("completed", None, None, 5, {}))
    heard, _ = heard_of(sweep_in, tmp_path, trial, SPARED, worker, protocol=CONTRAST)
    assert worker.answers == [False, False] and heard.spared_at is None
