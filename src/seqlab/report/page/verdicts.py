"""The verdicts: contrasts with their margins drawn, what settles them, what they cost; all other pairs folded away."""

import math
from collections.abc import Sequence

from seqlab.figures.forest import Line, forest
from seqlab.figures.looks import AMBER, OPEN
from seqlab.figures.style import BLUE, SKY, shorten
from seqlab.report.findings import Verdict
from seqlab.report.page.blocks import Block, Card, Cards, Fold, Points, Section, Share, Table, Words
from seqlab.report.page.facts import Facts
from seqlab.report.sentences import p_in_words, settled_in_words

# More lines are not read, and more rows are in the table of verdicts.
DRAWN_UP_TO, LISTED_UP_TO, OPEN_UP_TO = 40, 200, 20
_SHARES = {"seeds": SKY, "test items": AMBER, "tuning": BLUE}


def verdicts(facts: Facts) -> Section | None:
    """The primary contrasts with all that belongs to them; the exploratory ones folded away."""
    primary, exploratory = facts.findings.primary, facts.findings.exploratory
    if not primary and not exploratory:
        return None
    margin = facts.evidence.rules.margin
    said = facts.unit.margin(margin)
    how = "A line is the interval of a difference; right of 0, the first arm is the better one."
    if margin > 0:
        how += f" Inside the green band (±{said}) a difference does not matter."
    blocks: list[Block] = []
    if primary:
        blocks += [_picture(facts, "contrasts", primary), Cards(cards=[_card(facts, v) for v in primary])]
        if exploratory:
            count = f"{len(exploratory):,} other {'pair' if len(exploratory) == 1 else 'pairs'}"
            blocks.append(Fold(summary=f"{count}, exploratory", blocks=_exploratory(facts)))
    else:
        blocks += _exploratory(facts)
    frozen = facts.evidence.rules.frozen
    title = "The contrasts that were asked about" if primary else "All pairs of arms"
    if primary and frozen:
        title = "The contrasts named before the first trial"
    return Section(key="verdicts", title=title, short="Verdicts", how=how, blocks=blocks)


def recurrence(facts: Facts) -> Section | None:
    """Whether recurrence is needed, arm by arm."""
    if not facts.findings.recurrence:
        return None
    return Section(
        key="recurrence",
        title="Is recurrence needed here?",
        short="Is recurrence needed?",
        how="It is said to be needed only where an arm beats everything that does without the order of the data.",
        blocks=[Points(sentences=list(facts.findings.recurrence.values()))],
    )


def objections(facts: Facts) -> Section | None:
    """What can be objected, in full."""
    points = facts.findings.cautions
    if not points:
        return None
    return Section(
        key="objections",
        title="Objections that can be made",
        short="Objections",
        how="What somebody who disagrees would say first; the gravest stands first.",
        blocks=[Points(sentences=points)],
    )


def name_of(facts: Facts, verdict: Verdict) -> str:
    """Who against whom, and where."""
    names = [shorten(name, 26) for name in (verdict.contrast.arm, verdict.contrast.than)]
    where = f" on {shorten(verdict.dataset, 20)}" if facts.several and verdict.dataset else ""
    return f"{names[0]} against {names[1]}{where}"


def _picture(facts: Facts, name: str, shown: Sequence[Verdict]) -> Block:
    lines: list[Line] = []
    for verdict in shown[:DRAWN_UP_TO]:
        value, low, high = facts.gain(verdict)
        note = verdict.contrast.differs or (verdict.contrast.name if verdict.contrast.primary else "")
        note = note.replace("->", "→")
        note = "" if note.startswith(f"{verdict.contrast.arm} against") else note
        lines.append(
            Line(
                label=name_of(facts, verdict), note=note, value=value, low=low, high=high, word=verdict.word,
                numbers=facts.gain_in_words(verdict),
            )
        )  # fmt: skip
    rules = facts.evidence.rules
    band = (
        f"green band: the margin of {facts.unit.margin(rules.margin)}; "
        if rules.margin > 0
        else "no margin; "
    )
    figure = forest(
        lines,
        margin=rules.margin * facts.factor,
        title="Differences with their intervals",
        note=f"{band}lines: {rules.confidence * 100:g} % intervals; a hollow point: not enough evidence",
        axis=facts.gain_axis,
    )
    alt = "; ".join(f"{line.label}: {line.word}, {line.numbers}" for line in lines)
    return facts.picture(name, figure, f"Differences with intervals and margin. {alt}")


def _card(facts: Facts, verdict: Verdict) -> Card:
    found: list[tuple[str, str]] = []
    if verdict.conditional:
        found.append(("Conditional", "; ".join(verdict.conditional)))
    if verdict.settles:
        found.append(("Would be settled by", settled_in_words(verdict)))
    if verdict.price:
        found.append(("Price", f"{verdict.price} of {verdict.contrast.than}"))
    if verdict.contrast.differs:
        found.append(("They differ in", verdict.contrast.differs.replace("->", "→")))
    if math.isfinite(verdict.adjusted):
        found.append(("p (Holm)", p_in_words(verdict.adjusted)))
    whole = facts.several and verdict.dataset is None
    if math.isfinite(verdict.wins) and not whole:  # over data sets the sentence counts those that were won
        ahead = verdict.wins if facts.sign > 0 else 1 - verdict.wins
        run = "tuning" if facts.pairs_are == "tunings" else "run"
        term = f"One {run} of {verdict.contrast.arm} beats one of {verdict.contrast.than}"
        found.append((term, f"{ahead:.0%}".replace("%", " %")))
    if math.isfinite(verdict.correlation):
        over = "data sets" if whole else facts.pairs_are
        found.append((f"Correlation over {over}", f"{verdict.correlation:.2f}"))
    return Card(
        word=verdict.word, sentence=verdict.sentence, facts=found, shares=_shares(verdict.shares or {})
    )


def _shares(shares: dict[str, float]) -> list[Share]:
    found: list[Share] = []
    start = 0.0
    for name, share in shares.items():
        if math.isfinite(share) and share >= 0:
            width = round(100 * min(share, 1.0), 1)
            said = f"{name} {share:.0%}".replace("%", " %")
            found.append(Share(name=said, start=start, width=width, colour=_SHARES.get(name, OPEN)))
            start = round(start + width, 1)
    return found


def _exploratory(facts: Facts) -> list[Block]:
    shown = facts.findings.exploratory
    blocks: list[Block] = [
        Words(
            text="None of these was named before; p is corrected for their number (Holm)."
            if not facts.findings.primary
            else "Found by looking, not by asking: each needs a fresh comparison before it is believed."
        )
    ]
    drawn, which = _drawn(facts, shown)
    blocks.append(_picture(facts, "pairs_exploratory", drawn))
    if which:
        blocks.append(Words(text=which))
    where = facts.several and any(v.dataset for v in shown)
    rows = [
        [
            facts.arm_cell(v.contrast.arm),
            facts.arm_cell(v.contrast.than),
            *([v.dataset or "all"] if where else []),
            v.word,
            facts.gain_in_words(v),
            p_in_words(v.adjusted) if math.isfinite(v.adjusted) else "",
        ]
        for v in shown[:LISTED_UP_TO]
    ]
    head = ["arm", "against", *(["data set"] if where else []), "verdict", "better by", "p (Holm)"]
    table = Table(head=head, rows=rows, text=len(head) - 2)
    sentences = Points(sentences=[v.sentence for v in shown[:LISTED_UP_TO]])
    more: list[Block] = []
    if len(shown) > LISTED_UP_TO:
        more.append(
            Words(text=f"Listed are the first {LISTED_UP_TO} of {len(shown):,}; all are in the tables.")
        )
    if len(rows) > OPEN_UP_TO:
        blocks.append(Fold(summary=f"{len(shown):,} pairs as a table", blocks=[table, *more]))
    else:
        blocks += [table, *more]
    return [*blocks, Fold(summary="The same in sentences", blocks=[sentences, *more])]


def _drawn(facts: Facts, shown: Sequence[Verdict]) -> tuple[Sequence[Verdict], str]:
    """What is drawn of many pairs: those of the best arm; and a word on it."""
    if len(shown) <= DRAWN_UP_TO:
        return shown, ""
    over = facts.findings.over
    if over is not None and over.means:
        known = {name: mean.value for name, mean in over.means.items() if math.isfinite(mean.value)}
        best = max(known, key=lambda name: facts.sign * known[name], default="")
    else:
        best = next((line.name for line in facts.findings.standings if not line.reference), "")
    of_best = [v for v in shown if best in (v.contrast.arm, v.contrast.than)]
    if len(of_best) < 2:
        return shown[:DRAWN_UP_TO], f"Drawn are the first {DRAWN_UP_TO} of {len(shown):,} pairs."
    count = f"{DRAWN_UP_TO} of the" if len(of_best) > DRAWN_UP_TO else "the"
    return of_best[:DRAWN_UP_TO], f"Drawn are {count} pairs of {best}; there are {len(shown):,} in all."
