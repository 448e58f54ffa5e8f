"""What was asked on the command line: contrasts by the names of their arms, and a margin in units of the scores."""

from collections.abc import Sequence

from seqlab.errors import UserError, nearest
from seqlab.report.contrasts import remaining
from seqlab.report.evidence import Contrast, Results
from seqlab.report.options import Options

_MARGIN = 0.01
# A margin below this, of percentages, was meant as a share; one from this on, of shares, was hardly meant as one.
_NO_MARGIN_OF_PERCENT, _HARDLY_A_SHARE = 0.05, 0.1
# Scores that reach this and no more than 100 may be percentages.
_LIKE_PERCENT = 10.0


def with_named(
    words: Sequence[str], arms: Sequence[str], results: Sequence[Results], higher_is_better: bool
) -> list[Contrast]:
    """Contrasts that were named, "A:B" each, then every other pair, or with many arms each against the best.

    Raises:
        UserError: for an arm that there is not, and a pair that is named twice.
    """
    primary = [_named(pair, arms) for pair in words]
    if len({frozenset((c.arm, c.than)) for c in primary}) < len(primary):
        raise UserError(f"--contrast: {' '.join(words)} names a pair twice\nallowed: each pair once")
    return [*primary, *remaining(primary, arms, results, higher_is_better)]


def _named(words: str, arms: Sequence[str]) -> Contrast:
    places = [place for place, letter in enumerate(words) if letter == ":"]
    for place in places:
        a, b = words[:place].strip(), words[place + 1 :].strip()
        if a in arms and b in arms and a != b:
            return Contrast(name=f"{a} against {b}", arm=a, than=b, primary=True)
    if not places:
        raise UserError(
            f"--contrast: {words!r} names no pair\nallowed: ARM:OTHER, such as {':'.join(arms[:2])}"
        )
    given = [part.strip() for part in words.split(":", 1)]
    if given[0] == given[1]:
        raise UserError(f"--contrast: {words!r} names the same arm twice\nallowed: two different arms")
    wrong = next((part for part in given if part not in arms), given[0])
    near = nearest(wrong, arms)
    shown = ", ".join(arms[:12]) + (f" and {len(arms) - 12} more" if len(arms) > 12 else "")
    raise UserError(
        f"--contrast: there is no arm {wrong!r}\nallowed: {shown}"
        + (f"\ndid you mean: {near}" if near else "")
    )


def margin_of(
    options: Options, metric: str, *, share: bool, factor: float = 1.0, largest: float = 1.0
) -> tuple[float, list[str]]:
    """The margin in units of the scores as they are kept, and what to say of it.

    Args:
        options: what was given, in units of the scores as they were read.
        metric: as it was called there.
        share: whether scores are kept as shares, 0 to 1, and spoken of in points.
        factor: by how much those that were read are larger: 100 for percentages.
        largest: of all scores.
    """
    given = options.margin
    if given is None:
        if share:
            scale = f" ({_MARGIN * factor:g} on the scale of {metric!r})"
            return _MARGIN, [f"The margin is 1 point{scale}, since none was given (--margin)."]
        per_cent = (
            f" Scores reach {largest:g}: if they are per cent, --score accuracy says so, and the margin is 1 point."
            if metric == "score" and _LIKE_PERCENT <= largest <= 100
            else ""
        )
        return 0.0, [
            "No margin was given, so nothing can be called the same (--margin, in units of the score)."
            + per_cent
        ]
    if factor != 1.0:
        if given < _NO_MARGIN_OF_PERCENT:
            return given, [
                f"A guess: the margin {given:g} is a share, {_points(given)}; "
                f"on the scale of {metric!r}, 0 to 100, write {given * factor:g}."
            ]
        return given / factor, [
            f"The margin {given:g} is {_points(given / factor)}, since {metric!r} goes to 100."
        ]
    if share and given >= 1:
        return given / 100, [f"A guess: the margin {given:g} is meant in points, {given / 100:g} as a share."]
    if share and given >= _HARDLY_A_SHARE:
        return given, [
            f"The margin {given:g} is {_points(given)}, since scores go from 0 to 1 (1 point is --margin 0.01)."
        ]
    if not share and given < _NO_MARGIN_OF_PERCENT and _LIKE_PERCENT <= largest <= 100:
        return given, [
            f"The margin {given:g} is in units of {metric!r}, which reaches {largest:g}; if that is per cent, 1 point "
            "is --margin 1."
        ]
    return given, []


def _points(share: float) -> str:
    return f"{share * 100:g} {'point' if share == _MARGIN else 'points'}"
