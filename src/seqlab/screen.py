"""What a person sees of a run: one screen before, one live line during, scores against the baselines after."""

import math
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seqlab.results import EpochRow, LayerRow, RunResult

_COLUMNS = ("accuracy", "balanced_accuracy", "f1_macro", "auroc", "ece", "loss")
# Of a line where there is no terminal that says.
PLAIN_WIDTH = 100


class Screen:
    """Follows a run on a terminal, or in plain lines where there is none.

    Args:
        stream: where to write; standard output by default.
        live: whether lines may be rewritten; by default, if the stream is a terminal.
    """

    def __init__(self, stream: TextIO | None = None, live: bool | None = None) -> None:
        self._stream = stream
        self._live = live
        self._began = 0.0
        self._drawn = 0.0
        self._last_row: EpochRow | None = None
        self._best: tuple[int, float | None] = (0, None)
        self._monitor = "accuracy"
        self._epochs = 1

    @property
    def _console(self) -> Console:  # made when used: a screen travels to the process that trains
        stream = self._stream or sys.stdout
        width = None if stream.isatty() else PLAIN_WIDTH
        return Console(file=stream, width=width, highlight=False, soft_wrap=False)

    def before(self, result: RunResult, layers: Sequence[LayerRow], epochs: int) -> None:
        """One screen of what the data are and what the model is."""
        self._monitor, self._epochs = str(result.task["monitor"]), epochs
        console = self._console
        console.print(f"[bold]seqlab[/bold]  {escape(result.name)}, seed {result.seed}")
        console.print()
        for name, words in _data_in_words(result.data):
            console.print(f"[bold]{name:<8}[/bold]  {escape(words)}", soft_wrap=True)
        console.print()
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("layer", overflow="fold")
        for column in ("output", "parameters", "FLOPs/sequence"):
            table.add_column(column, justify="right")
        for row in layers:
            table.add_row(escape(row.name), row.output, f"{row.parameters:,}", f"{row.flops:,}")
        cost = result.cost
        table.add_row("[bold]all[/bold]", "", f"{cost['parameters']:,}", f"{cost['flops']:,}")
        console.print(table)
        console.print(
            f"T = {result.data['lengths']['mean']:.0f} steps (mean length); a multiply-add counts 2"
        )
        if cost.get("state_size"):
            console.print(f"state carried from step to step: {cost['state_size']:,} numbers")
        console.print()

    def note(self, line: str) -> None:
        """A line worth saying, such as why W&B is offline."""
        self._wipe()
        self._console.print(escape(line), soft_wrap=True)

    def batch(self, epoch: int, done: int, batches: int) -> None:
        """An optimiser step is done."""
        now = time.monotonic()
        if not self._is_live() or now - self._drawn < 0.1:
            return
        self._began = self._began or now
        self._drawn = now
        self._write_live(epoch, (epoch - 1) + done / batches)

    def epoch(self, row: EpochRow, best_epoch: int) -> None:
        """An epoch is done."""
        self._last_row = row
        if best_epoch == row.epoch:
            self._best = (row.epoch, row.validation.get(self._monitor))
        if self._is_live():
            self._write_live(row.epoch, float(row.epoch))
            return
        every = max(1, math.ceil(self._epochs / 10))
        if row.epoch == 1 or row.epoch % every == 0 or row.epoch == self._epochs:
            self._console.print(escape(self._status(row.epoch, float(row.epoch))), soft_wrap=True)

    def after(self, result: RunResult) -> None:
        """Scores against the baselines, the most confused pairs, where the run lies, what to try next."""
        self._wipe()
        console = self._console
        if result.status != "completed":
            console.print(f"[bold]{result.status}[/bold]: {escape(result.reason or '')}")
        for part in ("validation", "test"):
            if part in result.metrics:
                console.print()
                console.print(_scores_table(result, part))
                _print_confused(console, result, part)
        console.print()
        seconds, speed = result.seconds, result.cost.get("sequences_per_second")
        console.print(
            f"best epoch {result.epochs.get('best', 0)} of {result.epochs.get('run', 0)}; "
            f"{seconds.get('training', 0):.1f} s training, {seconds.get('total', 0):.1f} s in all, "
            f"{f'{speed:,.0f} sequences/s in training, ' if speed else ''}"
            f"{result.threads} thread{'s' if result.threads != 1 else ''}"
        )
        console.print(f"run directory  {escape(shown_path(result.run_dir))}", soft_wrap=True)
        if result.status == "completed":
            console.print()
            console.print("try next")
            for command in _next_commands(result):
                console.print(f"  {escape(command)}", soft_wrap=True)

    def _is_live(self) -> bool:
        if self._live is None:
            return (self._stream or sys.stdout).isatty()
        return self._live

    def _status(self, epoch: int, done: float) -> str:
        words = [f"epoch {epoch}/{self._epochs}"]
        if self._last_row is not None:
            row = self._last_row
            words.append(f"loss {_number(row.train['loss'])}")
            if row.validation:
                words.append(f"validation loss {_number(row.validation['loss'])}")
            if row.validation and self._monitor != "loss":
                words.append(f"{self._monitor} {_number(row.validation[self._monitor])}")
                words.append(f"best {_number(self._best[1])} (epoch {self._best[0]})")
            left = row.seconds / max(row.epoch, 1) * (self._epochs - done)
            words.append(f"{duration_in_words(left)} left")
        return "  ".join(words)

    def _write_live(self, epoch: int, done: float) -> None:
        stream = self._stream or sys.stdout
        line = self._status(epoch, done)[: max(self._console.width - 1, 20)]
        stream.write(f"\r\x1b[K{line}")
        stream.flush()

    def _wipe(self) -> None:
        if self._is_live():
            stream = self._stream or sys.stdout
            stream.write("\r\x1b[K")
            stream.flush()


def show_several(runs: Sequence[tuple[Sequence[str], RunResult]], stream: TextIO | None = None) -> None:
    """A line a run: what was set, what came out, what it cost.

    Args:
        runs: settings as on the command line, and result, of two or more runs.
        stream: where to write; standard output by default.
    """
    out = stream if stream is not None else sys.stdout
    console = Console(file=out, width=None if out.isatty() else PLAIN_WIDTH, highlight=False)
    everywhere = set.intersection(*(set(words) for words, _ in runs))
    part = "test" if all("test" in result.metrics for _, result in runs) else "validation"
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", overflow="fold")
    for column in (f"{part} accuracy", "95 % interval", "order-free", "parameters", "seconds"):
        table.add_column(column, justify="right")
    for words, result in runs:
        own = " ".join(word for word in words if word not in everywhere) or result.name
        interval = result.intervals.get(part, {}).get("accuracy")
        table.add_row(
            escape(own),
            _number(result.metrics.get(part, {}).get("accuracy"))
            if result.status == "completed"
            else result.status,
            f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "",
            _number(result.baselines.get("order_free", {}).get(part, {}).get("accuracy")),
            f"{result.cost['parameters']:,}",
            f"{result.seconds.get('training', 0):.1f}",
        )
    console.print()
    console.print(table)
    console.print("Each with its own interval: runs whose intervals overlap widely have not been told apart.")
    console.print(f"run directories below {escape(shown_path(runs[0][1].run_dir.parent))}", soft_wrap=True)


def _data_in_words(data: dict[str, Any]) -> list[tuple[str, str]]:
    sizes, lengths = data["sizes"], data["lengths"]
    read = ", ".join(f"{n:,} {part}" for part, n in sizes.items())
    counts = data["classes"]
    shown = ", ".join(f"{name} {n}" for name, n in list(counts.items())[:12])
    more = f", and {len(counts) - 12} more" if len(counts) > 12 else ""
    rows = [
        ("data", f"{data['name']}: {read} sequences; test {'read' if 'test' in sizes else 'not read'}"),
        ("features", _features_in_words(data["features"], data.get("categories", {}))),
        ("lengths", f"{lengths['min']} to {lengths['max']} steps, median {lengths['median']:g}"),
        ("classes", f"{len(counts)} ({shown}{more})"),
        ("missing", f"{data['missing']} values" if data["missing"] else "no missing values"),
    ]
    rows.extend(("note", note) for note in data.get("notes", ()))
    return rows


def _features_in_words(numeric: int, categories: dict[str, int]) -> str:
    """Such as "12" and "2 numeric; categorical: state (5)", of categories those that are known."""
    if not categories:
        return str(numeric)
    named = ", ".join(f"{name} ({count - 2:,})" for name, count in list(categories.items())[:12])
    return f"{f'{numeric} numeric; ' if numeric else ''}categorical: {named}"


def _scores_table(result: RunResult, part: str) -> Table:
    size = result.data["sizes"].get(part)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"{part} ({size:,} sequences)" if size else part)
    for column in _COLUMNS:
        table.add_column(column.replace("balanced_accuracy", "balanced"), justify="right")
        if column == "accuracy":
            table.add_column("95 % interval", justify="right")
    rows = {"this run": result.metrics[part]}
    words = {"order_free": "order-free (logistic)", "majority": "majority class"}
    rows |= {words.get(name, name): parts[part] for name, parts in result.baselines.items() if part in parts}
    for name, scores in rows.items():
        cells = [_number(scores.get(column)) for column in _COLUMNS]
        interval = result.intervals.get(part, {}).get("accuracy") if name == "this run" else None
        cells.insert(1, f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "")
        style = "bold" if name == "this run" else ""
        table.add_row(name, *cells, style=style)
    return table


def _print_confused(console: Console, result: RunResult, part: str) -> None:
    pairs = result.most_confused.get(part, [])
    if pairs:
        words = "; ".join(f"{true} taken for {predicted} {count}x" for true, predicted, count in pairs)
        console.print(f"most confused: {escape(words)}", soft_wrap=True)


def _next_commands(result: RunResult) -> list[str]:
    place = shown_path(result.run_dir)
    command = shown_tool("seqlab")
    plugins = "".join(f" --plugin {shlex.quote(package)}" for package in result.plugins)
    kind = "FILE.csv" if result.data.get("kind") == "files" else "FILE.ts"
    rows = [("predict new sequences", f"{command} predict {shlex.quote(place)} {kind}{plugins}")]
    if "test" not in result.metrics and result.data.get("kind") != "memory":
        scored = f"{command} evaluate {shlex.quote(place)} --part test{plugins}"
        rows.insert(0, ("done choosing: test data", scored))
    if (result.run_dir / "wandb").is_dir():
        newest = max((result.run_dir / "wandb").glob("*run-*"), default=result.run_dir / "wandb")
        leet = f"{shown_tool('wandb')} leet {shlex.quote(shown_path(newest))}"
        rows.append(("look at the curves", leet))
    if result.model["kind"] != "order_free" and (again := _without_model(result.command)) is not None:
        again = [shown_python(), *again[1:]] if again[0] == "python" else again
        rows.append(("is order needed at all?", shlex.join([*again, "model=order_free"])))
    return [f"{why:<25} {words}" for why, words in rows]


def _without_model(command: str) -> list[str] | None:
    """The words of a command line but those that belong to its model; None if it cannot choose another."""
    if command.startswith("seqlab.run("):
        return None
    words = shlex.split(command)
    if any(word.partition("=")[0] == "--config" for word in words):  # the file has chosen
        return None
    return [word for word in words if not _belongs_to_model(word)]


def _belongs_to_model(word: str) -> bool:
    key, equals, _ = word.partition("=")
    if not equals and not key.startswith("~"):
        return False
    key = key.lstrip("+~")
    return key in ("model", "init_from", "force", "hydra.run.dir") or key.startswith("model.")


def shown_path(path: Path) -> str:
    """A path as one would type it here: relative if it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def shown_python() -> str:
    """Python as one would type it here: `python` where the environment is active, else where it lies."""
    return "python" if shutil.which("seqlab") else shown_path(Path(sys.executable))


def shown_tool(name: str) -> str:
    """A tool of the environment as one would type it here: by name if it is found, else through Python."""
    return name if shutil.which(name) else f"{shlex.quote(shown_python())} -m {name}"


def shown_script(name: str) -> str:
    """A script of the checkout as one would type it here: beside the one that was called, else by its name."""
    beside = Path(sys.argv[0]).resolve().with_name(name)
    return shown_path(beside) if beside.is_file() else name


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def duration_in_words(seconds: float) -> str:
    """A time as people say it: 42 s, 7 min, 1.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
