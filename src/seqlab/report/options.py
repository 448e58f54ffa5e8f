"""What a person says about a table on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was said about a table on the command line; None or empty: it is to be guessed.

    Args:
        score: the column of scores; with predictions, the name of a metric.
        arm: the column that names the arm.
        arms: the columns of the arms, where each has its own.
        pair: columns by which runs of different arms belong together; one may be the data set.
        dataset: the column of the data set.
        item, truth, prediction, correct, group: of the long form with test items.
        margin: in units of the score.
        higher_is_better: which way is better.
        contrasts: "A:B" each.
        confidence: of intervals.
        duplicates: what to do with several rows for one run.
        test_size: how many test items stand behind each score.
        overlap: test part / training part, where pairs are splits of one set.
        where: (column, value): only these rows.
        question: in words.
        command: the command line, for the record.
    """

    score: str | None = None
    arm: str | None = None
    arms: Sequence[str] = ()
    pair: Sequence[str] = ()
    dataset: str | None = None
    item: str | None = None
    truth: str | None = None
    prediction: str | None = None
    correct: str | None = None
    group: str | None = None
    margin: float | None = None
    higher_is_better: bool | None = None
    contrasts: Sequence[str] = ()
    confidence: float = 0.95
    duplicates: Literal["refuse", "mean"] = "refuse"
    test_size: int | None = None
    overlap: float | None = None
    where: Sequence[tuple[str, str]] = ()
    question: str = ""
    command: str = ""
