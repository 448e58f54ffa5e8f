"""The promises of data sources."""

import pickle
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np

from seqlab.data.source import Source
from seqlab.errors import UserError
from seqlab.sequences import Sequences
from seqlab.testing.findings import Finding, LeftOutError, demand, run_checks


def check_source(source: Source, part: str = "data source") -> list[Finding]:
    """Hold a data source to the kit; reads both of its parts, several times.

    Args:
        source: the source.
        part: its name in the findings.
    """
    findings = run_checks(part, lambda: source, [training_part_can_be_read])
    if findings[0].passed:
        findings += run_checks(part, lambda: source, SOURCE_CHECKS)
    return findings


def _parts(source: Source) -> dict[str, Sequences]:
    parts = {"training part": source.read_train()}
    test = _test_part(source)
    if test is not None:
        parts["test part"] = test
    return parts


def _test_part(source: Source) -> Sequences | None:
    try:
        return source.read_test()
    except UserError:
        return None


def _repeated(words: Iterable[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1][:5]


def training_part_can_be_read(source: Source) -> None:
    """The training part can be read and is not empty."""
    demand(len(source.read_train()) > 0, "it has no sequences")
    demand(bool(source.name), "the source has no name")


def scored_part_can_be_read(source: Source) -> None:
    """The test part can be read, or refused in words."""
    try:
        test = source.read_test()
    except UserError as error:
        raise LeftOutError(str(error).splitlines()[0]) from None
    demand(len(test) > 0, "it has no sequences; raise UserError where there is no test part")


def sequences_are_arrays_of_steps(source: Source) -> None:
    """Every sequence is a float32 array of at least one step and the named features, with its categories; or a text."""
    first = source.read_train()
    names = first.feature_names
    demand(bool(names) or first.categories is not None or first.texts is not None, "there are no features")
    demand(not _repeated(names), f"repeated feature names: {_repeated(names)}")
    for word, part in _parts(source).items():
        demand(list(part.feature_names) == list(names), f"{word}: other features than the training part")
        demand((part.texts is None) == (first.texts is None), f"{word}: texts in one part alone")
        demand(part.texts is None or len(part.texts) == len(part), f"{word}: one text a sequence")
        _categories_fit(word, part, first)
        for number, array in enumerate(part.values):
            where = f"{word}, sequence {number}"
            demand(
                array.ndim == 2 and array.shape[1] == len(names),
                f"{where}: shape {list(array.shape)}, expected [T, {len(names)}]",
            )
            demand(len(array) > 0, f"{where}: it has no steps")
            demand(array.dtype == np.float32, f"{where}: {array.dtype}, expected float32")


def _categories_fit(word: str, part: Sequences, first: Sequences) -> None:
    """Categories have the names of the training part's, stand at the steps of the values, and in their lists."""
    own, theirs = part.categories, first.categories
    if own is None or theirs is None:
        demand(own is theirs, f"{word}: categorical features in one part alone")
        return
    demand(
        list(own.names) == list(theirs.names), f"{word}: other categorical features than the training part"
    )
    demand(
        own.codes.lengths().tolist() == part.lengths().tolist(),
        f"{word}: categories at other steps than the values",
    )
    for column, words in enumerate(own.categories):
        codes = own.codes.flat[:, column]
        demand(
            bool(((codes >= -1) & (codes < len(words))).all()),
            f"{word}: codes of {own.names[column]!r} outside -1 to {len(words) - 1}",
        )


def ids_are_unique(source: Source) -> None:
    """There is one id a sequence, unique within its part."""
    for word, part in _parts(source).items():
        demand(len(part.ids) == len(part), f"{word}: {len(part.ids)} ids for {len(part)} sequences")
        demand(not _repeated(part.ids), f"{word}: repeated ids {_repeated(part.ids)}")


def labels_are_known(source: Source) -> None:
    """There is one label a sequence, and the test part has no class that training lacks."""
    train = source.read_train()
    if train.labels is None:
        raise LeftOutError("these data have no labels")
    known = set(train.labels)
    for word, part in _parts(source).items():
        demand(part.labels is not None, f"{word}: no labels, though the training part has them")
        labels = part.labels or ()
        demand(len(labels) == len(part), f"{word}: {len(labels)} labels for {len(part)} sequences")
        demand(all(type(label) is str and label for label in labels), f"{word}: labels that are not words")
        strangers = sorted(set(labels) - known)[:5]
        demand(not strangers, f"{word}: classes {strangers} do not occur in training")


def values_are_finite(source: Source) -> None:
    """Values are finite: no infinity, and no NaN but where the settings say what is done with it."""
    for word, part in _parts(source).items():
        for number, array in enumerate(part.values):
            where = f"{word}, sequence {number}"
            missing, infinite = int(np.isnan(array).sum()), int(np.isinf(array).sum())
            demand(
                not missing or source.config.missing != "refuse",
                f"{where}: values hold NaN ({missing}), and its settings have missing=refuse",
            )
            demand(not infinite, f"{where}: values hold infinity ({infinite})")


def reading_twice_gives_the_same(source: Source) -> None:
    """Read twice, a part is the same: values, labels, ids and order."""
    for read in (source.read_train, source.read_test):
        if read == source.read_test and _test_part(source) is None:
            continue
        first, second = read(), read()
        demand(first.content_hash() == second.content_hash(), "values or labels differ")
        demand(list(first.ids) == list(second.ids), "ids differ")


def it_travels_to_other_processes(source: Source) -> None:
    """The source can be pickled, and reads the same on the other side."""
    copy = pickle.loads(pickle.dumps(source))
    demand(
        copy.read_train().content_hash() == source.read_train().content_hash(),
        "the copy reads something else",
    )


SOURCE_CHECKS: tuple[Callable[[Source], None], ...] = (
    scored_part_can_be_read,
    sequences_are_arrays_of_steps,
    ids_are_unique,
    labels_are_known,
    values_are_finite,
    reading_twice_gives_the_same,
    it_travels_to_other_processes,
)
