"""The closed lists of parts: which cells, encoders, data sources and tasks there are, and where they live.

A part is a name and a string "module:Name", so that listing what exists imports nothing. The strings below are
written here, in our code; a person's own package adds rows with `register` when it is switched on by
`plugins=[my_lab]`. Nothing is ever imported because a checkpoint or a data file names a module, and a
configuration names packages under `plugins` alone.
"""

import importlib
from dataclasses import dataclass
from typing import Any, Literal

from seqlab.errors import UserError

Kind = Literal["cell", "encoder", "data", "task"]
KINDS: tuple[Kind, ...] = ("cell", "encoder", "data", "task")
# The configuration group whose `kind` key chooses among the parts of a kind (a cell is chosen by `model.cell`).
GROUP_OF: dict[Kind, str] = {"encoder": "model", "data": "data", "task": "task"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One row of the registry.

    Args:
        kind: what sort of part it is.
        name: the word that chooses it.
        target: "module:Name" of the class that does the work.
        config: "module:Name" of its config dataclass; None for cells, which share the encoder's.
        owner: the package that registered it.
    """

    kind: Kind
    name: str
    target: str
    config: str | None
    owner: str


_PARTS: dict[tuple[Kind, str], Part] = {}


def register(kind: Kind, name: str, *, target: str, config: str | None = None) -> None:
    """Add a part: the one call that a package of your own makes.

    Args:
        kind: "cell", "encoder", "data" or "task".
        name: the word by which configs choose it.
        target: "module:Name" of its class; imported when first used.
        config: "module:Name" of its config dataclass (not for a cell).

    Raises:
        UserError: for an unknown kind, a malformed target, or a name that another package holds already.
    """
    if kind not in KINDS:
        raise UserError(f"register: {kind!r} is not a kind of part\nallowed: {', '.join(KINDS)}")
    for path in (target, config):
        if path is not None and path.count(":") != 1:
            raise UserError(f"register({kind!r}, {name!r}): {path!r} is not of the form 'module:Name'")
    if (config is None) != (kind == "cell"):
        wanted = "no config (its options are the encoder's)" if kind == "cell" else "config='module:Name'"
        raise UserError(f"register({kind!r}, {name!r}): a {kind} takes {wanted}")
    owner = target.split(".", 1)[0].split(":", 1)[0]
    held = _PARTS.get((kind, name))
    row = Part(kind=kind, name=name, target=target, config=config, owner=owner)
    if held is not None and held != row:
        raise UserError(f"register({kind!r}, {name!r}): the name is held by {held.target}; choose another")
    _PARTS[kind, name] = row


def names(kind: Kind) -> list[str]:
    """Names of the registered parts of a kind, sorted."""
    return sorted(name for held, name in _PARTS if held == kind)


def part(kind: Kind, name: str) -> Part:
    """The row of a registered part; KeyError if there is none."""
    return _PARTS[kind, name]


def parts_of(owner: str) -> list[Part]:
    """The parts that a package registered."""
    return [row for row in _PARTS.values() if row.owner == owner]


def load(target: str) -> Any:
    """Import what a registered "module:Name" names."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


for _cell in ("rnn", "gru", "lstm"):
    register("cell", _cell, target=f"seqlab.recurrent.cells:{_cell.upper()}")
register(
    "encoder",
    "recurrent",
    target="seqlab.encoders.recurrent:RecurrentEncoder",
    config="seqlab.config.model:RecurrentConfig",
)
register(
    "encoder",
    "order_free",
    target="seqlab.encoders.order_free:OrderFreeEncoder",
    config="seqlab.config.model:OrderFreeConfig",
)
register("data", "archive", target="seqlab.data.archive:Archive", config="seqlab.config.data:ArchiveConfig")
register("data", "brown", target="seqlab.data.brown:Brown", config="seqlab.config.data:BrownConfig")
register("data", "files", target="seqlab.data.files:Files", config="seqlab.config.files:FilesConfig")
register("data", "memory", target="seqlab.data.memory:Memory", config="seqlab.config.data:MemoryConfig")
register("data", "mnist1d", target="seqlab.data.mnist1d:Mnist1d", config="seqlab.config.data:Mnist1dConfig")
register("data", "probe", target="seqlab.data.probes:Probes", config="seqlab.config.probes:ProbeConfig")
register("data", "spam", target="seqlab.data.spam:Spam", config="seqlab.config.data:SpamConfig")
register(
    "task",
    "classification",
    target="seqlab.tasks.classification:Classification",
    config="seqlab.config.task:ClassificationConfig",
)
