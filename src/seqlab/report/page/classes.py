"""Who was taken for whom: one confusion matrix an arm, added up over its replicates."""

from collections.abc import Sequence

import numpy as np

from seqlab.figures.confusion import draw_confusion_matrix
from seqlab.figures.style import shorten
from seqlab.report.evidence import IntArray, Items
from seqlab.report.page.blocks import Beside, Block, Fold, Picture, Section, Table, Words
from seqlab.report.page.facts import Facts

# More classes than these are not read; the most confused of them are shown.
CLASSES_UP_TO = 20
_ARMS, _MISTAKES, _OPEN = 12, 5, 4


def confusions(facts: Facts) -> Section | None:
    """One matrix an arm for every data set whose predictions are known; the first arms open, the rest folded."""
    blocks: list[Block] = []
    for results in facts.evidence.results:
        items = results.items
        if items is None or not items.predicted or not len(items.classes):
            continue
        order = [s.name for s in facts.findings.standings if s.dataset == results.dataset and not s.reference]
        order += [name for name in items.predicted if name not in order]
        matrices = {arm: matrix_of(items, arm) for arm in order if arm in items.predicted}
        where = f" on {results.dataset}" if facts.several else ""
        blocks += _of_dataset(facts, items, dict(list(matrices.items())[:_ARMS]), where)
    if not blocks:
        return None
    return Section(
        key="confusion",
        title="Who was taken for whom",
        short="Confusion",
        how="A row is a true class, a column what was predicted; orange off the diagonal is a mistake, the darker the "
        "more often for that class.",
        blocks=blocks,
    )


def matrix_of(items: Items, arm: str) -> IntArray:
    """Counts [C, C] over all replicates, rows true; predictions that are no class (below 0) are left out."""
    count = len(items.classes)
    predicted = np.atleast_2d(items.predicted[arm])
    truth = np.broadcast_to(items.truth, predicted.shape)
    valid = (predicted >= 0) & (predicted < count) & (truth >= 0) & (truth < count)
    flat = truth[valid].astype(np.int64) * count + predicted[valid].astype(np.int64)
    return np.bincount(flat, minlength=count * count).reshape(count, count).astype(np.int64)


def most_confused(matrices: Sequence[IntArray], most: int) -> list[int]:
    """The classes with the most mistakes, of either kind, over all arms; in their own order."""
    wrong = sum((m - np.diag(np.diag(m)) for m in matrices), np.zeros_like(matrices[0]))
    weight = wrong.sum(axis=0) + wrong.sum(axis=1)
    return sorted(int(c) for c in np.argsort(-weight, kind="stable")[:most])


def gathered(matrix: IntArray, kept: Sequence[int]) -> IntArray:
    """The matrix of some classes, with all others as one last class."""
    to = np.full(len(matrix), len(kept))
    to[list(kept)] = np.arange(len(kept))
    found = np.zeros((len(kept) + 1, len(kept) + 1), dtype=np.int64)
    np.add.at(found, (to[:, None], to[None, :]), matrix)
    return found


def _of_dataset(facts: Facts, items: Items, matrices: dict[str, IntArray], where: str) -> list[Block]:
    if not matrices:
        return []
    classes = [str(name) for name in items.classes]
    kept = None
    blocks: list[Block] = []
    if len(classes) > CLASSES_UP_TO:
        kept = most_confused(list(matrices.values()), CLASSES_UP_TO - 1)
        blocks.append(
            Words(
                text=f"Shown are the {len(kept)} most confused of {len(classes)} classes{where}; the others are one. "
                "Mistakes among those others lie on its diagonal."
            )
        )
    pictures: list[Picture] = []
    for arm, matrix in matrices.items():
        total, right = int(matrix.sum()), int(np.trace(matrix))
        shown = matrix if kept is None else gathered(matrix, kept)
        names = (
            classes if kept is None else [*(classes[c] for c in kept), f"{len(classes) - len(kept)} others"]
        )
        share = f" ({100 * right / total:.1f} %)" if total else ""
        title = f"{shorten(arm, 28)}{where}: {right:,} of {total:,} right{share}"
        figure = draw_confusion_matrix(shown, names, title)
        pictures.append(facts.picture(f"confusion{where}_{arm}", figure, f"Confusion matrix of {title}"))
    blocks.append(Beside(pictures=pictures[:_OPEN]))
    if len(pictures) > _OPEN:
        rest = len(pictures) - _OPEN
        more = Beside(pictures=pictures[_OPEN:])
        blocks.append(Fold(summary=f"{rest} more {'arm' if rest == 1 else 'arms'}{where}", blocks=[more]))
    blocks.append(_mistakes(facts, matrices, classes, where))
    return blocks


def _mistakes(facts: Facts, matrices: dict[str, IntArray], classes: Sequence[str], where: str) -> Block:
    rows: list[Sequence[object]] = []
    for arm, matrix in matrices.items():
        wrong = matrix - np.diag(np.diag(matrix))
        of_class = np.maximum(matrix.sum(axis=1), 1)
        for place in np.argsort(-wrong, axis=None, kind="stable")[:_MISTAKES]:
            true, taken = divmod(int(place), len(classes))
            if wrong[true, taken]:
                share = f"{100 * wrong[true, taken] / of_class[true]:.1f} %"
                count = f"{int(wrong[true, taken]):,}"
                rows.append([facts.arm_cell(arm), classes[true], classes[taken], count, share])
    head = ["arm", "true class", "taken for", "how often", "of that class"]
    table = Table(head=head, rows=rows, text=3)  # pyright: ignore[reportArgumentType]
    return Fold(summary=f"The most frequent mistakes{where}", blocks=[table])
