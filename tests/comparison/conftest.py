"""Comparisons out of short files."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from seqlab import paths
from seqlab.sweep.arms import ComposedArm, compose_arms
from seqlab.sweep.definition import Sweep
from seqlab.sweep.loading import load_sweep

Composer = Callable[..., tuple[Sweep, list[ComposedArm]]]


def _composed(text: str, *words: str) -> tuple[Sweep, list[ComposedArm]]:
    Path("own.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    sweep = load_sweep(["sweep=own.yaml", *words], None, ["python", "sweep.py", "sweep=own.yaml"])
    return sweep, compose_arms(sweep)


@pytest.fixture
def composed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Composer:
    """Reads and composes a sweep from the text of its file, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "local_conf_dirs", list)
    return _composed
