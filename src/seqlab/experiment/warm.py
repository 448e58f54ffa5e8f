"""What a process that trains many runs keeps from one to the next: the data, read and prepared."""

from seqlab.config.build import to_plain
from seqlab.config.experiment import Experiment
from seqlab.config.registry import load, part
from seqlab.data.module import SequenceData
from seqlab.data.source import Source

_MOST = 4
_kept: dict[str, SequenceData] = {}


def data_of(experiment: Experiment, source: Source) -> SequenceData:
    """The data of a run, from `source`."""
    return SequenceData(
        source, experiment.data, experiment.seed, overfit_batches=experiment.trainer.overfit_batches
    )


def kept_data_of(experiment: Experiment) -> SequenceData:
    """The data of a run, kept for the next one with the same settings of the data, split and seed."""
    key = repr((to_plain(experiment.data), experiment.seed, experiment.trainer.overfit_batches))
    data = _kept.pop(key, None)
    if data is None:
        data = data_of(experiment, load(part("data", experiment.data.kind).target)(experiment.data))
    _kept[key] = data  # the latest stands last
    while len(_kept) > _MOST:
        del _kept[next(iter(_kept))]
    return data
