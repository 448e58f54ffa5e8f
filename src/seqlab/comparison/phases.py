"""A comparison from its question to its replicates: widths, repeated tuning, selection, replicates, references."""

import dataclasses
import math
import shlex
import signal
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from seqlab import provenance
from seqlab.comparison.contrasts import check_protocol
from seqlab.comparison.labour import Labour, Stopped
from seqlab.comparison.replicates import train_replicates
from seqlab.comparison.selection import select
from seqlab.comparison.validation import with_validation
from seqlab.comparison.widths import solved
from seqlab.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_TERMINATED, UserError
from seqlab.replication import (
    LOCK_FILE,
    PROFILES_FILE,
    REFERENCES_FILE,
    Chosen,
    Plan,
    Width,
    read_selection,
    study_name,
    write_selection,
)
from seqlab.results import BEST_CHECKPOINT, TrialRow
from seqlab.sweep.arms import ComposedArm, compose_arms
from seqlab.sweep.checking import check_pruner
from seqlab.sweep.coordinator import workers_for
from seqlab.sweep.definition import Arm, Sweep
from seqlab.sweep.keeping import trial_dir
from seqlab.sweep.pool import LOG_FILE, Worker
from seqlab.sweep.rows import TRIALS_FILE, read_trials

# Switches of an encoder that make it another one.
_SAID = (
    ("model.layer_norm", "layer normalisation"),
    ("model.residual", "residual"),
    ("model.orthogonal", "orthogonal start"),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A sweep that is a comparison, ready to be tuned.

    Args:
        sweep: with solved widths, and an arm for every repetition of the tuning.
        arms: the same, composed.
        plan: what it is about.
    """

    sweep: Sweep
    arms: list[ComposedArm]
    plan: Plan

    @property
    def chosen_by(self) -> str:
        """What its trials are chosen by, in words."""
        assert self.plan.validation is not None, "a plan that was not read from a file"
        return self.plan.validation.in_words()


def prepared(sweep: Sweep, arms: Sequence[ComposedArm]) -> Comparison:
    """Hold a comparison to its rules, settle folds and widths, and give every repeated tuning a study of its own.

    Raises:
        UserError: for the first rule that it breaks, before anything is written.
    """
    contrasts = check_protocol(sweep, arms)
    _check_runs(arms)
    sweep, validation = with_validation(sweep, arms)
    protocol = sweep.config.protocol
    sweep, widths = solved(sweep, arms) if protocol.width == "solved" else (sweep, list[Width]())
    named = {arm.name: list(arm.overrides) for arm in sweep.arms}
    sweep = dataclasses.replace(sweep, arms=_repeated(sweep.arms, protocol.tunings))
    composed = compose_arms(sweep)
    check_pruner(sweep, composed)
    words = {arm.name: arm_in_words(arm) for arm in composed if arm.name in named}
    plan = Plan(arms=named, words=words, contrasts=contrasts, widths=widths, validation=validation)
    return Comparison(sweep=sweep, arms=composed, plan=plan)


def _repeated(arms: Sequence[Arm], tunings: int) -> tuple[Arm, ...]:
    return tuple(
        dataclasses.replace(arm, name=study_name(arm.name, n)) for n in range(tunings) for arm in arms
    )


def _check_runs(arms: Sequence[ComposedArm]) -> None:
    """Replicates train on all training data, so nothing may hang on a validation part."""
    for arm in arms:
        experiment = arm.experiment(arm.walk(lambda parameter: parameter.ends()[0]))
        if experiment.scheduler.name == "plateau":
            raise UserError(
                f"arm {arm.name}: scheduler plateau follows validation scores, and replicates have none\n"
                "allowed in a comparison: scheduler none, cosine or one_cycle"
            )


def arm_in_words(arm: ComposedArm) -> str:
    """What an arm is, such as "LSTM, 2 layers, both directions, 38 wide"."""
    setting = arm.lookup(arm.walk(lambda parameter: parameter.ends()[0]))

    def of(key: str) -> Any:
        try:
            return setting(key)
        except KeyError:
            return None

    searched = [parameter.key for parameter in arm.parameters]
    if of("model.cell") is None:
        return str(of("model.kind"))
    cell = {"rnn": "vanilla RNN", "gru": "GRU", "lstm": "LSTM"}.get(
        str(of("model.cell")), str(of("model.cell"))
    )
    layers = of("model.num_layers")
    words = [
        cell,
        f"{layers} layer{'' if layers == 1 else 's'}",
        "both directions" if of("model.bidirectional") else "one direction",
    ]
    if "model.hidden_size" not in searched:
        words.append(f"{of('model.hidden_size')} wide")
    words += [said for key, said in _SAID if of(key)]
    if of("model.forget_bias") is not None:
        words.append(f"forget bias {of('model.forget_bias'):g}")
    return ", ".join(words)


def conclude(
    comparison: Comparison,
    is_settled: Callable[[Path, int], bool],
    say: Callable[[str], None],
) -> int:
    """Choose a configuration for every arm, train replicates and references. What is done already is not done again.

    Args:
        comparison: its tuning has ended.
        is_settled: whether the results in a sweep's directory, with so many replicates, leave nothing open that
            more of them could settle.
        say: takes a line for the screen.

    Returns:
        The exit code: 0; 1 if no arm came to a configuration; 130 or 143 if it was asked to stop.

    Raises:
        RunFailed: if a run cannot be done.
    """
    sweep = comparison.sweep
    first = comparison.arms[0].experiment(comparison.arms[0].walk(lambda parameter: parameter.ends()[0]))
    count = workers_for(sweep.config.workers, first.trainer.threads, first.trainer.devices)
    workers = [Worker(n, first.plugins, sweep.directory / LOG_FILE) for n in range(count)]
    labour = Labour(workers, git_commit=provenance.git_commit(), retries=sweep.config.trial.retries, note=say)
    comparison.plan.write(sweep.directory)
    try:
        with FileLock(sweep.directory / LOCK_FILE):
            return _conclude(comparison, labour, is_settled, say)
    except Stopped as stopped:
        say(f"stopped by {stopped}; nothing is lost, go on with: {shlex.join(sweep.command)}")
        return EXIT_INTERRUPTED if stopped.number == signal.SIGINT else EXIT_TERMINATED
    finally:
        labour.stop()


def _conclude(
    comparison: Comparison,
    labour: Labour,
    is_settled: Callable[[Path, int], bool],
    say: Callable[[str], None],
) -> int:
    sweep, arms = comparison.sweep, comparison.arms
    looks = sweep.config.protocol.replicates
    chosen, failed = read_selection(sweep.directory)
    if not chosen:
        rows: list[TrialRow] = read_trials(sweep.directory / TRIALS_FILE)
        counted = _Counted("selection", "the best trials of every arm again, on fresh seeds", say)
        chosen, failed = select(sweep, arms, rows, labour, counted)
        write_selection(sweep.directory, chosen, failed)
    for row in chosen:
        values = ", ".join(
            f"{key.rpartition('.')[2]} {_shown(value)}" for key, value in row.parameters.items()
        )
        again = statistics.fmean([v for v in row.reruns if v is not None] or [math.nan])
        name = study_name(row.arm, row.tuning)
        say(f"{'':<12} {name}: {values}; {row.epochs} epochs; {again:.3f} on fresh seeds")
    for arm, reason in failed.items():
        say(f"{arm}: no configuration ({reason})")
    if not chosen:
        return EXIT_FAILED
    _measure(sweep, arms, chosen, labour)
    _train_references(sweep, arms, chosen, labour, say)
    for number, replicates in enumerate(looks):
        what = f"{replicates} seeds of every arm on all training data, scored on the test part"
        train_replicates(sweep, arms, chosen, replicates, labour, _Counted("replicates", what, say))
        if number + 1 < len(looks) and is_settled(sweep.directory, replicates):
            say(
                f"{'':<12} nothing is open after {replicates} that more seeds could settle "
                f"({looks[-1]} were allowed)"
            )
            break
    return 0


def _measure(sweep: Sweep, arms: Sequence[ComposedArm], chosen: Sequence[Chosen], labour: Labour) -> None:
    """Latency and gradients of the chosen configurations, trained ones where tuning has kept weights."""
    path = sweep.directory / PROFILES_FILE
    if path.is_file():
        return
    by_name = {arm.name: arm for arm in arms}
    first = [row for row in chosen if row.tuning == 0]
    settings = {row.arm: by_name[row.arm].plain(row.parameters) for row in first}
    weights = {row.arm: _checkpoint(trial_dir(sweep.directory, row.arm, row.trial)) for row in first}
    arguments = {"settings": settings, "weights": weights, "path": path}
    labour.errand("seqlab.comparison.errands:write_profiles", arguments)


def _checkpoint(run_dir: Path) -> Path | None:
    """The checkpoint of a trial that was kept, of its first fold if it has folds."""
    places = [run_dir / BEST_CHECKPOINT, *sorted(run_dir.glob(f"fold-*/{BEST_CHECKPOINT}"))]
    return next((path for path in places if path.is_file()), None)


def _train_references(
    sweep: Sweep,
    arms: Sequence[ComposedArm],
    chosen: Sequence[Chosen],
    labour: Labour,
    say: Callable[[str], None],
) -> None:
    """Order-free models and MiniRocket, on the data of the first arm: all arms have the same."""
    if not sweep.config.protocol.references or (sweep.directory / REFERENCES_FILE).is_file():
        return
    say("references   order-free models and MiniRocket, which every arm has to beat")
    row = chosen[0]
    arm: Mapping[str, ComposedArm] = {a.name: a for a in arms}
    settings = arm[study_name(row.arm, row.tuning)].plain(row.parameters)
    seed = sweep.config.protocol.seed
    arguments = {"settings": settings, "path": sweep.directory / REFERENCES_FILE, "seed": seed}
    for line in labour.errand("seqlab.comparison.errands:write_references", arguments):
        say(line)


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class _Counted:
    """Says what is being done, and now and then how far it is."""

    def __init__(self, name: str, what: str, say: Callable[[str], None]) -> None:
        self._name, self._what, self._say = name, what, say
        self._told = -1

    def __call__(self, done: int, total: int) -> None:
        if self._told < 0:
            self._say(f"{self._name:<12} {self._what}: {total} runs" + (f", {done} done" if done else ""))
            self._told = 4 * done // max(total, 1)
        quarter = 4 * done // max(total, 1)
        if quarter > self._told and done < total:
            self._told = quarter
            self._say(f"{'':<12} {done} of {total} done")
