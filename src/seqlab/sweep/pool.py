"""A worker process as the coordinator sees it: started, talked to, asked to stop, ended, replaced."""

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Generator
from multiprocessing import connection, forkserver, resource_tracker
from pathlib import Path
from typing import Any

from seqlab.sweep.entry import begin
from seqlab.sweep.orders import Message, Ready

LOG_FILE = "workers.log"  # in the directory of the sweep
START_SECONDS = 180.0
STOP_SECONDS = 15.0
_METHOD = "forkserver" if sys.platform == "linux" else "spawn"


def warm_up() -> None:
    """Start the server that workers are forked from, which then imports everything, while this process goes on.

    Ctrl-C in a terminal reaches it as well; it is kept from noticing, since it ends with the coordinator anyway.
    """
    if _METHOD != "forkserver":
        return
    multiprocessing.get_context(_METHOD).set_forkserver_preload(["seqlab.sweep.preload"])
    with _without_the_current_folder():
        resource_tracker.ensure_running()  # the server needs it, and starting it lets the signal through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _without_the_current_folder() -> Generator[None]:
    """Keep a user's random.py or queue.py from standing in for the standard library's in what is started here."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


class Lost(Exception):
    """The worker is gone, or was ended since it had hung; the message says why."""


class NotStarted(Lost):
    """No worker can be started."""


class Worker:
    """One warm process, started when it is first needed.

    On Linux it is forked from a server that has imported everything once and runs no threads; elsewhere it is
    spawned. The coordinator itself, which has threads, is never forked.

    Args:
        number: which worker, from 0.
        plugins: packages whose parts the runs use.
        log: where what it prints is appended.
    """

    def __init__(self, number: int, plugins: list[str], log: Path) -> None:
        self._number, self._plugins, self._log = number, plugins, log
        self._process: Any = None
        self._line: connection.Connection | None = None

    def ensure(self) -> None:
        """Start the process if there is none, and wait until it is ready.

        Raises:
            NotStarted: if it cannot come up, and the next would not either.
            Lost: if it was killed on its way.
        """
        if self._process is not None and self._process.is_alive():
            return
        self.kill()
        warm_up()
        context = multiprocessing.get_context(_METHOD)
        self._line, theirs = context.Pipe()
        self._process = context.Process(
            target=begin,
            args=(theirs, self._number, self._plugins, self._log),
            name=f"seqlab-worker-{self._number}",
        )
        try:
            self._process.start()
        except (OSError, EOFError) as error:
            self._process = None
            raise NotStarted(f"a worker could not be started ({type(error).__name__}: {error})") from None
        finally:
            theirs.close()
        deadline = time.monotonic() + START_SECONDS
        try:
            while not isinstance(self.receive(1.0), Ready):
                if time.monotonic() > deadline:
                    self.kill()
                    raise NotStarted(f"a worker did not start within {START_SECONDS:.0f} s")
        except NotStarted:
            raise
        except Lost as lost:
            if (self._process.exitcode or 0) < 0:  # killed from outside, which says nothing of the next
                raise
            raise NotStarted(f"a worker could not be started: {lost}") from None

    def send(self, word: Any) -> None:
        """Say something.

        Raises:
            Lost: if nobody listens any more.
        """
        assert self._line is not None
        try:
            self._line.send(word)
        except OSError:
            raise Lost(self._how_it_ended()) from None

    def receive(self, seconds: float) -> Message | None:
        """What the worker says within so many seconds; None if it says nothing.

        Raises:
            Lost: if it is gone.
        """
        assert self._line is not None
        connection.wait([self._line, self._process.sentinel], seconds)
        try:
            if self._line.poll():
                return self._line.recv()
        except (EOFError, OSError):
            raise Lost(self._how_it_ended()) from None
        if not self._process.is_alive():
            raise Lost(self._how_it_ended())
        return None

    def interrupt(self) -> None:
        """Ask the trial at work to stop cleanly; an idle worker ends."""
        if self._process is not None and self._process.is_alive():
            with contextlib.suppress(OSError):
                os.kill(self._process.pid, signal.SIGTERM)

    def slay(self) -> None:
        """End the process and all that it has started, at once; whoever listens to it finds it gone."""
        process = self._process
        if process is not None and process.pid is not None:  # a stop may come before it was started
            with contextlib.suppress(OSError, AttributeError):
                os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                process.kill()

    def kill(self) -> None:
        """End the process and let go of it; another is started when it is needed."""
        self.slay()
        process, self._process = self._process, None
        if process is not None and process.pid is not None:
            process.join(STOP_SECONDS)
        if self._line is not None:
            self._line.close()
            self._line = None

    def stop(self) -> None:
        """Let an idle process end."""
        if self._process is not None and self._process.is_alive() and self._line is not None:
            with contextlib.suppress(OSError):
                self._line.send(None)
            self._process.join(STOP_SECONDS)
        self.kill()

    def _how_it_ended(self) -> str:
        self._process.join(1.0)
        code = self._process.exitcode
        if code is None or code >= 0:
            return f"the worker ended by itself (exit code {code}; see {self._log.name})"
        name = signal.Signals(-code).name
        hint = ", as the system does when memory runs out" if -code == signal.SIGKILL else ""
        return f"the worker was ended by {name}{hint}"
