"""The first screen: the answer in one or two sentences, how sure it is, and what it would cost."""

import math
from collections.abc import Mapping, Sequence

from seqlab.report.cautions import read_before
from seqlab.report.contrasts import mean_scores
from seqlab.report.evidence import Evidence, Rules
from seqlab.report.findings import OverDatasets, Verdict
from seqlab.report.pricing import price, prices
from seqlab.report.sentences import counted, listed, settled_in_words, short_sentence, subject, within
from seqlab.report.units import Unit


def answer(
    evidence: Evidence,
    primary: Sequence[Verdict],
    exploratory: Sequence[Verdict],
    over: OverDatasets | None,
    unit: Unit,
) -> str:
    """One or two sentences: the primary contrasts, or where there are none, the leader against all others."""
    if primary:
        if len(primary) <= 2:
            return " ".join(short_sentence(verdict, evidence.rules, unit) for verdict in primary)
        return _grouped(primary, evidence.rules, unit)
    leader = leading(evidence)
    if leader is None:
        return "There is no score to compare."
    name, value = leader
    most = "highest" if evidence.rules.higher_is_better else "lowest"
    where = " on average over the data sets" if over is not None else ""
    start = f"{name} has the {most} {unit.words}{where}, {unit.level(value)}"
    if len(evidence.arms) == 1:
        return f"{start}; it is the only arm, so there is nothing to compare it with."
    words = _against(name, exploratory, over)
    behind, same, open_ = (words[key] for key in ("better", "same", "open"))
    told = [
        *([f"is better than {listed(behind)}"] if behind else []),
        *([f"is the same as {listed(same)} within {unit.margin(evidence.rules.margin)}"] if same else []),
        *([f"cannot be told apart from {listed(open_)}"] if open_ else []),
    ]
    if not told:
        return f"{start}."
    if not behind and not same:
        return f"No arm can be called the best: {start}, but it cannot be told apart from {listed(open_)}."
    return f"{start}. It {', and '.join(told)}."


def leading(evidence: Evidence) -> tuple[str, float] | None:
    """The arm with the best mean (over the data sets that arms have in common), and that mean."""
    names = [arm.name for arm in evidence.arms]
    means = mean_scores(names, evidence.results)
    known = [place for place in range(len(names)) if math.isfinite(means[place])]
    if not known:
        return None
    sign = 1.0 if evidence.rules.higher_is_better else -1.0
    best = max(known, key=lambda place: sign * means[place])
    return names[best], float(means[best])


def _against(leader: str, verdicts: Sequence[Verdict], over: OverDatasets | None) -> dict[str, list[str]]:
    """How the leader stands to every other arm: better than which, the same as which, open against which."""
    found: dict[str, list[str]] = {"better": [], "same": [], "open": []}
    for verdict in verdicts:
        if over is not None and verdict.dataset is not None:
            continue
        arm, than = verdict.contrast.arm, verdict.contrast.than
        if leader not in (arm, than):
            continue
        other = than if arm == leader else arm
        if verdict.word in ("better", "worse"):
            ahead = (verdict.word == "better") == (arm == leader)
            found["better" if ahead else "open"].append(other)
        else:
            found[verdict.word].append(other)
    return found


def _grouped(primary: Sequence[Verdict], rules: Rules, unit: Unit) -> str:
    sign = 1.0 if rules.higher_is_better else -1.0
    decided: list[str] = []
    for word in ("better", "worse"):
        of_word = [verdict for verdict in primary if verdict.word == word]
        if of_word:
            each = [
                f"{within(verdict.contrast)} than {verdict.contrast.than} "
                f"({'+' if sign * verdict.difference.value > 0 else ''}"
                f"{unit.short(sign * verdict.difference.value)})"
                for verdict in of_word
            ]
            decided.append(f"{word}: {listed(each)}")
    same = [f"{within(v.contrast)} and {v.contrast.than}" for v in primary if v.word == "same"]
    open_ = [f"{within(v.contrast)} against {v.contrast.than}" for v in primary if v.word == "open"]
    if same:
        decided.append(f"the same within {unit.margin(rules.margin)}: {listed(same)}")
    first = f"Of {len(primary)} contrasts, {'; '.join(decided)}." if decided else ""
    if not open_:
        return first
    which = "none could be decided" if not decided else f"not enough evidence on {listed(open_)}"
    return f"{first} {which[0].upper()}{which[1:]}.".strip()


def sure(evidence: Evidence, primary: Sequence[Verdict], exploratory: Sequence[Verdict], unit: Unit) -> str:
    """How sure the answer is: what it rests on, how wide intervals are, whence chance comes, what would settle it."""
    many = len(evidence.results) > 1
    verdicts = primary or [verdict for verdict in exploratory if not many or verdict.dataset is None]
    sized = [v for v in verdicts if math.isfinite(v.difference.low)]
    if not verdicts:
        return "With one arm there is nothing to be sure of."
    words: list[str] = []
    counts = [verdict.difference.replicates for verdict in verdicts]
    pairs = "data sets" if many else evidence.results[0].pairs_are
    items = next((v.difference.items for v in verdicts if v.difference.items is not None), None)
    basis = counted(max(counts), pairs)
    basis += f" and {items:,} test items" if items is not None else ""
    if not sized:
        why = "one run says nothing about chance" if max(counts) < 2 else "none of them shows any chance"
        words.append(f"Not at all: {basis} an arm, and {why}.")
    else:
        half = sorted((v.difference.high - v.difference.low) / 2 for v in sized)[len(sized) // 2]
        width = unit.short(half, unit.decimals([half], half))
        level = f"{evidence.rules.confidence * 100:g} %"
        luck = "" if items is not None or many else "; the luck of the test items is not in it"
        words.append(
            f"{basis[0].upper()}{basis[1:]}: a difference is known to about ±{width} ({level} interval{luck})."
        )
    shares = next((v.shares for v in verdicts if v.shares), None)
    if shares and any(map(math.isfinite, shares.values())):
        known = {name: share for name, share in shares.items() if math.isfinite(share)}
        parts = [
            f"{share:.0%} from {name}" for name, share in sorted(known.items(), key=lambda item: -item[1])
        ]
        words.append(f"Its chance comes {listed(parts)}.".replace("%", " %"))
    settling = [v for v in verdicts if v.word == "open" and v.settles]
    if settling:
        first = settling[0]
        about = f" ({first.contrast.arm} against {first.contrast.than})" if len(verdicts) > 1 else ""
        words.append(f"What would settle what is open{about}: {settled_in_words(first)}.")
    if not primary:
        words.append(
            "No contrast was named before: all pairs are exploratory, and corrected for their number."
        )
    elif read_before(evidence):
        words.append("Exploratory: the test part was read before.")
    return " ".join(words)


def costs(
    evidence: Evidence,
    primary: Sequence[Verdict],
    exploratory: Sequence[Verdict],
    over: OverDatasets | None,
) -> str:
    """What the answer costs: the arm of every primary contrast beside the other; else the leader beside its equals."""
    if len({v.contrast for v in primary}) > 2:
        arms = {arm.name: arm for arm in evidence.arms}
        pairs = [(arms[v.contrast.arm], arms[v.contrast.than]) for v in primary]
        words = prices(pairs)
        return f"Over the {len(pairs)} contrasts, the arm costs {words} of the other." if words else ""
    if primary:
        each = [f"{subject(v.contrast)} costs {v.price} of {v.contrast.than}." for v in primary if v.price]
        return " ".join(each)
    leader = leading(evidence)
    if leader is None:
        return ""
    words = _against(leader[0], exploratory, over)
    arms = {arm.name: arm for arm in evidence.arms}
    equals = [name for key in ("same", "open") for name in words[key]]
    cheaper = [name for name in equals if _size(arms[name].cost) < _size(arms[leader[0]].cost)]
    if not cheaper:
        return ""
    least = min(cheaper, key=lambda name: _size(arms[name].cost))
    return f"{least} is not shown to be worse than {leader[0]}, and costs {price(arms[least], arms[leader[0]])} of it."


def _size(cost: Mapping[str, float | None]) -> float:
    """What is cheap is said by the first cost that is known."""
    known = (cost.get(key) for key in ("parameters", "flops", "latency_ms", "seconds"))
    return next((float(value) for value in known if value is not None), math.inf)
