"""The same sequence in two parts: what makes a score look better than it is."""

from seqlab.data.split import Indices
from seqlab.errors import UserError
from seqlab.sequences import Sequences

_SHOWN = 3


def refuse_split(name: str, raw: Sequences, train: Indices, validation: Indices) -> None:
    """End where validation repeats sequences of training step by step.

    Raises:
        UserError: naming how many, and the first of them.
    """
    hashes = raw.item_hashes()
    first = {hashes[i]: raw.ids[i] for i in map(int, train)}
    pairs = [(raw.ids[i], first[hashes[i]]) for i in map(int, validation) if hashes[i] in first]
    _refuse(f"{name}: {len(pairs):,} sequences of the validation part repeat one of the training part", pairs)


def refuse_test(name: str, train: Sequences, test: Sequences) -> None:
    """End where the test part repeats sequences of the training file, or shares groups with it.

    Raises:
        UserError: naming how many, and the first of them.
    """
    first = dict(zip(train.item_hashes(), train.ids, strict=True))
    hashes = zip(test.ids, test.item_hashes(), strict=True)
    pairs = [(own, first[digest]) for own, digest in hashes if digest in first]
    _refuse(f"{name}: {len(pairs):,} sequences of the test part repeat one of the training part", pairs)
    shared = sorted(set(train.groups or ()) & set(test.groups or ()))
    if shared:
        raise UserError(
            f"{name}: {len(shared):,} groups are in training and in test ({', '.join(shared[:_SHOWN])})\n"
            "expected: groups of its own in each part; data.allow_leaks=true takes them all the same"
        )


def _refuse(found: str, pairs: list[tuple[str, str]]) -> None:
    if pairs:
        shown = ", ".join(f"{own} is {other}" for own, other in pairs[:_SHOWN])
        raise UserError(
            f"{found} step by step ({shown})\n"
            "expected: each sequence once, or data.group=COLUMN for what repeats; "
            "data.allow_leaks=true takes them all the same"
        )
