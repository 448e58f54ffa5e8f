"""Evidence out of a sweep's directory: a comparison that was tuned and replicated by the protocol."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqlab import files
from seqlab.errors import UserError
from seqlab.replication import (
    REPLICATES_FILE,
    REPLICATES_FOLDER,
    SELECTION_FILE,
    SELECTION_FOLDER,
    Chosen,
    Plan,
    Profile,
    arm_and_tuning,
    read_plan,
    read_profiles,
    read_selection,
    readings,
    register_of,
    study_name,
)
from seqlab.report.effort import Ending, Ledger, Trial, Tuning
from seqlab.report.endings import ending_of, settings_of
from seqlab.report.evidence import Arm, Contrast, Evidence, Reading, Rules
from seqlab.report.from_replicates import references_of, results_of
from seqlab.report.protocol_in_words import deviations_in_words, rules_in_words, width_in_words
from seqlab.results import (
    COUNTED_STATES,
    LOWER_IS_BETTER,
    METRICS_FILE,
    RESULT_FILE,
    RunResult,
    TrialRow,
    read_result,
)
from seqlab.sweep.frozen import read_question
from seqlab.sweep.rows import TRIALS_FILE, read_trials

_CURVES = 10


def evidence_of_sweep(sweep_dir: Path) -> Evidence:
    """What a comparison has come to.

    Args:
        sweep_dir: SWEEP_DIR; its replicates have been trained, or some of them.

    Raises:
        UserError: if there is no comparison in this directory.
    """
    question, plan = read_question(sweep_dir), read_plan(sweep_dir)
    if question is None:
        raise UserError(f"{sweep_dir}: no directory of a sweep (there is no sweep.yaml)")
    if (question.get("protocol") or {}).get("contrasts") and not (sweep_dir / REPLICATES_FILE).is_file():
        done = "selection" if (sweep_dir / SELECTION_FILE).is_file() else "tuning"
        raise UserError(
            f"{sweep_dir}: this comparison is not at its end ({done} is done at most; replicates are missing)\n"
            f"expected: one that is; go on with: python sweep.py sweep=... sweep.dir={sweep_dir}"
        )
    if plan is None or not (sweep_dir / REPLICATES_FILE).is_file():
        raise UserError(
            f"{sweep_dir}: this sweep is a search; it has no replicates to compare\n"
            "expected: a sweep whose file has protocol.contrasts, run to its end"
        )
    chosen, failed = read_selection(sweep_dir)
    runs = {(row.arm, row.tuning): _runs_of(sweep_dir, row) for row in chosen}
    protocol: Mapping[str, Any] = question["protocol"]
    places = {
        study_name(arm, n): (n, k) for n in range(protocol["tunings"]) for k, arm in enumerate(plan.arms)
    }
    rows = sorted(read_trials(sweep_dir / TRIALS_FILE), key=lambda row: (places[row.arm], row.number))
    results = results_of(sweep_dir, plan, chosen, runs, str(protocol["metric"]))
    profiles = read_profiles(sweep_dir)
    arms = [_arm(name, plan, chosen, runs, profiles.get(name)) for name in plan.arms]
    some = next((run for of_arm in runs.values() for run in of_arm), None)
    contrasts = [
        Contrast(name=c.name, arm=c.arm, than=c.than, primary=True, differs=c.differs) for c in plan.contrasts
    ]
    notes = [f"{arm}: no configuration ({reason})" for arm, reason in failed.items()]
    notes += _chosen_though_pruned(chosen, rows)
    return Evidence(
        title=str(question["name"]),
        question=str(question["question"]),
        arms=arms,
        results=[results],
        contrasts=contrasts,
        rules=_rules(question, plan),
        references=references_of(sweep_dir, results, str(protocol["metric"])),
        tuning=_tuning(question, chosen, rows),
        curves=_curves(sweep_dir, chosen),
        endings=_endings(sweep_dir, chosen),
        gradients={
            arm: {state: np.array(values, dtype=np.float64) for state, values in profile.gradients.items()}
            for arm, profile in profiles.items()
        },
        ledger=[_ledger(name, rows, runs) for name in plan.arms],
        register=_register(sweep_dir, some),
        commands=_commands(sweep_dir, question, arms),
        versions=dict(some.environment) | {"commit": some.git_commit or "unknown"} if some else {},
        source=f"a comparison by seqlab in {sweep_dir}",
        notes=notes,
    )


def _runs_of(sweep_dir: Path, chosen: Chosen) -> list[RunResult]:
    """The replicates of a configuration, by pair."""
    folder = sweep_dir / REPLICATES_FOLDER / study_name(chosen.arm, chosen.tuning)
    found = [run_dir for run_dir in folder.glob("*") if (run_dir / RESULT_FILE).is_file()]
    return [read_result(run_dir) for run_dir in sorted(found, key=lambda run_dir: int(run_dir.name))]


def _arm(
    name: str,
    plan: Plan,
    chosen: Sequence[Chosen],
    runs: Mapping[tuple[str, int], Sequence[RunResult]],
    profile: Profile | None,
) -> Arm:
    own = [run for row in chosen if row.arm == name for run in runs[name, row.tuning]]
    first = own[0] if own else None
    parameters = next((row.parameters for row in chosen if row.arm == name), {})
    cost: dict[str, float | None] = {}
    if first is not None:
        cost = {key: first.cost.get(key) for key in ("parameters", "flops")}
        if profile is not None:
            cost["latency_ms"] = profile.latency_ms
            cost["layers_ms"], cost["plain_layers_ms"] = profile.layers_ms, profile.plain_layers_ms
        seconds = [run.seconds.get("training", run.seconds.get("total", float("nan"))) for run in own]
        cost["seconds"] = float(np.mean(seconds))
    return Arm(
        name=name,
        words=plan.words.get(name, ""),
        settings=first.model if first is not None else {},
        chosen=parameters,
        cost=cost,
        engine=profile.engine if profile is not None else "",
        command=first.command if first is not None else "",
    )


def _rules(question: Mapping[str, Any], plan: Plan) -> Rules:
    protocol = question["protocol"]
    return Rules(
        metric=str(protocol["metric"]),
        margin=float(protocol["margin"]),
        frozen=True,
        width=protocol["width"],
        width_words=width_in_words(protocol, plan),
        tunings=int(protocol["tunings"]),
        looks=tuple(protocol["replicates"]) if len(protocol["replicates"]) > 1 else (),
        rules=rules_in_words(question, plan),
        deviations=deviations_in_words(plan),
    )


def _tuning(question: Mapping[str, Any], chosen: Sequence[Chosen], rows: Sequence[TrialRow]) -> Tuning:
    metric = str(question["objective"][0]["metric"])
    notes: list[str] = []
    for row in chosen:
        if row.best_value is not None and row.reruns:
            again = np.nanmean(np.array([np.nan if v is None else v for v in row.reruns], dtype=np.float64))
            notes.append(
                f"{study_name(row.arm, row.tuning)}: best of {row.best_of} trials on validation {row.best_value:.3f}, "
                f"which is too good as an estimate; the same settings on fresh seeds: {again:.3f}"
            )
    return Tuning(
        objective=metric,
        higher_is_better=metric.partition(".")[2] not in LOWER_IS_BETTER,
        sampler=str(question["sampler"]["name"]),
        trials=[_trial(row) for row in rows],
        space={key: _range_in_words(value) for key, value in question["space"].items()},
        reruns={row.arm: [v for v in row.reruns if v is not None] for row in chosen if row.tuning == 0},
        notes=notes,
        blocked=blocked_arms(chosen),
        pruner=str(question["pruner"]["name"]),
        candidates=int(question["protocol"]["candidates"]),
    )


def blocked_arms(chosen: Sequence[Chosen]) -> dict[str, str]:
    """Arms that there can be no verdict on, and why: their best trials lie at the edge of what was searched.

    Args:
        chosen: one for every arm and tuning. Of repeated tunings one may end there by chance, half of them do not.
    """
    found: dict[str, str] = {}
    for arm in dict.fromkeys(row.arm for row in chosen):
        own = [row for row in chosen if row.arm == arm]
        edges = [row.at_edge for row in own if row.at_edge]
        if edges and 2 * len(edges) >= len(own):
            times = f", in {len(edges)} of {len(own)} tunings" if len(own) > 1 else ""
            found[arm] = (
                f"{' and '.join(edges[0])} of its best trials lies in the outer tenth of what was searched{times}, "
                f"so better ones may lie beyond: widen the range, and tune all arms again"
            )
    return found


def _chosen_though_pruned(chosen: Sequence[Chosen], rows: Sequence[TrialRow]) -> list[str]:
    spared = {(row.arm, row.number): row.spared_at for row in rows if row.spared_at is not None}
    names = {(study_name(row.arm, row.tuning), row.trial): row for row in chosen}
    return [
        f"{arm}: the chosen trial ({number}) would have been pruned after {spared[arm, number]} epochs; its place in "
        "the budget was drawn to be run to its end"
        for arm, number in names
        if (arm, number) in spared
    ]


def _trial(row: TrialRow) -> Trial:
    arm, tuning = arm_and_tuning(row.arm)
    return Trial(
        arm=arm,
        number=row.number,
        state=row.state,
        value=row.values[0] if row.values else None,
        parameters=row.parameters,
        epochs=row.epochs,
        seconds=row.seconds,
        reason=row.reason,
        tuning=tuning,
        spared_at=row.spared_at,
    )


def _range_in_words(value: Mapping[str, Any]) -> str:
    if value.get("choices"):
        return ", ".join(map(str, value["choices"]))
    scale = ", logarithmic" if value.get("log") else ""
    return f"{value.get('low'):g} to {value.get('high'):g}{scale}"


def _curves(sweep_dir: Path, chosen: Sequence[Chosen]) -> dict[str, list[list[Mapping[str, Any]]]]:
    """Epochs of the chosen configuration on fresh seeds, which have a validation part."""
    found: dict[str, list[list[Mapping[str, Any]]]] = {}
    for row in chosen:
        if row.tuning == 0:
            runs = sorted((sweep_dir / SELECTION_FOLDER / row.arm).glob(f"{row.trial}-*"))
            logs = [run / METRICS_FILE for run in runs if (run / METRICS_FILE).is_file()]
            found[row.arm] = [list(files.read_rows(log)) for log in logs[:_CURVES]]
    return found


def _endings(sweep_dir: Path, chosen: Sequence[Chosen]) -> dict[str, list[Ending]]:
    """Where the runs of the chosen configurations ended that have a validation part."""
    found: dict[str, list[Ending]] = {}
    for row in chosen:
        folder = sweep_dir / SELECTION_FOLDER / study_name(row.arm, row.tuning)
        runs = [read_result(path.parent) for path in sorted(folder.glob(f"{row.trial}-*/{RESULT_FILE}"))]
        settings = settings_of(runs[0]) if runs else {}
        endings = [ending for run in runs if (ending := ending_of(run, settings)) is not None]
        if endings:
            found.setdefault(row.arm, []).extend(endings)
    return found


def _ledger(
    name: str, rows: Sequence[TrialRow], runs: Mapping[tuple[str, int], Sequence[RunResult]]
) -> Ledger:
    own = [row for row in rows if arm_and_tuning(row.arm)[0] == name]
    replicates = [run for (arm, _), of_arm in runs.items() if arm == name for run in of_arm]
    own = [row for row in own if not (row.state == "failed" and (row.reason or "").startswith("stopped"))]
    states = {state: sum(row.state == state for row in own) for state in dict.fromkeys(r.state for r in own)}
    return Ledger(
        arm=name,
        tuning_trials=sum(row.state in COUNTED_STATES for row in own),
        tuning_epochs=sum(row.epochs for row in own),
        tuning_seconds=sum(row.seconds for row in own),
        replicates=len(replicates),
        replicate_seconds=sum(run.seconds.get("total", 0.0) for run in replicates),
        states=states,
    )


def _register(sweep_dir: Path, some: RunResult | None) -> list[Reading]:
    content = some.data.get("test_hash") if some is not None else None
    if content is None:
        return []
    return [
        Reading(
            dataset=r.dataset, when=r.when, who=r.who, what=r.what, own=r.who == str(sweep_dir.absolute())
        )
        for r in readings(register_of(sweep_dir), content)
    ]


def _commands(sweep_dir: Path, question: Mapping[str, Any], arms: Sequence[Arm]) -> list[str]:
    return [f"seqlab report {sweep_dir}", *(arm.command for arm in arms if arm.command)]
