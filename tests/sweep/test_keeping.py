"""Which trials keep their files."""

import itertools
import random

import pytest

from seqlab.config.sweep import ObjectiveConfig
from seqlab.results import TrialRow
from seqlab.sweep.keeping import Keeper, trial_dir

ACCURACY = [ObjectiveConfig(metric="validation.accuracy")]
BOTH = [*ACCURACY, ObjectiveConfig(metric="cost.parameters")]


def row(number, *values):
    return TrialRow(arm="gru", number=number, state="complete", parameters={}, values=values)


def trained(place, keeper, rows):
    """Trials as a worker leaves them: with files only if they were worth keeping."""
    for one in rows:
        folder = trial_dir(place, one.arm, one.number)
        folder.mkdir(parents=True)
        (folder / "result.json").write_text("{}")
        if keeper.is_worth_keeping(one, one.values):
            (folder / "checkpoints").mkdir()
            (folder / "figures").mkdir()
            (folder / "predictions.parquet").write_text("")
        keeper.settle(one.arm, [one])


def with_files(place):
    found = {int(p.parent.name) for p in place.glob("trials/gru/*/checkpoints")}
    assert found == {int(p.parent.name) for p in place.glob("trials/gru/*/predictions.parquet")}
    return found


@pytest.mark.parametrize("order", list(itertools.permutations([0.7, 0.9, 0.8, 0.9]))[::5])
def test_the_best_few_keep_their_files_in_whatever_order_they_come(tmp_path, order):
    rows = [row(number, value) for number, value in enumerate(order)]
    trained(tmp_path, Keeper(tmp_path, ACCURACY, 2), rows)
    assert with_files(tmp_path) == {number for number, value in enumerate(order) if value == 0.9}
    assert len(list(tmp_path.glob("trials/gru/*/result.json"))) == 4


def test_of_equally_good_trials_the_first_keep_theirs(tmp_path):
    trained(tmp_path, Keeper(tmp_path, ACCURACY, 2), [row(n, 0.5) for n in range(4)])
    assert with_files(tmp_path) == {0, 1}


def test_of_several_objectives_the_front_keeps_its_files(tmp_path):
    chance = random.Random(0)
    rows = [row(n, chance.random(), float(chance.randint(1, 9))) for n in range(30)]
    trained(tmp_path, Keeper(tmp_path, BOTH, 1), rows)
    better = lambda a, b: a.values[0] >= b.values[0] and a.values[1] <= b.values[1] and a.values != b.values  # noqa: E731
    assert with_files(tmp_path) == {b.number for b in rows if not any(better(a, b) for a in rows)}


def test_nothing_is_kept_where_nothing_is_wanted(tmp_path):
    trained(tmp_path, Keeper(tmp_path, ACCURACY, 0), [row(0, 0.5)])
    assert with_files(tmp_path) == set()


def test_what_another_coordinator_has_kept_is_held_to_the_best_of_all(tmp_path):
    ours, theirs = Keeper(tmp_path, ACCURACY, 1), Keeper(tmp_path, ACCURACY, 1)
    trained(tmp_path, ours, [row(0, 0.6)])
    trained(tmp_path, theirs, [row(1, 0.7)])
    assert with_files(tmp_path) == {0, 1}
    ours.settle("gru", [row(0, 0.6), row(1, 0.7)])
    assert with_files(tmp_path) == {1}
