"""The same sequence in two parts: what makes a score look better than it is."""

from collections.abc import Iterable

from seqlab.data.split import Indices
from seqlab.sequences import Sequences

EXPECTED = (
    "each sequence once, and groups of its own in each part (data.group=COLUMN holds out whole ones); "
    "data.allow_leaks=true takes them all the same"
)
_SHOWN = 3


def in_split(raw: Sequences, train: Indices, validation: Indices) -> list[str]:
    """Sentences on sequences of validation that repeat one of training step by step."""
    hashes = raw.item_hashes()
    first = {hashes[i]: raw.ids[i] for i in map(int, train)}
    return _repeated("validation", first, ((raw.ids[i], hashes[i]) for i in map(int, validation)))


def in_test(train: Sequences, test: Sequences) -> list[str]:
    """Sentences on test sequences that repeat one of the training file, and on groups that are in both."""
    first = dict(zip(train.item_hashes(), train.ids, strict=True))
    said = _repeated("test", first, zip(test.ids, test.item_hashes(), strict=True))
    if shared := sorted(set(train.groups or ()) & set(test.groups or ())):
        said.append(
            f"groups that are in training and in test: {len(shared):,} ({', '.join(shared[:_SHOWN])})"
        )
    return said


def _repeated(part: str, first: dict[bytes, str], items: Iterable[tuple[str, bytes]]) -> list[str]:
    pairs = [(own, first[digest]) for own, digest in items if digest in first]
    if not pairs:
        return []
    shown = ", ".join(f"{own} is {other}" for own, other in pairs[:_SHOWN])
    return [
        f"sequences of the {part} part that repeat one of training step by step: {len(pairs):,} ({shown})"
    ]
