"""Evidence out of plain run directories: runs that differ in their seeds alone are replicates of one arm."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from seqlab.errors import UserError
from seqlab.report.asked import margin_of, with_named
from seqlab.report.effort import Ending
from seqlab.report.endings import ending_of, settings_of
from seqlab.report.evidence import Arm, Evidence, FloatArray, Items, Reference, Results, Rules
from seqlab.report.options import Options
from seqlab.results import PREDICTIONS_FILE, RESULT_FILE, RunResult, read_result
from seqlab.screen import shown_path

# Settings in which replicates may differ.
_SEEDS = ("seed", "data.order_seed", "data.split_seed")
_APART = ("name", "force", "logger", "evaluate_test", "plugins", "init_from")
_METRIC = "accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    result: RunResult
    settings: Mapping[str, Any]  # without seeds and what no result depends on
    pair: str
    dataset: str
    ending: Ending | None


def evidence_of_runs(paths: Sequence[Path], options: Options | None = None) -> Evidence:
    """What some runs come to, by accuracy on the test part, or on the validation part where not all have read it.

    Args:
        paths: run directories, or folders that hold some.
        options: of them contrasts, margin, confidence, question and command count.

    Raises:
        UserError: if there are none, or none has ended well.
    """
    runs = [_read(path) for path in _run_dirs(paths)]
    ended = [run for run in runs if run.result.status == "completed"]
    if not ended:
        raise UserError(
            f"{paths[0]}: none of {len(runs)} runs is completed\nexpected: runs that have ended well"
        )
    notes = [f"{run.result.run_dir.name}: left out ({run.result.status})" for run in runs if run not in ended]
    part = "test" if all("test" in run.result.metrics for run in ended) else "validation"
    if part == "validation" and not all(part in run.result.metrics for run in ended):
        part = "test"  # some were trained on everything: those that can be compared are
    without = [run for run in ended if part not in run.result.metrics]
    notes += [f"{run.result.run_dir.name}: left out (no scores on the {part} part)" for run in without]
    ended = [run for run in ended if run not in without]
    if not ended:
        raise UserError(f"{paths[0]}: the runs have no part in common that all were scored on")
    if part == "validation":
        notes.append(
            "Scores are of the validation part, by which the best epoch of each run was picked, so they are too good; "
            "train with evaluate_test=true to compare on the test part."
        )
    names = _names(ended)
    by_arm = {name: [run for run in ended if names[run.result.run_dir] == name] for name in names.values()}
    datasets = list(dict.fromkeys(run.dataset for run in ended))
    options = options or Options()
    results = [_results(dataset, by_arm, part) for dataset in datasets]
    margin, about_margin = margin_of(options, _METRIC, share=True)
    endings = {name: [run.ending for run in own if run.ending is not None] for name, own in by_arm.items()}
    return Evidence(
        title=", ".join(datasets),
        question=options.question,
        arms=[_arm(name, own) for name, own in by_arm.items()],
        results=results,
        contrasts=with_named(options.contrasts, list(by_arm), results, higher_is_better=True),
        rules=Rules(
            metric=_METRIC,
            margin=margin,
            confidence=options.confidence,
            rules=[f"Scores are accuracies on the {part} part, paired by seed."],
        ),
        references=[row for dataset in datasets for row in _references(dataset, ended, part)],
        endings={name: own for name, own in endings.items() if own},
        commands=[*([options.command] if options.command else []), *(run.result.command for run in ended)],
        versions=ended[0].result.environment,
        source=f"{len(ended)} runs",
        notes=[*notes, *about_margin],
    )


def _run_dirs(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if (path / RESULT_FILE).is_file():
            found.append(path)
            continue
        if len(paths) > 1 and (path / "report.md").is_file():
            continue  # an earlier report, in a pattern such as runs/*
        here = sorted(result.parent for result in path.absolute().glob(f"**/{RESULT_FILE}"))
        if not here:
            raise UserError(f"{path}: no run directory, and none below it (there is no result.json)")
        if sweeps := {parent for run in here for parent in run.parents if (parent / "sweep.yaml").is_file()}:
            sweep = min(sweeps)
            raise UserError(
                f"{path}: holds trials of the sweep {shown_path(sweep)}\n"
                f"allowed: sweeps as a whole, such as {shown_path(sweep)}, or run directories"
            )
        found += here
    return list(dict.fromkeys(found))


def _read(run_dir: Path) -> _Run:
    result = read_result(run_dir)
    tree = settings_of(result)
    seeds = {key: tree.get(key) for key in _SEEDS}
    settings = {
        key: value
        for key, value in tree.items()
        if key not in _SEEDS and key.split(".")[0] not in _APART and key != "data.name"
    }
    pair = str(seeds["seed"]) if seeds["data.order_seed"] is None else str(seeds["data.order_seed"])
    return _Run(
        result=result,
        settings=settings,
        pair=pair,
        dataset=str(result.data.get("name", "")),
        ending=ending_of(result, tree),
    )


def _names(runs: Sequence[_Run]) -> dict[Path, str]:
    """A name for the arm of every run: the settings in which the runs differ."""
    keys = list(dict.fromkeys(key for run in runs for key in run.settings))
    differing = [k for k in keys if len({json.dumps(run.settings.get(k), default=str) for run in runs}) > 1]
    names: dict[Path, str] = {}
    for run in runs:
        words = [f"{key.rpartition('.')[2]}={run.settings[key]}" for key in differing if key in run.settings]
        names[run.result.run_dir] = " ".join(words) or run.result.name.rpartition("-")[0] or run.result.name
    return names


def _arm(name: str, runs: Sequence[_Run]) -> Arm:
    first = runs[0].result
    seconds = [run.result.seconds.get("training", run.result.seconds.get("total", np.nan)) for run in runs]
    cost = {key: first.cost.get(key) for key in ("parameters", "flops", "latency_ms")}
    return Arm(
        name=name,
        settings=first.model,
        cost={**cost, "seconds": float(np.mean(seconds))},
        command=first.command,
    )


def _results(dataset: str, by_arm: Mapping[str, Sequence[_Run]], part: str) -> Results:
    own = {name: [run for run in runs if run.dataset == dataset] for name, runs in by_arm.items()}
    pairs = sorted({run.pair for runs in own.values() for run in runs}, key=lambda pair: (len(pair), pair))
    scores: dict[str, FloatArray] = {}
    for name, runs in own.items():
        scores[name] = np.full(len(pairs), np.nan)
        for run in runs:
            value = run.result.metrics[part].get(_METRIC)
            scores[name][pairs.index(run.pair)] = np.nan if value is None else value
    return Results(dataset=dataset, pairs=pairs, scores=scores, items=_items(own, pairs, part))


def _items(own: Mapping[str, Sequence[_Run]], pairs: Sequence[str], part: str) -> Items | None:
    """Predictions, where every run has kept them for the same items."""
    predicted: dict[str, Any] = {}
    ids: list[str] | None = None
    truth: list[str] = []
    classes: list[str] = []
    for name, runs in own.items():
        for run in runs:
            path = run.result.run_dir / PREDICTIONS_FILE
            if not path.is_file():
                return None
            table = pq.read_table(path, columns=["id", "true", "predicted"], filters=[("split", "=", part)])
            if ids is None:
                ids = [str(one) for one in table["id"].to_pylist()]
                truth = table["true"].to_pylist()
                classes = [str(c) for c in run.result.task["classes"]]
            if table["id"].to_pylist() != ids:  # splits of their own
                return None
            codes = predicted.setdefault(name, np.full((len(pairs), len(ids)), -1, dtype=np.int64))
            codes[pairs.index(run.pair)] = [classes.index(c) for c in table["predicted"].to_pylist()]
    if ids is None:
        return None
    numbers = np.array([classes.index(c) for c in truth], dtype=np.int64)
    return Items(ids=ids, truth=numbers, classes=classes, predicted=predicted)


def _references(dataset: str, runs: Sequence[_Run], part: str) -> list[Reference]:
    """The baselines that runs have beside their scores."""
    found: dict[str, float] = {}
    for run in runs:
        if run.dataset == dataset:
            for name, parts in run.result.baselines.items():
                value = parts.get(part, {}).get(_METRIC)
                if value is not None:
                    found.setdefault(name, value)
    words = {"order_free": "order-free logistic regression", "majority": "majority class"}
    return [Reference(name=words.get(n, n), dataset=dataset, scores=np.array([v])) for n, v in found.items()]
