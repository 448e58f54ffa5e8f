"""`Finding`: what a check found, and the running of checks one after the other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from seqlab.errors import UserError

Subject = TypeVar("Subject")


class BrokenPromiseError(Exception):
    """A promise that a part does not keep, in words."""


class LeftOutError(Exception):
    """A check that does not apply, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one check of one part.

    Args:
        part: what was checked, such as "cell mgu".
        check: the promise, in words.
        passed: whether it is kept (or does not apply).
        detail: what was found, where there is something to say.
    """

    part: str
    check: str
    passed: bool
    detail: str = ""

    def __str__(self) -> str:
        """One line: "ok      cell mgu: padding changes nothing"."""
        line = f"{'ok' if self.passed else 'FAILED':<6}  {self.part}: {self.check}"
        return "\n        ".join([line, *self.detail.splitlines()])


def run_checks(
    part: str, make: Callable[[], Subject], checks: Iterable[Callable[[Subject], None]]
) -> list[Finding]:
    """Run every check on a newly made subject; one that fails does not stop the others.

    Args:
        part: what is checked, in words.
        make: makes the subject.
        checks: functions whose docstring's first line is the promise; they raise `BrokenPromiseError`,
            `LeftOutError`, or whatever the part raises.
    """
    findings: list[Finding] = []
    for check in checks:
        promise = (check.__doc__ or check.__name__).splitlines()[0].rstrip(".")
        passed, detail = True, ""
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                check(make())
        except LeftOutError as reason:
            detail = f"left out: {reason}"
        except (BrokenPromiseError, UserError) as error:
            passed, detail = False, str(error)
        except Exception as error:
            # a part of someone else's may raise anything; the report goes on
            passed, detail = False, f"raised {type(error).__name__}: {_first_line(error)}"
        findings.append(Finding(part=part, check=promise, passed=passed, detail=detail))
    return findings


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "")


def demand(kept: bool, message: str) -> None:
    """Raise `BrokenPromiseError(message)` unless `kept`."""
    if not kept:
        raise BrokenPromiseError(message)


def demand_same(what: str, found: Tensor | None, expected: Tensor | None, tolerance: float = 1e-8) -> None:
    """Raise `BrokenPromiseError` unless two tensors agree to `tolerance`, relative to their largest number."""
    if found is None and expected is None:
        return
    if found is None or expected is None:
        raise BrokenPromiseError(f"{what}: present in one case and missing in the other")
    found, expected = found.detach(), expected.detach()
    demand(
        found.shape == expected.shape, f"{what}: shape {list(found.shape)} instead of {list(expected.shape)}"
    )
    if found.numel() == 0:
        return
    demand(bool(torch.isfinite(found).all()), f"{what}: NaN or infinite")
    scale = max(1.0, float(expected.abs().max()))
    worst = float((found - expected).abs().max())
    demand(worst <= tolerance * scale, f"{what}: differs by up to {worst:.3g}")
