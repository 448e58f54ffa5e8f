"""What benchmarks of sweeps share: a sweep as a user starts it, timed from the command to its exit, then read."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from seqlab.results import TrialRow
from seqlab.sweep.rows import read_trials

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A sweep that has ended.

    Args:
        seconds: wall time of the whole command.
        at_work: seconds between the start of the first trial and the end of the last.
        points: what was trained, one sorted tuple of (setting, value) a trial.
        values: the trials' values.
        epochs: of all trials together.
        busy: seconds of all trials together, each from its order to its value.
    """

    seconds: float
    at_work: float
    points: list[tuple[tuple[str, str], ...]]
    values: list[float]
    epochs: int
    busy: float


def command_seconds(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> float:
    """Wall time of a command that has to succeed; what it says goes to a file.

    Raises:
        SystemExit: with the end of what it said, if it fails.
    """
    with log.open("w", encoding="utf-8") as stream:
        began = time.perf_counter()
        code = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=stream, stderr=subprocess.STDOUT, check=False
        ).returncode
        seconds = time.perf_counter() - began
    if code:
        said = "\n".join(log.read_text(encoding="utf-8").splitlines()[-20:])
        raise SystemExit(f"{shlex.join(command)}\nended with {code}:\n{said}")
    return seconds


def one_thread() -> dict[str, str]:
    """The environment, with one thread for each process in every library."""
    return os.environ | {"OMP_NUM_THREADS": "1"}


def seqlab_sweep(definition: Mapping[str, Any], folder: Path, words: Sequence[str]) -> Done:
    """Run `python sweep.py` and check that it did all that was asked of it.

    Args:
        definition: contents of the sweep's YAML file; without arms.
        folder: where the sweep is written; one that is there already is gone on with.
        words: further words of the command line, such as workers=2.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.with_name(f"{folder.name}.yaml")
    file.write_text(yaml.safe_dump(dict(definition), sort_keys=False), encoding="utf-8")
    command = [sys.executable, "sweep.py", f"sweep={file}", f"sweep.dir={folder}", *words]
    seconds = command_seconds(command, folder.with_name(f"{folder.name}.log"), one_thread())
    ledger = read_trials(folder / "trials.parquet")
    rows = [row for row in ledger if not (row.reason or "").startswith("stopped")]  # somebody pressed Ctrl-C
    trials = int(definition["budget"]["trials"])
    assert len(rows) == trials, f"{folder}: {len(rows)} trials, not {trials}"
    pruned = definition.get("pruner", {}).get("name", "none") != "none"
    states = {"complete", "pruned", "diverged"} if pruned else {"complete"}
    assert {row.state for row in rows} <= states, [row for row in rows if row.state not in states]
    return Done(
        seconds=seconds,
        at_work=_at_work(folder),
        points=sorted(point(row.parameters) for row in rows),
        values=[_value(row) for row in rows],
        epochs=sum(row.epochs for row in rows),
        busy=sum(row.seconds for row in rows),
    )


def _value(row: TrialRow) -> float:
    value = row.values[0] if row.values else None
    return float("nan") if value is None else value


def _at_work(folder: Path) -> float:
    """From the first trial's settings to the last one's result; workers are up by then."""
    first = min(path.stat().st_mtime for path in folder.glob("trials/*/*/config.yaml"))
    return max(path.stat().st_mtime for path in folder.glob("trials/*/*/result.json")) - first


def point(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """A point of the space in a form that both sides share."""
    return tuple(sorted((key, str(value).lower()) for key, value in parameters.items()))


def in_turn(
    contestants: Mapping[str, Callable[[Path], Done]], repeats: int, folder: Path
) -> dict[str, list[Done]]:
    """Every contestant once in every repeat, the order turned round each time; the machine's load is told."""
    done: dict[str, list[Done]] = {name: [] for name in contestants}
    for repeat in range(repeats):
        names = list(contestants) if repeat % 2 == 0 else list(contestants)[::-1]
        for name in names:
            load = os.getloadavg()[0]
            label = "".join(letter if letter.isalnum() else "-" for letter in name)
            result = contestants[name](folder / f"{label}-{repeat}")
            done[name].append(result)
            print(
                f"    {name}: {result.seconds:.1f} s (load before: {load:.1f})", file=sys.stderr, flush=True
            )
    return done
