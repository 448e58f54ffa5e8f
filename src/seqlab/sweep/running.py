"""`run_sweep`: from a question to its answer: store, coordinator, trackers, summary."""

import contextlib
import dataclasses
import shlex
import signal
import threading
import time
from collections.abc import Callable, Sequence

from filelock import FileLock

from seqlab import provenance
from seqlab.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_TERMINATED, RunFailed, UserError
from seqlab.screen import shown_python, shown_script
from seqlab.sweep.address import shown_address, storage_of
from seqlab.sweep.aftermath import Aftermath, tracks_all
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.books import Books
from seqlab.sweep.checking import sample_points
from seqlab.sweep.conditions import constraints_of
from seqlab.sweep.coordinator import Coordinator, workers_for
from seqlab.sweep.definition import Sweep
from seqlab.sweep.importance import prepare_importances
from seqlab.sweep.objectives import is_cost
from seqlab.sweep.opening import opened
from seqlab.sweep.ordering import Orders
from seqlab.sweep.orders import Costs, CostsOf
from seqlab.sweep.patience import DATABASE_ERRORS, in_one_line
from seqlab.sweep.pool import LOG_FILE, Lost, Worker
from seqlab.sweep.rows import TRIALS_FILE, trial_rows, write_trials
from seqlab.sweep.stopping import StopRequests
from seqlab.sweep.store import Store
from seqlab.sweep.trials import Trials
from seqlab.sweep.view import SweepScreen

_ASK_AT_ONCE = 50
_AFTER_LOCK = ".lock-after"


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
    screen, requests = screen or SweepScreen(), StopRequests()
    try:
        with contextlib.ExitStack() as noting:
            noting.enter_context(requests.noted())
            with opened(sweep, arms, screen.note, requests) as store:
                return _work(sweep, arms, store, screen, requests, noting.close)
    except DATABASE_ERRORS as error:
        requests.obey()
        raise RunFailed(_to_be_put_right(sweep, f"the database: {in_one_line(error)}")) from None


def _work(
    sweep: Sweep,
    arms: Sequence[ComposedArm],
    store: Store,
    screen: SweepScreen,
    requests: StopRequests,
    note_no_more: Callable[[], None],
) -> int:
    first = arms[0].experiment(arms[0].walk(lambda parameter: parameter.ends()[0]))
    workers = [
        Worker(number, first.plugins, sweep.directory / LOG_FILE)
        for number in range(workers_for(sweep.config.workers, first.trainer.threads, first.trainer.devices))
    ]
    books, note = Books(), _once(screen)
    track = tracks_all(sweep, arms)
    orders = Orders(sweep, arms, git_commit=provenance.git_commit(), track=track)
    trials = Trials(sweep, arms, store, books, orders, stopping=requests.stopping, note=note)
    coordinator = Coordinator(
        sweep, arms, store, books, trials, workers, look=screen.update, requests=requests
    )
    budgets = {arm.name: coordinator.limits(arm.name).trials for arm in arms}
    store.write_fact("budget", budgets)
    for arm in arms:
        books.put(*trial_rows(store.study(arm.name), arm.name))
    screen.before(sweep, len(workers), books.rows(), budgets)
    began = time.monotonic()
    try:
        if not coordinator.is_spent():
            if not books.rows():
                _check_costs(sweep, arms, workers[0], requests, latency=orders.latency)
            # what the summary needs takes a second to import, while the workers import for longer
            threading.Thread(target=prepare_importances, daemon=True).start()
            coordinator.work()
        note_no_more()  # what follows can be ended at once
        if not (requests.signals or coordinator.fatal):
            aftermath = Aftermath(sweep, arms, books, orders, workers, note)
            with FileLock(sweep.directory / _AFTER_LOCK):  # of coordinators in one directory one does it
                aftermath.finish_the_kept()
                if not track:
                    aftermath.track_the_best()
    finally:
        for worker in workers:
            worker.stop()
    try:
        write_trials(sweep.directory / TRIALS_FILE, books.rows(), [o.metric for o in sweep.config.objective])
    except OSError as error:
        coordinator.fatal = coordinator.fatal or f"{error.strerror or error}: {sweep.directory / TRIALS_FILE}"
    stopped, code = _how_it_ended(sweep, coordinator, requests)
    storage = storage_of(sweep)
    screen.after(
        books.rows(),
        time.monotonic() - began,
        arms=list(arms),
        words_of=orders.words_of,
        storage=storage and shown_address(storage),
        stopped=stopped,
    )
    if trials.overhead.before:  # for benchmarks/
        with contextlib.suppress(*DATABASE_ERRORS):
            store.write_fact("overhead", dataclasses.asdict(trials.overhead))
    return code


def _how_it_ended(sweep: Sweep, coordinator: Coordinator, requests: StopRequests) -> tuple[str | None, int]:
    """Why it ended before its budget was spent, if it did, and the exit code."""
    again = f"go on with: {shlex.join(_as_typed_here(sweep.command))}"
    if requests.signals:
        number = requests.signals[0]
        code = EXIT_INTERRUPTED if number == signal.SIGINT else EXIT_TERMINATED
        return f"by {signal.Signals(number).name}; nothing is lost, {again}", code
    if coordinator.fatal is not None:
        return _to_be_put_right(sweep, coordinator.fatal), EXIT_FAILED
    if coordinator.is_spent():
        return None, 0
    retries = f"{sweep.prefix}trial.retries"
    more = shlex.join([*_as_typed_here(sweep.command), f"{retries}={2 * sweep.config.trial.retries + 1}"])
    return f"trials failed more often than {retries} allows; to try again: {more}", EXIT_FAILED


def _to_be_put_right(sweep: Sweep, what: str) -> str:
    return f"{what}; once that is put right, go on with: {shlex.join(_as_typed_here(sweep.command))}"


def _as_typed_here(command: Sequence[str]) -> list[str]:
    """The words of a command, with Python and the script as they are found from this folder."""
    if list(command[:1]) != ["python"]:
        return list(command)
    return [shown_python(), shown_script(command[1]), *command[2:]]


def _once(screen: SweepScreen) -> Callable[[str], None]:
    """Notes of many trials, each said once."""
    said: set[str] = set()

    def note(line: str) -> None:
        head = line.partition(";")[0]
        if head not in said:
            said.add(head)
            screen.note(line)

    return note


def _check_costs(
    sweep: Sweep, arms: Sequence[ComposedArm], worker: Worker, requests: StopRequests, *, latency: bool
) -> None:
    """Refuse constraints on costs that none of 1,000 random points meets; a worker builds the networks.

    Raises:
        UserError: if there are such.
    """
    conditions = constraints_of(sweep.config)
    if not any(is_cost(key) for condition in conditions for key in condition.keys):
        return
    points = sample_points(arms)
    try:
        worker.ensure()
        for start in range(0, len(points), _ASK_AT_ONCE):
            some = points[start : start + _ASK_AT_ONCE]
            worker.send(CostsOf(settings=[arm.plain(values) for arm, values in some], latency=latency))
            while not isinstance(answer := worker.receive(1.0), Costs):
                requests.obey()
            for (arm, values), costs in zip(some, answer.costs, strict=True):
                if all(condition.holds(arm.lookup(values, costs)) for condition in conditions):
                    return
    except Lost as lost:
        raise UserError(f"constraints: the costs could not be counted: {lost}") from None
    texts = " and ".join(condition.text for condition in conditions)
    raise UserError(
        f"constraints: none of {len(points):,} points meets {texts}\n"
        "allowed: constraints that a part of the space meets"
    )
