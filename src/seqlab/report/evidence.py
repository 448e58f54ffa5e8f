"""What a report is made from, wherever it comes from: a sweep, run directories, or anybody's table of results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seqlab.report.effort import Ending, Ledger, Tuning

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WidthMode = Literal["compared", "tuned_under_cap", "solved"]
# From so many repetitions on it is the tuning that is compared, and not just what it came to.
MANY_TUNINGS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One alternative under comparison.

    Args:
        name: unique in the report.
        words: what it is, such as "LSTM, 2 layers, both directions, 64 wide"; empty where only the name is known.
        settings: what it is made of, by short names (cell, num_layers, bidirectional, hidden_size, ...).
        chosen: what tuning chose for it (optimizer.lr, model.dropout, ...).
        cost: parameters, flops (of one sequence of mean length), latency_ms, seconds (of one training), layers_ms and
            plain_layers_ms (of a training step: `replication.Profile`); None where not known.
        engine: what ran what was timed, such as "cpu, 1 thread"; empty where not known.
        command: the command line that trains it again; empty where there is none.
    """

    name: str
    words: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    chosen: Mapping[str, Any] = field(default_factory=dict)
    cost: Mapping[str, float | None] = field(default_factory=dict)
    engine: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Two arms that are held against each other: is `arm` better than `than`?

    Args:
        name: such as "a second layer".
        arm: name of the one in question.
        than: name of the one it is held against.
        primary: whether it was named before the first trial; all others are exploratory.
        differs: in which one thing they differ, such as "num_layers: 1 -> 2"; empty where not known.
    """

    name: str
    arm: str
    than: str
    primary: bool
    differs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Predictions for every test item by every replicate of every arm, on one data set.

    Args:
        ids: names of the N items.
        truth: class numbers [N].
        classes: names of the C classes.
        predicted: arm -> class numbers [R, N], replicates in the order of `Results.pairs`.
        probabilities: arm -> [R, N, C]; empty where they are not known.
    """

    ids: Sequence[str]
    truth: IntArray
    classes: Sequence[str]
    predicted: Mapping[str, IntArray]
    probabilities: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Scores of all arms on one data set.

    Args:
        dataset: its name; empty where there is one that nobody named.
        pairs: what every replicate is paired by, such as its seed; R labels.
        scores: arm -> [R]; NaN where a replicate is missing.
        items: predictions behind the scores; None where only the scores are known.
        item_scores: arm -> [R, N], a score for every test item where its mean is the score; empty where not known.
        groups: which test items belong together, such as to one speaker [N]; None: each for itself.
        test_size: how many test items there are, if that is all that is known of them.
        pairs_are: what the pairs are, in the plural: seeds, folds, resamples, runs.
        overlap: test part / training part, where the pairs are splits of one set, so that their training parts
            overlap and their scores vary less than those of fresh data would; None where they are not.
        paired: whether replicates of two arms at one place belong together; else their order means nothing.
        of_tunings: arm -> [K, S], scores of S seeds in each of K tunings, where tuning was repeated; else empty.
    """

    dataset: str
    pairs: Sequence[str]
    scores: Mapping[str, FloatArray]
    items: Items | None = None
    item_scores: Mapping[str, FloatArray] = field(default_factory=dict)
    groups: IntArray | None = None
    test_size: int | None = None
    pairs_are: str = "seeds"
    overlap: float | None = None
    paired: bool = True
    of_tunings: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What was fixed before the results were seen, and how they are judged.

    Args:
        metric: such as "accuracy"; where a table is read, its column.
        higher_is_better: whether more of the metric is better.
        margin: the difference below which two arms are the same for all practical purposes, in units of the metric.
        confidence: of intervals.
        frozen: whether margin and primary contrasts were fixed before the first trial.
        width: how width is treated; None where not known.
        width_words: the same in a sentence, with the reference and how closely it was met.
        tunings: how often tuning was repeated; None where not known.
        looks: numbers of replicates at which a look at the results is allowed; the last is the most.
        rules: the rules that were in force, one sentence each.
        deviations: where less was done than the protocol asks for, one sentence each.
    """

    metric: str
    higher_is_better: bool = True
    margin: float = 0.01
    confidence: float = 0.95
    frozen: bool = False
    width: WidthMode | None = None
    width_words: str = ""
    tunings: int | None = None
    looks: Sequence[int] = ()
    rules: Sequence[str] = ()
    deviations: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Something that every arm has to beat, on one data set.

    Args:
        name: such as "majority class" or "MiniRocket".
        dataset: on which data set.
        scores: one a replicate; a single one where it knows no chance.
        item_scores: [R, N] as in `Results`; None where not known.
        of_arm: the arm it belongs to (the arm retrained on shuffled sequences); None: it stands for all.
        note: a word on it.
        capped: to how much of the training data it was fitted, where that is not all of them.
    """

    name: str
    dataset: str
    scores: FloatArray
    item_scores: FloatArray | None = None
    of_arm: str | None = None
    note: str = ""
    capped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One entry of the register of who has read a test part.

    Args:
        dataset: whose test part.
        when: ISO 8601.
        who: the sweep or run.
        what: what was read for, such as "10 replicates of 4 arms".
        own: whether it was this sweep itself.
    """

    dataset: str
    when: str
    who: str
    what: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a report knows.

    Args:
        title: of the page.
        question: in words; empty where nobody asked one.
        arms: in the order in which they are shown.
        results: one a data set.
        contrasts: primary ones first.
        rules: what was fixed and how it is judged.
        references: what has to be beaten.
        tuning: how the arms were tuned; None where not known.
        curves: arm -> one list a replicate of {"epoch", "train": {...}, "validation": {...}, "seconds"}.
        endings: arm -> where its runs with a validation part ended; runs whose schedule ends with them are left out.
        gradients: arm -> state ("at initialisation", "trained") -> gradient norm by time step [T].
        ledger: what every arm has spent.
        register: who has read the test parts.
        commands: what to type to do it again, in order.
        versions: package -> version, machine and the like.
        source: where it comes from, in words.
        notes: what a reader has to know, one sentence each: missing pairs, duplicates, unbalanced arms.
    """

    title: str
    question: str
    arms: Sequence[Arm]
    results: Sequence[Results]
    contrasts: Sequence[Contrast]
    rules: Rules
    references: Sequence[Reference] = ()
    tuning: Tuning | None = None
    curves: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]] = field(default_factory=dict)
    endings: Mapping[str, Sequence[Ending]] = field(default_factory=dict)
    gradients: Mapping[str, Mapping[str, FloatArray]] = field(default_factory=dict)
    ledger: Sequence[Ledger] = ()
    register: Sequence[Reading] = ()
    commands: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    notes: Sequence[str] = ()

    def arm(self, name: str) -> Arm:
        """The arm of a name; KeyError if there is none."""
        return {arm.name: arm for arm in self.arms}[name]
