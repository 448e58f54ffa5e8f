"""All parts that a package registered, each held to the kit of its kind with its default settings."""

from collections.abc import Callable
from typing import Any

from seqlab.config import registry
from seqlab.encoders.base import Encoder
from seqlab.errors import UserError
from seqlab.tasks.base import Task
from seqlab.testing.findings import Finding
from seqlab.testing.networks import FEATURES, HIDDEN, check_cell, check_encoder
from seqlab.testing.sources import check_source
from seqlab.testing.tasks import check_task


def check_package(name: str) -> list[Finding]:
    """Hold every part that the package `name` registered to the conformance kit.

    Args:
        name: an imported package.

    Returns:
        One finding a check.

    Raises:
        UserError: if the package registered nothing.
    """
    parts = registry.parts_of(name)
    if not parts:
        raise UserError(
            f"{name}: registers no part\nexpected: calls of seqlab.register(...) in {name}/__init__.py"
        )
    return [finding for part in parts for finding in check_part(part)]


def check_part(part: registry.Part) -> list[Finding]:
    """Hold one registered part to the kit."""
    words = f"{part.kind} {part.name}"
    try:
        target = registry.load(part.target)
        config = registry.load(part.config) if part.config is not None else None
        return CHECKS[part.kind](target, config, words)
    except Exception as error:
        # the part is someone else's and may raise anything while it is imported or made
        detail = str(error) if isinstance(error, UserError) else f"raised {type(error).__name__}: {error}"
        return [
            Finding(part=words, check="it can be made with its default settings", passed=False, detail=detail)
        ]


def _cell(target: Any, config: Any, words: str) -> list[Finding]:
    return check_cell(target, words)


def _encoder(target: Any, config: Any, words: str) -> list[Finding]:
    def make() -> Encoder:
        return target(config(num_layers=2, hidden_size=HIDDEN, dropout=0.3), FEATURES)

    make()
    return check_encoder(make, words)


def _source(target: Any, config: Any, words: str) -> list[Finding]:
    return check_source(target(config()), words)


def _task(target: Any, config: Any, words: str) -> list[Finding]:
    def make(spec: Any, input_size: int, dropout: float) -> Task:
        return target(config(), spec, input_size, dropout)

    return check_task(make, words)


CHECKS: dict[registry.Kind, Callable[[Any, Any, str], list[Finding]]] = {
    "cell": _cell,
    "encoder": _encoder,
    "data": _source,
    "task": _task,
}
