"""Sweeps in a PostgreSQL database: shared by many, on several machines, and away now and then."""

import contextlib
import io
import socket
import sys
import threading
import time
from pathlib import Path

import optuna
import psycopg
import pytest
import sqlalchemy as sa
import yaml
from sqlalchemy import orm
from tests.postgresql import CAREFUL, PASSWORD

from seqlab.errors import UserError
from seqlab.results import TrialRow
from seqlab.sweep import database, opening, owners, patience
from seqlab.sweep.address import postgresql as opened_address
from seqlab.sweep.address import shown_address
from seqlab.sweep.arms import compose_arms
from seqlab.sweep.books import Books
from seqlab.sweep.frozen import QUESTION_FILE, QUESTION_HEADER, write_question
from seqlab.sweep.loading import load_sweep
from seqlab.sweep.patience import DATABASE_ERRORS, in_one_line
from seqlab.sweep.slots import Claim, Gone, Limits
from seqlab.sweep.status import show_status
from seqlab.sweep.stopping import StopRequests
from seqlab.sweep.store import Store
from seqlab.sweep.trials import Trials, _Attempt

LIMITS = Limits(trials=3, epochs=None, seconds=None, retries=1)


@pytest.fixture
def name(postgresql) -> str:
    """A database with nothing in it."""
    return postgresql.new_database()


@pytest.fixture
def place(postgresql, name) -> str:
    """Its address."""
    return postgresql.address(name)


@pytest.fixture
def make(place):
    """Coordinators; `host` lets one look as if it were on another machine."""
    opened = []

    def coordinator(sweep="widths", host=None, **more):
        store = Store(place, sweep, **more)
        if host is not None:
            store.owners.name = "|".join((host, *store.owners.name.split("|")[1:]))
        store.owners.beat()
        store.study("gru", ["maximize"])
        opened.append(store)
        return store

    yield coordinator
    for store in opened:
        store.close()


@pytest.fixture
def away(postgresql):
    """Takes the server away; it is back at the end of the test at the latest."""
    yield lambda: postgresql.stop("immediate")
    if not postgresql.is_up():
        postgresql.start()


def ask(store: Store) -> tuple[Claim, optuna.Study, optuna.Trial]:
    """A trial in its slot."""
    claim = store.slots.claim("gru", LIMITS)
    study = store.study("gru")
    trial = study.ask()
    store.slots.fill(claim, trial.number)
    return claim, study, trial


# ---- many at once


def test_coordinators_that_begin_at_the_same_moment_open_an_empty_database(make):
    stores, errors = [], []
    together = threading.Barrier(6)

    def begin():
        together.wait()
        try:
            stores.append(make())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert [store.owners.others() for store in stores] == [5] * 6
    assert len(optuna.get_all_study_names(stores[0]._database.storage)) == 1


@pytest.mark.parametrize("isolation", ["read committed", "serializable"])
def test_many_threads_of_two_coordinators_take_every_slot_once(postgresql, name, make, isolation):
    postgresql.ask(f"ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'")
    limits = Limits(trials=30, epochs=None, seconds=None, retries=1)
    taken: list[int] = []
    numbers: list[int] = []

    def take(store):
        study = store.study("gru")
        while isinstance(claim := store.slots.claim("gru", limits), Claim):
            trial = study.ask()
            store.slots.fill(claim, trial.number)
            taken.append(claim.slot)
            numbers.append(trial.number)
            study.tell(trial, 0.5)
            store.slots.count(claim, 1, 0.0)

    threads = [threading.Thread(target=take, args=(store,)) for store in [make(), make("widths", "far")] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(numbers) == list(range(30))


def test_a_coordinator_keeps_few_connections(postgresql, name, make):
    store = make()
    threads = [threading.Thread(target=store.fact, args=("question",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((count,),) = postgresql.ask(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'")
    assert 1 <= count <= 2


def test_a_machine_that_falls_silent_in_the_middle_does_not_hold_the_others_up(make, monkeypatch):
    monkeypatch.setattr(database, "_SILENT_SECONDS", 0.5)
    silent, other = make(), make()
    with pytest.raises(DATABASE_ERRORS), silent._database.exclusive():
        other.write_fact("question", {"a": 1})  # waits until the server ends the transaction of the other
    assert silent.fact("question") == {"a": 1}  # and goes on once it is heard of again


def test_two_sweeps_in_one_database_do_not_see_each_other(make):
    one, other = make("widths"), make("widths-2")
    claim, study, trial = ask(one)
    study.tell(trial, 0.5)
    one.slots.count(claim, 1, 1.0)
    one.write_fact("question", {"a": 1})
    assert other.slots.claim("gru", LIMITS).slot == 0
    assert other.fact("question") is None and other.owners.others() == 0
    assert not other.study("gru").trials


def test_beginning_anew_removes_this_sweep_and_no_other(make):
    one, other = make("widths"), make("widths-2")
    for store in (one, other):
        claim, study, trial = ask(store)
        study.tell(trial, 0.5)
        store.slots.count(claim, 1, 1.0)
        store.write_fact("question", {"of": store.sweep})
    with pytest.raises(UserError, match="somebody is at work on the sweep widths"):
        one.forget()
    one.owners.sign_off()
    one.forget()
    assert optuna.get_all_study_names(one._database.storage) == ["widths-2/gru"]
    assert one.fact("question") is None
    assert other.fact("question") == {"of": "widths-2"} and len(other.study("gru").trials) == 1
    assert other.slots.claim("gru", LIMITS).slot == 1


# ---- other machines


def test_a_coordinator_elsewhere_is_taken_for_dead_after_the_silence_and_its_trial_does_not_count(
    make, monkeypatch
):
    far, here = make(host="far"), make()
    claim, study, trial = ask(far)
    assert here.owners.others() == 1 and here.recover(["gru"], LIMITS) == 0
    monkeypatch.setattr(owners, "SILENCE_SECONDS", 0.0)
    assert here.owners.others() == 0
    assert here.recover(["gru"], LIMITS) == 1
    monkeypatch.undo()
    again = here.slots.claim("gru", LIMITS)
    assert (again.slot, again.retry_of, again.losses) == (claim.slot, trial.number, 1)
    # it comes back
    far.owners.beat()
    assert here.owners.others() == 1
    with pytest.raises(ValueError, match="Cannot tell"):
        study.tell(trial, 0.9)
    with pytest.raises(Gone):
        far.slots.count(claim, 5, 1.0)
    assert far.recover(["gru"], LIMITS) == 0  # what it held is not its own any more
    here.slots.count(again, 5, 1.0)
    assert [far.slots.claim("gru", LIMITS).slot for _ in range(2)] == [1, 2]


def test_it_is_the_clock_of_the_server_that_counts(postgresql, name, make, monkeypatch):
    postgresql.ask(f"ALTER DATABASE {name} SET timezone = 'Pacific/Auckland'")
    far = make(host="far")
    postgresql.ask(f"ALTER DATABASE {name} SET timezone = 'America/Los_Angeles'")
    here = make()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    far.owners.beat()
    assert here.owners.others() == 1


def test_nobody_is_taken_for_dead_after_the_longest_time_that_a_database_may_be_away():
    longest = patience.PATIENCE_SECONDS + owners.BEAT_SECONDS
    assert longest + 30 < owners.SILENCE_SECONDS  # 30 s: until a lost connection is noticed


# ---- a server that is away


def test_connections_that_were_cut_meanwhile_are_made_anew_without_a_word(postgresql, name, make):
    said: list[str] = []
    store = make(note=said.append)
    claim, study, trial = ask(store)
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    assert postgresql.ask(cut)
    study.tell(trial, 0.5)
    postgresql.ask(cut)
    store.slots.count(claim, 1, 1.0)
    assert store.slots.claim("gru", LIMITS).slot == 1
    assert said == []


def test_a_restart_is_waited_for_and_nothing_is_lost(postgresql, make, away):
    said: list[str] = []
    store = make(note=said.append)
    claim, study, trial = ask(store)
    away()
    back = threading.Timer(1.5, postgresql.start)
    back.start()
    trial.report(0.4, 1)
    trial.set_user_attr("seqlab", {"state": "complete"})
    study.tell(trial, 0.5)
    store.slots.count(claim, 1, 1.0)
    store.owners.beat()
    back.join()
    assert [t.value for t in store.study("gru").trials] == [0.5]
    assert store.slots.claim("gru", LIMITS).slot == 1
    assert [line.partition(";")[0].partition(" after")[0] for line in said] == [
        "the database is away",
        "the database is back",
    ]
    assert all("\n" not in line for line in said)


@pytest.mark.parametrize("why", ["patience", "stop"])
def test_patience_ends_by_itself_or_when_the_sweep_is_asked_to_stop(make, away, monkeypatch, why):
    stopping = threading.Event()
    store = make(stopping=stopping)
    study = store.study("gru")
    away()
    if why == "patience":
        monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.5)
    else:
        stopping.set()
    for call in (store.owners.beat, study.ask, lambda: store.fact("question")):
        with pytest.raises(DATABASE_ERRORS) as caught:
            call()
        assert in_one_line(caught.value).endswith("Connection refused")


def test_a_request_to_end_is_not_taken_for_an_error_of_the_database(make, monkeypatch):
    store = make()
    whole, requests = psycopg.Connection.wait, [SystemExit(143)]

    def wait(connection, generator, *rest, **more):
        if requests and generator.__name__ == "_execute_gen":
            next(generator)  # SIGTERM comes when the query has been sent, and before its answer is waited for
            raise requests.pop()
        return whole(connection, generator, *rest, **more)

    monkeypatch.setattr(psycopg.Connection, "wait", wait)
    with pytest.raises(SystemExit) as caught:
        store.fact("question")
    assert caught.value.code == 143
    assert store.fact("question") is None


@pytest.fixture
def lost_answers(monkeypatch):
    """Lets the connection break when a transaction has just been committed, so many times."""
    left = [0]
    whole = sa.Connection.exec_driver_sql

    def statement(self, words, *rest, **more):
        done = whole(self, words, *rest, **more)
        if words == "COMMIT" and left[0]:
            left[0] -= 1
            error = sa.exc.OperationalError(words, None, Exception("server closed the connection"))
            error.connection_invalidated = True
            raise error
        return done

    monkeypatch.setattr(sa.Connection, "exec_driver_sql", statement)
    monkeypatch.setattr(patience, "_PAUSE_SECONDS", 0.0)

    def lose(count: int) -> None:
        left[0] = count

    return lose


def test_a_claim_whose_answer_was_lost_leaves_no_slot_behind(make, lost_answers):
    store = make()
    lost_answers(1)
    claims = [store.slots.claim("gru", LIMITS)]  # slot 0 was taken, though nobody heard of it
    assert claims[0].slot == 1
    store.recover(["gru"], LIMITS)
    claims += [store.slots.claim("gru", LIMITS) for _ in range(2)]
    assert sorted(claim.slot for claim in claims) == [0, 1, 2]
    assert store.recover(["gru"], LIMITS) == 0  # those are held
    for claim in claims:
        store.slots.count(claim, 1, 1.0)
    assert store.slots.claim("gru", LIMITS) == "done"


def test_a_count_whose_answer_was_lost_counts_once(make, lost_answers):
    store = make()
    claim, study, trial = ask(store)
    trial.set_user_attr("seqlab", {"state": "complete", "epochs": 4, "seconds": 1.0})
    study.tell(trial, 0.5)
    lost_answers(1)
    with contextlib.suppress(Gone):
        store.slots.count(claim, 4, 1.0)
    spent = Limits(trials=3, epochs=5, seconds=None, retries=1)
    assert store.recover(["gru"], LIMITS) == 0
    assert store.slots.claim("gru", spent).slot == 1  # 4 epochs, not 8


@pytest.mark.parametrize("state", ["complete", "pruned", "failed"])
def test_a_result_whose_answer_was_lost_is_told_once_and_one_that_came_too_late_is_not(
    make, sweep_in, tmp_path, monkeypatch, state
):
    monkeypatch.setattr(patience, "_PAUSE_SECONDS", 0.0)
    whole, lost = orm.Session.commit, [0]

    def commit(session):
        ends = any(type(o).__name__ == "TrialModel" and o.state.is_finished() for o in session.dirty)
        whole(session)
        if ends and lost[0]:
            lost[0] -= 1
            raise sa.exc.OperationalError("", None, Exception("server closed the connection"), None, True)

    monkeypatch.setattr(orm.Session, "commit", commit)
    store, other, books = make(host="far"), make(), Books()
    trials = Trials(sweep_in(tmp_path), [], store, books, None, stopping=threading.Event(), note=print)

    def tell() -> None:
        row = TrialRow(arm="gru", number=trial.number, state="running", parameters={})
        attempt = _Attempt(claim=claim, limits=LIMITS, study=study, trial=trial, row=row)
        trials._tell(attempt, state, None, 3, 1.0, (0.9,) if state == "complete" else ())

    claim, study, trial = ask(store)
    lost[0] = 1
    tell()
    assert lost == [0]
    (there,) = other.study("gru").trials
    assert there.state.name == {"complete": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}[state]
    assert there.value == (0.9 if state == "complete" else None)
    assert [row.state for row in books.rows()] == [state]

    claim, study, trial = ask(store)
    monkeypatch.setattr(owners, "SILENCE_SECONDS", 0.0)
    other.recover(["gru"], LIMITS)
    with pytest.raises(Gone):
        tell()


def test_what_is_wrong_with_a_statement_is_not_tried_again(make):
    said: list[str] = []
    store = make(note=said.append)
    with pytest.raises(DATABASE_ERRORS) as caught:
        store.write_fact("x" * 1000, 1)
    assert "too long" in in_one_line(caught.value)
    assert said == []


# ---- opening


QUESTION = {
    "fixed": ["trainer.max_epochs=3", "logger=none"],
    "space": {"optimizer.lr": {"low": 1e-5, "high": 0.1, "log": True}},
}


@pytest.fixture
def begin(tmp_path, monkeypatch):
    """Opens a sweep in a directory and closes it again; returns what was noted."""
    monkeypatch.chdir(tmp_path)

    def run(directory: str, *words: str, **changed) -> list[str]:
        Path("widths.yaml").write_text(yaml.safe_dump(QUESTION | changed))
        sweep = load_sweep(["sweep=widths.yaml", f"sweep.dir={directory}", *words], None, [])
        said: list[str] = []
        with opening.opened(sweep, compose_arms(sweep), said.append, StopRequests()):
            (sweep.directory / "trials" / "all" / "0").mkdir(parents=True, exist_ok=True)
        return said

    return run


def test_another_question_under_the_same_name_is_refused_with_the_difference(place, begin):
    begin("a", f"storage={place}")
    begin("b", f"storage={place}")
    other = {"optimizer.lr": {"low": 1e-4, "high": 0.1, "log": True}}
    with pytest.raises(UserError) as caught:
        begin("c", f"storage={place}", space=other)
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "storage: the database holds a sweep widths with another question"
        " (space.optimizer.lr.low: 1e-05 there, 0.0001 here)"
    )
    assert (
        lines[1] == "allowed: the same question, another name (sweep.name=NAME), or force=true to begin anew"
    )
    assert not (Path("c") / QUESTION_FILE).exists()
    begin("c", f"storage={place}", "sweep.name=steeper", space=other)


def test_a_sweep_that_was_begun_anew_elsewhere_keeps_no_old_trials_here(place, begin):
    begin("a", f"storage={place}")
    begin("b", f"storage={place}")
    other = {"optimizer.lr": {"low": 1e-4, "high": 0.1, "log": True}}
    begin("a", f"storage={place}", "force=true", space=other)
    with pytest.raises(UserError, match="b holds a sweep with another question"):
        begin("b", f"storage={place}", space=other)
    begin("a", f"storage={place}", "force=true")  # and back: the question is the same as in b again
    (Path("b") / "trials" / "all" / "7").mkdir()
    with pytest.raises(UserError, match="begun anew since"):
        begin("b", f"storage={place}")
    begin("b", f"storage={place}", "force=true")
    assert not (Path("b") / "trials" / "all" / "7").exists()


def test_trials_of_two_databases_do_not_mix_in_one_directory(postgresql, place, begin):
    begin("a")
    with pytest.raises(UserError) as caught:
        begin("a", f"storage={place}")
    assert "holds trials that another database knows" in str(caught.value)
    begin("a")
    begin("b", f"storage={place}")
    for storage in ([], [f"storage={postgresql.address(postgresql.new_database())}"]):
        with pytest.raises(UserError, match="another database knows"):
            begin("b", *storage)
    begin("b", f"storage={place}")


# ---- looking on


@pytest.fixture
def directory(tmp_path) -> Path:
    """The directory of a sweep whose trials are in a database elsewhere."""
    question = {"name": "widths", "arms": {"gru": []}, "objective": [{"metric": "validation.accuracy"}]}
    write_question(tmp_path, question)
    assert (tmp_path / QUESTION_FILE).read_text().startswith(QUESTION_HEADER)
    return tmp_path


def status(*arguments) -> list[str]:
    stream = io.StringIO()
    assert show_status(*arguments, stream=stream) == 0
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_status_reads_the_database_by_flag_and_environment(postgresql, name, make, directory, monkeypatch):
    store = make()
    make(host="far")
    _, study, trial = ask(store)
    study.tell(trial, 0.75)
    ask(store)
    address = postgresql.address(name, CAREFUL, PASSWORD)
    postgresql.ask(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {CAREFUL}", name)  # may look, not touch
    lines = status(directory, address)
    assert lines[0].startswith("widths 1 trials that count, 1 running, 2 coordinators at work")
    shown = f"postgresql://{CAREFUL}:<redacted>@127.0.0.1:{postgresql.port}/{name}"
    assert lines[-1] == f"read from {shown}"
    monkeypatch.setenv("SEQLAB_STORAGE", address)
    assert status(directory) == lines
    assert PASSWORD not in "".join(lines)


def test_status_of_a_sweep_that_has_no_directory_here_is_asked_by_its_name(place, make, monkeypatch):
    store = make()
    _, study, trial = ask(store)
    study.tell(trial, 0.75)
    question = {"name": "widths", "arms": {"gru": []}, "objective": [{"metric": "validation.accuracy"}]}
    store.write_fact("question", question)
    store.write_fact("budget", {"gru": 3})
    lines = status(Path("widths"), place)
    assert lines[0].startswith("widths 1 of 3 trials, 0 running, 1 coordinator at work")
    monkeypatch.setenv("SEQLAB_STORAGE", place)
    assert status(Path("some/where/widths"))[:7] == lines[:7]
    with pytest.raises(UserError, match="there is no such directory, and no sweep heights in SEQLAB_STORAGE"):
        show_status(Path("heights"))
    with pytest.raises(UserError, match="--storage: cannot be read: connection failed"):
        show_status(Path("widths"), "postgresql://127.0.0.1:1/x")


def test_status_says_on_which_machine_the_best_trial_lies(place, make, directory):
    _, study, trial = ask(make())
    trial.set_user_attr("seqlab", {"state": "complete", "machine": "node7"})
    study.tell(trial, 0.75)
    (line,) = [line for line in status(directory, place) if line.startswith("run directory")]
    assert line == "run directory trials/gru/0 in the sweep directory on node7, which trained it"
    (directory / "trials" / "gru" / "0").mkdir(parents=True)  # it is here, or on a disk that both share
    (line,) = [line for line in status(directory, place) if line.startswith("run directory")]
    assert line.endswith(str(directory / "trials/gru/0"))


def test_status_says_in_a_line_why_a_database_cannot_be_read(postgresql, name, directory):
    for address, words in [
        (postgresql.address(name), "cannot be read"),  # nothing in it
        (postgresql.address("nowhere"), 'database "nowhere" does not exist'),
        (postgresql.address(name, CAREFUL, "pass-that-is-wrong"), "authentication failed"),
        ("postgresql://127.0.0.1:1/x", "Connection refused"),
    ]:
        with pytest.raises(UserError, match=words) as caught:
            show_status(directory, address)
        assert len(str(caught.value).splitlines()) == 1
        assert "pass-that-is-wrong" not in str(caught.value)


# ---- addresses and passwords


WILD = ["a{b}", "p%ss", "two words", "q'uo\"te", "pass=word&x=1", "<tag>", "12345", "ä"]


@pytest.mark.parametrize("password", WILD)
def test_a_password_of_any_kind_opens_and_is_not_shown(postgresql, name, password):
    quoted = password.replace("'", "''")
    address = postgresql.address(name, CAREFUL, password.replace("%", "%25"))
    shown = f"postgresql://{CAREFUL}:<redacted>@127.0.0.1:{postgresql.port}/{name}"
    assert shown_address(address) == shown
    with pytest.raises(UserError, match="authentication failed") as caught:
        Store(address, "widths")
    assert password not in str(caught.value).replace(str(postgresql.port), "")
    postgresql.ask(f"GRANT CREATE ON SCHEMA public TO {CAREFUL}", name)
    postgresql.ask(f"ALTER ROLE {CAREFUL} PASSWORD '{quoted}'")
    try:
        Store(address, "widths").close()
    finally:
        postgresql.ask(f"ALTER ROLE {CAREFUL} PASSWORD '{PASSWORD}'")


@pytest.mark.parametrize("password", ["p@ss", "p@ss:word/x", "x@y@z", "p:a@s/s"])
def test_a_password_that_cuts_the_address_in_two_is_refused_unseen(password):
    with pytest.raises(UserError) as caught:
        opened_address(f"postgresql://me:{password}@127.0.0.1:5432/x")
    lines = str(caught.value).splitlines()
    assert lines[0] == "storage: postgresql://me:<redacted>@127.0.0.1:5432/x cannot be read"
    assert "%40 for @" in lines[2] and len(lines) == 3


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me@host/x", "postgresql://me@host/x"),
        ("postgresql://host:5432/x", "postgresql://host:5432/x"),
        ("postgresql:///x?host=/tmp&password=hidden", "postgresql:///x?host=/tmp&password=<redacted>"),
        ("postgres://me:hidden@host/x", "postgres://me:<redacted>@host/x"),
        ("me:hidden@host/x", "me:<redacted>@host/x"),
        ("sqlite:///here/a:b@c.db", "sqlite:///here/a:b@c.db"),
    ],
)
def test_what_is_shown_of_an_address(address, shown):
    assert shown_address(address) == shown


def test_what_the_address_says_of_patience_holds():
    assert "connect_timeout" not in opened_address("postgresql://host/x?connect_timeout=3")[1]
    assert opened_address("postgresql://host/x")[1]["connect_timeout"] == 10


@pytest.mark.parametrize("who", ["sweep", "status"])
def test_a_missing_driver_is_said_with_the_command_that_installs_it(who, directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UserError) as caught:
        if who == "sweep":
            Store("postgresql://host/x", "widths")
        else:
            show_status(directory, "postgresql://host/x")
    key = "storage" if who == "sweep" else "--storage"
    assert (
        str(caught.value) == f"{key}: PostgreSQL needs the package psycopg: pip install 'seqlab[postgresql]'"
    )


def test_a_server_that_does_not_answer_is_given_up(make):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        port = mute.getsockname()[1]
        with pytest.raises(UserError, match="timeout expired"):
            Store(f"postgresql://127.0.0.1:{port}/x?connect_timeout=2", "widths")
