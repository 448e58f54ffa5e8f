"""Requests to stop, noted by the process that coordinates."""

import contextlib
import signal
import threading
from collections.abc import Generator
from types import FrameType

from seqlab.errors import EXIT_TERMINATED


class StopRequests:
    """SIGINT and SIGTERM, noted where Python would raise.

    An exception raised in the middle of a callback of the garbage collector, as SQLAlchemy keeps some, is printed and
    forgotten; a request that is noted is not.
    """

    def __init__(self) -> None:
        self.signals: list[int] = []
        self.stopping = threading.Event()

    @contextlib.contextmanager
    def noted(self) -> Generator[None]:
        """Note them for a while, in the main thread; in any other, do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def obey(self) -> None:
        """End what is going on, if there was one.

        Raises:
            KeyboardInterrupt: for SIGINT.
            SystemExit: for SIGTERM.
        """
        if self.signals:
            raise KeyboardInterrupt if self.signals[0] == signal.SIGINT else SystemExit(EXIT_TERMINATED)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signals.append(number)
        self.stopping.set()
