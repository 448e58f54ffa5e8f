"""Processes and signals: which process of a run this is, how several are started, how one is stopped cleanly.

Several devices mean one process each, started by spawning (nothing here forks). A run that was itself started as
one of several, by torchrun or a cluster, finds its rank in the environment and starts nothing.
"""

import contextlib
import math
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch.distributed as dist
import torch.multiprocessing as mp
from torch.multiprocessing.spawn import ProcessException

from seqlab.errors import EXIT_USER_ERROR, RunFailed, UserError


@dataclass(frozen=True, slots=True)
class Rank:
    """This process among the processes of a run."""

    rank: int
    world: int

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0


def rank_from_environment() -> Rank | None:
    """The rank given by whoever started this process, or None if it was started alone."""
    if "LOCAL_RANK" not in os.environ:
        return None
    return Rank(int(os.environ.get("RANK", os.environ["LOCAL_RANK"])), int(os.environ.get("WORLD_SIZE", "1")))


class Interrupted(BaseException):
    """Somebody asked the run to stop; like KeyboardInterrupt, not to be swallowed by `except Exception`."""

    def __init__(self, number: int) -> None:
        self.signal = signal.Signals(number)
        super().__init__(f"stopped by {self.signal.name}")


class _Requests:
    """Requests to stop, as the handlers of `interruptible` leave them for `in_one_piece`."""

    held = False
    waiting: int | None = None


@contextlib.contextmanager
def interruptible() -> Generator[None]:
    """Turn SIGINT and SIGTERM into `Interrupted`; in threads other than the main one, do nothing.

    A second signal within two seconds of the first is the same request said twice (a terminal tells every process
    of a group, and the parent tells its children again) and is let pass, so that what is open can be closed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    last = -math.inf

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last
        before_that, last = last, time.monotonic()
        if last - before_that <= 2:
            return
        if _Requests.held:
            _Requests.waiting = number
        else:
            raise Interrupted(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def in_one_piece() -> Generator[None]:
    """Let a request to stop wait until what is inside is done, so that files that belong together agree.

    Raises:
        Interrupted: on leaving, if somebody asked meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Requests.held = True
    try:
        yield
    finally:
        _Requests.held = False
        number, _Requests.waiting = _Requests.waiting, None
    if number is not None:
        raise Interrupted(number)


def in_processes(world: int, work: Callable[..., object], *args: Any) -> None:
    """Run `work(*args)` in `world` spawned processes and wait for all.

    Raises:
        UserError, RunFailed: as one of the processes raised it; the others are stopped.
        Interrupted: if this process is asked to stop; the others are stopped first.
        ProcessException: for whatever else goes wrong in one; the others are stopped.
    """
    answers = mp.get_context("spawn").SimpleQueue()
    environment = {
        "WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        "NODE_RANK": "0",
    }
    context = mp.start_processes(
        _process, (environment, answers, work, args), nprocs=world, join=False, start_method="spawn"
    )
    assert context is not None
    try:
        with interruptible():
            while not context.join():
                pass
    except ProcessException:
        if not answers.empty():
            raise answers.get() from None
        raise
    except Interrupted as interrupted:
        children = [process for process in context.processes if process is not None]
        for process in children:
            with contextlib.suppress(ProcessLookupError):
                if process.pid is not None:
                    os.kill(process.pid, interrupted.signal)
        for process in children:
            process.join(10)
            process.kill()
        raise


def _process(
    rank: int, environment: dict[str, str], answers: Any, work: Callable[..., object], args: Any
) -> None:
    os.environ.update(environment, LOCAL_RANK=str(rank), RANK=str(rank))
    try:
        work(*args)
    except (UserError, RunFailed) as error:
        # a ConfigError does not pickle by its message; its words are what matters
        answers.put(RunFailed(str(error)) if isinstance(error, RunFailed) else UserError(str(error)))
        # the others may be waiting for this one: its failure makes the parent stop them
        raise SystemExit(EXIT_USER_ERROR) from None
    except Interrupted:  # the process that was asked to stop tells it
        pass
    else:
        # threads of a group that is left to the end of the process abort it now and then, after all is done
        if dist.is_available() and dist.is_initialized():
            dist.destroy_process_group()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
