"""Facts about data -> the screen of `seqlab inspect`."""

from collections.abc import Iterator, Sequence

import numpy as np

from seqlab.inspection import facts
from seqlab.inspection.command import train_command
from seqlab.readers.reading import Reading, Understood
from seqlab.sequences import Sequences

_COLUMN = 11
_SHOWN = 20
_BAR = 40
# One class with more than this share of the sequences makes accuracy a poor guide.
_HEAVY = 0.8


def screen_of(path: str, given: Reading, train: Understood, test: tuple[str, Understood] | None) -> list[str]:
    """Everything there is to say, line by line.

    Args:
        path: what was looked at, as the user wrote it.
        given: what the user said of it.
        train: what was understood.
        test: path and contents of the test part, if there is one.
    """
    raw = train.sequences
    lines = [f"{path}: {_form(train.reading)}", ""]
    lines += _row("sequences", _sizes(raw))
    lines += _features(raw)
    lines += _lengths(raw)
    lines += _intervals(raw)
    lines += _classes(raw)
    lines += _oddities(raw)
    if test is not None:
        lines += _test(raw, *test)
    lines += _groups(raw, train.reading)
    lines += _several("guessed", train.guesses)
    lines += _several("changed", train.changes)
    lines += [
        "",
        "train on it" if raw.labels is not None else "to train on it, name the labels (--target)",
    ]
    return [*lines, f"  {train_command(path, given, test[0] if test else None)}"]


def _row(name: str, words: str) -> list[str]:
    return [f"{name:<{_COLUMN}} {words}"]


def _several(name: str, words: Sequence[str]) -> list[str]:
    return [line for k, said in enumerate(words) for line in _row(name if k == 0 else "", said)]


def _form(reading: Reading) -> str:
    layouts = {
        "long": "long form, one row a step",
        "wide": "wide form, one row a sequence",
    }
    return ", ".join(filter(None, [reading.format or "", layouts.get(reading.layout or "", "")]))


def _sizes(raw: Sequences) -> str:
    steps = "characters" if raw.texts is not None else "steps"
    return f"{len(raw):,}, {int(raw.lengths().sum()):,} {steps} in all; the first is called {raw.ids[0]!r}"


def _features(raw: Sequences) -> list[str]:
    if raw.texts is not None:
        return _row("features", "text")
    found = facts.features_of(raw)
    numeric = sum(feature.kind == "numeric" for feature in found)
    counts = [(numeric, "numeric"), (len(found) - numeric, "categorical")]
    lines = _row("features", ", ".join(f"{n} {kind}" for n, kind in counts if n))
    shown = found if len(found) <= _SHOWN else [f for f in found if _oddity(f)][:_SHOWN] or found[:_SHOWN]
    width = min(30, max(len(feature.name) for feature in shown))
    for feature in shown:
        if feature.kind == "categorical":
            words = f"{feature.categories} categories"
        elif feature.low is None or feature.mean is None or feature.high is None:
            words = "no values"
        else:
            words = f"{feature.low:.4g} to {feature.high:.4g}, mean {feature.mean:.4g}"
        odd = _oddity(feature)
        lines += _row("", f"{feature.name:<{width}}  {words}{f'  ({odd})' if odd else ''}")
    if len(shown) < len(found):
        lines += _row("", f"... and {len(found) - len(shown):,} more, of which none is odd")
    return lines


def _oddity(feature: facts.Feature) -> str:
    said = [
        f"{feature.missing:,} missing" if feature.missing else "",
        "constant: nothing to learn from" if feature.constant else "",
        f"the same as {feature.same_as}" if feature.same_as else "",
        "nearly every sequence has its own: a name?" if feature.names_sequences else "",
    ]
    return "; ".join(filter(None, said))


def _lengths(raw: Sequences) -> list[str]:
    lengths = raw.lengths()
    low, high = int(lengths.min()), int(lengths.max())
    steps = "characters" if raw.texts is not None else "steps"
    if low == high:
        return _row("lengths", f"all {low:,} {steps}")
    lines = _row("lengths", f"{low:,} to {high:,} {steps}, median {np.median(lengths):g}")
    rows = facts.histogram(lengths)
    most, width = max(count for _, _, count in rows), len(f"{high:,}")
    for first, last, count in rows:
        bar = "#" * (-(-_BAR * count // most))
        lines += _row("", f"{first:>{width},} to {last:>{width},}  {bar} {count:,}".rstrip())
    return lines


def _intervals(raw: Sequences) -> list[str]:
    found = facts.intervals_of(raw.times)
    if found is None:
        return []
    if found.regular:
        return _row("time", f"regular, {found.median:g} between steps")
    return _row(
        "time",
        f"IRREGULAR: {found.low:g} to {found.high:g} between steps, median {found.median:g}; "
        "a network that is not told takes every step for the same time",
    )


def _classes(raw: Sequences) -> list[str]:
    if raw.labels is None:
        return _row("classes", "no labels")
    counts = facts.balance(raw.labels)
    named = ", ".join(f"{name} {count:,}" for name, count in counts[:12])
    more = f", and {len(counts) - 12:,} more" if len(counts) > 12 else ""
    lines = _row("classes", f"{len(counts):,} ({named}{more})")
    name, most = counts[0]
    if len(counts) == 1:
        lines += _row("", "a single class: there is nothing to tell apart")
    elif most > _HEAVY * len(raw):
        share = 100 * most / len(raw)
        lines += _row(
            "", f"{name} is {share:.0f} % of all: go by balanced_accuracy or auroc, not by accuracy"
        )
    if singles := sum(count == 1 for _, count in counts):
        lines += _row(
            "", f"{singles:,} with a single sequence, which can be trained on or validated with, not both"
        )
    if len(counts) > len(raw) / 2:
        lines += _row("", "more than one class for every two sequences: is this the column of the labels?")
    return lines


def _oddities(raw: Sequences) -> Iterator[str]:
    found = facts.duplicates_in(raw)
    if not found.sequences:
        yield from _row("duplicates", "none")
        return
    pairs = ", ".join(f"{second} is {first}" for first, second in found.examples)
    yield from _row("duplicates", f"{found.sequences:,} sequences repeat another one step by step ({pairs})")
    if found.other_label:
        yield from _row("", f"{found.other_label:,} of them under another label")


def _test(raw: Sequences, path: str, test: Understood) -> list[str]:
    other = test.sequences
    lines = _row("test", f"{path}: {_sizes(other)}")
    leaked = facts.leaks_between(raw, other)
    if leaked:
        shown = ", ".join(leaked[:3])
        lines += _row("LEAK", f"{len(leaked):,} test sequences stand in the training file as well ({shown})")
    if raw.groups is not None and other.groups is not None:
        shared = sorted(set(raw.groups) & set(other.groups))
        if shared:
            named = ", ".join(shared[:5])
            lines += _row("LEAK", f"{len(shared):,} groups are in training and in test ({named})")
    if raw.labels is not None and other.labels is not None:
        strange = sorted(set(other.labels) - set(raw.labels))
        if strange:
            lines += _row("", f"classes that training has not: {', '.join(strange[:5])}")
    return lines


def _groups(raw: Sequences, reading: Reading) -> list[str]:
    if raw.groups is None:
        return []
    count = len(set(raw.groups))
    named = f" ({reading.group})" if reading.group else ""
    lines = _row("groups", f"{count:,}{named}")
    if torn := facts.mixed_groups(raw.groups):
        lines += _row(
            "",
            f"A SPLIT BY CHANCE WOULD MIX {torn:,} OF THEM: trained on and scored on at once; so whole groups are held "
            "out (data.split=stratified mixes them)",
        )
    return lines
