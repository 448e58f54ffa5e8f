"""`run_sweep`: from a question to its answer: directory, database, coordinator, trackers, summary."""

import contextlib
import shlex
import shutil
import signal
import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from seqlab import provenance
from seqlab.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_TERMINATED, UserError
from seqlab.redaction import redact_text
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.checking import sample_points
from seqlab.sweep.conditions import constraints_of
from seqlab.sweep.coordinator import Coordinator, workers_for
from seqlab.sweep.definition import Sweep
from seqlab.sweep.frozen import difference, question_of, read_question, write_question
from seqlab.sweep.keeping import trial_dir
from seqlab.sweep.objectives import directions, is_cost
from seqlab.sweep.orders import Costs, CostsOf, Track, Tracked
from seqlab.sweep.pool import Lost, Worker
from seqlab.sweep.progress import ranked
from seqlab.sweep.proposing import grid_values
from seqlab.sweep.rows import TRIALS_FILE, trial_rows, write_trials
from seqlab.sweep.store import DATABASE_ERRORS, Store, in_one_line, sqlite_url
from seqlab.sweep.trials import Books, Trials, lookup_with_costs, sweep_log, words_of
from seqlab.sweep.view import SweepScreen

DATABASE_FILE = "study.db"
# Up to so many trials all are tracked (wandb.trials=auto); beyond, so many of the best.
_ALL_TRACKED, _BEST_TRACKED = 50, 10
_ASK_AT_ONCE = 50


def run_sweep(sweep: Sweep, arms: Sequence[ComposedArm], screen: SweepScreen | None = None) -> int:
    """Work on a sweep until its budget is spent.

    Args:
        sweep: the sweep; its space has been checked.
        arms: composed.
        screen: who is told; a screen on standard output by default.

    Returns:
        The exit code: 0 if every arm has its budget; 1 if it could not go on; 130 or 143 if it was asked to stop.

    Raises:
        UserError: for what the user can put right; no trial has begun then.
    """
    screen = screen or SweepScreen()
    _check_grid(sweep, arms)
    with _opened(sweep, arms, screen) as store:
        return _work(sweep, arms, store, screen)


def _work(sweep: Sweep, arms: Sequence[ComposedArm], store: Store, screen: SweepScreen) -> int:
    first = arms[0].experiment(arms[0].walk(lambda p: p.ends()[0]))
    workers = workers_for(sweep.config.workers, first.trainer.threads, first.trainer.devices)
    books, stopping = Books(), threading.Event()
    for arm in arms:
        books.put(*trial_rows(store.study(arm.name), arm.name))
    screen.before(sweep, workers, books.rows())
    track = _tracks_all(sweep, arms)
    trials = Trials(
        sweep,
        arms,
        store,
        books,
        git_commit=provenance.git_commit(),
        track=track,
        stopping=stopping,
        note=_once(screen),
    )
    coordinator = Coordinator(
        sweep, arms, store, books, trials, workers=workers, look=screen.update, stopping=stopping
    )
    began = time.monotonic()
    if not coordinator.is_spent():
        _check_costs(sweep, arms, trials, books)
        coordinator.work()
    if not track and not coordinator.signals and coordinator.fatal is None:
        _track_best(sweep, arms, trials, books, screen)
    rows = books.rows()
    trials_file = sweep.directory / TRIALS_FILE
    try:
        write_trials(trials_file, rows, [o.metric for o in sweep.config.objective])
    except OSError as error:
        coordinator.fatal = coordinator.fatal or f"{trials_file}: {error.strerror or error}"
    stopped, code = _how_it_ended(sweep, coordinator)
    by_name = {arm.name: arm for arm in arms}
    screen.after(
        rows,
        time.monotonic() - began,
        arms=list(arms),
        words_of=lambda row: words_of(by_name[row.arm], row.parameters),
        storage=sweep.config.storage and redact_text(sweep.config.storage),
        stopped=stopped,
    )
    _write_overhead(store, trials)
    return code


def _how_it_ended(sweep: Sweep, coordinator: Coordinator) -> tuple[str | None, int]:
    again = f"go on with: {shlex.join(sweep.command)}"
    if coordinator.signals:
        number = coordinator.signals[0]
        code = EXIT_INTERRUPTED if number == signal.SIGINT else EXIT_TERMINATED
        return f"by {signal.Signals(number).name}; nothing is lost, {again}", code
    if coordinator.fatal is not None:
        return f"{coordinator.fatal}; once that is put right, {again}", EXIT_FAILED
    if coordinator.is_spent():
        return None, 0
    more = shlex.join([*sweep.command, f"trial.retries={2 * sweep.config.trial.retries + 1}"])
    return f"trials failed more often than trial.retries allows; to try again: {more}", EXIT_FAILED


def _once(screen: SweepScreen) -> Any:
    """Notes of many trials, each said once."""
    said: set[str] = set()

    def note(line: str) -> None:
        head = line.partition(";")[0]
        if head not in said:
            said.add(head)
            screen.note(line)

    return note


# ---- directory and database


@contextlib.contextmanager
def _opened(sweep: Sweep, arms: Sequence[ComposedArm], screen: SweepScreen) -> Generator[Store]:
    """The sweep's database, with the question frozen in it and beside it."""
    directory, force = sweep.directory, sweep.config.force
    own = read_question(directory)
    if own is None and directory.exists() and any(directory.iterdir()) and not _is_begun(directory):
        raise UserError(
            f"sweep.dir: {directory} holds files that no sweep of seqlab wrote\n"
            "allowed: another directory, new or of a sweep"
        )
    question = question_of(sweep, arms)
    if own is not None and not force:
        _check_same(own, question, directory)
    url = sweep.config.storage or sqlite_url(directory / DATABASE_FILE)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with FileLock(directory / ".lock", timeout=60):
            store = Store(url, sweep.name)
            try:
                _freeze(sweep, arms, store, question, screen)
            except BaseException:
                store.close()
                raise
        (directory / ".lock").unlink(missing_ok=True)
    except Timeout:
        raise UserError(f"sweep.dir: {directory} is being set up by another sweep for a minute now") from None
    except OSError as error:
        raise UserError(f"sweep.dir: {error.filename or directory}: {error.strerror or error}") from None
    except DATABASE_ERRORS as error:
        raise UserError(f"storage: {in_one_line(error)}") from None
    try:
        yield store
    finally:
        with contextlib.suppress(*DATABASE_ERRORS):
            store.close()


def _is_begun(directory: Path) -> bool:
    """Whether the only files there are those that come before sweep.yaml."""
    return all(
        path.name in (".lock", DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm")
        for path in directory.iterdir()
    )


def _freeze(
    sweep: Sweep, arms: Sequence[ComposedArm], store: Store, question: dict[str, Any], screen: SweepScreen
) -> None:
    held = store.fact("question")
    if held is not None and difference(held, question) is not None and sweep.config.force:
        store.forget([arm.name for arm in arms])
        shutil.rmtree(sweep.directory / "trials", ignore_errors=True)
        for name in (TRIALS_FILE, sweep_log(sweep.directory).name):
            (sweep.directory / name).unlink(missing_ok=True)
    held = store.write_fact("question", question, once=True)
    _check_same(held, question, sweep.directory)
    for arm in arms:
        store.study(arm.name, directions(sweep.config.objective))
    write_question(sweep.directory, question)
    code = [provenance.git_commit() or "not in a repository", provenance.environment()["seqlab"]]
    seen: list[list[str]] = store.fact("code") or []
    if code not in seen:
        if seen:
            screen.note(f"code: this is {_code(code)}; earlier trials were trained by {_code(seen[-1])}")
        store.write_fact("code", [*seen, code])


def _code(code: Sequence[str]) -> str:
    return f"seqlab {code[1]}, commit {code[0][:12]}{'+changes' if code[0].endswith('+changes') else ''}"


def _check_same(there: dict[str, Any], here: dict[str, Any], directory: Path) -> None:
    changed = difference(there, here)
    if changed is not None:
        raise UserError(
            f"sweep.dir: {directory} holds a sweep with another question ({changed})\n"
            "allowed: the same question, another directory (sweep.dir=DIR), or force=true to begin anew"
        )


def _check_grid(sweep: Sweep, arms: Sequence[ComposedArm]) -> None:
    if sweep.config.sampler.name != "grid":
        return
    for parameter in arms[0].parameters:
        if not parameter.choices and (parameter.step is None or len(grid_values(parameter)) > 1000):
            raise UserError(
                f"space.{parameter.key}: a grid needs single values\n"
                "allowed: choices, a step that makes at most 1,000 values, or another sampler"
            )


# ---- constraints on costs


def _check_costs(sweep: Sweep, arms: Sequence[ComposedArm], trials: Trials, books: Books) -> None:
    """Refuse constraints on costs that none of 1,000 random points meets; a worker builds the networks.

    Raises:
        UserError: if there are such.
    """
    conditions = constraints_of(sweep.config)
    if not any(is_cost(key) for c in conditions for key in c.keys) or books.rows():
        return
    worker = Worker(0, [], sweep_log(sweep.directory))
    points = sample_points(arms)
    try:
        worker.ensure()
        for start in range(0, len(points), _ASK_AT_ONCE):
            some = points[start : start + _ASK_AT_ONCE]
            worker.send(
                CostsOf(settings=[arm.plain(values) for arm, values in some], latency=trials.wants_latency)
            )
            while not isinstance(answer := worker.receive(1.0), Costs):
                pass
            for (arm, values), costs in zip(some, answer.costs, strict=True):
                if all(c.holds(lookup_with_costs(arm, values, costs)) for c in conditions):
                    return
    except Lost as lost:
        raise UserError(f"constraints: the costs could not be counted: {lost}") from None
    finally:
        worker.stop()
    texts = " and ".join(c.text for c in conditions)
    raise UserError(
        f"constraints: none of {len(points):,} points meets {texts}\n"
        "allowed: constraints that a part of the space meets"
    )


# ---- trackers


def _logs_to_wandb(arms: Sequence[ComposedArm]) -> bool:
    return any(_logger_of(arm).name == "wandb" and _logger_of(arm).wandb.mode != "disabled" for arm in arms)


def _logger_of(arm: ComposedArm) -> Any:
    return arm.experiment(arm.walk(lambda p: p.ends()[0])).logger


def _tracks_all(sweep: Sweep, arms: Sequence[ComposedArm]) -> bool:
    """Whether trials are followed while they train."""
    if not _logs_to_wandb(arms):
        return True
    wanted = sweep.config.wandb.trials
    if wanted == "auto":
        return sweep.config.budget.trials * len(arms) <= _ALL_TRACKED
    return wanted == "all"


def _track_best(
    sweep: Sweep, arms: Sequence[ComposedArm], trials: Trials, books: Books, screen: SweepScreen
) -> None:
    """Tell W&B of the best trials, which were not followed while they trained."""
    if sweep.config.wandb.trials == "none" or not _logs_to_wandb(arms):
        return
    by_name = {arm.name: arm for arm in arms}
    best = ranked(books.rows(), sweep.config.objective)[:_BEST_TRACKED]
    places = {(r.arm, r.number): trial_dir(sweep.directory, r.arm, r.number) for r in best}
    left = [
        r
        for r in best
        if not (places[r.arm, r.number] / "wandb").exists() and places[r.arm, r.number].exists()
    ]
    if not left:
        return
    note = _once(screen)
    worker = Worker(0, [], sweep_log(sweep.directory))
    try:
        worker.ensure()
        for row in left:
            order = trials.order_of(row, logger=_logger_of(by_name[row.arm]).name)
            worker.send(Track(settings=order.settings, run_dir=order.run_dir))
            while not isinstance(answer := worker.receive(1.0), Tracked):
                pass
            for line in answer.said:
                note(line)
    except Lost as lost:
        screen.note(f"W&B: the best trials were not told to it ({lost})")
    finally:
        worker.stop()


def _write_overhead(store: Store, trials: Trials) -> None:
    """Keep what trials took beside training, for `benchmarks/`."""
    overhead = trials.overhead
    if overhead.before:
        with contextlib.suppress(*DATABASE_ERRORS):
            store.write_fact(
                "overhead",
                {"before": overhead.before, "after": overhead.after, "coordinator": overhead.coordinator},
            )
