"""Sweeps: ours against the published hydra-optuna-sweeper, two workers against one, W&B offline against none.

    python benchmarks/sweep_speed.py --published /tmp/published-sweeper/bin/python [--repeats 3] [--quick]

An LSTM on JapaneseVowels, one thread a worker. Wall time of the whole command from start to exit, the contestants in
turn within every repeat, medians and spread. Every contestant of a table trains the same points (a grid) for the same
number of epochs, without pruning; that each of them did so is checked before a figure is printed.

The published sweeper needs an environment of its own: benchmarks/published_sweeper/requirements.txt. It is timed with
one thread, which is quicker for such small networks, and once more with as many as PyTorch takes by itself, which is
how it runs for somebody who has not looked into it.
"""

import argparse
import itertools
import os
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from sweeping import Done, command_seconds, in_turn, one_thread, point, seqlab_sweep

SCRIPT = Path(__file__).parent / "published_sweeper" / "train.py"
Contestants = dict[str, Callable[[Path], Done]]


def grid(widths: Sequence[int]) -> dict[str, list[Any]]:
    """The space: two depths, two directions and some widths."""
    return {
        "model.num_layers": [1, 2],
        "model.hidden_size": list(widths),
        "model.bidirectional": [True, False],
    }


def size(space: Mapping[str, Sequence[Any]]) -> int:
    """Number of points."""
    return len(list(itertools.product(*space.values())))


def ours(
    space: Mapping[str, Sequence[Any]], epochs: int, workers: int, folder: Path, logger: str = "none"
) -> Done:
    """Our sweep over a grid."""
    definition = {
        "question": "How quickly is a grid worked off?",
        "fixed": [
            "model=lstm",
            "model.dropout=0",
            "data=japanese_vowels",
            f"trainer.max_epochs={epochs}",
            "trainer.accelerator=cpu",
            "trainer.threads=1",
        ],
        "space": {key: {"type": "categorical", "choices": list(values)} for key, values in space.items()},
        "sampler": {"name": "grid"},
        "budget": {"trials": size(space)},
    }
    return seqlab_sweep(definition, folder, [f"workers={workers}", f"logger={logger}"])


def published(
    python: Path, space: Mapping[str, Sequence[Any]], epochs: int, pinned: bool, folder: Path
) -> Done:
    """The published sweeper over the same grid."""
    choices = [f"{key}=choice({','.join(map(str, values)).lower()})" for key, values in space.items()]
    words = ["hydra/sweeper/sampler=grid", f"hydra.sweeper.n_trials={size(space)}", f"max_epochs={epochs}"]
    words += [f"threads={1 if pinned else 'null'}", f"hydra.sweep.dir={folder}"]
    environment = one_thread()
    if not pinned:
        del environment["OMP_NUM_THREADS"]
    folder.parent.mkdir(parents=True, exist_ok=True)
    log = folder.with_name(f"{folder.name}.log")
    seconds = command_seconds([str(python), str(SCRIPT), "-m", *choices, *words], log, environment)
    end = folder / "optimization_results.yaml"
    best = float(yaml.safe_load(end.read_text(encoding="utf-8"))["best_value"])
    jobs = list(folder.glob("*/.hydra/overrides.yaml"))
    points: list[tuple[tuple[str, str], ...]] = []
    for job in jobs:
        given = dict(word.split("=", 1) for word in yaml.safe_load(job.read_text(encoding="utf-8")))
        points.append(point({key: value for key, value in given.items() if key in space}))
    assert len(jobs) == size(space), f"{folder}: {len(jobs)} trials, not {size(space)}"
    at_work = end.stat().st_mtime - min(job.stat().st_mtime for job in jobs)
    return Done(
        seconds=seconds,
        at_work=at_work,
        points=sorted(points),
        values=[best],
        epochs=epochs * len(jobs),
        busy=at_work,
    )


def check(done: Mapping[str, Sequence[Done]], space: Mapping[str, Sequence[Any]], epochs: int) -> None:
    """Hold every contestant to the same work, done with some success."""
    asked = sorted(
        point(dict(zip(space, values, strict=True))) for values in itertools.product(*space.values())
    )
    for name, results in done.items():
        for result in results:
            assert result.points == asked, f"{name}: trained {result.points}, not {asked}"
            assert result.epochs == epochs * len(asked), f"{name}: {result.epochs} epochs"
            assert epochs < 20 or max(result.values) > 0.9, (
                f"{name}: the best accuracy is {max(result.values)}"
            )


def table(
    title: str,
    contestants: Contestants,
    space: Mapping[str, Sequence[Any]],
    epochs: int,
    repeats: int,
    against: str,
    folder: Path,
) -> dict[str, list[Done]]:
    """Run, check and print; ratios are to the contestant `against`, times of the same repeat."""
    done = in_turn(contestants, repeats, folder)
    check(done, space, epochs)
    print(f"\n{title}: {size(space)} trials x {epochs} epochs, {repeats} repeats")
    print(
        f"  {'':<40}{'s':>7}{'(min to max)':>18}{'trials/h':>10}"
        f"{'ratio':>7}{'(min to max)':>16}{'alone':>8}{'ratio':>7}"
    )
    for name, results in done.items():
        seconds = [result.seconds for result in results]
        ratios = [base.seconds / own.seconds for base, own in zip(done[against], results, strict=True)]
        alone = [result.at_work for result in results]
        within = [base.at_work / own.at_work for base, own in zip(done[against], results, strict=True)]
        middle = statistics.median(seconds)
        spread = f"({min(seconds):.1f} to {max(seconds):.1f})"
        between = f"({min(ratios):.2f} to {max(ratios):.2f})"
        print(
            f"  {name:<40}{middle:>7.1f}{spread:>18}{3600 * size(space) / middle:>10.0f}"
            f"{statistics.median(ratios):>7.2f}{between:>16}"
            f"{statistics.median(alone):>8.1f}{statistics.median(within):>7.2f}",
            flush=True,
        )
    return done


def against_published(python: Path, widths: Sequence[int], epochs: int, repeats: int, folder: Path) -> None:
    """Trials per hour, ours over theirs."""
    space = grid(widths)
    one, default = "published sweeper, one thread", "published sweeper, threads unset"
    contestants: Contestants = {
        one: partial(published, python, space, epochs, True),
        default: partial(published, python, space, epochs, False),
        "seqlab, two workers": partial(ours, space, epochs, 2),
    }
    table("Against the published sweeper", contestants, space, epochs, repeats, one, folder)


def two_workers(widths: Sequence[int], epochs: int, repeats: int, folder: Path) -> None:
    """Two workers with one thread each against one with one thread."""
    space = grid(widths)
    contestants: Contestants = {
        "one worker": partial(ours, space, epochs, 1),
        "two workers": partial(ours, space, epochs, 2),
    }
    table("Two workers against one", contestants, space, epochs, repeats, "one worker", folder)


def cost_of_wandb(widths: Sequence[int], epochs: int, repeats: int, folder: Path) -> None:
    """W&B offline against no tracker."""
    space = grid(widths)
    contestants: Contestants = {
        "two workers, no tracker": partial(ours, space, epochs, 2),
        "two workers, W&B offline": partial(ours, space, epochs, 2, logger="wandb"),
    }
    done = table("W&B offline", contestants, space, epochs, repeats, "two workers, no tracker", folder)
    plain, tracked = done.values()
    costs = [
        100 * (with_it.seconds / without.seconds - 1) for without, with_it in zip(plain, tracked, strict=True)
    ]
    print(f"  W&B offline costs {statistics.median(costs):.0f} % ({min(costs):.0f} to {max(costs):.0f})")


def main() -> None:
    """Print one table a question."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published", type=Path, help="python of the published sweeper's environment")
    parser.add_argument("--repeats", type=int, default=3, help="measured repeats (default 3)")
    parser.add_argument("--quick", action="store_true", help="a few epochs and one repeat: does it work?")
    parser.add_argument(
        "--only",
        choices=["published", "workers", "wandb"],
        nargs="+",
        default=["published", "workers", "wandb"],
    )
    options = parser.parse_args()
    repeats = 1 if options.quick else options.repeats
    short, long = (3, 3) if options.quick else (30, 50)
    loads = [f"{load:.1f}" for load in os.getloadavg()]
    print(f"{os.cpu_count()} cores, load {' '.join(loads)}; LSTM on JapaneseVowels, one thread a worker")
    print(
        "ratio: times as fast as the first line; alone: from the first trial's start to the last one's end, in s"
    )
    with tempfile.TemporaryDirectory(prefix="sweep-speed-") as name:
        folder = Path(name)
        if "published" in options.only and options.published is None:
            print("\nWithout --published there is no comparison with the published sweeper; see --help.")
        elif "published" in options.only:
            against_published(options.published, (32, 64), short, repeats, folder / "published-8")
            if not options.quick:
                widths = (16, 24, 32, 40, 48, 64, 80, 96, 112, 128)
                against_published(options.published, widths, short, repeats, folder / "published-40")
        if "workers" in options.only:
            two_workers((16, 32, 64, 128), long, repeats, folder / "workers")
        if "wandb" in options.only:
            cost_of_wandb((16, 32, 64, 128), long, repeats, folder / "wandb")


if __name__ == "__main__":
    main()
