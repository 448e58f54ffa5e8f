"""What a process that trains many runs keeps from one to the next: the data, read and prepared."""

from seqlab.config.build import to_plain
from seqlab.config.experiment import Experiment
from seqlab.config.registry import load, part
from seqlab.data.module import SequenceData
from seqlab.data.source import Source

# So many data sets, splits or folds are kept in any case; more, while together they take no more memory than this.
_MOST, _BYTES = 4, 2**28
_kept: dict[str, SequenceData] = {}


def data_of(experiment: Experiment, source: Source) -> SequenceData:
    """The data of a run, from `source`."""
    return SequenceData(
        source, experiment.data, experiment.seed, overfit_batches=experiment.trainer.overfit_batches
    )


def kept_data_of(experiment: Experiment) -> SequenceData:
    """The data of a run, kept for the next one with the same settings of the data and the same split."""
    fresh = data_of(experiment, load(part("data", experiment.data.kind).target)(experiment.data))
    data = _kept[key] if (key := _key(experiment, fresh)) in _kept else fresh
    data.order_seed = fresh.order_seed
    _kept.pop(key, None)
    _kept[key] = data  # the latest stands last
    while len(_kept) > _MOST and sum(kept.nbytes() for kept in _kept.values()) > _BYTES:
        del _kept[next(iter(_kept))]
    return data


def _key(experiment: Experiment, data: SequenceData) -> str:
    """Whatever the sequences of a run's parts depend on, and whether it may know of the test part."""
    settings = to_plain(experiment.data) | {"split_seed": data.split_seed if data.config.validates else None}
    overfit = experiment.trainer.overfit_batches
    if not data.config.shuffle_time:
        del settings["order_seed"]
    chosen = None if overfit is None else (overfit, data.order_seed)
    return repr((settings, chosen, experiment.evaluate_test))
