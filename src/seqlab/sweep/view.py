"""What a person sees of a sweep: one screen before, a live table or plain lines during, the summary after."""

import math
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from seqlab.results import TrialRow
from seqlab.screen import PLAIN_WIDTH, duration_in_words
from seqlab.sweep.definition import Sweep
from seqlab.sweep.introduction import sweep_in_words
from seqlab.sweep.objectives import value_in_words
from seqlab.sweep.progress import (
    ArmProgress,
    best_rows,
    progress_of,
    ranked,
    seconds_left,
    trials_per_minute,
)
from seqlab.sweep.summary import TrialArm, show_ledger, show_summary
from seqlab.sweep.table import best_in_words, progress_table
from seqlab.sweep.wording import broken, parameters_in_words, short_keys, shortened

_OPEN = ("running", "waiting")
_PARAMETERS = 72  # characters of a plain line
# Plain lines come in bursts of so many; after that one in so many seconds.
_BURST, _SECONDS_A_LINE = 10.0, 2.0
_SECONDS_A_FRAME = 0.25


class SweepScreen:
    """Follows a sweep on a terminal, or in plain lines where there is none. May be called from several threads.

    Args:
        stream: where to write; standard output by default.
        live: whether lines may be rewritten; by default, if the stream is a terminal.
        goes_on: whether a comparison follows, so that nothing is to be said of the best yet.
        more: a name and a line for what else should be known before it begins.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        live: bool | None = None,
        *,
        goes_on: bool = False,
        more: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._goes_on, self._more = goes_on, more
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty() if live is None else live
        self._lock = threading.RLock()
        self._sweep: Sweep | None = None
        self._workers = 1
        self._before: tuple[TrialRow, ...] = ()
        self._budgets: dict[str, int] = {}
        self._told: set[tuple[str, int]] = set()
        self._held: list[TrialRow] = []
        self._credit, self._credited = _BURST, 0.0
        self._drawn_at = -_SECONDS_A_FRAME
        self._frame: list[str] = []  # what of the live table stands on the screen

    @property
    def _console(self) -> Console:
        width = None if self._stream.isatty() else PLAIN_WIDTH
        return Console(file=self._stream, width=width, highlight=False, force_terminal=self._live or None)

    def before(
        self,
        sweep: Sweep,
        workers: int,
        rows: Sequence[TrialRow] = (),
        budgets: Mapping[str, int] | None = None,
    ) -> None:
        """One screen of what is asked and what it may cost.

        Args:
            sweep: the question.
            workers: trials at a time.
            rows: trials that are there already.
            budgets: arm -> trials that it may spend, where that is not the budget's (a small grid).
        """
        with self._lock:
            self._sweep, self._workers, self._before = sweep, workers, tuple(rows)
            self._budgets = dict(budgets or {arm.name: sweep.config.budget.trials for arm in sweep.arms})
            self._told = {(row.arm, row.number) for row in rows if row.state not in _OPEN}
            console = self._console
            console.print(f"[bold]seqlab sweep[/bold]  {escape(sweep.name)}", soft_wrap=True)
            console.print()
            for name, words in [*sweep_in_words(sweep, workers, rows, self._budgets), *self._more]:
                lines = [words] if name == "directory" else broken(words, max(console.width - 14, 20))
                for place, line in enumerate(lines):
                    head = "" if place else name
                    console.print(f"[bold]{head:<11}[/bold]  {escape(line)}", soft_wrap=True)
            console.print()

    def note(self, line: str) -> None:
        """A line worth saying, such as why a worker was replaced."""
        with self._lock:
            frame = self._wipe()
            self._console.print(escape(line), soft_wrap=True)
            self._put(frame)

    def update(self, rows: Sequence[TrialRow], seconds_at_work: float) -> None:
        """How the trials stand; to be called when one has begun or ended, and now and then.

        Args:
            rows: all trials of all arms.
            seconds_at_work: wall time since the sweep was started or resumed.
        """
        with self._lock:
            ended = [
                row for row in rows if row.state not in _OPEN and (row.arm, row.number) not in self._told
            ]
            self._told.update((row.arm, row.number) for row in ended)
            if not self._live:
                self._held += ended
                self._say_held(rows, seconds_at_work)
                return
            self._held += [row for row in ended if row.state == "failed"]
            self._say_held(rows, seconds_at_work)
            if seconds_at_work - self._drawn_at >= _SECONDS_A_FRAME:
                self._drawn_at = seconds_at_work
                self._wipe()
                self._put(self._render(rows, seconds_at_work))

    def after(
        self,
        rows: Sequence[TrialRow],
        seconds_at_work: float,
        *,
        arms: Sequence[TrialArm],
        words_of: Callable[[TrialRow], Sequence[str]],
        storage: str | None = None,
        stopped: str | None = None,
    ) -> None:
        """The summary.

        Args:
            rows: all trials of all arms.
            seconds_at_work: wall time since the sweep was started or resumed.
            arms: the composed arms.
            words_of: the words behind `python train.py` that repeat a trial, `seed` and `trainer.threads` among them.
            storage: address of the database; None for study.db in the sweep's directory.
            stopped: why it ended before its budget was spent; None if it did not.
        """
        with self._lock:
            sweep = self._sweep
            assert sweep is not None
            self._wipe()
            if self._held:
                self._say(self._held, rows, seconds_at_work)
                self._held = []
            if stopped is not None:
                self._console.print(f"[bold]stopped[/bold]: {escape(stopped)}", soft_wrap=True)
            if self._goes_on and stopped is None:
                show_ledger(self._console, sweep, rows)
            else:
                show_summary(self._console, sweep, rows, arms=arms, words_of=words_of, storage=storage)

    # ---- plain lines

    def _say_held(self, rows: Sequence[TrialRow], seconds: float) -> None:
        """Say what has ended, unless much was said just now: then it waits."""
        self._credit = min(_BURST, self._credit + (seconds - self._credited) / _SECONDS_A_LINE)
        self._credited = seconds
        while self._held and self._credit >= 1:
            self._credit -= 1
            if self._credit >= 1:
                self._say([self._held.pop(0)], rows, seconds)
            else:  # the last for now stands for all that wait
                self._say(self._held, rows, seconds)
                self._held = []

    def _say(self, ended: Sequence[TrialRow], rows: Sequence[TrialRow], seconds: float) -> None:
        """One line: of several trials the best, or the last."""
        sweep = self._sweep
        assert sweep is not None
        objectives = sweep.config.objective
        row = next(iter(ranked(ended, objectives)), ended[-1])
        told = {(one.arm, one.number) for one in ended}
        waiting = {(one.arm, one.number) for one in self._held} - told
        # as it stood when this one ended
        rows = [one for one in rows if (one.arm, one.number) not in waiting]
        name = f"trial {row.number}" + (f" {row.arm}" if len(sweep.arms) > 1 else "")
        words = [f"{name}: {_outcome(row, sweep)}"]
        best = best_rows(rows, objectives)
        if row.state == "complete" and len(objectives) > 1:
            words[0] += f" ({len(best)} on the front)"
        elif row.state == "complete" and best:
            words[0] += f" (best {value_in_words(objectives[0].metric, best[0].values[0])})"
        names = short_keys(sweep.config.space)
        words.append(parameters_in_words(row.parameters, names, _PARAMETERS))
        words.append(", ".join(self._pace(rows, seconds, brief=True)))
        if len(ended) > 1:
            words.append(f"({len(ended) - 1} more ended)")
        frame = self._wipe()
        self._console.print(escape("  ".join(word for word in words if word)), soft_wrap=True)
        self._put(frame)

    def _pace(self, rows: Sequence[TrialRow], seconds: float, *, brief: bool) -> list[str]:
        sweep = self._sweep
        assert sweep is not None
        budget = sweep.config.budget
        progress = self._progress(rows)
        done = sum(min(arm.counted, arm.budget or 0) for arm in progress)
        total = sum(self._budgets.values())
        words = [f"{done}/{total} done" if brief else f"{done} of {total} trials"]
        pace = trials_per_minute(self._before, rows, seconds)
        if pace is not None and not brief:
            words.append(f"{pace:.3g} a minute" if pace < 100 else f"{pace:,.0f} a minute")
        left = seconds_left(progress, budget, self._workers)
        if left is not None and done < total:
            words.append(f"{duration_in_words(left)} left")
        return words

    def _progress(self, rows: Sequence[TrialRow]) -> list[ArmProgress]:
        sweep = self._sweep
        assert sweep is not None
        return progress_of(rows, self._budgets, sweep.config.objective)

    # ---- the live table

    def _render(self, rows: Sequence[TrialRow], seconds: float) -> list[str]:
        """The lines of the live table, at most as many as the terminal has, each at most as wide."""
        sweep = self._sweep
        assert sweep is not None
        console = self._console
        width, height = max(console.width - 1, 20), max(console.height - 1, 5)
        objectives = sweep.config.objective
        title = f"{shortened(sweep.name, 32)}  {', '.join(self._pace(rows, seconds, brief=False))}"
        best = best_rows(rows, objectives)
        last = f"best {value_in_words(objectives[0].metric, None)}"
        if best:
            where = f" of {shortened(best[0].arm, 28)}" if len(sweep.arms) > 1 else ""
            last = f"best {best_in_words(best[0], objectives)}  trial {best[0].number}{where}  "
            names = short_keys(best[0].parameters)
            last += parameters_in_words(best[0].parameters, names, max(width - len(last), 12))
        table = progress_table(self._progress(rows), objectives, width=width, most=max(height - 4, 1))
        with console.capture() as captured:
            console.print(escape(title), style="bold", no_wrap=True, overflow="ellipsis", width=width)
            console.print(table, width=width)
            console.print(escape(last), no_wrap=True, overflow="ellipsis", width=width)
        return captured.get().splitlines()[:height]

    def _put(self, frame: list[str]) -> None:
        """Draw, and leave the cursor at the start of the line below."""
        if frame:
            self._stream.write("".join(f"{line}\n" for line in frame))
            self._stream.flush()
        self._frame = frame

    def _wipe(self) -> list[str]:
        """Take the live table off the screen; returns it."""
        frame = self._frame
        if frame:
            width = self._console.width  # where the window has become narrower, its lines have been broken
            height = sum(max(math.ceil(Text.from_ansi(line).cell_len / width), 1) for line in frame)
            self._stream.write(f"\x1b[{height}F\x1b[J")
        self._frame = []
        return frame


def _outcome(row: TrialRow, sweep: Sweep) -> str:
    pairs = list(zip(sweep.config.objective, row.values, strict=False))
    values = ", ".join(value_in_words(o.metric, value) for o, value in pairs)
    reason = f": {shortened(row.reason, 100)}" if row.reason else ""
    if row.state == "complete":
        return values
    if row.state == "pruned":
        at = f" at {values}" if any(value is not None for _, value in pairs) else ""
        return f"pruned{at} after {row.epochs} epoch{'' if row.epochs == 1 else 's'}"
    return f"{row.state}{reason}"
