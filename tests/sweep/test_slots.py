"""Slots: never a trial too many, none twice, nothing lost with whoever held it."""

import dataclasses
import os
import subprocess
import sys
import threading

import optuna
import pytest

from seqlab.sweep.owners import Owners
from seqlab.sweep.slots import Claim, Gone, Limits
from seqlab.sweep.store import Store

LIMITS = Limits(trials=3, epochs=None, seconds=None, retries=1)


@pytest.fixture
def make(tmp_path):
    """Coordinators of one sweep."""
    opened = []

    def coordinator(name="widths"):
        store = Store(tmp_path / "study.db", name)
        store.owners.beat()
        store.study("gru", ["maximize"])
        opened.append(store)
        return store

    yield coordinator
    for store in opened:
        store.close()


@pytest.fixture
def store(make):
    return make()


def of_a_dead_process() -> str:
    """The number of a process that has ended."""
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    return done.stdout.strip()


def dies(store: Store) -> None:
    """Let a coordinator look like one whose process is gone, on this machine."""
    host, _, started, word = store.owners.name.split("|")
    dead = "|".join((host, of_a_dead_process(), started, word))
    with store._database.exclusive() as connection:
        for table in ("seqlab_slots", "seqlab_coordinators"):
            words = f"update {table} set owner = '{dead}' where owner = '{store.owners.name}'"
            connection.exec_driver_sql(words)


def test_there_are_as_many_slots_as_trials_and_each_is_given_once(store):
    claims = [store.slots.claim("gru", LIMITS) for _ in range(3)]
    assert [claim.slot for claim in claims] == [0, 1, 2]
    assert store.slots.claim("gru", LIMITS) == "wait"
    for claim in claims:
        store.slots.count(claim, 5, 1.0)
    assert store.slots.claim("gru", LIMITS) == "done"
    assert store.slots.claim("gru", dataclasses.replace(LIMITS, trials=4)).slot == 3  # a larger budget


def test_many_threads_of_two_coordinators_take_every_slot_once(make):
    limits = dataclasses.replace(LIMITS, trials=40)
    taken: list[int] = []

    def take(store):
        while isinstance(claim := store.slots.claim("gru", limits), Claim):
            taken.append(claim.slot)
            store.slots.count(claim, 1, 0.0)

    stores = [make(), make()]
    threads = [threading.Thread(target=take, args=(store,)) for store in stores * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(40))


def test_a_trial_that_was_lost_is_tried_again_with_its_parameters_and_then_with_others(store):
    claim = store.slots.claim("gru", LIMITS)
    assert store.slots.lose(claim, LIMITS, 7)
    again = store.slots.claim("gru", LIMITS)
    assert (again.slot, again.losses, again.retry_of) == (claim.slot, 1, 7)
    assert not store.slots.lose(again, LIMITS, 8)  # retries are used up: these parameters are let go
    fresh = store.slots.claim("gru", LIMITS)
    assert (fresh.slot, fresh.losses, fresh.retry_of) == (claim.slot, 2, None)
    assert store.slots.lose(fresh, LIMITS, 9)  # and these have retries of their own


def test_a_slot_whose_trials_fail_is_given_up_after_the_retries_until_there_are_more(store):
    limits = dataclasses.replace(LIMITS, trials=1)
    assert store.slots.fail(store.slots.claim("gru", limits), limits)
    assert not store.slots.fail(store.slots.claim("gru", limits), limits)
    assert store.slots.claim("gru", limits) == "done"
    assert store.slots.claim("gru", dataclasses.replace(limits, retries=3)).failures == 2


def test_being_asked_to_stop_costs_no_retry(store):
    claim = store.slots.claim("gru", LIMITS)
    store.slots.hand_back(claim, 4)
    again = store.slots.claim("gru", LIMITS)
    assert (again.slot, again.losses, again.retry_of) == (claim.slot, 0, 4)


@pytest.mark.parametrize("limits", [{"epochs": 10}, {"seconds": 2.0}])
def test_nothing_begins_once_the_hours_or_epochs_are_spent(store, limits):
    limits = dataclasses.replace(LIMITS, **limits)
    store.slots.count(store.slots.claim("gru", limits), 5, 1.0)
    last = store.slots.claim("gru", limits)
    store.slots.count(last, 5, 1.0)
    assert store.slots.claim("gru", limits) == "done"
    assert isinstance(store.slots.claim("lstm", limits), Claim)  # every arm has its own


def test_the_slot_of_a_dead_coordinator_is_taken_over_and_its_trial_ended(make):
    first, second = make(), make()
    claim = first.slots.claim("gru", LIMITS)
    trial = first.study("gru").ask()
    first.slots.fill(claim, trial.number)
    assert second.recover(["gru"], LIMITS) == 0  # it is alive
    dies(first)
    assert second.owners.others() == 0
    assert second.recover(["gru"], LIMITS) == 1
    (ended,) = second.study("gru").trials
    assert ended.state == optuna.trial.TrialState.FAIL
    assert "killed" in ended.user_attrs["seqlab"]["reason"]
    assert second.slots.claim("gru", LIMITS).retry_of == trial.number
    with pytest.raises(Gone):  # should it come back, its trial is nobody's
        first.slots.count(claim, 1, 1.0)


def test_a_kill_between_telling_and_closing_does_not_repeat_a_trial(make):
    first, second = make(), make()
    claim = first.slots.claim("gru", LIMITS)
    study = first.study("gru")
    trial = study.ask()
    first.slots.fill(claim, trial.number)
    trial.set_user_attr("seqlab", {"state": "complete", "epochs": 6, "seconds": 1.0})
    study.tell(trial, 0.9)
    dies(first)
    assert second.recover(["gru"], LIMITS) == 0
    assert [second.slots.claim("gru", LIMITS).slot for _ in range(2)] == [1, 2]
    assert second.slots.claim("gru", dataclasses.replace(LIMITS, epochs=6)) == "done"  # its epochs count


def test_a_kill_between_asking_and_filling_leaves_no_trial_running(make):
    first, second = make(), make()
    first.slots.claim("gru", LIMITS)
    first.study("gru").ask()
    assert second.recover(["gru"], LIMITS) == 0  # it may be about to say which trial is its own
    dies(first)
    second.recover(["gru"], LIMITS)
    assert [t.state.name for t in second.study("gru").trials] == ["FAIL"]


def test_sweeps_in_one_database_do_not_see_each_other(make):
    one, other = make("one"), make("other")
    one.slots.count(one.slots.claim("gru", LIMITS), 1, 1.0)
    one.write_fact("question", {"a": 1})
    assert other.slots.claim("gru", LIMITS).slot == 0
    assert other.fact("question") is None and other.owners.others() == 0
    one.close()
    other.study("gru").ask()
    again = make("one")
    again.close()


def test_a_fact_is_written_once_where_asked(make):
    first, second = make(), make()
    assert first.write_fact("question", {"a": 1}, once=True) == {"a": 1}
    assert second.write_fact("question", {"a": 2}, once=True) == {"a": 1} == first.fact("question")
    assert second.write_fact("question", {"a": 2}) == first.fact("question")


def test_a_coordinator_is_alive_by_its_process_and_its_beginning(make):
    store = make()
    host, pid, started, word = store.owners.name.split("|")
    assert int(pid) == os.getpid()
    twin = "|".join((host, pid, started + "0", word))  # the number was given to another process since
    with store._database.exclusive() as connection:
        words = f"insert into seqlab_coordinators values ('{twin}', 'widths', 1e12)"
        connection.exec_driver_sql(words)
        assert store.owners.alive(connection, store.owners.name)
        assert not store.owners.alive(connection, twin)
        assert not store.owners.alive(connection, Owners(store._database, "widths").name)  # never heard of
