"""Evidence whose truth is known."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from seqlab.report.evidence import Arm, Contrast, Evidence, Items, Results, Rules


def _evidence(
    scores: Mapping[str, Sequence[float]],
    *,
    primary: Sequence[tuple[str, str]] | None = None,
    results: Sequence[Results] | None = None,
    metric: str = "accuracy",
    more: Mapping[str, Any] | None = None,
    about_results: Mapping[str, Any] | None = None,
    **rules: Any,
) -> Evidence:
    """A comparison of arms on one data set, all pairs primary unless said."""
    arms = list(scores)
    if results is None:
        arrays = {arm: np.array(values, dtype=np.float64) for arm, values in scores.items()}
        R = max(len(values) for values in arrays.values())
        about = {"dataset": "toy", "pairs": [str(n) for n in range(R)], **(about_results or {})}
        results = [Results(scores=arrays, **about)]
    pairs = [(a, b) for i, a in enumerate(arms) for b in arms[:i]] if primary is None else primary
    rest = [
        (a, b) for i, a in enumerate(arms) for b in arms[:i] if (a, b) not in pairs and (b, a) not in pairs
    ]
    contrasts = [Contrast(name=f"{a} against {b}", arm=a, than=b, primary=True) for a, b in pairs]
    contrasts += [Contrast(name=f"{a} against {b}", arm=a, than=b, primary=False) for a, b in rest]
    keywords: dict[str, Any] = {
        "title": "toy",
        "question": "",
        "arms": [Arm(name=arm) for arm in arms],
        "results": results,
        "contrasts": contrasts,
        "rules": Rules(metric=metric, **{"frozen": True, **rules}),
        **(more or {}),
    }
    return Evidence(**keywords)


@pytest.fixture
def evidence() -> Callable[..., Evidence]:
    """Makes evidence out of scores: `evidence({"a": [...], "b": [...]}, margin=0.02)`."""
    return _evidence


def _items(right: Mapping[str, np.ndarray]) -> Items:
    """Predictions of two classes out of what is right: arm -> [R, N] of bools."""
    N = next(iter(right.values())).shape[1]
    truth = np.arange(N) % 2
    predicted = {arm: np.where(told, truth, 1 - truth) for arm, told in right.items()}
    return Items(ids=[f"i{n}" for n in range(N)], truth=truth, classes=["no", "yes"], predicted=predicted)


@pytest.fixture
def items() -> Callable[..., Items]:
    """Makes predictions out of what was predicted right."""
    return _items


def _of_items(right: Mapping[str, np.ndarray], **about: Any) -> Results:
    R = next(iter(right.values())).shape[0]
    scores = {arm: told.mean(axis=1) for arm, told in right.items()}
    return Results(
        dataset="toy", pairs=[str(n) for n in range(R)], scores=scores, items=_items(right), **about
    )


@pytest.fixture
def of_items() -> Callable[..., Results]:
    """Makes results out of what was predicted right."""
    return _of_items


@pytest.fixture
def of_datasets(evidence: Callable[..., Evidence]) -> Callable[..., Evidence]:
    """Makes evidence of one score for every arm on every data set: `of_datasets({"a": [...], "b": [...]})`."""

    def make(scores: Mapping[str, Sequence[float]], **keywords: Any) -> Evidence:
        D = len(next(iter(scores.values())))
        results = [
            Results(
                dataset=f"set_{d} & more",
                pairs=["1"],
                scores={a: np.array([v[d]]) for a, v in scores.items()},
            )
            for d in range(D)
        ]
        return evidence(scores, results=results, primary=[], **keywords)

    return make
