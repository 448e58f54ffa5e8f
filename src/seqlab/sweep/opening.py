"""A sweep's directory and database, opened: the question frozen in both, and held to what is asked now."""

import contextlib
import shutil
import uuid
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from filelock import FileLock, Timeout

from seqlab import files, provenance
from seqlab.errors import ConfigError, UserError
from seqlab.replication import OWN_FILES, OWN_FOLDERS
from seqlab.sweep.address import POSTGRESQL, SQLITE, shown_address, storage_of
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.database import check_disk
from seqlab.sweep.definition import Sweep
from seqlab.sweep.frozen import difference, question_of, read_question, write_question
from seqlab.sweep.keeping import TRIALS_FOLDER
from seqlab.sweep.next_steps import STUDY_FILE
from seqlab.sweep.objectives import directions
from seqlab.sweep.patience import DATABASE_ERRORS, in_one_line
from seqlab.sweep.pool import LOG_FILE
from seqlab.sweep.rows import TRIALS_FILE
from seqlab.sweep.stopping import StopRequests
from seqlab.sweep.store import Store

_LOCK_FILE = ".lock"
# Holds a mark of the database that knows the trials in the directory.
_MARK_FILE = ".mark"
# What may stand in a directory before sweep.yaml does.
_FIRST_FILES = (
    _LOCK_FILE,
    _MARK_FILE,
    STUDY_FILE,
    f"{STUDY_FILE}-wal",
    f"{STUDY_FILE}-shm",
    f"{STUDY_FILE}-journal",
)
_PATIENCE_SECONDS = 60.0


@contextlib.contextmanager
def opened(
    sweep: Sweep, arms: Sequence[ComposedArm], note: Callable[[str], None], requests: StopRequests
) -> Generator[Store]:
    """The store of a sweep, made if there is none yet.

    Args:
        sweep: the sweep.
        arms: composed.
        note: takes a line worth saying.
        requests: to stop; whoever is waited for, is waited for no longer.

    Raises:
        UserError: for a directory that is taken, a question that has changed, or a database that cannot be opened.
    """
    directory, question = sweep.directory, question_of(sweep, arms)
    own = read_question(directory)
    if own is None and directory.is_dir() and any(p.name not in _FIRST_FILES for p in directory.iterdir()):
        raise UserError(
            f"sweep.dir: {directory} holds files that no sweep of seqlab wrote\n"
            "allowed: another directory, new or of a sweep"
        )
    if own is not None and not sweep.config.force:
        _check_same(
            own, question, f"sweep.dir: {directory} holds a sweep", "another directory (sweep.dir=DIR)"
        )
    place = _place_of(storage_of(sweep), directory)
    if isinstance(place, Path):
        check_disk(place)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        stopping = requests.stopping
        lock = FileLock(directory / _LOCK_FILE)
        with lock.acquire(_PATIENCE_SECONDS, cancel_check=stopping.is_set):
            store = Store(place, sweep.name, note, stopping)
            try:
                _freeze(sweep, arms, store, question, note)
            except BaseException:
                store.close()
                raise
    except Timeout:
        requests.obey()
        raise UserError(
            f"sweep.dir: {directory} has been in the making for a minute by another sweep"
        ) from None
    except OSError as error:
        raise UserError(f"sweep.dir: {error.strerror or error}: {error.filename or directory}") from None
    except DATABASE_ERRORS as error:
        requests.obey()
        raise UserError(f"storage: {in_one_line(error)}") from None
    try:
        yield store
    finally:
        with contextlib.suppress(*DATABASE_ERRORS):
            store.close()


def _place_of(storage: str | None, directory: Path) -> str | Path:
    """The file or address of the database."""
    if storage is None:
        return directory / STUDY_FILE
    if storage.startswith(SQLITE):
        return Path(unquote(storage.removeprefix(SQLITE))).expanduser().absolute()
    if not storage.startswith((POSTGRESQL, "postgresql+")):
        raise ConfigError(
            "storage", shown_address(storage), "postgresql://USER@HOST/DATABASE, or sqlite:///FILE"
        )
    return storage


def _freeze(
    sweep: Sweep,
    arms: Sequence[ComposedArm],
    store: Store,
    question: dict[str, Any],
    note: Callable[[str], None],
) -> None:
    directory, force = sweep.directory, sweep.config.force
    held = store.fact("question")
    anew = held is not None and force and difference(held, question) is not None
    if anew:
        store.forget()
    what = f"storage: the database holds a sweep {sweep.name}"
    _check_same(
        store.write_fact("question", question, once=True), question, what, "another name (sweep.name=NAME)"
    )
    mark, there = directory / _MARK_FILE, store.write_fact("mark", uuid.uuid4().hex, once=True)
    here = mark.read_text(encoding="ascii", errors="replace") if mark.is_file() else there
    if anew or here != there:
        if not force:
            raise UserError(
                f"sweep.dir: {directory} holds trials that another database knows, or that were begun anew since\n"
                "allowed: the storage of before, another directory (sweep.dir=DIR), or force=true to remove them"
            )
        for name in (TRIALS_FOLDER, *OWN_FOLDERS):
            shutil.rmtree(directory / name, ignore_errors=True)
        for name in (TRIALS_FILE, LOG_FILE, *OWN_FILES):
            (directory / name).unlink(missing_ok=True)
    files.write_text(mark, there)
    for arm in arms:
        store.study(arm.name, directions(sweep.config.objective))
    write_question(directory, question)
    code = [provenance.environment()["seqlab"], provenance.git_commit() or ""]
    seen: list[list[str]] = store.fact("code") or []
    if code not in seen:
        if seen:
            note(
                f"code: this is {_code_in_words(code)}; earlier trials were trained by {_code_in_words(seen[-1])}"
            )
        store.write_fact("code", [*seen, code])


def _code_in_words(code: Sequence[str]) -> str:
    version, commit = code
    changed = ", with changes" if commit.endswith("+changes") else ""
    return f"seqlab {version}{f', commit {commit[:12]}{changed}' if commit else ''}"


def _check_same(there: dict[str, Any], here: dict[str, Any], what: str, way_out: str) -> None:
    changed = difference(there, here)
    if changed is not None:
        raise UserError(
            f"{what} with another question ({changed})\n"
            f"allowed: the same question, {way_out}, or force=true to begin anew"
        )
