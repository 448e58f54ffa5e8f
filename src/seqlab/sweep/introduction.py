"""A sweep in words, before it begins: what is asked, what is searched, what it may cost."""

from collections.abc import Mapping, Sequence

from seqlab.config.sweep import SweepConfig
from seqlab.redaction import redact_words
from seqlab.results import COUNTED_STATES, TrialRow
from seqlab.screen import shown_path
from seqlab.sweep.address import shown_address, storage_of
from seqlab.sweep.definition import Sweep
from seqlab.sweep.objectives import maximize
from seqlab.sweep.pruning import SPARED_ONE_IN, is_spared
from seqlab.sweep.space import Space
from seqlab.sweep.wording import listed, short_keys, shortened

# Settings that make the architecture, and are compared; all others below model are tuned.
_ARCHITECTURE = frozenset(
    {"model", "model.kind", "model.cell", "model.num_layers", "model.hidden_size", "model.bidirectional"}
    | {"model.layer_norm", "model.residual", "model.nonlinearity"}
)
_MOST_ARMS = 8


def sweep_in_words(
    sweep: Sweep, workers: int, rows: Sequence[TrialRow], budgets: Mapping[str, int | None]
) -> list[tuple[str, str]]:
    """A name and a line for everything that a person should know before it begins.

    Args:
        sweep: the question.
        workers: trials at a time.
        rows: trials that are there already.
        budgets: arm -> trials that it may spend.
    """
    config = sweep.config
    lines = [("question", " ".join(config.question.split()))] if config.question else []
    searched = [key for key in config.space if key in _ARCHITECTURE]
    if searched:
        names = short_keys(config.space)
        tuned = listed([names[key] for key in searched], 3)
        lines.append(("", "This is a search, not a comparison: what does well early is tried most."))
        lines.append(("", f"To compare {tuned}, give each value an arm of its own."))
    if len(sweep.arms) > 1:
        lines.append(("arms", f"{len(sweep.arms)}, each with a study and a budget of its own"))
        width = max(len(arm.name) for arm in sweep.arms[:_MOST_ARMS])
        for arm in sweep.arms[:_MOST_ARMS]:
            lines.append(("", f"  {arm.name:<{width}}  {' '.join(redact_words(arm.overrides))}"))
        if len(sweep.arms) > _MOST_ARMS:
            lines.append(("", f"  {listed([arm.name for arm in sweep.arms[_MOST_ARMS:]], 12)}"))
    parameters = Space.of(config).parameters
    ranges = [shortened(parameter.in_words(), 60) for parameter in parameters]
    width, wide = max(len(p.key) for p in parameters), max(len(words) for words in ranges)
    for place, (parameter, words) in enumerate(zip(parameters, ranges, strict=True)):
        when = f"when {parameter.config.when}" if parameter.config.when else ""
        lines.append(
            ("" if place else "space", f"{parameter.key:<{width}}  {words:<{wide}}  {when}".rstrip())
        )
    for place, objective in enumerate(config.objective):
        better = "more" if maximize(objective) else "less"
        lines.append(("" if place else "objective", f"{objective.metric}, {better} is better"))
    for place, constraint in enumerate(config.constraints):
        lines.append(("" if place else "constraints", constraint))
    if sweep.fixed:
        lines.append(("fixed", shortened(" ".join(redact_words(sweep.fixed)), 200)))
    lines.append(("sampler", _sampler_in_words(sweep)))
    trial = config.trial
    if trial.is_cross_validation:
        dealt = f"{trial.fold_repeats} x {trial.folds}" if trial.fold_repeats > 1 else f"{trial.folds}"
        lines.append(("trial", f"the mean over {dealt} folds, the same for every trial and arm"))
    lines.append(("pruner", _pruner_in_words(sweep)))
    if config.pruner.name != "none" and config.protocol.contrasts:
        lines.append(("", spared_in_words(config)))
    lines.append(("budget", _budget_in_words(sweep, rows, budgets)))
    lines.append(("workers", f"{workers}"))
    lines.append(("directory", shown_path(sweep.directory)))
    if (storage := storage_of(sweep)) is not None:
        lines.append(("storage", shown_address(storage)))
    return lines


def _sampler_in_words(sweep: Sweep) -> str:
    sampler = sweep.config.sampler
    learns = f", the first {sampler.startup_trials} trials at random" if sampler.name in ("tpe", "gp") else ""
    return f"{sampler.name}, seed {sampler.seed}{learns}"


def _pruner_in_words(sweep: Sweep) -> str:
    pruner = sweep.config.pruner
    if pruner.name == "none":
        return "none: every trial trains to its end"
    by_fold = sweep.config.trial.is_cross_validation
    first = "its first fold" if by_fold else f"{pruner.warmup_epochs} epochs"
    start = f"{pruner.name}, every trial gets {first}"
    if pruner.name == "median":
        if pruner.startup_trials >= sweep.config.budget.trials:
            return (
                f"median, but no trial will be ended: pruner.startup_trials ({pruner.startup_trials}) come first, and "
                f"budget.trials is {sweep.config.budget.trials}"
            )
        return (
            f"{start}, then goes on while it is above the median (from trial {pruner.startup_trials + 1} on)"
        )
    return f"{start}, then one in {pruner.reduction_factor} goes on at every rung"


def spared_in_words(config: SweepConfig) -> str:
    """Which trials of a comparison are run to their end whatever the pruner says."""
    drawn = [n for n in range(config.budget.trials) if is_spared(config.sampler.seed, n)]
    words = f"one in {SPARED_ONE_IN} is run to its end whatever the pruner says, to see how often it is wrong"
    return (
        f"{words}: in every arm places {listed([str(n) for n in drawn], 6)}"
        if drawn
        else f"{words}; here none"
    )


def _budget_in_words(sweep: Sweep, rows: Sequence[TrialRow], budgets: Mapping[str, int | None]) -> str:
    budget, several = sweep.config.budget, len(sweep.arms) > 1
    trials = [n for n in budgets.values() if n is not None]
    each = " an arm" if several else ""
    words = f"{max(trials)} trials{each}" + (f", {sum(trials)} in all" if several else "")
    if max(trials) < budget.trials:
        words += " (the grid has no more points)"
    if budget.hours is not None:
        words += f"; at most {budget.hours:g} hours of training{each}"
    if budget.epochs is not None:
        words += f"; at most {budget.epochs:,} epochs{each}"
    done = sum(row.state in COUNTED_STATES for row in rows)
    return f"{words}; {done} done already" if done else words
