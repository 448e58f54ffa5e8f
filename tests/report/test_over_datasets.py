"""Several data sets: each counts once; ranks from ten up, against scipy; gaps do not choose the winner."""

import math

import numpy as np
import pytest
from scipy.stats import friedmanchisquare, rankdata, ttest_rel, wilcoxon

from seqlab.report.evidence import Results
from seqlab.report.judging import judge

RNG = np.random.default_rng(21)


def several(scores: np.ndarray, arms: str = "abc", runs: int = 1) -> list[Results]:
    """Scores [D, A] as results of so many runs whose mean they are."""
    found = []
    for number, row in enumerate(scores):
        noise = RNG.normal(0, 0.001, (len(row), runs))
        noise -= noise.mean(axis=1, keepdims=True)
        values = {arm: row[place] + noise[place] for place, arm in enumerate(arms)}
        found.append(Results(dataset=f"d{number}", pairs=[str(r) for r in range(runs)], scores=values))
    return found


BASE = RNG.uniform(0.6, 0.9, 15)[:, None]
SCORES = BASE + np.array([0.0, 0.03, 0.002]) + RNG.normal(0, 0.01, (15, 3))


def test_the_data_set_is_the_unit(evidence):
    """Runs within a data set do not make the interval shorter."""
    for runs in (1, 30):
        findings = judge(
            evidence(dict.fromkeys("abc", ()), results=several(SCORES, runs=runs), primary=[("b", "a")])
        )
        (verdict,) = findings.primary
        expected = ttest_rel(SCORES[:, 1], SCORES[:, 0])
        interval = expected.confidence_interval(0.95)
        assert verdict.dataset is None and verdict.word == "better"
        assert verdict.p == pytest.approx(expected.pvalue)
        assert (verdict.difference.low, verdict.difference.high) == pytest.approx(
            (interval.low, interval.high)
        )
        assert "15 data sets: " in verdict.sentence
        assert any("each of which counts once" in words for words in verdict.conditional)


def test_the_same_difference_on_every_data_set_is_no_certainty(evidence):
    scores = np.array([[0.5, 0.75]] * 3) + np.array([[0.0], [0.125], [0.25]])
    (verdict,) = judge(evidence(dict.fromkeys("ab", ()), results=several(scores, "ab"))).primary
    assert verdict.word == "open" and "all data sets show exactly the same difference" in verdict.sentence


def test_ranks_from_ten_data_sets_up_are_scipys(evidence):
    findings = judge(evidence(dict.fromkeys("abc", ()), results=several(SCORES)))
    assert findings.over is not None
    expected = rankdata(-SCORES, axis=1).mean(axis=0)
    assert list(findings.over.mean_ranks.values()) == pytest.approx(expected)
    assert findings.over.friedman_p == pytest.approx(friedmanchisquare(*SCORES.T).pvalue)
    plain = [wilcoxon(SCORES[:, i], SCORES[:, j]).pvalue for i, j in ((0, 1), (0, 2), (1, 2))]
    smallest = min(plain)
    assert min(findings.over.pairs_p.values()) == pytest.approx(3 * smallest, rel=0.05)
    assert ("a", "c") in findings.over.cliques
    nine = judge(evidence(dict.fromkeys("abc", ()), results=several(SCORES[:9])))
    assert nine.over is not None and nine.over.mean_ranks == {} and nine.over.friedman_p is None
    assert any("Fewer than ten data sets" in caution for caution in nine.cautions)


def test_wins_ties_and_losses(evidence):
    scores = np.array([[0.5, 0.6], [0.7, 0.7], [0.9, 0.8], [0.4, 0.5]])
    over = judge(evidence(dict.fromkeys("ab", ()), results=several(scores, "ab"))).over
    assert over is not None and over.differences["b", "a"] == (pytest.approx(0.025), 2, 1, 1)
    lower = judge(
        evidence(
            dict.fromkeys("ab", ()), results=several(scores, "ab"), metric="rmse", higher_is_better=False
        )
    ).over
    assert lower is not None and lower.differences["b", "a"] == (pytest.approx(0.025), 1, 1, 2)


def test_verdicts_on_single_data_sets_are_exploratory(evidence):
    scores = SCORES[:3]
    findings = judge(
        evidence(dict.fromkeys("abc", ()), results=several(scores, runs=5), primary=[("b", "a")])
    )
    single = [verdict for verdict in findings.exploratory if verdict.dataset is not None]
    assert [verdict.dataset for verdict in single] == ["d0", "d1", "d2"]
    assert not any(verdict.contrast.primary for verdict in single)
    once = judge(evidence(dict.fromkeys("abc", ()), results=several(scores), primary=[("b", "a")]))
    assert all(verdict.dataset is None for verdict in once.exploratory)


def test_one_common_data_set_says_nothing(evidence):
    scores = np.array([[0.5, 0.6], [0.7, math.nan], [math.nan, 0.8]])
    (verdict,) = judge(evidence(dict.fromkeys("ab", ()), results=several(scores, "ab"))).primary
    assert verdict.word == "open" and "one data set says nothing about others" in verdict.sentence


def test_an_arm_with_more_or_easier_data_sets_does_not_win_by_them(evidence):
    """Where both are, b is better; a has five easy data sets more, or two alone."""
    scores = SCORES.copy()
    scores[10:, 1:] = math.nan
    scores[10:, 0] = 0.999
    findings = judge(evidence(dict.fromkeys("abc", ()), results=several(scores), primary=[]))
    assert findings.answer.startswith("b has the highest accuracy")
    assert findings.over is not None and findings.over.means["a"].value == pytest.approx(
        scores[:10, 0].mean()
    )
    assert findings.over.means["a"].replicates == 10
    assert any("over the 10 that are common" in caution for caution in findings.cautions)
    few = SCORES.copy()
    few[2:, 0], few[:2, 0] = math.nan, 0.999
    findings = judge(evidence(dict.fromkeys("abc", ()), results=several(few), primary=[]))
    assert findings.answer.startswith("b has the highest accuracy")
    assert "a" not in findings.over.mean_ranks
    assert any("Of a there are too few data sets" in caution for caution in findings.cautions)


def test_ranks_that_disagree_with_means_are_said(evidence):
    """Small wins nearly everywhere and one great loss: ranks see a difference, the mean does not."""
    a = BASE[:, 0]
    b = a + 0.01 + RNG.uniform(0, 0.002, 15)
    b[0] = a[0] - 0.3
    scores = np.stack([a, b], axis=1)
    (verdict,) = judge(evidence(dict.fromkeys("ab", ()), results=several(scores, "ab"))).primary
    assert verdict.word == "open"
    assert any("ranks say otherwise" in words for words in verdict.conditional)


def test_identical_arms_over_data_sets(evidence):
    scores = np.repeat(BASE, 3, axis=1)
    findings = judge(evidence(dict.fromkeys("abc", ()), results=several(scores)))
    assert {verdict.word for verdict in findings.primary} == {"same"}
