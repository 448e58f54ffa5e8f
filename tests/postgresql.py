"""A real PostgreSQL server, of the tests' own: in a temporary folder, on a free port, stopped at the end."""

import contextlib
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

# Let in without a password, and with one only.
TRUSTED, CAREFUL = "anna", "bert"
PASSWORD = "hunter2-and-more"
_ACCESS = f"""
local all all                trust
host  all {CAREFUL} 127.0.0.1/32 scram-sha-256
host  all all  127.0.0.1/32 trust
"""
_DEBIAN = "/usr/lib/postgresql/*/bin"


class Server:
    """A server that can be stopped and started while a test looks on.

    Args:
        programs: the folder of initdb and pg_ctl.
        folder: of the server's own; holds `data`, `log` and its socket.
        user: who runs it, where the tests run as root: PostgreSQL refuses root.
    """

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs, self._folder, self._user = programs, folder, user
        self._data = folder / "data"
        self._numbers = itertools.count()
        self.port = _free_port()
        self._run("initdb", "-D", self._data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        (self._data / "pg_hba.conf").write_text(_ACCESS)
        self.start()
        self.ask(f"CREATE ROLE {TRUSTED} LOGIN CREATEDB")
        self.ask(f"CREATE ROLE {CAREFUL} LOGIN CREATEDB PASSWORD '{PASSWORD}'")

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", self._folder / "log", "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: "fast" ends connections in an orderly way, "immediate" as if the machine had failed."""
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", mode)

    def is_up(self) -> bool:
        """Whether it runs."""
        return (self._data / "postmaster.pid").exists()

    def address(self, database: str, user: str = TRUSTED, password: str | None = None) -> str:
        """The address of a database."""
        who = user if password is None else f"{user}:{password}"
        return f"postgresql://{who}@127.0.0.1:{self.port}/{database}"

    def new_database(self, owner: str = TRUSTED) -> str:
        """Make an empty database; returns its name."""
        name = f"lab{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name} OWNER {owner}")
        return name

    def ask(self, query: str, database: str = "postgres") -> list[tuple]:
        """Ask as the superuser, in a transaction of its own."""
        import psycopg

        place = self.address(database, "postgres")
        with psycopg.connect(place, autocommit=True) as connection:
            answer = connection.execute(query)
            return answer.fetchall() if answer.description else []

    def _run(self, program: str, *words: object) -> None:
        with (self._folder / "words").open("ab") as said:  # no pipe: the server would inherit it
            done = subprocess.run(
                [self._programs / program, *map(str, words)],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**os.environ, "HOME": str(self._folder), "LC_ALL": "C"},
                **_as_user(self._user),
            )
        assert done.returncode == 0, "\n".join(self._words())

    def _words(self) -> Iterator[str]:
        for name in ("words", "log"):
            with contextlib.suppress(FileNotFoundError):
                yield from (self._folder / name).read_text(errors="replace").splitlines()[-20:]


def _as_user(user: str | None) -> dict:
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian keeps it off the PATH."""
    found = sorted(Path("/").glob(_DEBIAN[1:]), key=lambda p: [int(n) for n in p.parent.name.split(".")])
    on_path = shutil.which("initdb")
    folders: Sequence[Path] = [*found, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((f for f in reversed(folders) if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


def _unprivileged() -> str | None:
    """Who is to run the server: whoever runs the tests, unless that is root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server for all tests of a session; skips where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        words = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail(f"{words}; .ci/run does that")
        pytest.skip(words)
    user = _unprivileged()
    # not below pytest's own folder: that is closed to other users
    with tempfile.TemporaryDirectory(prefix="seqlab-postgresql-") as name:
        if user is not None:
            os.chown(name, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        server = Server(programs, Path(name), user)
        try:
            yield server
        finally:
            if server.is_up():
                server.stop("immediate")
