"""Scores and predictions of replicates, out of replicates.parquet and references.parquet of a sweep's directory."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from seqlab.references import capped_in
from seqlab.replication import REFERENCES_FILE, REPLICATES_FILE, Chosen, Plan
from seqlab.report.evidence import MANY_TUNINGS, FloatArray, Items, Reference, Results
from seqlab.report.metrics import OF_PREDICTIONS
from seqlab.results import RunResult


def results_of(
    sweep_dir: Path,
    plan: Plan,
    chosen: Sequence[Chosen],
    runs: Mapping[tuple[str, int], Sequence[RunResult]],
    metric: str,
) -> Results:
    """Scores and predictions of every arm on the test part.

    Args:
        sweep_dir: SWEEP_DIR.
        plan: what the comparison is about.
        chosen: the configurations.
        runs: (arm, tuning) -> its replicates, by pair.
        metric: of which the scores are.
    """
    table = pq.read_table(sweep_dir / REPLICATES_FILE)
    table = table.filter(np.asarray(table["kind"]) == "replicate")
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in ("arm", "tuning", "pair", "item")}
    truth_all = table["truth"].to_pylist()
    predicted_all = table["predicted"].to_pylist()
    result = next(run for of_arm in runs.values() for run in of_arm if run.status == "completed")
    classes = [str(name) for name in result.task["classes"]]
    number = {name: n for n, name in enumerate(classes)}
    tunings = 1 + max(row.tuning for row in chosen)
    seeds = sorted({run.run_dir.name for of_arm in runs.values() for run in of_arm}, key=int)
    pairs = [(tuning, seed) for tuning in range(tunings) for seed in seeds]
    some = (columns["arm"] == columns["arm"][0]) & (columns["tuning"] == columns["tuning"][0])
    some &= columns["pair"] == columns["pair"][0]
    ids = [str(item) for item in columns["item"][some]]
    truth = np.array([number[truth_all[n]] for n in np.flatnonzero(some)], dtype=np.int64)
    codes = np.array([number[name] for name in predicted_all], dtype=np.int64)
    probabilities = np.stack([table[f"p_{name}"].to_numpy() for name in classes], axis=1)
    scores: dict[str, FloatArray] = {}
    predicted: dict[str, Any] = {}
    chances: dict[str, FloatArray] = {}
    for arm in [name for name in plan.arms if any(row.arm == name for row in chosen)]:
        scores[arm] = np.full(len(pairs), np.nan)
        predicted[arm] = np.full((len(pairs), len(ids)), -1, dtype=np.int64)
        chances[arm] = np.full((len(pairs), len(ids), len(classes)), np.nan)
        for place, (tuning, pair) in enumerate(pairs):
            run = next((r for r in runs.get((arm, tuning), ()) if r.run_dir.name == pair), None)
            if run is None:
                continue
            value = run.metrics.get("test", {}).get(metric)
            scores[arm][place] = 0.0 if value is None else value  # diverged: the worst there is
            own = (columns["arm"] == arm) & (columns["tuning"] == tuning) & (columns["pair"] == pair)
            if own.any():
                predicted[arm][place], chances[arm][place] = codes[own], probabilities[own]
    labels = [pair if tunings == 1 else f"{pair} of tuning {tuning + 1}" for tuning, pair in pairs]
    dataset = str(result.data["name"])
    items = Items(ids=ids, truth=truth, classes=classes, predicted=predicted, probabilities=chances)
    of_tunings = {arm: v.reshape(tunings, -1) for arm, v in scores.items()} if tunings > 1 else {}
    if tunings < MANY_TUNINGS:
        return Results(dataset=dataset, pairs=labels, scores=scores, items=items, of_tunings=of_tunings)
    right = {arm: (p == truth).astype(np.float64) for arm, p in predicted.items()}
    is_mean = metric == "accuracy"  # a mean over items, so that a tuning has a score for every item
    return Results(
        dataset=dataset,
        pairs=[f"tuning {n + 1}" for n in range(tunings)],
        scores={arm: values.mean(axis=1) for arm, values in of_tunings.items()},
        items=items if is_mean else None,
        item_scores={a: r.reshape(tunings, -1, len(ids)).mean(axis=1) for a, r in right.items()}
        if is_mean
        else {},
        pairs_are="tunings",
        of_tunings=of_tunings,
    )


def references_of(sweep_dir: Path, results: Results, metric: str) -> list[Reference]:
    """What every arm has to beat: order-free models, MiniRocket, and the arms on sequences shuffled in time."""
    found: list[Reference] = []
    if metric not in OF_PREDICTIONS:  # of probabilities, which references have none of
        return found
    path = sweep_dir / REFERENCES_FILE
    if path.is_file():
        table = pq.read_table(path).to_pylist()
        for name in dict.fromkeys(row["name"] for row in table):
            own = [[row for row in table if row["name"] == name]]
            found.append(_reference(str(name), own, results.dataset, metric, str(own[0][0]["note"] or "")))
    shuffled = pq.read_table(sweep_dir / REPLICATES_FILE)
    shuffled = shuffled.filter(np.asarray(shuffled["kind"]) == "shuffled").to_pylist()
    note = "the same configuration, trained and tested on sequences in random order"
    for arm in dict.fromkeys(row["arm"] for row in shuffled):
        own = [row for row in shuffled if row["arm"] == arm]
        pairs = dict.fromkeys((row["tuning"], row["pair"]) for row in own)
        runs = [[row for row in own if (row["tuning"], row["pair"]) == pair] for pair in pairs]
        found.append(
            _reference(f"{arm} on shuffled time", runs, results.dataset, metric, note, of_arm=str(arm))
        )
    return found


def _reference(
    name: str,
    runs: Sequence[Sequence[Mapping[str, Any]]],
    dataset: str,
    metric: str,
    note: str,
    of_arm: str | None = None,
) -> Reference:
    """A reference out of the rows of its runs, each with truth and prediction for every test item."""
    number = {name: n for n, name in enumerate(dict.fromkeys(row["truth"] for row in runs[0]))}
    truth = np.array([number[row["truth"]] for row in runs[0]], dtype=np.int64)
    said = [[number.get(row["predicted"], -1) for row in rows] for rows in runs]
    predicted = np.array(said, dtype=np.int64)
    scores = np.array([OF_PREDICTIONS[metric](truth, one) for one in predicted])
    right = (predicted == truth).astype(np.float64) if metric == "accuracy" else None
    return Reference(
        name=name,
        dataset=dataset,
        scores=scores,
        item_scores=right,
        of_arm=of_arm,
        note=note,
        capped=capped_in(note),
    )
