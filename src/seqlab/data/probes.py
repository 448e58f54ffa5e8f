"""Memory probes: made sequences that ask one thing of a reader, as long as one likes and as many as one likes.

Every probe's class follows from its steps without any doubt, so that the best possible accuracy is 1, and whatever
is missing to it is the reader's. Classes are equally frequent, up to chance. The parts are pure functions of the
settings: blocks of sequences, each drawn from a stream of its own keyed by (data.seed, part, block), so that a larger
training part begins with the smaller one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqlab.config.probes import Probe, ProbeConfig
from seqlab.data.source import Source
from seqlab.sequences import FloatArray, Sequences

Integers = npt.NDArray[np.int64]
Generator = np.random.Generator
_TRAIN, _TEST = 1, 2
_ORDERS = ("XX", "XY", "YX", "YY")
_BLOCK = 256  # sequences drawn together; another number is another data set


class Probes(Source):
    """A memory probe: `data.probe` of recall_first, temporal_order, adding, parity, future_decides.

    Args:
        config: settings of the data.
    """

    def __init__(self, config: ProbeConfig) -> None:
        super().__init__(config)
        self._config = config
        self.notes = (
            f"made data: chance is {1 / len(_RULES[config.probe].classes(config)):.3g}, the best possible 1",
        )

    @property
    def name(self) -> str:
        """Probe and length, such as "recall_first-50"."""
        return f"{self._config.probe}-{self._config.length}"

    def read_train(self) -> Sequences:
        """Draw the training part."""
        return self._draw(_TRAIN, self._config.train_size)

    def read_test(self) -> Sequences:
        """Draw the test part, from streams that the training part never reads."""
        return self._draw(_TEST, self._config.test_size)

    def _draw(self, part: int, count: int) -> Sequences:
        config, rule = self._config, _RULES[self._config.probe]
        classes = rule.classes(config)
        values: list[FloatArray] = []
        labels: list[str] = []
        for block in range(-(-count // _BLOCK)):
            rng = np.random.default_rng((config.seed, part, block))
            lengths = rng.integers(
                config.length - config.length_jitter,
                config.length + config.length_jitter,
                size=_BLOCK,
                endpoint=True,
            )
            steps, decided = rule.draw(rng, lengths, config)
            noise = rng.standard_normal((*steps.shape[:2], config.noise_features), dtype=np.float32)
            steps = np.concatenate([steps, noise], axis=2) if config.noise_features else steps
            values.extend(row[:length] for row, length in zip(steps, lengths.tolist(), strict=True))
            labels.extend(classes[int(k)] for k in decided)
        names = [*rule.features(config), *(f"noise {k + 1}" for k in range(config.noise_features))]
        return Sequences(
            values=values[:count],
            labels=labels[:count],
            ids=[str(i) for i in range(count)],
            feature_names=names,
        )


def _recall_first(rng: Generator, lengths: Integers, config: ProbeConfig) -> tuple[FloatArray, Integers]:
    """Which symbol stood first?

    After Hochreiter & Schmidhuber (1997, "Long short-term memory", experiments 2 and 3): one symbol, then distractors
    to the end. With `distractors=same` nothing but its place tells the first symbol from the others, so that a reader
    that is blind to order learns next to nothing; with `others` it needs only to be seen anywhere.
    """
    drawn = rng.integers(config.symbols, size=(len(lengths), lengths.max()))
    decided = drawn[:, 0].copy()
    if config.distractors == "others":
        drawn[:, 1:] += config.symbols
    return _one_hot(drawn, len(_recall_features(config))), decided


def _recall_features(config: ProbeConfig) -> list[str]:
    others = config.distractors == "others"
    return [*_letters(config), *(f"distractor {k + 1}" for k in range(config.symbols if others else 0))]


def _temporal_order(rng: Generator, lengths: Integers, config: ProbeConfig) -> tuple[FloatArray, Integers]:
    """In which order did two symbols come: XX, XY, YX or YY?

    Hochreiter & Schmidhuber (1997), experiment 6a, without the symbols for start and end: X or Y stands once in the
    second tenth of the sequence and once in the sixth, among distractors everywhere else. Blind to order, one can
    tell XX and YY from the rest, and is right three times in four.
    """
    rows = np.arange(len(lengths))
    drawn = 2 + rng.integers(config.symbols, size=(len(lengths), lengths.max()))
    first, second = rng.integers(2, size=(2, len(lengths)))
    drawn[rows, rng.integers(lengths // 10, lengths // 5, endpoint=True)] = first
    drawn[rows, rng.integers(lengths // 2, 6 * lengths // 10, endpoint=True)] = second
    return _one_hot(drawn, 2 + config.symbols), 2 * first + second


def _adding(rng: Generator, lengths: Integers, config: ProbeConfig) -> tuple[FloatArray, Integers]:
    """Is the sum of the two marked values above 1?

    The adding problem (Hochreiter & Schmidhuber 1997, experiment 4; places as in Le, Jaitly & Hinton 2015: one in
    each half), asked as a class in place of a number: values uniform from 0 to 1, of which the two are marked by a
    second feature. One marked value alone is right three times in four.
    """
    rows = np.arange(len(lengths))
    steps = np.zeros((len(lengths), lengths.max(), 2), dtype=np.float32)
    steps[:, :, 0] = rng.random(steps.shape[:2], dtype=np.float32)
    places = rng.integers(0, lengths // 2), rng.integers(lengths // 2, lengths)
    for place in places:
        steps[rows, place, 1] = 1
    first, second = (steps[rows, place, 0].astype(np.float64) for place in places)
    return steps, (first + second > 1).astype(np.int64)


def _parity(rng: Generator, lengths: Integers, config: ProbeConfig) -> tuple[FloatArray, Integers]:
    """Is the number of ones even or odd?

    The parity problem (Minsky & Papert 1969; of sequences in Hochreiter & Schmidhuber 1996): bits shown as -1 and 1,
    all of which count, or only those that a second feature marks. Any one bit changes the class, so that nothing but
    all of them tells anything; what takes two states of memory is hard to find by following gradients.
    """
    longest = int(lengths.max())
    bits = rng.integers(2, size=(len(lengths), longest))
    real = np.arange(longest) < lengths[:, None]
    counted = real
    if config.marked is not None:
        lots = np.where(real, rng.random(real.shape), 2.0)  # the smallest lots of each sequence are marked
        counted = np.zeros_like(real)
        np.put_along_axis(counted, np.argsort(lots, axis=1)[:, : config.marked], True, axis=1)
    shown = [2 * bits - 1] if config.marked is None else [2 * bits - 1, counted]
    return np.stack(shown, axis=2).astype(np.float32), (bits * counted).sum(axis=1) % 2


def _future_decides(rng: Generator, lengths: Integers, config: ProbeConfig) -> tuple[FloatArray, Integers]:
    """Which two symbols stand at the ends: XX, XY, YX or YY?

    Every step shows X or Y by chance. With `decides=both_ends` the class is the first and the last of them: who reads
    in one direction, whichever it is, must carry a symbol through all steps, and who reads in both has each symbol
    at hand where a direction ends (the case for bidirectional networks, Schuster & Paliwal 1997). With
    `decides=last_two` the class is the last two: who reads forwards has both at hand, and a second direction, which
    would have to carry both, is of no use. One symbol alone is right every second time; blind to order, one knows
    next to nothing of a long sequence.
    """
    rows = np.arange(len(lengths))
    drawn = rng.integers(2, size=(len(lengths), lengths.max()))
    first = drawn[:, 0] if config.decides == "both_ends" else drawn[rows, lengths - 2]
    return _one_hot(drawn, 2), 2 * first + drawn[rows, lengths - 1]


def _one_hot(drawn: Integers, count: int) -> FloatArray:
    return np.eye(count, dtype=np.float32)[drawn]


def _letters(config: ProbeConfig) -> list[str]:
    return [chr(ord("A") + k) for k in range(config.symbols)]


@dataclass(frozen=True, slots=True)
class _Rule:
    """A probe: `draw` gives steps [B, longest, F] (right padded by whatever was drawn) and class numbers [B]."""

    draw: Callable[[Generator, Integers, ProbeConfig], tuple[FloatArray, Integers]]
    features: Callable[[ProbeConfig], Sequence[str]]
    classes: Callable[[ProbeConfig], Sequence[str]]


_RULES: dict[Probe, _Rule] = {
    "recall_first": _Rule(_recall_first, _recall_features, _letters),
    "temporal_order": _Rule(
        _temporal_order,
        lambda config: ["X", "Y", *(f"distractor {k + 1}" for k in range(config.symbols))],
        lambda config: _ORDERS,
    ),
    "adding": _Rule(
        _adding, lambda config: ["value", "marked"], lambda config: ["sum up to 1", "sum above 1"]
    ),
    "parity": _Rule(
        _parity,
        lambda config: ["bit"] if config.marked is None else ["bit", "marked"],
        lambda config: ["even", "odd"],
    ),
    "future_decides": _Rule(_future_decides, lambda config: ["X", "Y"], lambda config: _ORDERS),
}
