"""Do verdicts keep what they promise? Coverage of intervals, and how often they find a difference, or none.

    python benchmarks/calibration.py [--runs 2000] [--processes 2] [--seed 0]

Two arms answer the same test items rightly or wrongly, by a model with luck of three kinds: of the seed, of the item,
and of what a seed does on an item. Their variances are set to those of given components (`simulate` takes any, such as
those of real runs), and the truth is known: the model says how often an arm is right over all seeds and items.
Every run draws new seeds and items, and is judged as `seqlab report` judges predictions.

Printed for every setting: how often the interval holds the truth; for arms that are the same how often they are called
different (5 % was promised), how often a t-test over seeds alone would call them so, and how often they are called the
same within 1 and within 2 points; for arms that are 2 points apart how often that is found, and with the wrong sign;
and half the width of the interval, in points.

Where trouble is expected: calibration_rough.py. On real trainings: calibration_trained.py.
"""

import argparse
import functools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, owens_t, stdtrit

from seqlab import stats
from seqlab.report.comparing import Compared, compare
from seqlab.report.deciding import Decision, decide
from seqlab.report.evidence import Contrast, Items, Results, Rules

MARGINS = (0.01, 0.02)
CONFIDENCE = 0.95
ENOUGH = 0.6  # share of runs in which arms that are the same have to be called so
CONTRAST = Contrast(name="", arm="a", than="b", primary=True)
Bits = npt.NDArray[np.bool_]


def judged(a: Bits, b: Bits, looks: Sequence[int] = ()) -> tuple[Compared, list[Decision]]:
    """What the report says of two arms that are right on these items [R, N]: once for each of `MARGINS`."""
    R, N = a.shape
    items = Items(ids=[], truth=np.ones(N, dtype=bool), classes=[], predicted={"a": a, "b": b})
    scores = {"a": a.mean(axis=1), "b": b.mean(axis=1)}
    pairs = [str(number) for number in range(R)]
    results = Results(dataset="", pairs=pairs, scores=scores, items=items)
    compared = compare(results, "accuracy", "a", "b")
    rules = [Rules(metric="accuracy", margin=m, confidence=CONFIDENCE, looks=looks) for m in MARGINS]
    return compared, [decide([compared], [CONTRAST], rule)[0] for rule in rules]


def least_margin(mean: "stats.Mean") -> float:
    """The margin from which on the arms are called the same: how far the 90 % interval reaches."""
    return max(map(abs, mean.interval(2 * CONFIDENCE - 1)))


def both_right(threshold: float, correlation: float) -> float:
    """Chance that two standard normal numbers, so correlated, are both below a threshold (Owen 1956)."""
    slope = math.sqrt((1 - correlation) / (1 + correlation))
    return float(ndtr(threshold) - 2 * owens_t(threshold, slope))


def correlation_for(threshold: float, chance: float, what: str) -> float:
    """The correlation at which both are below it with the given chance."""
    low, high = ndtr(threshold) ** 2, ndtr(threshold)
    if not low - 1e-12 <= chance <= high + 1e-12:
        raise ValueError(f"{what}: too large for this accuracy")
    if chance <= low:
        return 0.0
    return float(brentq(lambda r: both_right(threshold, r) - min(chance, high), 0.0, 1.0, xtol=1e-12))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """An answer is right where threshold + hard + own + seed + rest > 0, normal numbers with these shares of variance.

    Args:
        hard: of an item, the same for both arms.
        own: of an item, for one arm.
        seed: of a seed of one arm, the same for all items.
        threshold: at which the accuracy is the asked one.
        heavy: whether seeds have heavy tails (Student's t with 3 degrees of freedom, of the same variance).
    """

    hard: float
    own: float
    seed: float
    threshold: float
    heavy: bool = False

    @property
    def rest(self) -> float:
        """What only one seed does on one item."""
        return 1 - self.hard - self.own - self.seed

    @classmethod
    def of(cls, components: "stats.Components", accuracy: float, *, heavy: bool = False) -> "Model":
        """The model of two arms whose difference has these variances.

        Raises:
            ValueError: if no answers of this accuracy have such variances.
        """
        z = float(ndtri(accuracy))
        seed = correlation_for(z, accuracy**2 + components.replicate / 2, "replicate")
        again = accuracy - (components.interaction + components.replicate) / 2
        same_arm = correlation_for(z, again, "interaction")
        hard = correlation_for(z, again - components.item / 2, "item")
        if same_arm + seed > 1:
            raise ValueError("interaction: too small beside the luck of the seed")
        return cls(hard=hard, own=same_arm - hard, seed=seed, threshold=z, heavy=heavy)

    def luck(self, share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Quantiles of what a seed adds."""
        standard = stdtrit(3.0, share) / math.sqrt(3) if self.heavy else ndtri(share)
        return math.sqrt(self.seed) * standard

    def accuracy(self, threshold: float) -> float:
        """Over all seeds and items there could be."""
        middle = (np.arange(200_000) + 0.5) / 200_000
        return float(ndtr((threshold + self.luck(middle)) / math.sqrt(1 - self.seed)).mean())

    def answers(
        self, rng: np.random.Generator, replicates: int, items: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Both arms without threshold [R, N] each: right where it lies above the threshold's negative."""
        hard = math.sqrt(self.hard) * rng.standard_normal(items, dtype=np.float32)
        arms: list[npt.NDArray[np.float32]] = []
        for _ in range(2):
            of_item = hard + math.sqrt(self.own) * rng.standard_normal(items, dtype=np.float32)
            latent = rng.standard_normal((replicates, items), dtype=np.float32)
            latent *= np.float32(math.sqrt(self.rest))
            latent += of_item
            latent += self.luck(rng.random((replicates, 1))).astype(np.float32)
            arms.append(latent)
        return arms[0], arms[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of many runs of one setting; shares of runs but for `half`.

    Args:
        covered: the interval holds the truth.
        different: it leaves out 0.
        better, worse: that word, with the first of `MARGINS`.
        same: of two one-sided tests at 5 %, for each of `MARGINS`.
        seeds_alone: a t-test over seeds calls the arms different.
        half: half the width of the interval, mean over runs.
        allows: the margin with which three in five runs call the arms the same.
    """

    covered: float
    different: float
    better: float
    worse: float
    same: tuple[float, ...]
    seeds_alone: float
    half: float
    allows: float


def run_once(
    model: Model,
    rng: np.random.Generator,
    replicates: Sequence[int],
    items: int,
    differences: Sequence[float],
) -> Iterator[list[float]]:
    """One draw, looked at with so many seeds and so large a true difference: a row of numbers for each of both."""
    a, b = model.answers(rng, max(replicates), items)
    base = float(ndtr(model.threshold))
    for difference in differences:
        up = solved(model, base + difference / 2)
        down = solved(model, base - difference / 2)
        right_a, right_b = a > np.float32(-up), b > np.float32(-down)
        for R in replicates:
            compared, decisions = judged(right_a[:R], right_b[:R])
            low, high = compared.mean.interval(CONFIDENCE)
            alone = stats.paired(compared.a - compared.b)
            yield [
                low <= difference <= high,
                decisions[0].significant,
                decisions[0].word == "better",
                decisions[0].word == "worse",
                *(decision.word == "same" for decision in decisions),
                alone.p() < 1 - CONFIDENCE,
                (high - low) / 2,
                least_margin(compared.mean),
            ]


@functools.cache
def solved(model: Model, accuracy: float) -> float:
    """The threshold of an accuracy."""
    return float(brentq(lambda z: model.accuracy(z) - accuracy, -6.0, 6.0, xtol=1e-9))


def _chunk(
    work: tuple[Model, tuple[int, ...], int, tuple[float, ...], int, int, int],
) -> npt.NDArray[np.float64]:
    model, replicates, items, differences, runs, seed, number = work
    rng = np.random.default_rng([seed, number])
    return np.array([list(run_once(model, rng, replicates, items, differences)) for _ in range(runs)])


def simulate(
    components: "stats.Components",
    *,
    accuracy: float,
    replicates: Sequence[int],
    items: int,
    differences: Sequence[float] = (0.0, 0.02),
    runs: int = 2000,
    seed: int = 0,
    heavy: bool = False,
    mapped: Callable[..., Iterator[npt.NDArray[np.float64]]] = map,
) -> dict[tuple[int, float], Outcome]:
    """Draw runs of two arms whose difference has these variances, and see what verdicts they get.

    Args:
        components: variances of the difference of the two arms; only these are used, not from how many they come.
        accuracy: of both, or in the middle between them.
        replicates: numbers of seeds to look at; smaller ones are the first seeds of larger ones.
        items: fresh test items a run.
        differences: true ones.
        runs: draws.
        seed: of the draws.
        heavy: whether the luck of seeds has heavy tails.
        mapped: a parallel map.

    Returns:
        (replicates, difference) -> outcome.
    """
    model = Model.of(components, accuracy, heavy=heavy)
    counts = tuple(len(part) for part in np.array_split(np.arange(runs), min(runs, 20)))
    work = [
        (model, tuple(replicates), items, tuple(differences), count, seed, n)
        for n, count in enumerate(counts)
    ]
    rows = np.concatenate(list(mapped(_chunk, work)))
    allows = np.quantile(rows[..., -1], ENOUGH, axis=0)
    keys = [(R, difference) for difference in differences for R in replicates]
    return {
        key: Outcome(
            covered=row[0],
            different=row[1],
            better=row[2],
            worse=row[3],
            same=tuple(row[4 : 4 + len(MARGINS)]),
            seeds_alone=row[-3],
            half=row[-2],
            allows=least,
        )
        for key, row, least in zip(keys, rows.mean(axis=0), allows, strict=True)
    }


def of_difference(seed_points: float, item: float, interaction: float) -> "stats.Components":
    """Components with the seeds' standard deviation in points."""
    return stats.Components(
        replicate=(seed_points / 100) ** 2, item=item, interaction=interaction, replicates=10, items=1000
    )


# Name, accuracy, test items, numbers of seeds, components of the difference, heavy tails. The arms disagree on item +
# interaction of the test items.
SETTINGS = [
    ("seeds .5 points", 0.95, 370, (5, 10, 50), of_difference(0.5, 0.02, 0.03), False),
    ("seeds 1 point", 0.95, 370, (5, 10, 50), of_difference(1.0, 0.02, 0.03), False),
    ("seeds 2 points", 0.95, 370, (5, 10, 50), of_difference(2.0, 0.02, 0.03), False),
    ("hard task, seeds 1 point", 0.7, 370, (5, 10, 50), of_difference(1.0, 0.08, 0.17), False),
    ("items lead", 0.9, 370, (5, 10), of_difference(0.1, 0.08, 0.005), False),
    ("seeds lead", 0.9, 370, (5, 10), of_difference(4.0, 0.005, 0.03), False),
    ("interaction leads", 0.8, 370, (5, 10), of_difference(0.0, 0.0, 0.2), False),
    ("few items", 0.8, 50, (5, 10), of_difference(1.0, 0.05, 0.1), False),
    ("few items, nearly all right", 0.96, 50, (5, 10), of_difference(1.0, 0.01, 0.02), False),
    ("seeds with heavy tails", 0.8, 2000, (5, 10), of_difference(2.0, 0.04, 0.1), True),
    ("probe, seeds .5 points", 0.8, 100_000, (5, 10), of_difference(0.5, 0.04, 0.1), False),
    ("probe, seeds 1 point", 0.8, 100_000, (5, 10), of_difference(1.0, 0.04, 0.1), False),
    ("probe, seeds 2 points", 0.8, 100_000, (5, 10), of_difference(2.0, 0.04, 0.1), False),
]


def print_simulated(runs: int, seed: int, processes: int) -> None:
    """The table."""
    print(
        "| setting | accuracy | test items | seeds | covered, same | covered, 2 points apart | called different "
        "| by seeds alone | same within 1 | within 2 | 2 points found | wrong sign | half width |"
    )
    print("|" + "---|" * 13)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for place, (name, accuracy, items, replicates, components, heavy) in enumerate(SETTINGS):
            found = simulate(
                components,
                accuracy=accuracy,
                replicates=replicates,
                items=items,
                runs=runs,
                seed=seed + 1000 * place,
                heavy=heavy,
                mapped=pool.map,
            )
            for R in replicates:
                same, apart = found[R, 0.0], found[R, 0.02]
                shares = (
                    same.covered,
                    apart.covered,
                    same.different,
                    same.seeds_alone,
                    *same.same,
                    apart.different,
                    apart.worse,
                )
                numbers = " | ".join(f"{100 * share:.1f}" for share in shares)
                print(
                    f"| {name} | {accuracy:g} | {items:,} | {R} | {numbers} | {100 * apart.half:.2f} |",
                    flush=True,
                )


def main() -> None:
    """Read the command line, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    print_simulated(given.runs, given.seed, given.processes)


if __name__ == "__main__":
    main()
