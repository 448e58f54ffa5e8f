"""A database that is away for a moment, such as for a restart: what was cut off is done again until it is back.

Only what is one transaction, and comes to the same when it is done twice, may be done again: where a connection
breaks at the very end, nobody knows whether it was done the first time.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

# What a database that cannot be reached, or takes no more, raises.
DATABASE_ERRORS = (SQLAlchemyError, StorageInternalError)
# So long a database may be away. Coordinators elsewhere are silent meanwhile as well (see `owners`).
PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 1.0

T = TypeVar("T")


class Patience:
    """How long a database is waited for, by all threads of a coordinator together.

    Args:
        note: takes a line worth saying.
        stopping: set when the sweep is asked to stop; nobody waits then.
    """

    def __init__(self, note: Callable[[str], None], stopping: threading.Event) -> None:
        self._note, self._stopping = note, stopping
        self._lock = threading.Lock()
        self._since: float | None = None

    def wait_for(self, work: Callable[[], T]) -> T:
        """Do something with the database; while that is away, again and again until patience runs out."""
        while True:
            began = time.monotonic()
            try:
                done = work()
            except DATABASE_ERRORS as error:
                raise_what_was_meant(error)
                if not is_away(error) or not self._goes_on(error, began):
                    raise
                self._stopping.wait(_PAUSE_SECONDS)
            else:
                self._is_back(began)
                return done

    def _goes_on(self, error: Exception, began: float) -> bool:
        with self._lock:
            if self._since is None:
                self._since = began
                if not self._stopping.is_set():
                    self._note(
                        f"the database is away; waiting for it, {PATIENCE_SECONDS:.0f} s at most"
                        f" ({in_one_line(error)})"
                    )
            return not self._stopping.is_set() and time.monotonic() - self._since < PATIENCE_SECONDS

    def _is_back(self, began: float) -> None:
        with self._lock:
            if self._since is not None and began > self._since:
                away = time.monotonic() - self._since
                self._since = None
                self._note(f"the database is back after {away:.0f} s; nothing is lost")


class PatientStorage(RDBStorage):
    """Optuna's storage, with every transaction done again while the database is away.

    What that can leave behind is a trial that was made twice; no slot names the other one, so it is ended as one whose
    coordinator was killed (see `store`).
    """

    patience: Patience


def _patient(name: str) -> Callable[..., Any]:
    whole = getattr(RDBStorage, name)

    @functools.wraps(whole)
    def method(self: PatientStorage, *args: Any, **kwargs: Any) -> Any:
        return self.patience.wait_for(lambda: whole(self, *args, **kwargs))

    return method


# With the three that Optuna's cache calls past the interface.
for _name in (*BaseStorage.__abstractmethods__, "_create_new_trial", "_set_trial_param", "_get_trials"):
    setattr(PatientStorage, _name, _patient(_name))


def is_away(error: BaseException) -> bool:
    """Whether a connection broke, or could not be made: the same may succeed in a moment."""
    return any(
        isinstance(e, DBAPIError)
        and (e.connection_invalidated or (isinstance(e, OperationalError) and e.statement is None))
        for e in _causes(error)
    )


def raise_what_was_meant(error: BaseException) -> None:
    """Let a request to end the process through, in whose way a driver's own error has come.

    SQLAlchemy's look at whether a connection still lives does that where SIGTERM meets it.
    """
    for cause in _causes(error):
        if isinstance(cause, (KeyboardInterrupt, SystemExit)):
            raise cause from None


def in_one_line(error: BaseException) -> str:
    """What a database says, without its statements, addresses and hints."""
    said = (e.orig for e in _causes(error) if isinstance(e, DBAPIError) and e.orig is not None)
    cause = next(said, error)
    lines = [line for line in str(cause).splitlines() if line.strip()]
    text = " ".join(lines[0].split()) if lines else type(cause).__name__
    return text if len(text) <= 200 else text[:197] + "..."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
