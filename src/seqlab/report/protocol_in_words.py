"""The rules that were in force, one sentence each: docs/protocol.md as it applied to one sweep."""

from collections.abc import Mapping
from typing import Any

from seqlab.replication import FEW_ITEMS, Folds, Plan


def width_in_words(protocol: Mapping[str, Any], plan: Plan) -> str:
    """How width was treated, in a sentence."""
    mode = protocol["width"]
    if mode == "tuned_under_cap":
        return "The width of every arm was tuned, under the same cap on its cost."
    if mode == "compared":
        return "Every arm has the width that its settings name; what it costs follows from it."
    cost = "parameters" if protocol["match"] == "parameters" else "FLOPs"
    worst = max(plan.widths, key=lambda width: abs(width.off))
    target = plan.widths[0].target
    limit = "" if abs(worst.off) <= 0.01 else "; no whole number comes nearer"
    widths = ", ".join(f"{width.arm} {width.hidden_size}" for width in plan.widths)
    return (
        f"The width of every arm was solved so that all have the same number of {cost} ({target:,.0f}; "
        f"widths {widths}; furthest off: {worst.arm}, {100 * worst.off:+.1f} %{limit})."
    )


def rules_in_words(question: Mapping[str, Any], plan: Plan) -> list[str]:
    """The rules of a comparison, in the order of docs/protocol.md.

    Args:
        question: what the sweep's directory has frozen.
        plan: what the comparison is about.
    """
    protocol, trial = question["protocol"], question.get("trial") or {}
    names = "; ".join(f"{c.name} ({c.arm} against {c.than})" for c in plan.contrasts)
    looks = list(protocol["replicates"])
    if plan.validation is not None:
        validation = plan.validation.in_words()
    else:  # written before it was counted
        folds, times = trial.get("folds") or 1, trial.get("fold_repeats", 1)
        validation = str(Folds(parts=folds, repeats=times)) if folds > 1 else "one stratified split"
    return [
        f"Frozen before the first trial: the arms, the data, the metric ({protocol['metric']}), the margin "
        f"({protocol['margin']:g}) and the primary contrasts: {names}. Every other pair is exploratory.",
        width_in_words(protocol, plan),
        f"Every arm was tuned by itself, with the same space, the same sampler ({question['sampler']['name']}) and "
        f"the same budget of trials; {_pruning_in_words(question)}",
        "A trial that diverged counts as the arm's own worst result; only trials lost to the machine were tried again.",
        f"Selection saw validation data alone ({validation}): the best {protocol['candidates']} trials of an arm were "
        f"run again on {protocol['reruns']} fresh seeds, and the best on average was taken.",
        f"The chosen configuration was trained again on all training data, for the mean of its best epochs, on "
        f"{' or '.join(map(str, looks))} seeds: the order of the data is the same for all arms, initial weights are an "
        "arm's own. Only these runs read the test part.",
        *(
            [f"Tuning was done {protocol['tunings']} times, each time anew."]
            if protocol["tunings"] > 1
            else ["Tuning was done once, so verdicts hold for the configurations that it came to."]
        ),
        *(
            [
                f"More seeds were added at {', '.join(map(str, looks))} unless all contrasts were settled; every look "
                "spends its share of the 5 % that a false difference may have."
            ]
            if len(looks) > 1
            else []
        ),
    ]


def deviations_in_words(plan: Plan) -> list[str]:
    """Where a comparison did less than docs/protocol.md asks for, one sentence each."""
    validation = plan.validation
    if validation is None or not validation.falls_short:
        return []
    part = f"alidation part of {validation.items:,} items, below {FEW_ITEMS}"
    if validation.folds is None:
        return [f"V{part}: selection is noisier than the protocol asks, which is {validation.asked}."]
    return [
        f"A v{part}, would be too small to choose by; trials were scored out of fold, on {validation.folds}, where the "
        f"protocol asks for {validation.asked}: selection is noisier than that."
    ]


def _pruning_in_words(question: Mapping[str, Any]) -> str:
    pruner = question["pruner"]
    if pruner["name"] == "none":
        return "no trial was ended early."
    folds = (question.get("trial") or {}).get("folds") or 1
    first = "its first fold" if folds > 1 else f"{pruner['warmup_epochs']} epochs"
    return (
        f"trials that promised little were ended early ({pruner['name']}, none before {first}). When a trial is judged "
        "depends on its place in the budget alone, the same in every arm; one place in ten, drawn by the seed and the "
        "same in every arm, was run to its end whatever the pruner said, which shows how often it is wrong."
    )
