"""`run(Experiment) -> RunResult`: the stages of a run, and what becomes of it however it ends."""

import contextlib
import copy
import dataclasses
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from torch.multiprocessing.spawn import ProcessException

from seqlab import provenance
from seqlab.checkpoint import Checkpoint, cpu_weights
from seqlab.config.build import build_experiment, to_plain
from seqlab.config.data import DataConfig, MemoryConfig
from seqlab.config.experiment import Experiment
from seqlab.config.registry import load, part
from seqlab.data.memory import Memory
from seqlab.data.module import SequenceData
from seqlab.data.source import Source
from seqlab.errors import RunFailed
from seqlab.experiment.directory import claimed, of_the_disk
from seqlab.experiment.endings import reason_of
from seqlab.experiment.fitting import check_hardware, fit, threads
from seqlab.experiment.naming import run_name, summary, tags
from seqlab.experiment.oversight import Overseer
from seqlab.experiment.processes import Interrupted, Rank, in_processes, interruptible, rank_from_environment
from seqlab.experiment.recorder import Recorder, Watcher
from seqlab.experiment.scoring import (
    computed_costs,
    first_batch,
    keep_predictions,
    latency_ms,
    leave_behind,
    score,
)
from seqlab.experiment.starting import network_of, profile_before
from seqlab.experiment.warm import data_of, kept_data_of
from seqlab.model import SequenceModel
from seqlab.plugins import load_plugins
from seqlab.quiet import quiet_libraries
from seqlab.readers import from_arrays
from seqlab.recurrent.allocator import keep_freed_memory
from seqlab.redaction import redact
from seqlab.results import (
    BEST_CHECKPOINT,
    RESULT_FILE,
    RunResult,
    read_result,
)
from seqlab.trackers import Outcome, RunAbout, Tracker, make_tracker


def run(
    experiment: Experiment,
    *,
    run_dir: Path,
    command: str,
    watcher: Watcher | None = None,
    data: tuple[Any, Any] | None = None,
    overseer: Overseer | None = None,
) -> RunResult:
    """Train one model and leave a run directory behind.

    Args:
        experiment: the settings.
        run_dir: where the run's files go; made if needed.
        command: the command line that repeats the run, kept with the result.
        watcher: somebody who looks on, such as the screen.
        data: (X, y), a list of arrays [T, F] and a list of labels, in place of a data source.
        overseer: whoever ordered this run as one of many; the run is lean then.

    Returns:
        The result, as in result.json; its status tells how the run ended.

    Raises:
        UserError: for what the user can put right; nothing is written then.
        RunFailed: if the run directory cannot be begun.
    """
    experiment, source = _with_source(experiment, data)
    run_dir = run_dir.resolve()
    check_hardware(experiment.trainer)
    devices = experiment.trainer.devices
    several = devices > 1 or experiment.trainer.strategy == "ddp"
    if several and rank_from_environment() is None:
        return _run_in_processes(devices, experiment, source, run_dir, command, watcher, overseer)
    return _run(experiment, source, run_dir, command, watcher, overseer)


def _run_in_processes(
    devices: int,
    experiment: Experiment,
    source: Source,
    run_dir: Path,
    command: str,
    watcher: Watcher | None,
    overseer: Overseer | None,
) -> RunResult:
    """The run as its processes leave it; the first of them writes the result, also of a run that fails."""
    before = _result_stamp(run_dir)
    try:
        in_processes(devices, _run, experiment, source, run_dir, command, watcher, overseer)
    except (Interrupted, ProcessException):
        if _result_stamp(run_dir) in (None, before):
            raise  # nothing was written: there is no story but this one
    return read_result(run_dir)


def _result_stamp(run_dir: Path) -> int | None:
    path = run_dir / RESULT_FILE
    return path.stat().st_mtime_ns if path.is_file() else None


def _with_source(experiment: Experiment, data: tuple[Any, Any] | None) -> tuple[Experiment, Source]:
    if data is None:
        source = load(part("data", experiment.data.kind).target)
        return experiment, source(experiment.data)
    if isinstance(experiment.data, MemoryConfig):
        return experiment, Memory(experiment.data, train=from_arrays(*data))
    shared = {
        f.name: getattr(experiment.data, f.name) for f in dataclasses.fields(DataConfig) if f.name != "kind"
    }
    config = MemoryConfig(**shared)
    experiment = copy.copy(experiment)
    experiment.data = config
    return experiment, Memory(config, train=from_arrays(*data))


def _run(
    experiment: Experiment,
    source: Source,
    run_dir: Path,
    command: str,
    watcher: Watcher | None,
    overseer: Overseer | None,
) -> RunResult:
    """The run as one of its processes sees it."""
    load_plugins(experiment.plugins)  # a spawned process starts without them
    keep_freed_memory()
    began, started = time.monotonic(), datetime.now().astimezone().isoformat(timespec="seconds")
    rank = rank_from_environment() or Rank(0, 1)
    with quiet_libraries(), threads(experiment.trainer.threads), interruptible():
        keep = overseer is not None and experiment.data.kind != "memory"  # arrays stay with whoever has them
        data = kept_data_of(experiment) if keep else data_of(experiment, source)
        model = network_of(experiment, data)
        if experiment.evaluate_test and rank.first:
            data.test_loader()  # a test part that cannot be read is refused now, not after the training
        facts = data.facts()
        result = RunResult(
            name=experiment.name or run_name(experiment, str(facts["name"])),
            seed=experiment.seed,
            started=started,
            status="completed",
            task=to_plain(experiment.task) | {"classes": list(data.spec.classes)},
            data=facts,
            model=to_plain(experiment.model),
            cost=computed_costs(model, facts["lengths"]["mean"]),
            threads=experiment.trainer.threads,
            environment=provenance.environment(),
            git_commit=overseer.git_commit if overseer is not None else provenance.git_commit(),
            command=command,
            plugins=experiment.plugins,
            run_dir=run_dir,
        )
        if rank.first:
            _first_process(experiment, data, model, result, rank, watcher, overseer, began)
        else:
            recorder = _recorder(experiment, data, model, result, None, None, overseer)
            with contextlib.suppress(RunFailed):  # the first process tells the story
                fit(experiment, data, model, rank, recorder, result)
    return result


def _first_process(
    experiment: Experiment,
    data: SequenceData,
    model: SequenceModel,
    result: RunResult,
    rank: Rank,
    watcher: Watcher | None,
    overseer: Overseer | None,
    began: float,
) -> None:
    """Train, score and write; however it ends, result.json says so."""
    tracker = make_tracker(experiment.logger, watcher.note if watcher is not None else print)
    recorder = _recorder(experiment, data, model, result, tracker, watcher, overseer)
    outcome = Outcome(status="failed")
    with claimed(experiment, result.run_dir):
        try:
            _announce(experiment, result, model, tracker, watcher, overseer)
            profiles = {} if overseer is not None else profile_before(model, data)
            if overseer is not None:
                overseer.begins()
            fit(experiment, data, model, rank, recorder, result)
            if recorder.pruned:
                result.status, result.cause = "pruned", "pruned"
                result.reason = f"pruned after epoch {len(recorder.rows)}"
            else:
                outcome = _score_and_keep(experiment, data, model, recorder, result, overseer, profiles)
        except BaseException as error:
            result.status = "interrupted" if isinstance(error, (Interrupted, KeyboardInterrupt)) else "failed"
            result.reason, result.cause = reason_of(error)
            if result.cause == "error":
                raise
        finally:
            result.seconds["total"] = time.monotonic() - began
            if recorder.best is not None and not result.metrics:
                parts = {"train": recorder.best.train, "validation": recorder.best.validation}
                result.metrics = {part: scores for part, scores in parts.items() if scores}
            try:
                result.write()
            except OSError as error:  # a full disk keeps no result; the failure is told all the same
                result.status, result.reason = "failed", result.reason or of_the_disk(error)
                result.cause = result.cause or "disk"
            tracker.finish(dataclasses.replace(outcome, status=result.status, summary=summary(result)))
            if watcher is not None:
                watcher.after(result)


def _score_and_keep(
    experiment: Experiment,
    data: SequenceData,
    model: SequenceModel,
    recorder: Recorder,
    result: RunResult,
    overseer: Overseer | None,
    profiles: dict[str, Any],
) -> Outcome:
    """Score the best epoch, and leave behind what is to be kept of it."""
    best, row = recorder.best_checkpoint, recorder.best
    assert best is not None and row is not None
    model.cpu().load_state_dict(best.weights)
    scored = score(experiment, data, model, row, result)
    if overseer is None:
        return leave_behind(experiment, data, model, recorder.rows, result, scored, profiles)
    if overseer.latency:
        result.cost["latency_ms"] = latency_ms(model, first_batch(data))
    keep = overseer.scored(result)
    if keep == "predictions":
        keep_predictions(result, scored, data.spec.classes)
    if keep != "checkpoint":
        return Outcome(status="completed")
    best.save(result.run_dir / BEST_CHECKPOINT)
    return Outcome(status="completed", best_checkpoint=result.run_dir / BEST_CHECKPOINT)


def _recorder(
    experiment: Experiment,
    data: SequenceData,
    model: SequenceModel,
    result: RunResult,
    tracker: Tracker | None,
    watcher: Watcher | None,
    overseer: Overseer | None,
) -> Recorder:
    stored = build_experiment(redact(to_plain(experiment)))

    def checkpoint(epoch: int, step: int) -> Checkpoint:
        return Checkpoint(
            experiment=stored,
            spec=data.spec,
            preparation=data.preparation.to_dict(),
            epoch=epoch,
            step=step,
            weights=cpu_weights(model),
            reading=data.source.reading,
        )

    return Recorder(
        run_dir=result.run_dir,
        monitor=experiment.task.monitor,
        patience=experiment.trainer.early_stopping,
        checkpoint=checkpoint,
        tracker=tracker,
        watcher=watcher,
        overseer=overseer,
    )


def _announce(
    experiment: Experiment,
    result: RunResult,
    model: SequenceModel,
    tracker: Tracker,
    watcher: Watcher | None,
    overseer: Overseer | None,
) -> None:
    if watcher is not None:
        length = round(result.data["lengths"]["mean"])
        watcher.before(result, model.layers(length), experiment.trainer.max_epochs)
    line = tracker.start(
        RunAbout(
            name=result.name,
            config=redact(to_plain(experiment)),
            tags=tags(experiment, result),
            group=experiment.logger.wandb.group,
            job_type="train" if overseer is None else "trial",
            run_dir=result.run_dir,
        )
    )
    if overseer is not None and line is not None and "online failed" not in line:
        return  # where each of many runs can be looked at need not be said
    if line and watcher is not None:
        watcher.note(line)
    elif line and experiment.logger.wandb.mode == "online":  # why it is offline must not be lost
        print(line, file=sys.stderr)
