"""A sweep's directory and database, opened: the question frozen in both, and held to what is asked now."""

import contextlib
import os
import shutil
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from filelock import FileLock, Timeout

from seqlab import provenance
from seqlab.errors import ConfigError, UserError
from seqlab.redaction import redact_text
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.database import DATABASE_ERRORS, check_disk, in_one_line
from seqlab.sweep.definition import Sweep
from seqlab.sweep.frozen import difference, question_of, read_question, write_question
from seqlab.sweep.keeping import TRIALS_FOLDER
from seqlab.sweep.next_steps import STORAGE_VARIABLE, STUDY_FILE
from seqlab.sweep.objectives import directions
from seqlab.sweep.pool import LOG_FILE
from seqlab.sweep.rows import TRIALS_FILE
from seqlab.sweep.store import Store

_LOCK_FILE = ".lock"
# What may stand in a directory before sweep.yaml does.
_FIRST_FILES = (_LOCK_FILE, STUDY_FILE, f"{STUDY_FILE}-wal", f"{STUDY_FILE}-shm", f"{STUDY_FILE}-journal")
_PATIENCE_SECONDS = 60.0
_SQLITE = "sqlite:///"


def storage_of(sweep: Sweep) -> str | None:
    """The address of another database than the sweep's own, from its settings or the environment; None: its own."""
    return sweep.config.storage or os.environ.get(STORAGE_VARIABLE) or None


@contextlib.contextmanager
def opened(sweep: Sweep, arms: Sequence[ComposedArm], note: Callable[[str], None]) -> Generator[Store]:
    """The store of a sweep, made if there is none yet.

    Args:
        sweep: the sweep.
        arms: composed.
        note: takes a line worth saying.

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
        _check_same(own, question, directory)
    place = _place_of(storage_of(sweep), directory)
    if isinstance(place, Path):
        check_disk(place)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with FileLock(directory / _LOCK_FILE, timeout=_PATIENCE_SECONDS):
            store = Store(place, sweep.name)
            try:
                _freeze(sweep, arms, store, question, note)
            except BaseException:
                store.close()
                raise
    except Timeout:
        raise UserError(
            f"sweep.dir: {directory} has been in the making for a minute by another sweep"
        ) from None
    except OSError as error:
        raise UserError(f"sweep.dir: {error.strerror or error}: {error.filename or directory}") from None
    except DATABASE_ERRORS as error:
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
    if storage.startswith(_SQLITE):
        return Path(unquote(storage.removeprefix(_SQLITE))).expanduser().absolute()
    if not storage.startswith(("postgresql://", "postgresql+")):
        raise ConfigError(
            "storage", redact_text(storage), "postgresql://USER@HOST/DATABASE, or sqlite:///FILE"
        )
    return storage


def _freeze(
    sweep: Sweep,
    arms: Sequence[ComposedArm],
    store: Store,
    question: dict[str, Any],
    note: Callable[[str], None],
) -> None:
    held = store.fact("question")
    if held is not None and sweep.config.force and difference(held, question) is not None:
        store.forget()
        shutil.rmtree(sweep.directory / TRIALS_FOLDER, ignore_errors=True)
        for name in (TRIALS_FILE, LOG_FILE):
            (sweep.directory / name).unlink(missing_ok=True)
    _check_same(store.write_fact("question", question, once=True), question, sweep.directory)
    for arm in arms:
        store.study(arm.name, directions(sweep.config.objective))
    write_question(sweep.directory, question)
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


def _check_same(there: dict[str, Any], here: dict[str, Any], directory: Path) -> None:
    changed = difference(there, here)
    if changed is not None:
        raise UserError(
            f"sweep.dir: {directory} holds a sweep with another question ({changed})\n"
            "allowed: the same question, another directory (sweep.dir=DIR), or force=true to begin anew"
        )
