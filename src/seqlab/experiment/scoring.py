"""After training: scores of the best epoch, then beside them baselines, predictions, figures, latency."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from seqlab.baselines import majority, pooled_logistic
from seqlab.batch import SequenceBatch
from seqlab.config.experiment import Experiment
from seqlab.data.batches import BatchLoader
from seqlab.data.module import Part, SequenceData
from seqlab.evaluation import PartScores, score_part
from seqlab.experiment.artifacts import PartPredictions, write_figures, write_predictions
from seqlab.gradients import gradient_profile
from seqlab.model import SequenceModel
from seqlab.results import BEST_CHECKPOINT, FIGURES_FOLDER, PREDICTIONS_FILE, EpochRow, RunResult, Scores
from seqlab.trackers import Outcome

_LATENCY_REPEATS = 30


def score(
    experiment: Experiment,
    data: SequenceData,
    model: SequenceModel,
    best: EpochRow,
    result: RunResult,
) -> dict[Part, PartScores]:
    """Score `model`, which carries the weights of its best epoch.

    Args:
        experiment: the settings.
        data: the data; their test part is read only if `evaluate_test` says so.
        model: the network, on the CPU.
        best: the row of its best epoch.
        result: filled in with metrics, intervals and most confused pairs.

    Returns:
        The scores of every part that was read, but training; empty where there is neither validation nor test.
    """
    classes = list(data.spec.classes)
    result.metrics["train"] = best.train
    parts: dict[Part, BatchLoader] = {"validation": data.validation_loader()} if data.config.validates else {}
    if experiment.evaluate_test:
        parts["test"] = data.test_loader()
        result.data = data.facts()
    scored: dict[Part, PartScores] = {
        name: score_part(model, loader, classes, data.ids(name)) for name, loader in parts.items()
    }
    for name, part in scored.items():
        result.metrics[name] = part.scores
        result.intervals[name] = part.intervals
        result.most_confused[name] = part.most_confused
    return scored


def leave_behind(
    experiment: Experiment,
    data: SequenceData,
    model: SequenceModel,
    rows: Sequence[EpochRow],
    result: RunResult,
    scored: dict[Part, PartScores],
    profiles: dict[str, Any],
) -> Outcome:
    """Write what a finished run leaves behind beside its numbers.

    Args:
        experiment: the settings.
        data: the data.
        model: the network at its best epoch, on the CPU.
        rows: of every epoch.
        result: filled in with baselines and latency.
        scored: what `score` returned.
        profiles: name -> gradient profile taken before training.

    Returns:
        What the tracker is told.
    """
    best_epoch = result.epochs["best"]
    classes = list(data.spec.classes)
    result.baselines = baselines(data, model, scored)
    batch = first_batch(data)
    result.cost["latency_ms"] = latency_ms(model, batch)
    profiles[f"at the best epoch ({best_epoch})"] = gradient_profile(model, batch)
    table = keep_predictions(result, scored, classes)
    figures = write_figures(
        result.run_dir / FIGURES_FOLDER,
        rows=rows,
        monitor=experiment.task.monitor,
        best_epoch=best_epoch,
        confusions={name: part.confusion for name, part in scored.items()},
        classes=classes,
        profiles=profiles,
    )
    last = next(reversed(scored), None)
    return Outcome(
        status=result.status,
        confusion=scored[last].confusion if last is not None else None,
        confusion_part=last or "",
        classes=classes,
        prediction_columns=table.column_names if table is not None else (),
        predictions=[list(row.values()) for row in table.to_pylist()] if table is not None else (),
        best_checkpoint=result.run_dir / BEST_CHECKPOINT,
        figures=figures,
    )


def keep_predictions(
    result: RunResult, scored: dict[Part, PartScores], classes: Sequence[str]
) -> pa.Table | None:
    """Write predictions.parquet, of all parts that were scored; None, and no file, if there are none."""
    if not scored:
        return None
    parts = [
        PartPredictions(split=name, ids=part.ids, true=part.targets, probabilities=part.probabilities)
        for name, part in scored.items()
    ]
    return write_predictions(result.run_dir / PREDICTIONS_FILE, parts, classes)


def baselines(
    data: SequenceData, model: SequenceModel, scored: dict[Part, PartScores]
) -> dict[str, dict[str, Scores]]:
    """Scores of the majority class and of the order-free logistic regression, on the same parts."""
    arrays, labels = data.arrays("train")
    classes = len(data.spec.classes)
    logistic = pooled_logistic(arrays, labels, classes, data.fingerprint(), data.shares("train"))
    found: dict[str, dict[str, Scores]] = {"majority": {}, "order_free": {}}
    for name, part in scored.items():
        said = {
            "majority": majority(labels, len(part.targets), classes),
            "order_free": logistic.predict_proba(data.arrays(name)[0], data.shares(name)),
        }
        for baseline, probabilities in said.items():
            logits = torch.from_numpy(np.log(np.clip(probabilities, 1e-12, None)))
            found[baseline][name] = model.task.scores(logits, torch.from_numpy(part.targets))
    return found


def first_batch(data: SequenceData) -> SequenceBatch:
    """The first validation batch (of training where nothing validates), for the gradient profile and the latency."""
    return next(iter(data.sample_loader()))


def computed_costs(model: SequenceModel, mean_length: float) -> dict[str, float | None]:
    """What can be counted before training: parameters, FLOPs for a sequence of mean length, state size."""
    return {
        "parameters": model.parameter_count(),
        "flops": model.flops(round(mean_length)),
        "state_size": model.encoder.state_size,
    }


def latency_ms(model: SequenceModel, batch: SequenceBatch) -> float:
    """Median wall time to predict one sequence alone, in milliseconds, on the CPU."""
    length = int(batch.lengths[0])
    values, tokens = (None if x is None else x[:1, :length] for x in (batch.values, batch.tokens))
    one = replace(
        batch,
        values=values,
        tokens=tokens,
        lengths=batch.lengths[:1],
        targets=None,
        weights=None,
        ids=None,
    )
    model.eval()
    times: list[float] = []
    with torch.inference_mode():
        for _ in range(_LATENCY_REPEATS):
            began = time.perf_counter()
            model(one)
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)
