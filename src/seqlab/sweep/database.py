"""The database of a sweep as such: its tables beside Optuna's, and transactions that do not overlap."""

import contextlib
import functools
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import optuna
import sqlalchemy as sa
from optuna.storages import RDBStorage
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from seqlab.errors import UserError
from seqlab.sweep.address import ALLOWED, postgresql
from seqlab.sweep.patience import (
    DATABASE_ERRORS,
    Patience,
    PatientStorage,
    in_one_line,
    raise_what_was_meant,
)

_BUSY_SECONDS = 60.0
# A coordinator keeps few connections open, since many may share a server that takes 100 in all.
_POSTGRESQL = {
    "pool_size": 2, "max_overflow": 30, "pool_pre_ping": True, "isolation_level": "READ COMMITTED"
}  # fmt: skip
# A transaction in which a coordinator falls silent is ended by the server, so that nobody waits for its locks.
_SILENT_SECONDS = 30.0
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
_LOCK = 5391742  # any number, the same in every coordinator

T = TypeVar("T")
P = ParamSpec("P")

METADATA = sa.MetaData()
SLOTS = sa.Table(
    "seqlab_slots",
    METADATA,
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
OWNERS = sa.Table(
    "seqlab_coordinators",
    METADATA,
    sa.Column("owner", sa.String(255), primary_key=True),
    sa.Column("sweep", sa.String(255), nullable=False),
    sa.Column("beat", sa.Float, nullable=False),
)
FACTS = sa.Table(
    "seqlab_sweeps",
    METADATA,
    sa.Column("sweep", sa.String(255), primary_key=True),
    sa.Column("fact", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)


class Database:
    """A database, open for Optuna and for the tables beside it.

    Args:
        place: a file, for SQLite; or an address such as "postgresql://host/name".
        note: takes a line worth saying.
        stopping: set when the sweep is asked to stop.

    Raises:
        UserError: if it cannot be opened.
    """

    def __init__(
        self,
        place: Path | str,
        note: Callable[[str], None] = lambda line: None,
        stopping: threading.Event | None = None,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._sqlite = isinstance(place, Path)
        self._patience = Patience(note, stopping or threading.Event())
        try:
            self.storage = (
                _open_sqlite(place) if isinstance(place, Path) else _open_postgresql(place, self._patience)
            )
            self._engine = self.storage.engine.execution_options(isolation_level="AUTOCOMMIT")
            with self.exclusive() as connection:
                METADATA.create_all(connection)
        except (*DATABASE_ERRORS, OSError, RuntimeError) as error:
            raise_what_was_meant(error)
            raise UserError(f"storage: {in_one_line(error)}\nallowed: {ALLOWED}") from None

    def close(self) -> None:
        """Let go of it."""
        self.storage.remove_session()
        self.storage.engine.dispose()

    def patiently(self, work: Callable[[], T]) -> T:
        """Do a whole transaction, again if need be while a server is away; a file is not waited for."""
        return work() if self._sqlite else self._patience.wait_for(work)

    @contextlib.contextmanager
    def exclusive(self) -> Generator[sa.Connection]:
        """A transaction that no other of this kind overlaps, here or in any other process.

        What it reads was committed by all those before it, whatever isolation the server has by default.
        """
        begin = "BEGIN IMMEDIATE" if self._sqlite else "BEGIN ISOLATION LEVEL READ COMMITTED"
        with self._engine.connect() as connection:
            connection.exec_driver_sql(begin)
            try:
                if not self._sqlite:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
                yield connection
            except BaseException:
                with contextlib.suppress(SQLAlchemyError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    @contextlib.contextmanager
    def reading(self) -> Generator[sa.Connection]:
        """A connection to look something up."""
        with self._engine.connect() as connection:
            yield connection

    def now(self, connection: sa.Connection) -> float:
        """The database's clock, in seconds: those of several machines may differ."""
        if self._sqlite:
            return time.time()
        return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())


class _OnDatabase(Protocol):
    _database: Database


def patient(method: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    """A method that is one transaction, with patience for the database of its object (`_database`)."""

    @functools.wraps(method)
    def patiently(self: _OnDatabase, *args: P.args, **kwargs: P.kwargs) -> T:
        database = self._database  # pyright: ignore[reportPrivateUsage]
        return database.patiently(lambda: method(self, *args, **kwargs))

    return patiently


def _open_sqlite(file: Path) -> RDBStorage:
    """SQLite with write-ahead logging: readers do not wait, and what is written outlives the process.

    The file is opened by its path: an address would give `%`, `?` and braces in it a meaning.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    return RDBStorage("sqlite:///study.db", {"creator": connect})


def _open_postgresql(address: str, patience: Patience) -> RDBStorage:
    """PostgreSQL, its tables made by one coordinator at a time."""
    url, options = postgresql(address)
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=options)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")  # until the connection is closed
        storage = PatientStorage(url, {**_POSTGRESQL, "connect_args": options})
    storage.patience = patience
    event.listen(storage.engine, "connect", _limit_silence)
    storage.engine.dispose()  # what is open already has no limit
    return storage


def _limit_silence(connection: Any, record: Any) -> None:
    connection.execute(f"SET idle_in_transaction_session_timeout = {int(1000 * _SILENT_SECONDS)}")
    connection.commit()


def check_disk(file: Path) -> None:
    """Refuse a place for SQLite on a network file system, where its locks do not hold.

    Raises:
        UserError: with the kind of file system.
    """
    kind = _disk_of(file)
    if kind is not None and kind.startswith(_SHARED_DISKS):
        raise UserError(
            f"storage: {file.parent} lies on a network file system ({kind}), where SQLite loses data\n"
            "allowed: sweep.dir on a local disk, or storage=postgresql://HOST/DATABASE"
        )


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
