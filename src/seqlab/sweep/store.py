"""What a sweep knows, in one database: Optuna's studies, and beside them who works at what.

Optuna counts trials after the fact, so several workers overshoot any limit. Here every arm has as many *slots* as its
budget has trials. A worker takes a free slot in one transaction, fills it with a trial, and closes it when the trial
has ended; a slot whose worker is gone becomes free again. Nothing is counted twice and nothing is lost, whoever is
killed when: the trial is told to Optuna first and the slot closed after, and where a kill falls between the two,
whoever finds the slot looks the trial up.
"""

import contextlib
import json
import os
import socket
import time
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import optuna
import sqlalchemy as sa
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from seqlab.errors import UserError
from seqlab.sweep.rows import ATTRIBUTE

# What a database that cannot be reached, or takes no more, raises.
DATABASE_ERRORS = (SQLAlchemyError, StorageInternalError)
BEAT_SECONDS = 3.0
# A coordinator on another machine that has not been heard of for so long is gone.
SILENCE_SECONDS = 60.0
_BUSY_SECONDS = 60.0
_SHARED_DISKS = (
    "nfs",
    "cifs",
    "smb",
    "lustre",
    "gpfs",
    "beegfs",
    "ceph",
    "glusterfs",
    "9p",
    "afs",
    "fuse.sshfs",
)

_metadata = sa.MetaData()
_slots = sa.Table(
    "seqlab_slots",
    _metadata,
    sa.Column("sweep", sa.String(255), primary_key=True),
    sa.Column("arm", sa.String(255), primary_key=True),
    sa.Column("slot", sa.Integer, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),  # taken, free, counted, given_up
    sa.Column("owner", sa.String(255)),
    sa.Column("trial", sa.Integer),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("losses", sa.Integer, nullable=False),
    sa.Column("retry_of", sa.Integer),
    sa.Column("epochs", sa.Integer, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
)
_owners = sa.Table(
    "seqlab_coordinators",
    _metadata,
    sa.Column("owner", sa.String(255), primary_key=True),
    sa.Column("sweep", sa.String(255), nullable=False),
    sa.Column("beat", sa.Float, nullable=False),
)
_facts = sa.Table(
    "seqlab_sweeps",
    _metadata,
    sa.Column("sweep", sa.String(255), primary_key=True),
    sa.Column("fact", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A slot that is taken.

    Args:
        arm: whose.
        slot: its number, from 0.
        failures: how many trials of this slot have failed by themselves.
        losses: how often its present parameters were lost to the machine.
        retry_of: the trial whose parameters are to be tried again, or None.
    """

    arm: str
    slot: int
    failures: int = 0
    losses: int = 0
    retry_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an arm may spend, and how often a slot is tried again."""

    trials: int
    epochs: int | None
    seconds: float | None
    retries: int


class Gone(Exception):
    """This coordinator was taken for dead and its slot given to another: its trial does not count."""


class Store:
    """The database of a sweep.

    Args:
        url: such as "sqlite:////path/study.db" or "postgresql://host/name".
        sweep: the sweep's name; several may share a database.

    Raises:
        UserError: if the database cannot be opened.
    """

    def __init__(self, url: str, sweep: str) -> None:
        self.sweep = sweep
        self.owner = f"{_host()}|{os.getpid()}|{_started(os.getpid())}|{uuid.uuid4().hex[:8]}"
        self._sqlite = url.startswith("sqlite")
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            if self._sqlite:
                Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            self._engine = sa.create_engine(
                url, isolation_level="AUTOCOMMIT", **_engine_options(self._sqlite)
            )
            if self._sqlite:
                event.listen(self._engine, "connect", _tune)
            with self._exclusive() as connection:
                _metadata.create_all(connection)
            self.storage = RDBStorage(url, engine_kwargs=_engine_options(self._sqlite))
            if self._sqlite:
                event.listen(self.storage.engine, "connect", _tune)
                self.storage.engine.dispose()  # connections from here on are tuned
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise UserError(f"storage: {in_one_line(error)}\nallowed: {_ALLOWED}") from None

    def close(self) -> None:
        """Let go of the database; this coordinator is no longer at work."""
        with contextlib.suppress(SQLAlchemyError), self._exclusive() as connection:
            connection.execute(_owners.delete().where(_owners.c.owner == self.owner))
        self.storage.remove_session()
        self.storage.engine.dispose()
        self._engine.dispose()

    @contextlib.contextmanager
    def _exclusive(self) -> Generator[sa.Connection]:
        """A transaction that no other of a coordinator's overlaps."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self._sqlite else "BEGIN")
            try:
                if not self._sqlite:
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(5391742)")
                yield connection
            except BaseException:
                with contextlib.suppress(SQLAlchemyError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    # ---- the question

    def fact(self, name: str) -> Any:
        """Something written down about the sweep, or None."""
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(_facts.c.value).where(_facts.c.sweep == self.sweep, _facts.c.fact == name)
            ).scalar()
        return None if found is None else json.loads(found)

    def write_fact(self, name: str, value: Any, *, once: bool = False) -> Any:
        """Write something down about the sweep; with `once`, what stands there already stays. Returns what stands."""
        with self._exclusive() as connection:
            here = (_facts.c.sweep == self.sweep, _facts.c.fact == name)
            held = connection.execute(sa.select(_facts.c.value).where(*here)).scalar()
            if held is not None and once:
                return json.loads(held)
            connection.execute(_facts.delete().where(*here))
            connection.execute(_facts.insert().values(sweep=self.sweep, fact=name, value=json.dumps(value)))
        return value

    def forget(self, arms: list[str]) -> None:
        """Remove everything about the sweep.

        Raises:
            UserError: if a coordinator is at work on it.
        """
        with self._exclusive() as connection:
            if any(self._alive(connection, owner) for owner in self._owner_names(connection)):
                raise UserError(
                    f"force: somebody is at work on the sweep {self.sweep}\nallowed: stop that first"
                )
            for table in (_slots, _owners, _facts):
                connection.execute(table.delete().where(table.c.sweep == self.sweep))
        known = {study.study_name for study in self.storage.get_all_studies()}
        for name in known:
            if name in {self.study_name(arm) for arm in arms} or name.startswith(f"{self.sweep}/"):
                optuna.delete_study(study_name=name, storage=self.storage)

    def study_name(self, arm: str) -> str:
        """The name of an arm's study."""
        return f"{self.sweep}/{arm}"

    def study(self, arm: str, directions: list[str] | None = None) -> optuna.Study:
        """An arm's study; made if `directions` are given and there is none yet."""
        if directions is None:
            return optuna.load_study(study_name=self.study_name(arm), storage=self.storage)
        return optuna.create_study(
            study_name=self.study_name(arm),
            storage=self.storage,
            directions=[StudyDirection[word.upper()] for word in directions],
            load_if_exists=True,
        )

    # ---- who is at work

    def beat(self) -> None:
        """Say that this coordinator is alive; to be called every few seconds."""
        with self._exclusive() as connection:
            changed = connection.execute(
                _owners.update().where(_owners.c.owner == self.owner).values(beat=self._now(connection))
            )
            if changed.rowcount == 0:
                connection.execute(
                    _owners.insert().values(owner=self.owner, sweep=self.sweep, beat=self._now(connection))
                )

    def others(self) -> int:
        """How many other coordinators are at work on this sweep."""
        with self._engine.connect() as connection:
            names = [name for name in self._owner_names(connection) if name != self.owner]
            return sum(self._alive(connection, name) for name in names)

    def _now(self, connection: sa.Connection) -> float:
        """The database's clock: those of several machines may differ."""
        if self._sqlite:
            return time.time()
        return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())

    def _owner_names(self, connection: sa.Connection) -> list[str]:
        return list(
            connection.execute(sa.select(_owners.c.owner).where(_owners.c.sweep == self.sweep)).scalars()
        )

    def _alive(self, connection: sa.Connection, owner: str | None) -> bool:
        if owner is None or owner == self.owner:
            return owner is not None
        beat = connection.execute(sa.select(_owners.c.beat).where(_owners.c.owner == owner)).scalar()
        if beat is None:
            return False
        host, pid, started, _ = owner.split("|")
        if host == _host():
            return _started(int(pid)) == started
        return self._now(connection) - beat < SILENCE_SECONDS

    # ---- slots

    def claim(self, arm: str, limits: Limits) -> Claim | Literal["wait", "done"]:
        """Take a slot of an arm.

        Returns:
            The claim; "wait" while others are at work on the last slots; "done" when all are closed or the arm has
            spent its hours or epochs.
        """
        with self._exclusive() as connection:
            rows = connection.execute(
                sa.select(_slots).where(_slots.c.sweep == self.sweep, _slots.c.arm == arm)
            ).all()
            if limits.epochs is not None and sum(row.epochs for row in rows) >= limits.epochs:
                return "done"
            if limits.seconds is not None and sum(row.seconds for row in rows) >= limits.seconds:
                return "done"
            held = {row.slot: row for row in rows}
            for slot in range(limits.trials):
                row = held.get(slot)
                if row is None:
                    connection.execute(
                        _slots.insert().values(
                            sweep=self.sweep,
                            arm=arm,
                            slot=slot,
                            state="taken",
                            owner=self.owner,
                            failures=0,
                            losses=0,
                            epochs=0,
                            seconds=0.0,
                        )
                    )
                    return Claim(arm=arm, slot=slot)
                again = row.state == "given_up" and row.failures <= limits.retries
                if row.state == "free" or again:
                    connection.execute(
                        _slots.update()
                        .where(*self._at(arm, slot))
                        .values(state="taken", owner=self.owner, trial=None)
                    )
                    return _claim_of(row)
            busy = any(row.state == "taken" for row in rows if row.slot < limits.trials)
            return "wait" if busy else "done"

    def fill(self, claim: Claim, trial: int) -> None:
        """Say which trial a slot holds.

        Raises:
            Gone: if the slot is no longer ours.
        """
        with self._exclusive() as connection:
            self._require(connection, claim)
            connection.execute(_slots.update().where(*self._at(claim.arm, claim.slot)).values(trial=trial))

    def count(self, claim: Claim, epochs: int, seconds: float) -> None:
        """Close a slot: its trial has used up its budget.

        Raises:
            Gone: if the slot is no longer ours.
        """
        self._leave(claim, {"state": "counted"}, epochs, seconds)

    def fail(self, claim: Claim, limits: Limits) -> bool:
        """Give a slot back whose trial failed by itself, so that other parameters are tried; too often: for good.

        Returns:
            Whether there will be another trial.

        Raises:
            Gone: if the slot is no longer ours.
        """
        failures = claim.failures + 1
        state = "free" if failures <= limits.retries else "given_up"
        self._leave(claim, {"state": state, "failures": failures, "losses": 0, "retry_of": None})
        return state == "free"

    def lose(self, claim: Claim, limits: Limits, trial: int) -> bool:
        """Give a slot back whose trial was lost to the machine: the same parameters again, too often: others.

        Returns:
            Whether the same parameters are tried again.

        Raises:
            Gone: if the slot is no longer ours.
        """
        losses = claim.losses + 1
        again = losses <= limits.retries
        values = {"losses": losses, "retry_of": trial} if again else {"losses": 0, "retry_of": None}
        self._leave(claim, {"state": "free", **values})
        return again

    def hand_back(self, claim: Claim, retry_of: int | None) -> None:
        """Give a slot back that nobody is to blame for: the sweep was asked to stop.

        Raises:
            Gone: if the slot is no longer ours.
        """
        self._leave(claim, {"state": "free", "retry_of": retry_of})

    def _leave(self, claim: Claim, values: Mapping[str, Any], epochs: int = 0, seconds: float = 0.0) -> None:
        with self._exclusive() as connection:
            self._require(connection, claim)
            connection.execute(
                _slots.update()
                .where(*self._at(claim.arm, claim.slot))
                .values(
                    owner=None,
                    epochs=_slots.c.epochs + epochs,
                    seconds=_slots.c.seconds + seconds,
                    **values,
                )
            )

    def _require(self, connection: sa.Connection, claim: Claim) -> None:
        owner = connection.execute(
            sa.select(_slots.c.owner).where(*self._at(claim.arm, claim.slot), _slots.c.state == "taken")
        ).scalar()
        if owner != self.owner:
            raise Gone

    def _at(self, arm: str, slot: int) -> tuple[Any, ...]:
        return (_slots.c.sweep == self.sweep, _slots.c.arm == arm, _slots.c.slot == slot)

    # ---- what the dead have left

    def recover(self, arms: list[str], limits: Limits) -> int:
        """Take over the slots of coordinators that are gone, and end trials that nobody works at any more.

        Returns:
            How many trials were found running without a worker.
        """
        adopted: list[tuple[Claim, int | None]] = []
        with self._exclusive() as connection:
            taken = connection.execute(
                sa.select(_slots).where(_slots.c.sweep == self.sweep, _slots.c.state == "taken")
            ).all()
            dead = {
                row.owner
                for row in taken
                if row.owner != self.owner and not self._alive(connection, row.owner)
            }
            for row in taken:
                if row.owner in dead:
                    connection.execute(
                        _slots.update().where(*self._at(row.arm, row.slot)).values(owner=self.owner)
                    )
                    adopted.append((_claim_of(row), row.trial))
            for owner in self._owner_names(connection):
                if not self._alive(connection, owner):
                    connection.execute(_owners.delete().where(_owners.c.owner == owner))
        found = 0
        for claim, trial in adopted:
            found += self._settle(claim, trial, limits)
        return found + sum(self._end_orphans(arm) for arm in arms)

    def _settle(self, claim: Claim, number: int | None, limits: Limits) -> int:
        """Close or free a slot whose worker is gone, by what became of its trial."""
        if number is None:
            self.hand_back(claim, claim.retry_of)
            return 0
        study = self.study(claim.arm)
        end_trial(study, number, "its coordinator was killed, or its machine is gone")
        trial = study.trials[number]
        about = trial.user_attrs.get(ATTRIBUTE, {})
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) and about.get("state") != "infeasible":
            self.count(claim, about.get("epochs", 0), about.get("seconds", 0.0))
            return 0
        if about.get("lost", True):
            self.lose(claim, limits, number)
        else:
            self.hand_back(claim, None)
        return 1

    def _end_orphans(self, arm: str) -> int:
        """End trials that no slot names: a kill fell between Optuna's trial and the slot that was to hold it."""
        study = self.study(arm)
        running = [t.number for t in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))]
        if not running:
            return 0
        with self._engine.connect() as connection:
            taken = connection.execute(
                sa.select(_slots.c.trial).where(
                    _slots.c.sweep == self.sweep, _slots.c.arm == arm, _slots.c.state == "taken"
                )
            ).all()
        if any(row.trial is None for row in taken):  # somebody is just about to say which trial is theirs
            return 0
        orphans = set(running) - {row.trial for row in taken}
        return sum(end_trial(study, number, "its coordinator was killed") for number in orphans)


def _claim_of(row: Any) -> Claim:
    return Claim(arm=row.arm, slot=row.slot, failures=row.failures, losses=row.losses, retry_of=row.retry_of)


def end_trial(study: optuna.Study, number: int, reason: str) -> bool:
    """Fail a trial that nobody works at any more; returns whether it was still running."""
    trial = study.get_trials(deepcopy=False)[number]
    if trial.state.is_finished():
        return False
    about = {"state": "failed", "reason": reason, "epochs": 0, "seconds": 0.0, "lost": True}
    try:
        study._storage.set_trial_user_attr(  # pyright: ignore[reportPrivateUsage]
            trial._trial_id,  # pyright: ignore[reportPrivateUsage]
            ATTRIBUTE,
            {**trial.user_attrs.get(ATTRIBUTE, {}), **about},
        )
        study.tell(number, state=TrialState.FAIL)
    except (optuna.exceptions.UpdateFinishedTrialError, ValueError):
        return False  # it ended just now
    return True


def sqlite_url(file: Path) -> str:
    """The address of a sweep's own database.

    Raises:
        UserError: if it would lie on a network file system, where SQLite's locks do not hold.
    """
    kind = _disk_of(file)
    if kind is not None and kind.startswith(_SHARED_DISKS):
        raise UserError(
            f"storage: {file.parent} lies on a network file system ({kind}), where SQLite loses data\n"
            "allowed: sweep.dir on a local disk, or storage=postgresql://HOST/DATABASE"
        )
    return f"sqlite:///{file}"


def _disk_of(file: Path) -> str | None:
    """The kind of file system that a path lies on, where the system tells."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    place = next(p for p in (file.absolute(), *file.absolute().parents) if p.exists()).resolve()
    found = [line.split()[1:3] for line in lines]
    mounts = {Path(where.encode().decode("unicode_escape")): kind for where, kind in found}
    return next((mounts[p] for p in (place, *place.parents) if p in mounts), None)


def _engine_options(sqlite: bool) -> dict[str, Any]:
    if sqlite:
        return {"connect_args": {"timeout": _BUSY_SECONDS}}
    return {"pool_pre_ping": True}


def _tune(connection: Any, record: Any) -> None:
    """Write-ahead logging: readers do not wait, and a write costs a tenth; nothing of it is lost with the process."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _host() -> str:
    """This machine, and within it this world of process numbers."""
    boot = ""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
        boot += Path("/proc/self/ns/pid").readlink().name
    return f"{socket.gethostname()}/{boot}".replace("|", "/")


def _started(pid: int) -> str | None:
    """When a process started, in the system's own units; None if there is none, or it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]  # a zombie has ended
    except OSError:
        pass
    if Path("/proc/self/stat").exists():
        return None
    try:  # not Linux: at least whether it lives
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass
    return "?"


def in_one_line(error: BaseException) -> str:
    """What a database says, without its statements and addresses."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split()) or type(cause).__name__
    return text if len(text) <= 200 else text[:197] + "..."


_ALLOWED = "nothing (study.db in the sweep's directory), postgresql://USER@HOST/DATABASE, or sqlite:////PATH"
