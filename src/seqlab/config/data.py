"""Settings of the data: where sequences come from, how they are split, scaled and batched."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.options import Checked, option


@dataclass(slots=True, kw_only=True)
class DataConfig(Checked):
    """What every data source shares."""

    kind: str = option("archive", "Which data source.", part="data")
    batch_size: int = option(
        32, "Sequences in one optimiser step, over all devices together.", unit="sequences", low=1
    )
    validation_fraction: float = option(
        0.2, "Share of the training part held out for validation, stratified by class.", above=0, below=1
    )
    split_seed: int | None = option(None, "Seed of the train/validation split; null: the run's seed.", low=0)
    scaling: Literal["none", "standard"] = option(
        "standard",
        "Scaling of every feature, fitted on the training part alone; standard: mean 0, standard deviation 1.",
    )
    jitter: float = option(
        0.0,
        "Augmentation: standard deviation of Gaussian noise added to training inputs after scaling; 0: none.",
        low=0,
    )
    directory: str | None = option(None, "Folder for downloaded data sets; null: the user's cache folder.")


@dataclass(slots=True, kw_only=True)
class ArchiveConfig(DataConfig):
    """A set of the UCR/UEA time series classification archive, as aeon reads it."""

    name: str = option("JapaneseVowels", "Name in the archive; bundled ones need no network.")


@dataclass(slots=True, kw_only=True)
class MemoryConfig(DataConfig):
    """Arrays handed over from Python: `seqlab.run([...], data=(X, y))`."""

    kind: str = option("memory", "Which data source.", part="data")
    name: str = option("arrays", "A name for the results.")
