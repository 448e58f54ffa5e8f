"""`Preparation`: what is done to sequences before a model sees them, fitted on the training part alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from seqlab.config.data import CropFrom, DataConfig, Irregular, Missing, Unseen
from seqlab.data import missing, resampling, scaling, vocabulary
from seqlab.data.texts import Cutter
from seqlab.data.vocabulary import Vocabulary
from seqlab.errors import UserError
from seqlab.sequences import IntArray, Ragged, Sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Sequences as a model sees them.

    Args:
        values: [T_i, F] float32, finite.
        tokens: [T_i, K] int64 at the same steps, below the cardinality of their column; None where there are none.
    """

    values: Ragged[np.float32]
    tokens: Ragged[np.int64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What makes steps of numbers out of sequences.

    Texts are cut into tokens, times made regular, long sequences cropped, missing values filled, features scaled,
    (value - center) / scale, and categories numbered.

    Args:
        features: names of the features, as they are read.
        center: F numbers, one more than `features` where the time since the step before is one; zeros without scaling.
        scale: F numbers; 1 for a constant feature and without scaling.
        per_sequence: scale every sequence by its own mean and standard deviation instead.
        missing: what is done where values are missing.
        means: F means of the training part, for filling; empty where missing values are refused. With
            `per_sequence` a sequence's own mean is taken.
        masked: names of the features that get a feature of their own which tells where they are missing.
        irregular: what is done with times.
        interval: between steps: that of the grid, or what was usual in training; None where steps have no times.
        crop: the longest length, in time steps; None: any.
        crop_from: which end of a longer sequence is kept.
        vocabularies: of the categorical features, in their order; of texts, the one of their tokens.
        unseen: what is done with categories that are in none of them.
        cutter: how texts are cut; None where the sequences are no texts.
    """

    features: Sequence[str]
    center: Sequence[float]
    scale: Sequence[float]
    per_sequence: bool = False
    missing: Missing = "refuse"
    means: Sequence[float] = ()
    masked: Sequence[str] = ()
    irregular: Irregular = "refuse"
    interval: float | None = None
    crop: int | None = None
    crop_from: CropFrom = "end"
    vocabularies: Sequence[Vocabulary] = ()
    unseen: Unseen = "unknown"
    cutter: Cutter | None = None

    @classmethod
    def fit(cls, raw: Sequences, items: IntArray, config: DataConfig) -> "Preparation":
        """Fit to training sequences; every true step counts the same, whatever sequence it is in.

        Args:
            raw: as a reader handed them on; which features can be missing is asked of all of them.
            items: numbers of the training sequences among them; all else is fitted to these alone.
            config: its settings of scaling, missing values, times, lengths, categories and texts are followed.

        Raises:
            UserError: for infinite values, and for missing ones and irregular times where they are refused.
        """
        cutter = None if raw.texts is None else Cutter.fit([raw.texts[i] for i in map(int, items)], config)
        raw = raw if cutter is None else cutter.cut(raw)
        holes = missing.counts(raw)
        unfitted = cls(
            features=list(raw.feature_names),
            center=[],
            scale=[],
            per_sequence=config.scaling == "per_sequence",
            missing=config.missing,
            masked=[name for name, n in zip(raw.feature_names, holes, strict=True) if n]
            if config.missing == "mask"
            else [],
            irregular=config.irregular,
            interval=None
            if raw.times is None
            else config.interval or resampling.interval(raw.times, items) or resampling.interval(raw.times),
            crop=config.crop,
            crop_from=config.crop_from,
            unseen=config.unseen,
            cutter=cutter,
        )
        unfitted._require_accepted(raw, holes)
        steps = unfitted._steps(raw)
        values = steps.ragged
        center, scale = scaling.fit(values, items, config.scaling)
        means = [] if config.missing == "refuse" else scaling.means(values, items).tolist()
        most = None if cutter is None else config.vocabulary
        vocabularies = vocabulary.fit(steps.categories, items, most)
        return replace(
            unfitted, center=center.tolist(), scale=scale.tolist(), means=means, vocabularies=vocabularies
        )

    @property
    def prepared_features(self) -> list[str]:
        """Names of the features as a model sees them."""
        delta = [resampling.DELTA] if self.irregular == "delta" else []
        return [*self.features, *delta, *(f"{name} missing" for name in self.masked)]

    def cut(self, raw: Sequences) -> Sequences:
        """Texts, cut into steps, as everything else here takes them too; other sequences as they are."""
        return raw if self.cutter is None or raw.texts is None else self.cutter.cut(raw)

    def lengths(self, raw: Sequences) -> IntArray:
        """Steps of every sequence once prepared, int64 [N]."""
        raw = self.cut(raw)
        lengths = raw.lengths()
        if self.irregular == "resample" and raw.times is not None and self.interval is not None:
            lengths = resampling.grid_lengths(raw.times, self.interval)
        return lengths if self.crop is None else np.minimum(lengths, self.crop)

    def changes(self, raw: Sequences) -> list[str]:
        """Sentences on what preparing these sequences changes beside scaling, counted."""
        return self.in_sentences(self.counted(raw))

    def counted(self, raw: Sequences) -> Counter[vocabulary.Counted]:
        """What preparing these sequences changes, in numbers that can be added to those of others."""
        raw = self.cut(raw)
        long = 0 if self.crop is None else int((replace(self, crop=None).lengths(raw) > self.crop).sum())
        found: Counter[vocabulary.Counted] = Counter(
            {("missing",): int(missing.counts(raw).sum()), ("long",): long, ("sequences",): len(raw)}
        )
        return found + vocabulary.counted(self._steps(raw), self.vocabularies) if self.vocabularies else found

    def in_sentences(self, counted: Counter[vocabulary.Counted]) -> list[str]:
        """Sentences on what was changed, of `counted`."""
        said: list[str] = []
        if (holes := counted["missing",]) and self.missing != "refuse":
            said.append(
                f"{holes:,} missing value{'' if holes == 1 else 's'}: {missing.IN_WORDS[self.missing]}"
            )
        if self.irregular == "resample" and self.interval is not None:
            said.append(
                f"values were put on a grid of one step every {self.interval:.6g} (data.irregular=resample)"
            )
        if self.irregular == "delta":
            said.append("the time since the step before is a feature (data.irregular=delta)")
        if long := counted["long",]:
            side = "last" if self.crop_from == "end" else "first"
            said.append(
                f"of {long:,} of {counted['sequences',]:,} sequences only the {side} {self.crop:,} steps are used "
                "(data.crop)"
            )
        if self.vocabularies:
            said += vocabulary.in_sentences(counted, self.vocabularies, self.missing)
        return said

    def apply(self, raw: Sequences) -> Prepared:
        """The sequences, prepared; copies.

        Raises:
            UserError: if they have other features, infinite values, missing ones where training accepted none,
                categories that training lacked where those are refused, no times or irregular ones where training had
                others, or values too far from training for float32.
        """
        if self.cutter is None and raw.texts is not None:
            raise UserError("texts\nexpected: sequences of numbers, as in training")
        raw = self.cut(raw)
        if self.cutter is not None and raw.categories is None:
            raise UserError("sequences of numbers\nexpected: texts, as in training")
        shape = raw.ragged.flat.shape
        if len(shape) != 2 or shape[1] != len(self.features):
            names = ", ".join(self.features[:12]) + (", ..." if len(self.features) > 12 else "")
            raise UserError(
                f"sequence 0 (counted from 0) has the shape {list(raw.values[0].shape)}\n"
                f"expected: [T, {len(self.features)}], features {names}"
            )
        vocabulary.require_features(raw, self.vocabularies)
        holes = missing.counts(raw)
        self._require_accepted(raw, holes)
        steps = self._steps(raw)
        if self.unseen == "refuse":
            vocabulary.refuse_unseen(steps, self.vocabularies)
        values = steps.ragged
        center, scale = (
            scaling.fit_each(values)
            if self.per_sequence
            else (np.asarray(self.center), np.asarray(self.scale))
        )
        whole = values
        if holes.any():
            means = center if self.per_sequence else np.asarray(self.means)
            whole = missing.filled(values, self.missing, means, steps.times)
        prepared = scaling.scaled(whole, center, scale)
        if not (fits := np.isfinite(prepared).all(axis=1)).all():
            number = int(np.searchsorted(values.offsets, int(fits.argmin()), side="right")) - 1
            raise UserError(
                f"sequence {raw.ids[number]!r} lies too far from the training data to be scaled\n"
                "expected: values of the magnitude of the training part, in the same units"
            )
        if self.masked:
            columns = np.array([list(self.features).index(name) for name in self.masked])
            prepared = np.concatenate([prepared, missing.masks(values, columns)], axis=1)
        tokens = vocabulary.numbered(steps, self.vocabularies, self.missing)
        return Prepared(values=values.with_flat(prepared), tokens=tokens)

    def _steps(self, raw: Sequences) -> Sequences:
        """The sequences with the steps that a model sees.

        Raises:
            UserError: for irregular times where they are refused, and where there are none but some are needed.
        """
        if self.irregular == "refuse":
            if (
                raw.times is not None
                and (usual := self.interval or resampling.interval(raw.times)) is not None
            ):
                resampling.require_regular(raw, usual)
        elif raw.times is None:
            raise UserError(
                f"data.irregular={self.irregular}: the sequences have no times\n"
                "expected: a time for every step (data.time), or data.irregular=refuse in training"
            )
        elif self.irregular == "delta":
            raw = resampling.with_delta(raw)
        elif self.interval is not None:
            raw = resampling.resampled(raw, self.interval)
        return raw if self.crop is None else resampling.cropped(raw, self.crop, self.crop_from)

    def _require_accepted(self, raw: Sequences, holes: IntArray) -> None:
        """Refuse what is missing where it may not be."""
        if self.missing == "refuse":
            vocabulary.refuse_missing(raw)
        if not holes.any():
            return
        if self.missing == "refuse":
            missing.refuse(
                raw,
                np.arange(len(self.features)),
                "no missing values (data.missing=refuse); accepted in training with data.missing=forward_fill, "
                "interpolate or mask",
            )
        if self.missing == "mask":
            never = [k for k, name in enumerate(self.features) if name not in self.masked]
            missing.refuse(
                raw,
                np.array(never, dtype=np.int64),
                f"missing values in {', '.join(self.masked) or 'no feature'} alone, as in the training file "
                "(data.missing=mask)",
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain contents for a checkpoint."""
        return {key: list(v) if isinstance(v, (list, tuple)) else v for key, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Preparation":
        """Back from `to_dict`, also of a checkpoint that knew less."""
        plain = dict(plain)
        cutter = plain.pop("cutter", None)
        known = [Vocabulary(**one) for one in plain.pop("vocabularies", ())]
        return cls(**plain, vocabularies=known, cutter=None if cutter is None else Cutter(**cutter))
