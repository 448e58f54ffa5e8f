"""`seqlab status SWEEP_DIR`: how a sweep stands, from another terminal. It reads, and leaves everything as it is."""

import contextlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote, unquote

from filelock import FileLock, Timeout
from rich.console import Console
from rich.markup import escape

from seqlab.config.build import build
from seqlab.config.sweep import ObjectiveConfig
from seqlab.errors import UserError
from seqlab.redaction import redact_text
from seqlab.replication import LOCK_FILE, REPLICATES_FILE, REPLICATES_FOLDER, SELECTION_FILE, SELECTION_FOLDER
from seqlab.results import TrialRow
from seqlab.screen import PLAIN_WIDTH, duration_in_words, shown_path
from seqlab.sweep.address import SQLITE, STORAGE_VARIABLE, postgresql, shown_address
from seqlab.sweep.frozen import QUESTION_FILE, read_question
from seqlab.sweep.leaderboard import show_leaders
from seqlab.sweep.next_steps import STUDY_FILE, place_in_words
from seqlab.sweep.objectives import value_in_words
from seqlab.sweep.progress import best_rows, progress_of
from seqlab.sweep.rows import TRIALS_FILE, read_trials, trial_rows
from seqlab.sweep.table import progress_table
from seqlab.sweep.wording import parameters_in_words

if TYPE_CHECKING:
    import sqlalchemy as sa

# A coordinator that has not been heard of for so long is not at work.
_SILENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What was found out.

    Args:
        source: where, in words.
        rows: the trials of all arms.
        at_work: coordinators that have been heard of just now; None where that cannot be known.
        budgets: arm -> trials that it may spend, as far as that is known.
    """

    source: str
    rows: list[TrialRow]
    at_work: int | None
    budgets: dict[str, int]


def show_status(directory: Path, storage: str | None = None, stream: TextIO | None = None) -> int:
    """Print how a sweep stands, once; returns the exit code.

    Args:
        directory: the sweep's; where there is none on this machine, its last part is the name of a sweep in the
            database.
        storage: address of its database, where that is not study.db in the directory.
        stream: where to write; standard output by default.

    Raises:
        UserError: for a directory that is no sweep's, or a database that cannot be read.
    """
    question = _question(directory, storage)
    name, arms = str(question["name"]), list(question["arms"])
    objectives = [build(ObjectiveConfig, plain) for plain in question["objective"]]
    standing = _standing(directory, storage, name, arms)
    out = stream or sys.stdout
    console = Console(file=out, width=None if out.isatty() else PLAIN_WIDTH, highlight=False)
    concluding = _is_held(directory / LOCK_FILE)
    console.print(f"[bold]{escape(name)}[/bold]  {escape(_in_words(standing, len(arms), concluding))}")
    if question.get("question"):
        console.print(escape(" ".join(str(question["question"]).split())))
    console.print()
    budgets = {arm: standing.budgets.get(arm) for arm in arms}
    progress = progress_of(standing.rows, budgets, objectives)
    console.print(progress_table(progress, objectives, width=console.width))
    _show_best(console, directory, standing.rows, objectives, several_arms=len(arms) > 1)
    console.print(f"\n{'read from':<14} {escape(standing.source)}", soft_wrap=True)
    if (question.get("protocol") or {}).get("contrasts"):
        words = _left_of_comparison(directory, concluding)
        console.print(f"{'comparison':<14} {words}", soft_wrap=True)
    return 0


def _is_held(lock: Path) -> bool:
    """Whether somebody holds a lock; one that nobody holds is let go of at once."""
    if not lock.is_file():
        return False
    try:
        with FileLock(lock, blocking=False):
            return False
    except (Timeout, OSError):
        return True


def _left_of_comparison(directory: Path, concluding: bool) -> str:
    """What of a comparison follows the trials, and is there or not."""
    if (directory / REPLICATES_FILE).is_file():
        return f"its replicates are there: seqlab report {shown_path(directory)}"
    end = "at work on them now" if concluding else "the same command goes on"
    runs = len(list((directory / REPLICATES_FOLDER).glob("*/*/result.json")))
    if (directory / SELECTION_FILE).is_file():
        return f"configurations are chosen, {runs} replicates trained; {end}"
    again = len(list((directory / SELECTION_FOLDER).glob("**/result.json")))
    return f"selection ({again} runs so far) and replicates are still to come; {end}"


def _in_words(standing: _Standing, arms: int, concluding: bool) -> str:
    budgets = standing.budgets
    counted = sum(arm.counted for arm in progress_of(standing.rows, {}, [ObjectiveConfig()]))
    words = [f"{counted} of {sum(budgets.values())} trials" if budgets else f"{counted} trials that count"]
    running = sum(row.state == "running" for row in standing.rows)
    if standing.at_work:
        who = "1 coordinator" if standing.at_work == 1 else f"{standing.at_work} coordinators"
        words.append(f"{running} running, {who} at work")
    elif concluding:
        words.append("the comparison that follows them is at work")
    elif standing.at_work == 0:
        words.append("nobody is at work on it")
        if running:
            words.append(f"{running} cut off, to be tried again when it goes on")
    spent = sum(row.seconds for row in standing.rows)
    words.append(f"{duration_in_words(spent)} of training")
    return ", ".join(words)


def _show_best(
    console: Console,
    directory: Path,
    rows: Sequence[TrialRow],
    objectives: Sequence[ObjectiveConfig],
    several_arms: bool,
) -> None:
    best = best_rows(rows, objectives)
    if not best:
        console.print("\nno trial is complete yet")
        return
    if len(objectives) > 1:
        show_leaders(console, rows, objectives, several_arms=several_arms)
        return
    row, metric = best[0], objectives[0].metric
    arm = f" of {row.arm}" if several_arms else ""
    value = value_in_words(metric, row.values[0], 4)
    console.print(f"\n[bold]best[/bold]           {metric} {value}, trial {row.number}{escape(arm)}")
    console.print(f"{'settings':<14} {escape(parameters_in_words(row.parameters))}", soft_wrap=True)
    console.print(
        f"{'run directory':<14} {escape(place_in_words(directory.absolute(), row))}", soft_wrap=True
    )


# ---- where it is read from


def _question(directory: Path, storage: str | None) -> dict[str, Any]:
    """What a sweep asks, from its directory, or on another machine from its database.

    Raises:
        UserError: if it is in neither.
    """
    question, what = None, f"there is no {QUESTION_FILE}"
    if directory.is_dir():
        question = read_question(directory)
    else:
        what = "there is no such directory"
        address, key = (
            storage or os.environ.get(STORAGE_VARIABLE),
            "--storage" if storage else STORAGE_VARIABLE,
        )
        if address:
            what += f", and no sweep {directory.name} in {key}"
            question = _question_elsewhere(_read_only(address, key), key, directory.name)
    if question is None:
        raise UserError(f"SWEEP_DIR: {str(directory)!r} is no directory of a sweep ({what})")
    return question


def _question_elsewhere(address: tuple[str, dict[str, Any]], key: str, name: str) -> dict[str, Any] | None:
    import sqlalchemy as sa

    from seqlab.sweep.patience import DATABASE_ERRORS, in_one_line

    engine = sa.create_engine(address[0], **address[1])
    try:
        engine.connect().close()
        return _fact(engine, name, "question")
    except DATABASE_ERRORS as error:
        raise UserError(f"{key}: cannot be read: {redact_text(in_one_line(error))}") from None
    finally:
        engine.dispose()


def _standing(directory: Path, storage: str | None, name: str, arms: Sequence[str]) -> _Standing:
    """From the database that is named, study.db, the database of the environment, or trials.parquet."""
    study, trials = directory / STUDY_FILE, directory / TRIALS_FILE
    elsewhere = os.environ.get(STORAGE_VARIABLE)
    if storage is not None:
        address = _read_only(storage, "--storage")
        return _from_database(address, "--storage", shown_address(storage), name, arms)
    if study.is_file():
        place = shown_path(study.absolute())
        return _from_database(_read_only_sqlite(study.absolute()), place, place, name, arms)
    if elsewhere:
        address = _read_only(elsewhere, STORAGE_VARIABLE)
        return _from_database(address, STORAGE_VARIABLE, shown_address(elsewhere), name, arms)
    if trials.is_file():
        written = datetime.fromtimestamp(trials.stat().st_mtime).astimezone()
        source = f"{shown_path(trials.absolute())}, written {written:%Y-%m-%d %H:%M}"
        return _Standing(source=source, rows=read_trials(trials), at_work=None, budgets={})
    raise UserError(
        f"SWEEP_DIR: {str(directory)!r} has neither {STUDY_FILE} nor {TRIALS_FILE}\n"
        f"allowed: its database as --storage URL or {STORAGE_VARIABLE}"
    )


def _read_only(address: str, key: str) -> tuple[str, dict[str, Any]]:
    """An address under which nothing is made, with options for its engine."""
    if address.startswith("postgresql"):
        import sqlalchemy as sa

        url, options = postgresql(address, key)
        return url, {"poolclass": sa.NullPool, "connect_args": options}
    file = Path(unquote(address.removeprefix(SQLITE)))
    if not address.startswith(SQLITE) or not file.is_file():
        why = "there is no such file" if address.startswith(SQLITE) else "cannot be read"
        raise UserError(f"{key}: {shown_address(address)}: {why}\nallowed: sqlite:///PATH, postgresql://...")
    return _read_only_sqlite(file.absolute())


def _read_only_sqlite(file: Path) -> tuple[str, dict[str, Any]]:
    """SQLite's own way to open without writing; what nobody has open is not even given a file beside it."""
    idle = not file.with_name(f"{file.name}-wal").exists()
    place = f"file:{quote(str(file))}?mode=ro" + ("&immutable=1" if idle else "")
    return "sqlite://", {"creator": lambda: sqlite3.connect(place, uri=True, check_same_thread=False)}


def _from_database(
    address: tuple[str, dict[str, Any]], key: str, source: str, name: str, arms: Sequence[str]
) -> _Standing:
    import optuna
    from optuna.storages import RDBStorage

    from seqlab.sweep.patience import DATABASE_ERRORS, in_one_line

    rows: list[TrialRow] = []
    with _quiet():
        try:
            storage = RDBStorage(
                address[0], address[1], skip_compatibility_check=True, skip_table_creation=True
            )
            try:
                held = set(optuna.get_all_study_names(storage))
                for arm in arms:
                    if f"{name}/{arm}" in held:
                        study = optuna.load_study(study_name=f"{name}/{arm}", storage=storage)
                        rows += trial_rows(study, arm)
                at_work = _at_work(storage.engine, name)
                budgets: dict[str, int] = _fact(storage.engine, name, "budget") or {}
            finally:
                storage.remove_session()
                storage.engine.dispose()
        except (*DATABASE_ERRORS, ImportError) as error:
            raise UserError(f"{key}: cannot be read: {redact_text(in_one_line(error))}") from None
    if not any(f"{name}/{arm}" in held for arm in arms):
        raise UserError(f"{key}: holds nothing of the sweep {name!r}")
    return _Standing(source=source, rows=rows, at_work=at_work, budgets=budgets)


def _at_work(engine: "sa.Engine", name: str) -> int | None:
    """How many coordinators have been heard of just now; None in a database without such a record."""
    import sqlalchemy as sa
    from sqlalchemy.exc import SQLAlchemyError

    clock = (
        "extract(epoch FROM clock_timestamp())" if engine.dialect.name == "postgresql" else f"{time.time()}"
    )
    query = f"SELECT count(*) FROM seqlab_coordinators WHERE sweep = :sweep AND beat > {clock} - :silence"
    with contextlib.suppress(SQLAlchemyError), engine.connect() as connection:
        found = connection.execute(sa.text(query), {"sweep": name, "silence": _SILENCE_SECONDS})
        return int(found.scalar_one())
    return None


def _fact(engine: "sa.Engine", name: str, fact: str) -> dict[str, Any] | None:
    """What a coordinator wrote down, such as what every arm may spend; None where there is nothing."""
    import sqlalchemy as sa
    from sqlalchemy.exc import SQLAlchemyError

    query = "SELECT value FROM seqlab_sweeps WHERE sweep = :sweep AND fact = :fact"
    with contextlib.suppress(SQLAlchemyError), engine.connect() as connection:
        found: Any = connection.execute(sa.text(query), {"sweep": name, "fact": fact}).scalar()
        return None if found is None else dict(json.loads(found))
    return None


@contextlib.contextmanager
def _quiet() -> Generator[None]:
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
