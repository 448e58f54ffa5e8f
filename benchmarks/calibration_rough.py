"""Do verdicts keep what they promise where one would expect trouble?

    python benchmarks/calibration_rough.py [PART ...] [--runs 1000] [--seed 0]

Few seeds in the worst mixture of the three kinds of luck; a handful of items that always favour one arm; few groups of
items, by scores and by right and wrong answers; a metric that is no mean over items; looking again as seeds are added;
and runs that nothing pairs, of unequal number and spread.
"""

import argparse
import os
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from calibration import CONFIDENCE, CONTRAST, MARGINS, Model, judged, of_difference, solved
from scipy.special import chdtri, ndtr, stdtrit

from seqlab import stats
from seqlab.report.comparing import compare
from seqlab.report.deciding import decide
from seqlab.report.evidence import Results, Rules

LOOKS = (5, 10, 20)


def worst_mixture(replicates: int, power: float) -> tuple[float, float]:
    """Lowest and highest coverage over mixtures of the three kinds of luck, with many items, by integration.

    Args:
        replicates: R.
        power: of the degrees of freedom: 2 is Satterthwaite's, 1.5 that of `seqlab.stats`.
    """
    df = replicates - 1
    found: list[float] = []
    for tenths in ((a, b, 10 - a - b) for a in range(11) for b in range(11 - a)):
        a, b, both = (part / 10 for part in tenths)
        seeds = chdtri(df, (np.arange(4000) + 0.5) / 4000) / df * (a + both)
        total = np.maximum(seeds + b, np.maximum(seeds, b + both))
        inverse = np.where(seeds > both, (seeds / total) ** power / df, 1e-9)
        t = stdtrit(1 / inverse, (1 + CONFIDENCE) / 2)
        found.append(float((2 * ndtr(t * np.sqrt(total)) - 1).mean()))
    return min(found), max(found)


def rare_items(rng: np.random.Generator, replicates: int, items: int, favoured: float, runs: int) -> float:
    """Coverage where on so many items (on average) one arm is always right and the other never; else they agree."""
    truth = favoured / items
    held = 0
    for _ in range(runs):
        gained = np.repeat((rng.random((1, items)) < truth) * 1.0, replicates, axis=0)
        low, high = stats.crossed(gained)[0].interval(CONFIDENCE)
        held += low <= truth <= high
    return held / runs


def few_groups(rng: np.random.Generator, replicates: int, groups: int, equal: bool, runs: int) -> float:
    """Coverage with so many groups of 10 items, or of 2 to 39, that share luck."""
    held = 0
    for _ in range(runs):
        sizes = np.full(groups, 10) if equal else rng.integers(2, 40, groups)
        group = np.repeat(np.arange(groups), sizes)
        scores = 0.1 * rng.standard_normal(groups) + 0.05 * rng.standard_normal((replicates, groups))
        own = 0.2 * rng.standard_normal(len(group)) + 0.2 * rng.standard_normal((replicates, len(group)))
        seeds = 0.01 * rng.standard_normal((replicates, 1))
        low, high = stats.crossed(scores[:, group] + own + seeds, group)[0].interval(CONFIDENCE)
        held += low <= 0 <= high
    return held / runs


def balanced_accuracy(truth: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64]) -> float:
    """Mean recall over the classes that occur."""
    of_class = np.bincount(truth)
    right = np.bincount(truth[truth == predicted], minlength=len(of_class))
    return float((right[of_class > 0] / of_class[of_class > 0]).mean())


def false_by_metric(rng: np.random.Generator, replicates: int, items: int, runs: int) -> float:
    """How often equal arms are called different in balanced accuracy; 3 % of the items are of the smallest class."""
    false = 0
    for _ in range(runs):
        truth = rng.choice(3, size=items, p=(0.8, 0.17, 0.03))
        hard, arms = rng.standard_normal(items), []
        for _ in range(2):
            own = 0.7 * rng.standard_normal(items) + 0.15 * rng.standard_normal((replicates, 1))
            right = 1.5 + hard + own + rng.standard_normal((replicates, items)) > 0
            wrong = (truth + 1 + rng.integers(0, 2, (replicates, items))) % 3
            arms.append(np.where(right, truth, wrong))
        mean, _ = stats.crossed_metric(balanced_accuracy, truth, *arms, resamples=200)
        false += mean.p() < 1 - CONFIDENCE
    return false / runs


def speakers(
    rng: np.random.Generator,
    replicates: int,
    groups: int,
    equal: bool,
    thresholds: tuple[float, float],
    runs: int,
) -> float:
    """Coverage for right and wrong answers to 20 items of each group, or 2 to 38, of which some are hard for an arm."""
    shares = {"group": 0.5, "item": 0.25, "group, arm": 0.2, "item, arm": 0.2, "seed": 0.002, "rest": 0.3}
    own = {name: np.sqrt(share / sum(shares.values())) for name, share in shares.items()}
    truth = float(ndtr(thresholds[0]) - ndtr(thresholds[1]))
    held = 0
    for _ in range(runs):
        sizes = np.full(groups, 20) if equal else rng.integers(2, 39, groups)
        group = np.repeat(np.arange(groups), sizes)
        N = len(group)
        hard = own["group"] * rng.standard_normal(groups)[group] + own["item"] * rng.standard_normal(N)
        right: list[npt.NDArray[np.float64]] = []
        for threshold in thresholds:
            latent = own["rest"] * rng.standard_normal((replicates, N)) + hard + threshold
            latent += own["group, arm"] * rng.standard_normal(groups)[group]
            latent += own["item, arm"] * rng.standard_normal(N)
            latent += own["seed"] * rng.standard_normal((replicates, 1))
            right.append((latent > 0) * 1.0)
        low, high = stats.crossed(right[0] - right[1], group)[0].interval(CONFIDENCE)
        held += low <= truth <= high
    return held / runs


def looked(
    rng: np.random.Generator, model: Model, accuracy: float, items: int, difference: float, runs: int
) -> dict[str, float]:
    """Of comparisons looked at with 5, 10 and 20 seeds: how often any look says so, with the rule and without."""
    up, down = (solved(model, accuracy + sign * difference / 2) for sign in (1, -1))
    found = dict.fromkeys(("different", "different, 5 % each", "same in 1", "same in 1, 5 % each"), 0)
    for _ in range(runs):
        a, b = model.answers(rng, LOOKS[-1], items)
        right_a, right_b = a > np.float32(-up), b > np.float32(-down)
        for words, looks in (("", LOOKS), (", 5 % each", ())):
            said = [judged(right_a[:R], right_b[:R], looks)[1][0] for R in LOOKS]
            found["different" + words] += any(decision.significant for decision in said)
            found["same in 1" + words] += any(decision.word == "same" for decision in said)
    return {name: count / runs for name, count in found.items()}


def without_pairs(
    rng: np.random.Generator, sizes: tuple[int, int], spreads: tuple[float, float], runs: int
) -> float:
    """How often arms that are the same are called different where nothing pairs their runs."""
    false = 0
    for _ in range(runs):
        scores = {name: np.full(max(sizes), np.nan) for name in "ab"}
        for name, size, spread in zip("ab", sizes, spreads, strict=True):
            scores[name][:size] = 0.9 + 0.01 * spread * rng.standard_normal(size)
        pairs = [str(number) for number in range(max(sizes))]
        compared = compare(
            Results(dataset="", pairs=pairs, scores=scores, paired=False), "accuracy", "a", "b"
        )
        false += decide([compared], [CONTRAST], Rules(metric="accuracy", margin=MARGINS[0]))[0].significant
    return false / runs


def _percent(shares: list[float]) -> str:
    return ", ".join(f"{100 * share:.1f}" for share in shares) + " %"


def print_mixtures(rng: np.random.Generator, runs: int) -> None:
    """Few seeds, the worst mixture."""
    for R in (2, 3, 5, 10, 20):
        for power in (2.0, 1.5):
            low, high = worst_mixture(R, power)
            print(f"mixtures, {R} seeds, power {power:g}: {100 * low:.1f} to {100 * high:.1f} %")


def print_rare(rng: np.random.Generator, runs: int) -> None:
    """Few items that favour one arm."""
    for items in (50, 370, 2000):
        for favoured in (1, 2, 4, 8, 16):
            held = [rare_items(rng, R, items, favoured, runs) for R in (5, 10)]
            print(f"{favoured} of {items} items favour one arm, 5 and 10 seeds: {_percent(held)}")


def print_groups(rng: np.random.Generator, runs: int) -> None:
    """Few groups, of scores and of right and wrong."""
    for groups, equal in ((3, True), (5, True), (5, False), (10, False), (20, False), (40, False)):
        held = [few_groups(rng, R, groups, equal, runs) for R in (5, 10)]
        kind = "equal" if equal else "unequal"
        print(f"{groups} {kind} groups, 5 and 10 seeds: {_percent(held)}")
    print("right and wrong; arms that are the same (accuracy .88), 6.2 points apart, the same with .986:")
    for groups in (5, 8, 12, 20, 40):
        for equal in (True, False):
            levels = ((1.2, 1.2), (1.3, 1.0), (2.2, 2.2))
            held = [[speakers(rng, R, groups, equal, level, runs) for R in (5, 10)] for level in levels]
            kind = "equal" if equal else "unequal"
            said = "; ".join(_percent(shares) for shares in held)
            print(f"{groups} {kind} groups of answers, 5 and 10 seeds: {said}", flush=True)


def print_metric(rng: np.random.Generator, runs: int) -> None:
    """A metric that is no mean over items."""
    for items in (60, 200, 1000):
        false = [false_by_metric(rng, R, items, runs) for R in (5, 10)]
        print(f"balanced accuracy, {items} items, 5 and 10 seeds: {_percent(false)} false", flush=True)


def print_looks(rng: np.random.Generator, runs: int) -> None:
    """Looking again."""
    for points, items in ((1.0, 370), (1.0, 2000), (2.0, 2000)):
        model = Model.of(of_difference(points, 0.02, 0.03), 0.95)
        for difference in (0.0, 0.01):
            found = looked(rng, model, 0.95, items, difference, runs)
            said = "; ".join(f"{name} {100 * share:.1f} %" for name, share in found.items())
            what = f"seeds {points:g} points, {items} items, truth {100 * difference:g}"
            print(f"looks at 5, 10, 20, {what}: {said}", flush=True)


def print_without_pairs(rng: np.random.Generator, runs: int) -> None:
    """Runs that nothing pairs."""
    for sizes in ((5, 5), (3, 10), (10, 3), (10, 10)):
        for spreads in ((1.0, 1.0), (1.0, 4.0)):
            false = without_pairs(rng, sizes, spreads, 4 * runs)
            print(f"without pairs, {sizes} runs, spreads {spreads}: {_percent([false])} false")


PARTS: dict[str, Callable[[np.random.Generator, int], None]] = {
    "mixtures": print_mixtures,
    "rare": print_rare,
    "groups": print_groups,
    "metric": print_metric,
    "looks": print_looks,
    "pairs": print_without_pairs,
}


def main() -> None:
    """Read the command line, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them if none"
    )
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))}; allowed: {', '.join(PARTS)}")
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in given.parts or PARTS:
        PARTS[name](np.random.default_rng(given.seed), given.runs)


if __name__ == "__main__":
    main()
