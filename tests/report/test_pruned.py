"""How often pruning was wrong: counts against a second way of counting, and what is said of them, where."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from seqlab.report.effort import Ledger, Trial, Tuning
from seqlab.report.judging import judge
from seqlab.report.markdown import markdown
from seqlab.report.pruned import audits
from seqlab.report.writing import write_report

SCORES = {"gru": [0.9, 0.91, 0.92, 0.93, 0.92], "lstm": [0.91, 0.9, 0.93, 0.95, 0.94]}


def trial(number, value, state="complete", *, spared_at=None, arm="gru", tuning=0):
    return Trial(
        arm=arm, number=number, state=state, value=value, parameters={}, epochs=9, seconds=1.0,
        spared_at=spared_at, tuning=tuning,
    )  # fmt: skip


def tuned(*trials, pruner="halving", higher=True, candidates=3):
    return Tuning(
        objective="validation.accuracy" if higher else "validation.loss",
        higher_is_better=higher,
        sampler="random",
        trials=trials,
        pruner=pruner,
        candidates=candidates,
    )


def counted_again(trials, higher, candidates):
    """For each spared trial by itself: its rank, had it alone been let through beside those that were."""
    spared = wrong = 0
    for tuning in {t.tuning for t in trials}:
        own = [t for t in trials if t.tuning == tuning]
        through = [t.value for t in own if t.state == "complete" and t.spared_at is None]
        for one in own:
            if one.spared_at is None or one.state not in ("complete", "diverged") or not through:
                continue
            spared += 1
            if one.value is not None:
                better = sum(v > one.value if higher else v < one.value for v in through)
                wrong += better < min(candidates, len(through))
    return spared, wrong


VALUES = st.sampled_from([0.5, 0.6, 0.7, 0.8, 0.9])
TRIALS = st.lists(
    st.tuples(
        st.sampled_from(["complete", "pruned", "diverged", "failed"]),
        VALUES,
        st.sampled_from([None, None, 4]),
        st.integers(0, 1),
    ),
    max_size=14,
)


@given(made=TRIALS, higher=st.booleans(), candidates=st.integers(1, 4))
def test_counts_are_those_of_a_second_way_of_counting(made, higher, candidates):
    trials = [
        trial(n, value if state == "complete" else None, state,
              spared_at=None if state == "pruned" else at, tuning=tuning)
        for n, (state, value, at, tuning) in enumerate(made)
    ]  # fmt: skip
    found = audits(tuned(*trials, higher=higher, candidates=candidates))
    if not trials:
        assert found == []
        return
    (audit,) = found
    assert (audit.spared, audit.wrong) == counted_again(trials, higher, candidates)
    assert audit.pruned == sum(state == "pruned" for state, *_ in made)
    if audit.spared:
        expected = binomtest(audit.wrong, audit.spared).proportion_ci(0.95, method="exact")
        assert (audit.low, audit.high) == pytest.approx((expected.low, expected.high))


def test_spared_trials_are_held_against_those_that_were_let_through_and_not_each_other():
    through = [trial(n, value) for n, value in enumerate((0.9, 0.8, 0.7, 0.6))]
    spared = [trial(10 + n, 0.95, spared_at=3) for n in range(5)]
    (audit,) = audits(tuned(*through, *spared))
    assert (audit.spared, audit.wrong) == (5, 5)
    tied, worse = (audits(tuned(*through, trial(9, value, spared_at=3)))[0] for value in (0.7, 0.69))
    assert (tied.wrong, worse.wrong) == (1, 0)  # as good as the third best would have been a candidate, too


def test_without_a_pruner_there_is_nothing_to_tell(evidence):
    tuning = tuned(trial(0, 0.9), trial(1, 0.8), pruner="none")
    given = evidence(SCORES, more={"tuning": tuning})
    assert audits(tuning) == [] and audits(None) == []
    assert "prun" not in markdown(given, judge(given)).lower()


def judged(evidence, *trials):
    spent = {"tuning_trials": 12, "tuning_epochs": 90, "tuning_seconds": 9.0, "replicates": 5}
    ledger = [Ledger(arm=arm, **spent, replicate_seconds=5.0) for arm in SCORES]
    given = evidence(SCORES, primary=[("lstm", "gru")], more={"tuning": tuned(*trials), "ledger": ledger})
    return given, judge(given)


THROUGH = [trial(n, v, arm=arm) for arm in SCORES for n, v in enumerate((0.9, 0.8, 0.7, 0.6))]
PRUNED = [trial(9 + n, None, "pruned", arm=arm) for arm in SCORES for n in range(6)]


def test_where_pruning_was_wrong_the_verdict_says_so(evidence, tmp_path):
    wrong = [trial(20, 0.85, arm="lstm", spared_at=2), trial(21, 0.1, arm="lstm", spared_at=2)]
    given, findings = judged(evidence, *THROUGH, *PRUNED, *wrong, trial(22, 0.1, spared_at=2))
    (verdict,) = findings.primary
    assert any("wrong about 1 of 2 of lstm" in words for words in verdict.conditional)
    (caution,) = [words for words in findings.cautions if "Pruning" in words]
    assert "1 of 2 of lstm, 50 % (exact 95 % interval 1 % to 99 %)" in caution
    assert "0 of 1 of gru, 0 % (exact 95 % interval 0 % to 98 %)" in caution
    text = markdown(given, findings)
    assert "lstm: 6 trials were pruned, 2 more were spared; 1 of these ended at least as well" in text
    page = write_report(given, tmp_path, findings).read_text(encoding="utf-8")
    assert "What pruning got wrong" in page and "50 % (exact 95 % interval 1 % to 99 %)" in page


def test_where_none_was_spared_nothing_can_be_said(evidence):
    given, findings = judged(evidence, *THROUGH, *PRUNED)
    (caution,) = [words for words in findings.cautions if "ended early" in words]
    assert "nothing can be said" in caution
    assert any(words == "with trials ended early (halving)" for words in findings.primary[0].conditional)
    assert markdown(given, findings).count("cannot be said") == 2


def test_few_that_were_right_are_no_proof(evidence):
    _, findings = judged(evidence, *THROUGH, *PRUNED, trial(20, 0.1, arm="lstm", spared_at=2))
    (caution,) = [words for words in findings.cautions if "ended early" in words]
    assert "they are few: 0 of 1 of lstm" in caution and "Of gru none was spared" in caution


def test_a_pruner_that_ended_nothing_is_no_objection(evidence):
    _, findings = judged(evidence, *THROUGH)
    assert not any("ended early" in words for words in findings.cautions)
    assert dataclasses.asdict(findings.primary[0])["conditional"]
    assert not any("ended early" in words for words in findings.primary[0].conditional)
