"""The frozen question: what belongs to it, what does not, and how a difference is said."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from seqlab import paths
from seqlab.errors import UserError
from seqlab.sweep.arms import compose_arms
from seqlab.sweep.frozen import (
    QUESTION_FILE,
    QUESTION_HEADER,
    difference,
    question_of,
    read_question,
    write_question,
)
from seqlab.sweep.loading import load_sweep

FILE: dict[str, Any] = {
    "question": "Which?",
    "fixed": ["trainer.max_epochs=3", "logger=none"],
    "space": {
        "model.num_layers": {"type": "int", "low": 1, "high": 3},
        "optimizer.lr": {"low": 1e-5, "high": 0.1, "log": True},
    },
    "arms": {"lstm": ["model=lstm"], "gru": ["model=gru"]},
    "constraints": ["cost.parameters < 5"],
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "local_conf_dirs", list)


def question(*words: str, **changed: Any) -> dict[str, Any]:
    Path("own.yaml").write_text(yaml.safe_dump(FILE | changed, sort_keys=False), encoding="utf-8")
    sweep = load_sweep(["sweep=own.yaml", *words], None, [])
    return question_of(sweep, compose_arms(sweep))


def test_it_is_written_and_read_back_as_the_same(tmp_path: Path):
    now = question()
    assert read_question(tmp_path) is None
    write_question(tmp_path, now)
    assert (tmp_path / QUESTION_FILE).read_text(encoding="utf-8").startswith(f"{QUESTION_HEADER}\n")
    assert read_question(tmp_path) == now
    assert difference(read_question(tmp_path) or {}, now) is None


@pytest.mark.parametrize(
    "words",
    [
        ["budget.trials=99"],
        ["workers=3"],
        ["trial.timeout=5"],
        ["trial.keep=0", "trial.retries=9"],
        ["wandb.trials=none"],
        ["storage=postgresql://me:secret@host/db"],
        ["sweep.dir=elsewhere"],
        ["force=true"],
        ["logger=csv"],
        ["logger.wandb.mode=online"],
        ["data.directory=elsewhere"],
        ["seed=0"],  # as it is anyway
    ],
)
def test_what_may_change(words: list[str]):
    assert difference(question(), question(*words)) is None


def test_an_int_of_the_space_is_shown_as_one():
    narrow, wide = ({**FILE["space"], "seed": {"type": "int", "low": 0, "high": high}} for high in (16, 32))
    assert difference(question(space=narrow), question(space=wide)) == "space.seed.high: 16 there, 32 here"


def test_the_wording_of_the_question_may_change():
    reordered = dict(reversed(FILE["space"].items()))
    assert difference(question(), question(question="Which one?", space=reordered)) is None


@pytest.mark.parametrize(
    ("words", "changed", "said"),
    [
        (["seed=1"], {}, "settings.lstm.seed: 0 there, 1 here"),
        (["trainer.max_epochs=4"], {}, "settings.lstm.trainer.max_epochs: 3 there, 4 here"),
        (["sampler=random"], {}, "sampler.name: tpe there, random here"),
        (["sampler.seed=1"], {}, "sampler.seed: 0 there, 1 here"),
        (["pruner=median"], {}, "pruner.name: none there, median here"),
        (["sweep.name=other"], {}, "name: own there, other here"),
        (["trial.folds=5"], {}, "trial.folds: 1 there, 5 here"),
        ([], {"constraints": []}, "constraints: ['cost.parameters < 5'] there, [] here"),
        (
            [],
            {"space": {"optimizer.lr": FILE["space"]["optimizer.lr"]}},
            "space.model.num_layers.type: int there",
        ),
        ([], {"arms": {"lstm": ["model=lstm"]}}, "settings.gru.name: None there, nothing here"),
        ([], {"arms": {"lstm": ["model=bilstm"], "gru": ["model=gru"]}}, "model.bidirectional: False there"),
        (["objective=validation.loss"], {}, "objective: "),
    ],
)
def test_what_makes_another_question(words: list[str], changed: dict[str, Any], said: str):
    found = difference(question(), question(*words, **changed))
    assert found is not None and said in found
    assert "\n" not in found


def test_a_setting_that_came_later_holds_its_default():
    now = question()
    stored = json.loads(json.dumps(now))
    del stored["settings"]["lstm"]["trainer"]["overfit_batches"]
    del stored["sampler"]["startup_trials"], stored["trial"]
    assert difference(stored, now) is None
    stored["settings"]["lstm"]["trainer"]["gone"] = 1  # and one that is no longer there
    found = difference(stored, now)
    assert found is not None and "nothing" in found


def test_groups_have_settings_for_every_choice():
    space = {"model": {"type": "categorical", "choices": ["lstm", "gru"]}}
    now = question(space=space, arms={})
    assert set(now["settings"]["all"]) == {"model=lstm", "model=gru"}
    assert now["settings"]["all"]["model=gru"]["model"]["cell"] == "gru"
    other = json.loads(json.dumps(now))
    other["settings"]["all"]["model=gru"]["trainer"]["max_epochs"] = 9
    assert difference(other, now) == "settings.all.model=gru.trainer.max_epochs: 9 there, 3 here"


def test_no_secret_and_no_logger_is_kept():
    text = yaml.safe_dump(
        question("name='postgresql://me:hunter2@host/db'", "storage=postgresql://me:hunter3@host/db")
    )
    assert "hunter" not in text and "logger" not in text


@pytest.mark.parametrize("text", ["name: mine\n", f"{QUESTION_HEADER}\n- a\n", f"{QUESTION_HEADER}\n[", ""])
def test_a_file_that_no_sweep_wrote_is_said(tmp_path: Path, text: str):
    (tmp_path / QUESTION_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"sweep\.yaml"):
        read_question(tmp_path)
