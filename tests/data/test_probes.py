"""Memory probes: every label follows from the arrays by a slow reader that knows the rule and nothing else."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from seqlab.config.probes import ProbeConfig
from seqlab.data.module import SequenceData
from seqlab.data.probes import Probes
from seqlab.errors import ConfigError
from seqlab.testing import check_source

PROBES = ["recall_first", "temporal_order", "adding", "parity", "future_decides"]
# Settings that take every turn of every rule, at a length where nothing has room to spare as well.
CASES = [
    {"probe": "recall_first", "length": 9, "length_jitter": 3},
    {"probe": "recall_first", "length": 7, "symbols": 26, "distractors": "others"},
    {"probe": "recall_first", "length": 2, "symbols": 2},
    {"probe": "temporal_order", "length": 40, "length_jitter": 20},
    {"probe": "temporal_order", "length": 2, "symbols": 2},
    {"probe": "adding", "length": 30, "length_jitter": 10},
    {"probe": "adding", "length": 2},
    {"probe": "parity", "length": 12, "length_jitter": 4},
    {"probe": "parity", "length": 12, "length_jitter": 4, "marked": 3},
    {"probe": "parity", "length": 5, "marked": 5},
    {"probe": "future_decides", "length": 15, "length_jitter": 5},
    {"probe": "future_decides", "length": 15, "length_jitter": 5, "decides": "last_two"},
    {"probe": "future_decides", "length": 2},
]
IDS = ["-".join(str(value) for value in case.values()) for case in CASES]


def config_of(case, **more) -> ProbeConfig:
    return ProbeConfig(**{"train_size": 300, "test_size": 400, **case, **more})


def read_slowly(config: ProbeConfig, steps: np.ndarray, names: list[str]) -> str:
    """The class of one sequence, step by step, as the probe's description has it."""
    column = {name: steps[:, k].tolist() for k, name in enumerate(names)}
    shown = [[name for name in names if column[name][t] == 1] for t in range(len(steps))]
    if config.probe == "recall_first":
        assert all(len(symbols) == 1 for symbols in shown)
        return shown[0][0]
    if config.probe == "temporal_order":
        found = [(t, symbols[0]) for t, symbols in enumerate(shown) if symbols[0] in ("X", "Y")]
        (early, first), (late, second) = found
        assert early <= len(steps) / 5 and len(steps) / 2 - 1 < late <= 0.6 * len(steps)
        return first + second
    if config.probe == "adding":
        early, late = (t for t, mark in enumerate(column["marked"]) if mark == 1)
        assert early < len(steps) // 2 <= late
        assert all(0 <= value < 1 for value in column["value"])
        return "sum above 1" if column["value"][early] + column["value"][late] > 1 else "sum up to 1"
    if config.probe == "parity":
        assert set(column["bit"]) <= {-1, 1}
        marks = column.get("marked", [1] * len(steps))
        assert sum(marks) == (config.marked or len(steps))
        ones = 0
        for bit, mark in zip(column["bit"], marks, strict=True):
            ones += bit == 1 and mark == 1
        return "odd" if ones % 2 else "even"
    assert all(len(symbols) == 1 for symbols in shown)
    where = 0 if config.decides == "both_ends" else len(steps) - 2
    return shown[where][0] + shown[len(steps) - 1][0]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_slow_reader_finds_every_label(case):
    config = config_of(case)
    for part in (Probes(config).read_train(), Probes(config).read_test()):
        names = list(part.feature_names)
        assert part.labels is not None
        assert [read_slowly(config, steps, names) for steps in part.values] == list(part.labels)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_it_keeps_every_promise_of_a_source(case):
    broken = [str(f) for f in check_source(Probes(config_of(case, noise_features=2))) if not f.passed]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_lengths_fill_their_range_and_nothing_else(case):
    config = config_of(case, test_size=3000)
    counts = Counter(len(steps) for steps in Probes(config).read_test().values)
    assert set(counts) == set(
        range(config.length - config.length_jitter, config.length + config.length_jitter + 1)
    )
    expected = 3000 / len(counts)
    assert all(abs(count - expected) < 5 * np.sqrt(expected) for count in counts.values())


@pytest.mark.parametrize("probe", PROBES)
def test_classes_are_equally_frequent(probe: str):
    labels = Probes(ProbeConfig(probe=probe, length=20, test_size=100_000)).read_test().labels
    assert labels is not None
    counts = Counter(labels)
    assert len(counts) == (2 if probe in ("adding", "parity") else 4)
    chance = 1 / len(counts)
    five_errors = 5 * np.sqrt(100_000 * chance * (1 - chance))
    assert all(abs(count - 100_000 * chance) < five_errors for count in counts.values())


@pytest.mark.parametrize("probe", PROBES)
def test_the_data_are_a_pure_function_of_their_settings(probe: str):
    config = ProbeConfig(probe=probe, length=20, noise_features=1, train_size=300, test_size=300)
    train = Probes(config).read_train().content_hash()
    assert train == Probes(replace(config)).read_train().content_hash()
    np.random.seed(5)  # whatever else draws numbers in this process
    assert train == Probes(config).read_train().content_hash()
    source = Probes(config)
    source.read_test()  # nor does the order of reading matter
    assert train == source.read_train().content_hash()
    assert train != Probes(replace(config, seed=1)).read_train().content_hash()
    assert train == Probes(replace(config, batch_size=7, split_seed=3)).read_train().content_hash()
    assert SequenceData(source, config, seed=1).facts()["content_hash"] == train
    assert SequenceData(source, config, seed=2).facts()["content_hash"] == train


@pytest.mark.parametrize("probe", PROBES)
def test_train_and_test_share_nothing(probe: str):
    """At a length where the same sequence twice would be no chance: there are 2^60 of them or more."""
    config = ProbeConfig(probe=probe, length=60, train_size=1500, test_size=1500)
    source = Probes(config)
    train = {steps.tobytes() for steps in source.read_train().values}
    test = {steps.tobytes() for steps in source.read_test().values}
    assert len(train) == len(test) == 1500
    assert not train & test
    # nor does the training part of another seed begin where the test part of this one lies
    for other in (1, 2, 3):
        more = Probes(replace(config, seed=other))
        assert not test & {steps.tobytes() for steps in more.read_train().values}


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("sizes", [(100, 255), (256, 257), (255, 1000)])
def test_a_larger_part_begins_with_the_smaller(probe: str, sizes: tuple[int, int]):
    config = ProbeConfig(probe=probe, length=20, length_jitter=4, noise_features=1)
    few, many = (Probes(replace(config, train_size=size)).read_train() for size in sizes)
    assert few.labels is not None and many.labels is not None
    assert len(few) == sizes[0] and len(many) == sizes[1]
    assert list(few.labels) == list(many.labels[: sizes[0]])
    assert all(np.array_equal(a, b) for a, b in zip(few.values, many.values[: sizes[0]], strict=True))


def test_noise_is_beside_the_probe_and_leaves_it_as_it_is():
    config = ProbeConfig(probe="temporal_order", length=30, test_size=500)
    plain, noisy = (Probes(replace(config, noise_features=count)).read_test() for count in (0, 3))
    width = len(plain.feature_names)
    assert list(noisy.feature_names) == [*plain.feature_names, "noise 1", "noise 2", "noise 3"]
    # noise is drawn last, from the stream of its block
    assert all(np.array_equal(a, b[:, :width]) for a, b in zip(plain.values, noisy.values, strict=True))
    drawn = np.concatenate([steps[:, width:] for steps in noisy.values])
    assert np.abs(drawn.mean(axis=0)).max() < 0.05 and np.abs(drawn.std(axis=0) - 1).max() < 0.05


def counts_of(part) -> np.ndarray:
    return np.stack([steps.mean(axis=0) for steps in part.values])


def test_blind_to_order_one_knows_what_the_descriptions_say():
    """The best guess from counts alone, of all sequences with the same counts: temporal order 3 in 4."""
    part = Probes(ProbeConfig(probe="temporal_order", length=20, test_size=20_000)).read_test()
    assert part.labels is not None
    kinds = [tuple(row[:2]) for row in counts_of(part).round(3).tolist()]
    best: dict[tuple[float, ...], Counter[str]] = {}
    for kind, label in zip(kinds, part.labels, strict=True):
        best.setdefault(kind, Counter())[label] += 1
    right = sum(counter.most_common(1)[0][1] for counter in best.values())
    assert right / 20_000 == pytest.approx(0.75, abs=0.01)


def test_only_distractors_of_the_same_symbols_hide_the_first():
    for distractors, places in (("same", 20), ("others", 1)):
        config = ProbeConfig(length=20, distractors=distractors, test_size=1000)
        part = Probes(config).read_test()
        seen = np.stack([steps[:, :4].sum(axis=1) for steps in part.values])
        assert (seen.sum(axis=1) == places).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"length": 1}, "length: 1 is not allowed"),
        (
            {"length": 10, "length_jitter": 9},
            "length_jitter: 9 is not allowed\nallowed: an integer at most 8",
        ),
        ({"probe": "parity", "length": 4, "marked": 5}, "allowed: an integer at least 5"),
        (
            {"probe": "parity", "length": 6, "length_jitter": 2, "marked": 5},
            "at most 1 (parity of 6 time steps)",
        ),
        ({"test_size": 100_001}, "at most 100000"),
        ({"seed": -1}, "at least 0"),
    ],
)
def test_settings_without_room_are_refused_in_words(settings, words: str):
    with pytest.raises(ConfigError) as caught:
        ProbeConfig(**settings)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


def test_the_note_says_what_is_chance():
    assert Probes(ProbeConfig(symbols=5)).notes == ("made data: chance is 0.2, the best possible 1",)
    assert (
        Probes(ProbeConfig(probe="temporal_order", symbols=5))
        .notes[0]
        .startswith("made data: chance is 0.25")
    )
    assert Probes(ProbeConfig(probe="adding", length=77)).name == "adding-77"
