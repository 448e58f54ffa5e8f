"""Every setting of the typed tree stands in the shipped YAML, and every line of it says what it means."""

import re
from pathlib import Path

import pytest
import yaml

from seqlab import paths
from seqlab.choices import choices, groups
from seqlab.compose import compose
from seqlab.config.build import all_keys

CONF = paths.conf_dir()
FILES = sorted(path for path in CONF.rglob("*.yaml") if path.parent.name != "local")
# The complete file of every typed node; the other choices of its group build on it.
COMPLETE = {
    "data": ["archive", "brown", "files", "mnist1d", "recall_first", "spam"],
    "model": ["lstm", "order_free"],
    "task": ["classification"],
    "optimizer": ["adamw"],
    "scheduler": ["none"],
    "trainer": ["default"],
    "logger": ["wandb"],
}
_VALUE = re.compile(r"^\s*\w+: [^ #].*?  # (.*)$")
_KEY = re.compile(r"^\s*(- )?[\w/ @]+:")


def leaf_keys(node: object, prefix: str = "") -> set[str]:
    if not isinstance(node, dict) or not node:
        return {prefix}
    return {
        key
        for name, below in node.items()
        for key in leaf_keys(below, f"{prefix}.{name}" if prefix else name)
    }


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group, names in COMPLETE.items() for name in names]
)
def test_every_key_of_the_typed_tree_is_in_its_yaml(group: str, name: str):
    typed = all_keys(getattr(compose([f"{group}={name}"]).experiment, group))
    shipped = yaml.safe_load((CONF / group / f"{name}.yaml").read_text(encoding="utf-8"))
    for base in shipped.pop("defaults", []):
        if base != "_self_":
            shipped |= yaml.safe_load((CONF / group / f"{base}.yaml").read_text(encoding="utf-8"))
    assert set(typed) == leaf_keys(shipped)


def test_every_key_above_the_groups_is_in_train_yaml():
    experiment = compose([]).experiment
    top = {key for key in all_keys(experiment) if "." not in key}
    assert top == yaml.safe_load((CONF / "train.yaml").read_text(encoding="utf-8")).keys() - {
        "defaults",
        "hydra",
    }


def test_every_group_has_a_complete_file():
    assert set(groups([CONF])) == {*COMPLETE, "experiment"}


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group in COMPLETE for name in choices([CONF], group)]
)
def test_every_choice_is_complete_once_composed(group: str, name: str):
    composed = compose([f"{group}={name}"])
    assert leaf_keys(composed.plain[group]) == set(all_keys(getattr(composed.experiment, group)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CONF).as_posix())
def test_every_key_has_a_comment(path: Path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    for line in lines:
        if _KEY.match(line) and line.strip() not in ("defaults:", "- override hydra/hydra_logging: none"):
            assert "  # " in line, f"{path}: no comment: {line}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CONF).as_posix())
def test_comments_of_values_end_with_their_range(path: Path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := _VALUE.match(line):
            assert found[1].endswith("]"), f"{path}: no range: {line}"
