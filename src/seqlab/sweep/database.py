"""The database of a sweep as such: its tables beside Optuna's, and transactions that do not overlap."""

import contextlib
import sqlite3
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from seqlab.errors import UserError

# What a database that cannot be reached, or takes no more, raises.
DATABASE_ERRORS = (SQLAlchemyError, StorageInternalError)
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
_LOCK = 5391742  # any number, the same in every coordinator
_ALLOWED = "none (study.db in the sweep's directory), or postgresql://USER@HOST/DATABASE"

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

    Raises:
        UserError: if it cannot be opened.
    """

    def __init__(self, place: Path | str) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._sqlite = isinstance(place, Path)
        url, options = _sqlite(place) if isinstance(place, Path) else _other(place)
        try:
            self._engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", **options)
            with self.exclusive() as connection:
                METADATA.create_all(connection)
            self.storage = RDBStorage(url, engine_kwargs=options)
        except (*DATABASE_ERRORS, ImportError, OSError) as error:
            raise UserError(f"storage: {in_one_line(error)}\nallowed: {_ALLOWED}") from None

    def close(self) -> None:
        """Let go of it."""
        self.storage.remove_session()
        self.storage.engine.dispose()
        self._engine.dispose()

    @contextlib.contextmanager
    def exclusive(self) -> Generator[sa.Connection]:
        """A transaction that no other of this kind overlaps, here or in any other process."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self._sqlite else "BEGIN")
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


def _sqlite(file: Path) -> tuple[str, dict[str, Any]]:
    """SQLite with write-ahead logging: readers do not wait, and what is written outlives the process.

    The file is opened by its path: an address would give `%`, `?` and braces in it a meaning.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    return "sqlite:///study.db", {"creator": connect}


def _other(url: str) -> tuple[str, dict[str, Any]]:
    return url.replace("postgresql://", "postgresql+psycopg://", 1), {"pool_pre_ping": True}


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


def in_one_line(error: BaseException) -> str:
    """What a database says, without its statements and addresses."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split()) or type(cause).__name__
    return text if len(text) <= 200 else text[:197] + "..."
