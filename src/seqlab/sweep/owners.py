"""Who works at a sweep: coordinators sign in, say now and then that they are alive, and sign off."""

import contextlib
import os
import socket
import uuid
from pathlib import Path

import sqlalchemy as sa

from seqlab.sweep.database import OWNERS, Database, patient
from seqlab.sweep.patience import DATABASE_ERRORS

BEAT_SECONDS = 3.0
# A coordinator on another machine that has not been heard of for so long is gone. It is more than twice as long as a
# database may be away: nobody can be heard of then, and nobody is to be taken for dead when it is back.
SILENCE_SECONDS = 150.0


class Owners:
    """The coordinators of a sweep, as one of them sees it.

    Args:
        database: the sweep's.
        sweep: its name.

    Attributes:
        name: of this coordinator: machine, process, when that started, and a word of its own.
    """

    def __init__(self, database: Database, sweep: str) -> None:
        self._database, self._sweep = database, sweep
        self.name = f"{_host()}|{os.getpid()}|{_started(os.getpid())}|{uuid.uuid4().hex[:8]}"

    def sign_off(self) -> None:
        """This coordinator is no longer at work."""
        with contextlib.suppress(*DATABASE_ERRORS), self._database.exclusive() as connection:
            connection.execute(OWNERS.delete().where(OWNERS.c.owner == self.name))

    def forget_the_dead(self, connection: sa.Connection) -> None:
        """Strike out coordinators that are gone."""
        for owner in self.names(connection):
            if not self.alive(connection, owner):
                connection.execute(OWNERS.delete().where(OWNERS.c.owner == owner))

    @patient
    def beat(self) -> None:
        """Say that this coordinator is alive; to be called every few seconds."""
        with self._database.exclusive() as connection:
            changed = connection.execute(
                OWNERS.update().where(OWNERS.c.owner == self.name).values(beat=self._database.now(connection))
            )
            if changed.rowcount == 0:
                connection.execute(
                    OWNERS.insert().values(
                        owner=self.name, sweep=self._sweep, beat=self._database.now(connection)
                    )
                )

    @patient
    def others(self) -> int:
        """How many other coordinators are at work on this sweep."""
        with self._database.reading() as connection:
            names = [name for name in self.names(connection) if name != self.name]
            return sum(self.alive(connection, name) for name in names)

    def names(self, connection: sa.Connection) -> list[str]:
        """All coordinators of this sweep that have not signed off."""
        return list(
            connection.execute(sa.select(OWNERS.c.owner).where(OWNERS.c.sweep == self._sweep)).scalars()
        )

    def alive(self, connection: sa.Connection, owner: str | None) -> bool:
        """Whether a coordinator is at work: on this machine by its process, elsewhere by what was heard of it."""
        if owner is None or owner == self.name:
            return owner is not None
        beat = connection.execute(sa.select(OWNERS.c.beat).where(OWNERS.c.owner == owner)).scalar()
        if beat is None:
            return False
        host, pid, started, _ = owner.split("|")
        if host == _host():
            return _started(int(pid)) == started
        return self._database.now(connection) - beat < SILENCE_SECONDS


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
