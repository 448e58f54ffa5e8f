"""What a comparison has done by a worker besides runs, since it takes the data, and those take torch."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from seqlab import files
from seqlab.batch import SequenceBatch
from seqlab.checkpoint import load_checkpoint
from seqlab.comparison.speeds import speeds
from seqlab.config.build import build_experiment, with_values
from seqlab.experiment.fitting import threads
from seqlab.experiment.scoring import first_batch, latency_ms
from seqlab.experiment.starting import network_of, profile_before
from seqlab.experiment.warm import kept_data_of
from seqlab.gradients import gradient_profile
from seqlab.model import SequenceModel
from seqlab.quiet import quiet_libraries
from seqlab.references import fit_references
from seqlab.replication import Profile

# As replicates see them: all training data, and nothing held out.
_ALL = {"data.validation_fraction": 0, "data.folds": None}


def test_size(settings: Mapping[str, Any]) -> list[str]:
    """How many items a test part has, in a line."""
    with quiet_libraries():
        return [str(len(kept_data_of(build_experiment(with_values(settings, _ALL))).indices("test")))]


def write_profiles(
    settings: Mapping[str, Mapping[str, Any]], weights: Mapping[str, Path | None], path: Path
) -> list[str]:
    """Measure how long the chosen configurations take, and how far back their gradients reach.

    Args:
        settings: arm -> settings of its runs.
        weights: arm -> a checkpoint of a trained one, or None.
        path: of the JSON file, see `replication.Profile`.

    Returns:
        Lines worth saying.
    """
    found: dict[str, Profile] = {}
    networks: dict[str, tuple[SequenceModel, SequenceBatch]] = {}
    used: list[int] = []
    with quiet_libraries():
        for arm, plain in settings.items():
            experiment = build_experiment(plain)
            used.append(experiment.trainer.threads)
            with threads(used[-1]):
                data = kept_data_of(experiment)
                model = network_of(experiment, data)
                profiles = profile_before(model, data)
                checkpoint = weights[arm]
                if checkpoint is not None:
                    model.load_state_dict(load_checkpoint(checkpoint).weights)
                    profiles["trained"] = gradient_profile(model, first_batch(data))
                networks[arm] = model, next(iter(data.train_loader()))
                found[arm] = Profile(
                    latency_ms=latency_ms(model, first_batch(data)),
                    engine=f"cpu, {used[-1]} thread{'s' * (used[-1] != 1)}",
                    gradients={name: [float(v) for v in values] for name, values in profiles.items()},
                )
        with threads(min(used)):
            for arm, speed in speeds(networks).items():
                found[arm] = replace(found[arm], layers_ms=speed.ours, plain_layers_ms=speed.plain)
    files.write_json(path, {arm: asdict(profile) for arm, profile in found.items()})
    return []


def write_references(settings: Mapping[str, Any], path: Path, seed: int) -> list[str]:
    """Fit the references to all training data and write their predictions for the test part.

    Args:
        settings: of a run, whose data they see.
        path: of the Parquet file: name, item, truth, predicted, note, seconds.
        seed: of their weights and folds.

    Returns:
        Lines worth saying.
    """
    with quiet_libraries():
        data = kept_data_of(build_experiment(with_values(settings, _ALL)))
        train, labels = data.arrays("train")
        test, truth = data.arrays("test")
        classes = list(data.spec.classes)
        found = fit_references(
            train,
            labels,
            test,
            len(classes),
            seed,
            train_shares=data.shares("train"),
            test_shares=data.shares("test"),
        )
        ids = data.ids("test")
    table = pa.table(
        {
            "name": [one.name for one in found for _ in ids],
            "item": [name for _ in found for name in ids],
            "truth": [classes[k] for _ in found for k in truth],
            "predicted": [classes[k] for one in found for k in one.predicted],
            "note": [one.note for one in found for _ in ids],
            "seconds": [one.seconds for one in found for _ in ids],
        }
    )
    files.write_whole(path, lambda draft: pq.write_table(table, draft))
    return []
