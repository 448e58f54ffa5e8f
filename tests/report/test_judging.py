"""Verdicts on tables whose truth is known, intervals against scipy, and every reason for not giving one."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_ind, ttest_rel

from seqlab.errors import UserError
from seqlab.report.effort import Ledger, Trial, Tuning
from seqlab.report.evidence import Arm, Contrast, Reading, Results, Rules
from seqlab.report.judging import judge

RNG = np.random.default_rng(7)
SEEDS = RNG.normal(0.9, 0.01, 10)


def noise(size: float, count: int = 10) -> np.ndarray:
    found = RNG.normal(0, 1, count)
    return size * (found - found.mean()) / found.std(ddof=1)


def test_the_interval_over_pairs_is_scipys(evidence):
    a, b = SEEDS + 0.03 + noise(0.01), SEEDS
    (verdict,) = judge(evidence({"b": b, "a": a})).primary
    expected = ttest_rel(a, b)
    interval = expected.confidence_interval(0.95)
    assert verdict.contrast.arm == "a"
    assert verdict.difference.value == pytest.approx(np.mean(a - b))
    assert (verdict.difference.low, verdict.difference.high) == pytest.approx((interval.low, interval.high))
    assert verdict.p == verdict.adjusted == pytest.approx(expected.pvalue)
    assert verdict.correlation == pytest.approx(np.corrcoef(a, b)[0, 1])


def test_a_clear_difference_is_said_with_size_interval_and_basis(evidence):
    b = SEEDS
    findings = judge(evidence({"lstm": b, "stacked": b + 0.03 + noise(0.005)}))
    (verdict,) = findings.primary
    assert verdict.word == "better" and verdict.settles == ""
    assert verdict.sentence == (
        "stacked is better than lstm by 3.0 points of accuracy (95 % interval 2.6 to 3.4, 10 seeds; "
        "the luck of the test items is not in it)."
    )
    assert findings.answer == "stacked is better than lstm by 3.0 points of accuracy."
    assert "on this data set (toy)" in verdict.conditional


def test_the_same_pair_the_other_way_round_is_worse(evidence):
    a, b = SEEDS + 0.03 + noise(0.005), SEEDS
    (verdict,) = judge(evidence({"a": a, "b": b})).primary
    assert verdict.word == "worse"
    assert verdict.sentence.startswith(
        "b is worse than a by 3.0 points of accuracy (95 % interval 2.6 to 3.4"
    )
    assert verdict.difference.value == pytest.approx(-0.03) and verdict.wins < 0.2


@pytest.mark.parametrize("metric", ["rmse", "error_rate"])
def test_where_less_is_better_a_lower_arm_wins(evidence, metric):
    b = SEEDS / 3
    scores = {"b": b, "a": b - 0.03 + noise(0.005)}
    (verdict,) = judge(evidence(scores, metric=metric, higher_is_better=False)).primary
    assert verdict.word == "better" and verdict.difference.value < 0
    unit = (
        "0.0300 in rmse (95 % interval 0.0264 to 0.0336" if metric == "rmse" else "3.0 points of error rate"
    )
    assert f"a is better than b by {unit}" in verdict.sentence


def test_identical_arms_are_the_same(evidence):
    findings = judge(evidence({"a": SEEDS, "b": SEEDS.copy(), "c": SEEDS + noise(0.004)}))
    assert {verdict.word for verdict in findings.primary} == {"same"}
    assert "b and a are the same within the margin of 1 point" in findings.primary[0].sentence
    assert "The same within 1 point" in findings.answer or "the same within 1 point" in findings.answer


def test_a_difference_too_small_to_matter_is_the_same_and_says_so(evidence):
    (verdict,) = judge(evidence({"b": SEEDS, "a": SEEDS + 0.004 + noise(0.002)})).primary
    assert verdict.word == "same" and verdict.p < 0.01
    assert verdict.sentence.endswith("There is a difference, too small to matter.")


def test_an_interval_that_holds_nothing_and_more_than_the_margin_is_open(evidence):
    (verdict,) = judge(evidence({"b": SEEDS, "a": SEEDS + 0.008 + noise(0.022)})).primary
    assert verdict.word == "open"
    assert "Not enough evidence on a against b: the difference is 0.8 points of accuracy" in verdict.sentence
    assert "includes both nothing and more than the margin of 1 point" in verdict.sentence
    assert verdict.settles.endswith("more seeds")


def test_what_would_settle_it_does_settle_it(evidence):
    """As many seeds more as the report asks for, with the same mean and spread, decide it."""
    effect, spread = 0.012, 0.03
    open_ = judge(evidence({"b": SEEDS, "a": SEEDS + effect + noise(spread)})).primary[0]
    assert open_.word == "open"
    more = int(open_.settles.split()[1].replace(",", ""))
    base = RNG.normal(0.9, 0.01, 10 + more + 2)
    decided = judge(evidence({"b": base, "a": base + effect + noise(spread, len(base))})).primary[0]
    assert decided.word in ("better", "same")
    base = base[: max(10, (10 + more) // 2)]
    half = judge(evidence({"b": base, "a": base + effect + noise(spread, len(base))})).primary[0]
    assert half.word == "open"


def test_one_run_says_nothing(evidence):
    findings = judge(evidence({"a": [0.9], "b": [0.99]}))
    (verdict,) = findings.primary
    assert verdict.word == "open" and math.isnan(verdict.difference.low) and math.isnan(verdict.p)
    assert "one run says nothing about chance" in verdict.sentence
    assert verdict.settles == "at least 4 more seeds"
    assert findings.sure.startswith("Not at all")


def test_two_runs_make_a_wide_interval_and_a_caution(evidence):
    findings = judge(evidence({"a": [0.90, 0.91], "b": [0.92, 0.96]}))
    assert findings.primary[0].word == "open"
    assert any("below 5" in caution for caution in findings.cautions)


def test_only_common_pairs_count_and_that_is_said(evidence):
    a = SEEDS + 0.03 + noise(0.005)
    a[2], b = math.nan, SEEDS.copy()
    b[5] = math.nan
    both = np.isfinite(a) & np.isfinite(b)
    findings = judge(evidence({"b": b, "a": a}))
    (verdict,) = findings.primary
    assert verdict.difference.replicates == 8
    assert verdict.difference.value == pytest.approx(np.mean((a - b)[both]))
    assert any("2 seeds of one arm alone are left out" in words for words in verdict.conditional)
    assert any("2 scores are missing" in caution for caution in findings.cautions)


def test_arms_without_a_common_pair_are_open(evidence):
    nan = math.nan
    (verdict,) = judge(evidence({"a": [0.9, 0.8, nan, nan], "b": [nan, nan, 0.9, 0.9]})).primary
    assert verdict.word == "open" and "no pair in common" in verdict.sentence


def test_the_same_difference_in_every_pair_is_no_certainty(evidence):
    (verdict,) = judge(evidence({"a": [0.5] * 5, "b": [0.75] * 5})).primary
    assert verdict.word == "open" and "exactly the same difference" in verdict.sentence


def test_the_same_score_in_every_run_is_no_certainty_either(evidence):
    """Saturated scores say nothing about chance; one and the same runs under two names are the same."""
    findings = judge(evidence({"a": [1.0] * 5, "b": [1.0] * 5}))
    assert findings.primary[0].word == "open" and "exactly the same score" in findings.primary[0].sentence
    assert math.isnan(findings.standings[0].score.low)
    assert judge(evidence({"a": SEEDS, "b": SEEDS})).primary[0].word == "same"


def test_arms_that_are_right_on_all_items_may_differ_on_the_next(evidence, of_items):
    """Whether the predictions are known, or only how many items there were."""
    right = np.ones((5, 100), dtype=bool)
    known = judge(evidence({"a": [], "b": []}, results=[of_items({"a": right, "b": right})]))
    scores = {"a": [1.0] * 5, "b": [1.0] * 5}
    counted = judge(evidence(scores, about_results={"test_size": 100}))
    assert known.primary[0].word == counted.primary[0].word == "open"
    ends = (counted.primary[0].difference.low, counted.primary[0].difference.high)
    assert (known.primary[0].difference.low, known.primary[0].difference.high) == pytest.approx(ends)
    assert counted.standings[0].score.low == pytest.approx(known.standings[0].score.low, abs=1e-3)


def intervals(evidence, results):
    found = judge(evidence({"a": [], "b": []}, results=[results])).primary
    return [(verdict.difference.low, verdict.difference.high) for verdict in found]


def test_items_of_a_group_are_drawn_together_wherever_they_are_known(evidence, of_items):
    """Predictions, scores of items, and the leaderboard, also with one run: speakers are the unit, not sentences."""
    speaker = np.repeat(np.arange(8), 25)
    rng = np.random.default_rng(3)
    easy, flips = rng.random((2, 1, 8)) < 0.6, rng.random((2, 5, 8)) < 0.1
    right = {arm: np.repeat(easy[n] ^ flips[n], 25, axis=1) for n, arm in enumerate("ab")}
    of_speakers = {arm: told[:, ::25].astype(float) for arm, told in right.items()}
    predictions = of_items(right, groups=speaker)
    by_item = {arm: told.astype(float) for arm, told in right.items()}
    expected = dataclasses.replace(predictions, items=None, item_scores=of_speakers, groups=None)
    ((low, high),) = intervals(evidence, expected)
    for results in (predictions, dataclasses.replace(predictions, items=None, item_scores=by_item)):
        assert intervals(evidence, results) == [pytest.approx((low, high))]
    ((narrow, wide),) = intervals(evidence, dataclasses.replace(predictions, groups=None))
    assert wide - narrow < (high - low) / 2
    one = of_items({arm: told[:1] for arm, told in right.items()}, groups=speaker)
    line = judge(evidence({"a": [], "b": []}, results=[one])).standings[0]
    by_hand = ttest_1samp(of_speakers[line.name][0], 0).confidence_interval(0.95)
    assert (line.score.low, line.score.high) == pytest.approx(
        (max(by_hand.low, 0), min(by_hand.high, 1)), abs=1e-9
    )


def test_holm_over_the_primary_contrasts(evidence):
    """A difference that is significant alone is not among three."""
    b = SEEDS
    scores = {"b": b, "a": b + 0.01 + noise(0.01 * math.sqrt(10) / 2.5), "c": b + noise(0.03)}
    alone = judge(evidence(scores, primary=[("a", "b")], margin=1e-6)).primary[0]
    assert 0.02 < alone.p < 0.05 and alone.word == "better"
    among = judge(evidence(scores, margin=1e-6)).primary[0]
    assert among.p == pytest.approx(3 * alone.p) and among.word == "open"
    assert "of 3 contrasts some do by chance" in among.sentence


def test_exploratory_contrasts_are_corrected_for_their_number_but_show_their_own_p(evidence):
    scores = {"b": SEEDS, "a": SEEDS + 0.01 + noise(0.01 * math.sqrt(10) / 2.5), "c": SEEDS + noise(0.03)}
    verdict = judge(evidence(scores, primary=[], margin=1e-6)).exploratory[0]
    assert verdict.word == "open" and verdict.p < 0.05 < verdict.adjusted


def test_picking_the_best_of_many_equal_arms_finds_no_winner(evidence):
    """Forty arms alike, each held against the one with the best mean: a plain t-test would call some worse."""
    rng = np.random.default_rng(1)
    false, plain = 0, 0
    for _ in range(20):
        base = rng.normal(0.9, 0.01, 10)
        scores = {f"a{n}": base + rng.normal(0, 0.01, 10) for n in range(40)}
        best = max(scores, key=lambda name: scores[name].mean())
        contrasts = [Contrast(name="", arm=best, than=n, primary=False) for n in scores if n != best]
        made = dataclasses.replace(evidence(scores, primary=[]), contrasts=contrasts)
        verdicts = judge(made).exploratory
        false += any(verdict.word == "better" for verdict in verdicts)
        plain += any(verdict.p < 0.05 for verdict in verdicts)
    assert false <= 2 and plain >= 15


def test_an_arm_that_may_not_be_judged_is_open_with_the_reason(evidence):
    tuning = Tuning(
        objective="validation.accuracy",
        higher_is_better=True,
        sampler="tpe",
        trials=[],
        blocked={"a": "its best learning rates lie at the edge"},
    )
    scores = {"b": SEEDS, "a": SEEDS + 0.05 + noise(0.001)}
    findings = judge(evidence(scores, more={"tuning": tuning}))
    assert findings.primary[0].word == "open"
    assert "its best learning rates lie at the edge" in findings.primary[0].sentence
    assert "No verdict on a: its best learning rates lie at the edge." in findings.cautions


def test_a_look_at_the_results_spends_alpha(evidence):
    b = SEEDS[:5]
    scores = {"b": b, "a": b + 0.01 + noise(0.01 * math.sqrt(5) / 3.3, 5)}
    assert judge(evidence(scores)).primary[0].word == "better"
    looked = judge(evidence(scores, looks=(5, 10, 20))).primary[0]
    assert looked.word == "open" and "at this look at the results p has to be below" in looked.sentence


def test_test_items_are_counted_where_they_are_known(evidence, of_items):
    """Two arms that are right on the same items but for a few: seeds alone would be sure, fifty items are not."""
    difficulty = RNG.normal(0, 1, 50)
    right = {
        "a": np.stack([difficulty < 1.0] * 8),
        "b": np.stack([difficulty < 1.1] * 8),
    }
    right["b"][0, 0] ^= True
    right["a"][1, 1] ^= True
    (verdict,) = judge(evidence({"a": [], "b": []}, results=[of_items(right)])).primary
    assert verdict.difference.items == 50 and "8 seeds, 50 test items" in verdict.sentence
    assert verdict.shares is not None and verdict.shares["test items"] > 0.8
    assert verdict.difference.high - verdict.difference.low > 0.05


def test_an_open_question_with_few_items_asks_for_items(evidence, of_items):
    rng = np.random.default_rng(3)
    difficulty = rng.normal(0, 1, (2, 60))
    right = {
        name: np.stack([difficulty[n] + rng.normal(0, 0.05, 60) < 1.0 + 0.1 * n for _ in range(10)])
        for n, name in enumerate("ab")
    }
    (verdict,) = judge(evidence({"a": [], "b": []}, results=[of_items(right)])).primary
    assert verdict.word == "open" and verdict.settles.startswith("more test items (about ")


def test_metrics_that_are_no_mean_over_items_are_resampled(evidence, of_items):
    rng = np.random.default_rng(3)
    right = {name: rng.random((6, 80)) < level for name, level in (("a", 0.6), ("b", 0.9))}
    results = of_items(right)
    results = dataclasses.replace(
        results, scores={"a": right["a"].mean(axis=1), "b": right["b"].mean(axis=1)}
    )
    (verdict,) = judge(evidence({"a": [], "b": []}, results=[results], metric="f1_macro")).primary
    assert verdict.word == "better" and verdict.difference.items == 80
    assert "points of macro F1" in verdict.sentence


def test_where_only_the_number_of_items_is_known_their_luck_is_counted_at_its_most(evidence):
    scores = {"b": SEEDS, "a": SEEDS + 0.02 + noise(0.003)}
    plain = judge(evidence(scores)).primary[0]
    bounded = judge(evidence(scores, about_results={"test_size": 400})).primary[0]
    assert plain.word == "better" and bounded.word == "open"
    assert "400 test items, whose luck is counted at the most that it can be" in bounded.sentence
    wrong = 2 - np.mean(scores["a"]) - np.mean(scores["b"])
    expected = math.sqrt(0.003**2 / 10 + (wrong - 0.02**2) / 400)
    half = (bounded.difference.high - bounded.difference.low) / 2
    assert half == pytest.approx(1.96 * expected, rel=0.01)


def test_folds_of_one_set_make_longer_intervals(evidence):
    scores = {"b": SEEDS, "a": SEEDS + 0.02 + noise(0.02)}
    about = {"pairs_are": "folds", "overlap": 1 / 9}
    plain, longer = (
        judge(evidence(scores, about_results=words)).primary[0].difference for words in ({}, about)
    )
    ratio = (longer.high - longer.low) / (plain.high - plain.low)
    assert ratio == pytest.approx(math.sqrt((1 / 10 + 1 / 9) * 10))


def test_words_on_what_a_verdict_is_conditional_on(evidence):
    reading = {"dataset": "toy", "what": "10 replicates"}
    register = [
        Reading(when="2026-01-01T10:00:00+00:00", who="earlier", own=False, **reading),
        Reading(when="2026-02-01T10:00:00+00:00", who="this", own=True, **reading),
        Reading(when="2026-03-01T10:00:00+00:00", who="later", own=False, **reading),
    ]
    scores = {"b": SEEDS, "a": SEEDS + 0.03 + noise(0.005)}
    findings = judge(evidence(scores, more={"register": register}, tunings=1, width="solved"))
    (verdict,) = findings.primary
    assert verdict.conditional[0] == "exploratory: the test part was read before (once)"
    assert "for these configurations (tuning was done once)" in verdict.conditional
    assert any("widths solved" in words for words in verdict.conditional)
    assert "Exploratory" in findings.sure
    assert any("had been read before, once" in caution for caution in findings.cautions)
    five = judge(evidence(scores, tunings=5)).primary[0]
    assert not any("configurations" in words for words in five.conditional)


def test_costs_are_ratios(evidence):
    arms = [
        Arm(name="b", cost={"parameters": 1000, "flops": 500, "latency_ms": None, "seconds": 10.0}),
        Arm(name="a", cost={"parameters": 2100, "flops": 500, "latency_ms": 3.0, "seconds": 250.0}),
    ]
    scores = {"b": SEEDS, "a": SEEDS + 0.03 + noise(0.005)}
    findings = judge(evidence(scores, more={"arms": arms}))
    price = "2.1 times the parameters, 1.00 times the FLOPs, 25.0 times the training time"
    assert findings.primary[0].price == price
    assert findings.costs == f"a costs {price} of b."


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        (1.6, "takes 1.5 times as long on cpu, 1 thread, of plain PyTorch layers 1.6 times)"),
        (0.8, "takes 1.5 times as long on cpu, 1 thread, but of plain PyTorch layers 0.80 times)"),
        (
            None,
            "takes 1.5 times as long on cpu, 1 thread; PyTorch has no plain layers of this kind to compare)",
        ),
    ],
)
def test_what_is_said_of_time_is_held_against_plain_layers(evidence, plain, said):
    cost = {"seconds": 20.0, "layers_ms": 15.0, "plain_layers_ms": plain}
    arms = [
        Arm(name="b", cost={"seconds": 10.0, "layers_ms": 10.0, "plain_layers_ms": 1.0}),
        Arm(name="a", cost=cost, engine="cpu, 1 thread"),
    ]
    findings = judge(evidence({"b": SEEDS, "a": SEEDS + 0.03 + noise(0.005)}, more={"arms": arms}))
    assert findings.primary[0].price == f"2.0 times the training time (a training step of the layers {said}"


def test_without_primary_contrasts_the_answer_is_about_the_leader(evidence):
    scores = {"b": SEEDS, "a": SEEDS + 0.03 + noise(0.005), "c": SEEDS + 0.03 + noise(0.06)}
    findings = judge(evidence(scores, primary=[]))
    assert findings.answer.startswith("a has the highest accuracy") or findings.answer.startswith("c has the")
    assert "cannot be told apart from" in findings.answer
    assert "all pairs are exploratory" in findings.sure


def test_one_arm_alone(evidence):
    findings = judge(evidence({"a": SEEDS}))
    assert findings.primary == [] and findings.exploratory == []
    assert "nothing to compare it with" in findings.answer
    assert findings.standings[0].score.replicates == 10


def test_no_results_at_all(evidence):
    findings = judge(evidence({"a": [math.nan], "b": [math.nan]}))
    assert findings.primary[0].word == "open" and "no results" in findings.primary[0].sentence


def test_more_than_two_contrasts_are_grouped_in_the_answer(evidence):
    scores = {
        "b": SEEDS,
        "a": SEEDS + 0.03 + noise(0.005),
        "c": SEEDS + noise(0.002),
        "d": SEEDS + noise(0.03),
    }
    pairs = [("a", "b"), ("c", "b"), ("d", "b")]
    answer = judge(evidence(scores, primary=pairs)).answer
    assert answer == (
        "Of 3 contrasts, better: a than b (+3.0 points); the same within 1 point: c and b. "
        "Not enough evidence on d against b."
    )


def test_names_of_contrasts_stand_in_sentences(evidence):
    contrast = Contrast(name="a second layer", arm="stacked", than="lstm", primary=True)
    made = evidence({"lstm": SEEDS, "stacked": SEEDS + 0.03 + noise(0.005)})
    verdict = judge(dataclasses.replace(made, contrasts=[contrast])).primary[0]
    assert verdict.sentence.startswith(
        "A second layer (stacked) is better than lstm by 3.0 points of accuracy"
    )


def test_uneven_effort_is_said(evidence):
    ledger = [
        Ledger(
            arm=arm,
            tuning_trials=n,
            tuning_epochs=1,
            tuning_seconds=1.0,
            replicates=10,
            replicate_seconds=1.0,
        )
        for arm, n in (("a", 60), ("b", 4))
    ]
    findings = judge(evidence({"a": SEEDS, "b": SEEDS}, more={"ledger": ledger}))
    assert "Effort was uneven: a had 60 trials, b 4." in findings.cautions


def test_selection_of_the_best_of_many_is_said(evidence):
    trial = Trial(arm="a", number=0, state="complete", value=0.9, parameters={}, epochs=1, seconds=1.0)
    tuning = Tuning(objective="validation.accuracy", higher_is_better=True, sampler="tpe", trials=[trial])
    findings = judge(evidence({"a": SEEDS, "b": SEEDS}, more={"tuning": tuning}))
    assert any("best of many" in caution for caution in findings.cautions)


def test_unfrozen_rules_are_said(evidence):
    assert any(
        "not fixed before" in c for c in judge(evidence({"a": SEEDS, "b": SEEDS}, frozen=False)).cautions
    )
    assert not any("not fixed before" in c for c in judge(evidence({"a": SEEDS, "b": SEEDS})).cautions)


def test_equal_arms_are_rarely_called_different_with_items(evidence, of_items):
    """Equal in truth, each with items of its own luck: seeds alone would call many of them different."""
    rng = np.random.default_rng(5)
    different = 0
    for _ in range(60):
        easy = rng.normal(1.2, 1.0, (2, 150))
        right = {name: easy[n] + rng.normal(0, 0.3, (10, 150)) > 0 for n, name in enumerate("ab")}
        (verdict,) = judge(evidence({"a": [], "b": []}, results=[of_items(right)])).primary
        different += verdict.word in ("better", "worse")
    assert different <= 8


def test_the_standings_are_best_first_whichever_way_is_better(evidence):
    scores = {"a": SEEDS, "b": SEEDS + 0.05, "c": SEEDS - 0.2}
    assert [line.name for line in judge(evidence(scores)).standings] == ["b", "a", "c"]
    lower = judge(evidence(scores, metric="loss", higher_is_better=False))
    assert [line.name for line in lower.standings] == ["c", "a", "b"]
    assert lower.standings[0].middle == pytest.approx(np.sort(SEEDS - 0.2)[2:8].mean(), abs=0.005)


def test_rules_and_results_without_a_name_do_not_fail(evidence):
    results = [
        Results(
            dataset="",
            pairs=["1", "2", "3"],
            scores={"a": np.array([1.0, 2.0, 2.0]), "b": np.array([2.0, 2.5, 1.5])},
        )
    ]
    made = evidence({"a": [], "b": []}, results=results)
    findings = judge(dataclasses.replace(made, rules=Rules(metric="elo", margin=0.0)))
    assert "without a margin" in findings.primary[0].sentence
    assert "on this data set" in findings.primary[0].conditional


def test_two_pairs_are_no_verdict_however_far_the_arms_lie_apart(evidence):
    scores = {"a": np.array([0.5, 0.51]), "b": np.array([0.9, 0.92])}
    made = evidence({"a": [], "b": []}, results=[Results(dataset="", pairs=["1", "2"], scores=scores)])
    (verdict,) = judge(made).primary
    assert verdict.word == "open" and "too few" in verdict.sentence and "4 more" in verdict.settles


def test_runs_without_pairs_are_compared_by_welch_whatever_their_order(evidence):
    rng = np.random.default_rng(0)
    one, other = np.sort(rng.normal(0.80, 0.02, 6)), np.sort(rng.normal(0.81, 0.03, 6))
    found = []
    for order in (slice(None), slice(None, None, -1)):
        scores = {"a": other, "b": one[order]}
        results = [Results(dataset="", pairs=list("123456"), scores=scores, paired=False)]
        findings = judge(evidence({"a": [], "b": []}, results=results))
        found.append((findings.primary + list(findings.exploratory))[0])
    assert found[0].difference == found[1].difference and found[0].p == found[1].p
    sign = 1 if found[0].contrast.arm == "a" else -1
    wanted = ttest_ind(other, one, equal_var=False)
    assert found[0].p == pytest.approx(wanted.pvalue, rel=1e-9)
    low, high = sorted(sign * end for end in wanted.confidence_interval(0.95))
    assert (found[0].difference.low, found[0].difference.high) == pytest.approx((low, high), rel=1e-9)
    assert np.isnan(found[0].correlation)


def test_runs_without_pairs_know_of_the_luck_of_the_test_items_too(evidence):
    scores = {"a": np.array([0.90, 0.91, 0.92, 0.91]), "b": np.array([0.93, 0.94, 0.94, 0.95])}
    about = {"dataset": "", "pairs": list("1234"), "scores": scores, "paired": False}
    alone, counted = (
        judge(evidence({"a": [], "b": []}, results=[Results(**about, test_size=size)])).primary[0]
        for size in (None, 200)
    )
    assert alone.word == "better" and counted.word == "open"
    assert "200 test items, whose luck is counted at the most" in counted.sentence
    difference = scores["b"].mean() - scores["a"].mean()
    wrong = 2 - scores["a"].mean() - scores["b"].mean()
    variance = sum(x.var(ddof=1) / 4 for x in scores.values()) + (wrong - difference**2) / 200
    half = (counted.difference.high - counted.difference.low) / 2
    assert half == pytest.approx(1.96 * math.sqrt(variance), rel=0.02)


def test_no_interval_goes_where_no_score_can_lie(evidence):
    scores = {"a": [1.0, 0.99, 0.6], "b": [0.02, 0.0, 0.9]}
    findings = judge(evidence(scores))
    for line in findings.standings:
        assert 0 <= line.score.low <= line.score.value <= line.score.high <= 1
    assert findings.primary[0].difference.low >= -1 and findings.primary[0].difference.high <= 1
    assert "100.0" in findings.primary[0].sentence
    assert any("beyond 0 and 100 % are cut there" in caution for caution in findings.cautions)
    assert not any(
        "are cut there" in c for c in judge(evidence({"a": SEEDS, "b": SEEDS - 0.1 + noise(0.01)})).cautions
    )


def test_an_error_is_never_below_nothing_but_its_difference_is(evidence):
    scores = {"a": [0.1, 9.0, 20.0], "b": [0.2, 2.0, 3.0]}
    findings = judge(evidence(scores, metric="rmse", higher_is_better=False, margin=0.0))
    assert all(line.score.low >= 0 for line in findings.standings)
    assert findings.primary[0].difference.low < 0 < findings.primary[0].difference.high
    assert any("beyond 0 are cut there" in caution for caution in findings.cautions)
    log_likelihood = judge(evidence(scores, metric="elbo", margin=0.0))
    assert any(line.score.low < 0 for line in log_likelihood.standings)


@pytest.mark.parametrize("size", [1e-90, 1e-13, 1e13, 1e90])
def test_verdicts_do_not_depend_on_the_unit(evidence, size):
    """The same scores in other units: the same word, and numbers that are not all zeros."""
    base = SEEDS * 100
    scores = {"b": base, "a": base + 5 + noise(1.0)}
    plain = judge(evidence(scores, metric="elbo", margin=0.0)).primary[0]
    scaled = judge(evidence({n: v * size for n, v in scores.items()}, metric="elbo", margin=0.0)).primary[0]
    assert scaled.word == plain.word == "better"
    assert scaled.p == pytest.approx(plain.p)
    assert "e" in scaled.sentence.split(" by ")[1].split()[0] and len(scaled.sentence) < 300


@pytest.mark.parametrize(("value", "word"), [(1e300, "large"), (-1e200, "large"), (1e-300, "small")])
def test_scores_without_a_spread_that_can_be_computed_are_refused(evidence, value, word):
    with pytest.raises(UserError, match=f"is too {word} for its spread"):
        judge(evidence({"a": [value, 2 * value, 3 * value], "b": [0.0, 1.0, 2.0]}, metric="loss"))


def test_chance_level_is_known_from_the_truth(evidence, of_items):
    right = {"guesser": RNG.random((5, 400)) < 0.5, "able": RNG.random((5, 400)) < 0.8}
    found = [c for c in judge(evidence(right, results=[of_items(right)])).cautions if "chance level" in c]
    assert len(found) == 1 and found[0].startswith("guesser is at chance level") and "(50.0 %)" in found[0]


def test_one_run_is_held_against_chance_by_its_items(evidence, of_items):
    right = {"guesser": RNG.random((1, 400)) < 0.53, "able": RNG.random((1, 400)) < 0.8}
    found = [c for c in judge(evidence(right, results=[of_items(right)])).cautions if "chance level" in c]
    assert len(found) == 1 and found[0].startswith("guesser is at chance level")
