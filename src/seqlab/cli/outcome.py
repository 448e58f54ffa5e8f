"""How a command ends: its exit code, and an error in at most three lines."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any, NoReturn, TextIO, cast

from seqlab.errors import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    EXIT_USER_ERROR,
    ConfigError,
    RunFailed,
    SeveralProblems,
    UserError,
)
from seqlab.redaction import REDACTED, is_secret_name, redact_text

_LINES = 3
_EXIT_BROKEN_PIPE = 141


def finish(command: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with its exit code."""
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, _terminated)
    try:
        code = command()
        sys.stdout.flush()
    except UserError as error:
        say_error(error)
        code = EXIT_USER_ERROR
    except RunFailed as error:
        say_error(error)
        code = EXIT_FAILED
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        code = _EXIT_BROKEN_PIPE
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.exit(code)
    # the interpreter flushes once more on its way out, and would complain
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def say_error(error: Exception) -> None:
    """Print an error to standard error, without secrets and in at most three lines, but for findings in a file."""
    if isinstance(error, ConfigError) and is_secret_name(error.key):
        error = ConfigError(error.key, REDACTED, error.allowed, error.suggestion, error.file)
    text = redact_text(str(error))
    lines = [line for line in text.splitlines() if line.strip()] or [type(error).__name__]
    shown = lines if isinstance(error, SeveralProblems) else lines[:_LINES]
    print("error: " + "\n".join(shown), file=sys.stderr)


def _terminated(number: int, frame: FrameType | None) -> None:
    sys.exit(EXIT_TERMINATED)


@contextlib.contextmanager
def leaving_at_once() -> Generator[None]:
    """Let SIGINT and SIGTERM end the process there and then, while large libraries are being imported.

    An exception in the middle of such an import is caught, repeated or turned into a traceback by the library; and
    there is nothing to close yet.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


class _Patient:
    """A stream that goes on without its reader: `python train.py | head` ends the reading, not the run."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop the text if nobody reads any more."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._leave()
            return len(text)

    def flush(self) -> None:
        """Flush, or drop what is left if nobody reads any more."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._leave()

    def _leave(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def patient_stdout() -> Generator[None]:
    """Standard output that survives its reader."""
    stream = sys.stdout
    sys.stdout = cast(TextIO, _Patient(stream))
    try:
        yield
    finally:
        sys.stdout = stream
