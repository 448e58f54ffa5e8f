"""Vectors of categories that move from one run's numbers to another's."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seqlab.data.vocabulary import FIRST, Vocabulary

Weights = dict[str, Tensor]

_TABLES = "embedding.tables."


def renumbered(
    weights: Weights, own: Weights, there: Sequence[Vocabulary], here: Sequence[Vocabulary]
) -> Weights:
    """Weights of another run in which the vectors of categories stand where this run has them.

    Categories that only this run has keep the vectors of `own`; those that only the other has are left out. Features
    are found by their names; tables of another width stay as they are, and do not fit.

    Args:
        weights: of the other run.
        own: of this run, before training.
        there: the other run's vocabularies.
        here: this run's.
    """
    columns = {vocabulary.name: k for k, vocabulary in enumerate(there)}
    moved = {name: weight for name, weight in weights.items() if not name.startswith(_TABLES)}
    for k, vocabulary in enumerate(here):
        name, from_name = (f"{_TABLES}{j}.weight" for j in (k, columns.get(vocabulary.name, -1)))
        if from_name not in weights:
            continue
        theirs, mine = weights[from_name], own[name].clone()
        if theirs.shape[1] == mine.shape[1]:
            numbers = torch.from_numpy(there[columns[vocabulary.name]].numbers(vocabulary.words)[:-1])
            known = numbers >= FIRST
            mine[:FIRST] = theirs[:FIRST]
            mine[FIRST:][known] = theirs[numbers[known]].to(mine.dtype)
            moved[name] = mine
        else:
            moved[name] = theirs
    return moved
