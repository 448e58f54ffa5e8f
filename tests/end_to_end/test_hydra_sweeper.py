"""A sweep through Hydra's door, chosen in a YAML file: stopped, gone on with as it says, its best trained again."""

import json
import re
import shlex
import signal
import time

import pyarrow.parquet as parquet
import pytest
from tests.end_to_end.conftest import ROOT

pytestmark = pytest.mark.slow

SEARCH = """\
# @package _global_
defaults:
  - override /hydra/sweeper: seqlab
  - override /data: archive
  - override /model: gru
  - override /logger: none
data: {name: ItalyPowerDemand}
trainer: {max_epochs: 3}
hydra:
  sweeper:
    sampler: random
    workers: 2
    budget: {trials: 200}
    params:
      model.hidden_size: tag(log,int(interval(4,8)))
      optimizer.lr: tag(log,interval(1e-3,1e-1))
"""


def after_python(command: str) -> list[str]:
    """What follows Python in a printed command, which names the script as it is found from where the person is."""
    _, script, *words = shlex.split(command)
    assert script == str(ROOT / "train.py")
    return [script, *words]


def test_a_sweep_chosen_in_yaml_is_stopped_and_gone_on_with_as_it_says(person):
    (person.work / "my own" / "experiment").mkdir(parents=True)
    (person.work / "my own" / "experiment" / "search.yaml").write_text(SEARCH)
    process = person.begin_training("-m", "--config-dir", "my own", "experiment=search")
    deadline = time.monotonic() + 120
    while len(list(person.work.rglob("result.json"))) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (143, "")
    (again,) = re.findall(r"go on with: (.*)", out)
    (directory,) = re.findall(
        r"^to go on with this sweep later, add to the command: (.*)$", out, re.MULTILINE
    )
    assert directory in again and directory.startswith("hydra.sweep.dir=runs/multirun/")
    sweep_dir = person.work / directory.partition("=")[2]
    before = len(list(sweep_dir.glob("trials/all/*/result.json")))
    done = person.begin(*after_python(again), f"hydra.sweeper.budget.trials={before + 2}")
    out, err = done.communicate(timeout=300)
    assert (done.returncode, err) == (0, "")
    rows = parquet.read_table(sweep_dir / "trials.parquet").to_pylist()
    assert sum(row["state"] == "complete" for row in rows) == before + 2
    # the best of them, by the printed command
    best = out.splitlines()[out.splitlines().index("the same again") + 1]
    alone = person.begin(*after_python(best), "hydra.run.dir=alone")
    _, err = alone.communicate(timeout=120)
    assert (alone.returncode, err) == (0, "")
    result = json.loads((person.work / "alone" / "result.json").read_text())
    assert result["metrics"]["validation"]["accuracy"] == max(row["validation.accuracy"] or 0 for row in rows)
    assert not [path for path in person.work.rglob("*") if path.name in ("multirun.yaml", ".hydra")]
