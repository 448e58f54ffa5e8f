"""Help, read from the YAML files themselves; imports neither Hydra nor torch."""

import dataclasses
import re
import textwrap
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from seqlab import paths
from seqlab.choices import conf_folders, groups, offered
from seqlab.config.build import type_in_words
from seqlab.config.sweep import ObjectiveConfig, ParameterConfig, SweepConfig
from seqlab.sweep.catalogue import FILE_WORDS, OWN_WORDS, question_in, sweep_files

_WIDTH = 100
# Width of the first column.
_NARROW, _WIDE = 20, 25
# A top-level setting with its comment.
_SETTING = re.compile(r"^(\w+): (.*?)  # (.*)$")


def command_help() -> str:
    """What `seqlab --help` says."""
    return textwrap.dedent(
        """\
        seqlab: which recurrent architecture is worth it, on your own data?

          seqlab inspect PATH [--test PATH]         what is understood of your files, and the line that trains on them
          seqlab train [SETTING ...]                train one model (the same as python train.py)
          seqlab sweep sweep=NAME [SETTING ...]     search with Optuna (the same as python sweep.py)
          seqlab status SWEEP_DIR                   how a sweep stands, also while it runs
          seqlab report PATH [--out DIR]            verdicts on a sweep, on runs, or on any table of results
          seqlab predict RUN_DIR FILE [--out OUT]   predict new sequences: a table of any size, .ts, .npz
          seqlab evaluate RUN_DIR [--part PART]     score a run again, on validation or test
          seqlab check PACKAGE                      check the parts that a package of your own registers

          seqlab COMMAND --help                     more about a command
          seqlab --version"""
    )


def train_help(command: str, config_dir: Path | None = None) -> str:
    """What `python train.py --help` says: groups, choices, settings, examples.

    Args:
        command: how the command was called.
        config_dir: a folder with YAML of the user's own.

    Raises:
        UserError: if `config_dir` is not a folder.
    """
    folders = conf_folders(config_dir)
    primary = (paths.conf_dir() / "train.yaml").read_text(encoding="utf-8")
    defaults: dict[str, str | None] = {}
    for entry in yaml.safe_load(primary)["defaults"]:
        if isinstance(entry, dict):
            defaults |= {key: entry[key] for key in entry}
    lines = [
        "Train one model and leave a run directory behind.",
        "",
        f"  {command} [FLAG ...] [GROUP=CHOICE ...] [KEY=VALUE ...]",
        "",
        "Groups and their choices (* is the default)",
    ]
    known = groups(folders)
    order = [name for name in defaults if name in known] + [name for name in known if name not in defaults]
    for group in order:
        words = [f"{name}*" if name == defaults.get(group) else name for name in offered(folders, group)]
        lines += _row(group, ", ".join(words))
    lines += ["", "Settings above the groups"]
    for match in filter(None, map(_SETTING.match, primary.splitlines())):
        lines += _row(f"{match[1]}={match[2]}", match[3])
    lines += [
        "",
        f"Settings of a choice, such as model.hidden_size, are explained in its file below {paths.conf_dir()}.",
        f"All settings of a run with their values: {command} --cfg job",
        "",
        "Flags",
        *_row("-m, --multirun", "run every combination of several values"),
        *_row("--config-dir DIR", "a folder with YAML of your own: DIR/model/mine.yaml is model=mine"),
        *_row("--config FILE", "repeat a run: its config.yaml, with KEY=VALUE changed on top"),
        *_row("--cfg job", "print the settings instead of running"),
        *_row("-h, --help", "this page"),
        "",
        "Examples",
        f"  {command} model=bilstm_stacked",
        f"  {command} model=gru model.hidden_size=128 optimizer.lr=0.01 seed=1",
        f"  {command} data=archive data.name=GunPoint evaluate_test=true",
        f"  {command} -m model=lstm,gru seed=1,2,3,4,5",
        f"  {command} -m hydra/sweeper=seqlab 'model.num_layers=choice(1,2,3)' 'optimizer.lr=interval(1e-3,1e-1)'",
        f"  {command} experiment=debug",
        f"  {command} hydra.run.dir=runs/mine logger=none",
    ]
    return "\n".join(lines)


def sweep_help(command: str) -> str:
    """What `python sweep.py --help` says: sweeps with their questions, settings, examples.

    Args:
        command: how the command was called.
    """
    lines = [
        "Search with Optuna: many runs, each with settings that the ones before it make promising.",
        "",
        f"  {command} sweep=NAME [KEY=VALUE ...]",
        "",
        "Sweeps and what they ask (a file each: shipped, in ./sweeps, or sweep=PATH.yaml)",
    ]
    for name, path in sweep_files().items():
        lines += _row(name, question_in(path) or f"({path})", _WIDE)
    lines += ["", "Settings of the sweep, on the command line or in its file (* only in its file)"]
    fields = {field.name: field for field in dataclasses.fields(SweepConfig)}
    hints = typing.get_type_hints(SweepConfig)
    for name in FILE_WORDS:
        lines += _row(f"{name}*", _meaning(hints[name], fields[name]), _WIDE)
    for name in OWN_WORDS:
        lines += [
            row for key, words in _settings(hints[name], fields[name]) for row in _row(key, words, _WIDE)
        ]
    for name in ("dir", "name"):
        lines += _row(f"sweep.{name}=null", _meaning(hints[name], fields[name]), _WIDE)
    lines += [
        "",
        "What stands under space: KEY: {...}, where KEY is a setting of a run, or a group such as model",
    ]
    for field in dataclasses.fields(ParameterConfig):
        hint = typing.get_type_hints(ParameterConfig)[field.name]
        lines += _row(f"{field.name}: {_default(field)}", _meaning(hint, field), _WIDE)
    lines += [
        "",
        "Everything else on the command line holds for every run, as for python train.py: model=gru seed=1",
        "The same command again goes on to the end of the budget; a larger budget adds the difference.",
        "",
        "Flags",
        *_row("--config-dir DIR", "a folder with YAML of your own: DIR/model/mine.yaml is model=mine", _WIDE),
        *_row("--cfg job", "print the settings of the sweep instead of running it", _WIDE),
        *_row("-h, --help", "this page", _WIDE),
        "",
        "Examples",
        f"  {command} sweep=smoke",
        f"  {command} sweep=depth_width_direction",
        f"  {command} sweep=depth_width_direction model=gru sweep.dir=runs/mine workers=2 budget.trials=40",
        f"  {command} sweep=architectures trainer.max_epochs=20 pruner=hyperband logger=none",
        f"  {command} sweep=accuracy_vs_size data=archive data.name=BasicMotions",
    ]
    return "\n".join(lines)


def _settings(hint: Any, field: "dataclasses.Field[Any]") -> Iterator[tuple[str, str]]:
    """Every setting below a key of the sweep, with its default and its meaning."""
    below = ObjectiveConfig if field.name == "objective" else hint
    if not dataclasses.is_dataclass(below):
        yield f"{field.name}={_default(field)}", _meaning(hint, field)
        return
    hints = typing.get_type_hints(below)
    for inner in dataclasses.fields(below):
        yield f"{field.name}.{inner.name}={_default(inner)}", _meaning(hints[inner.name], inner)


def _default(field: "dataclasses.Field[Any]") -> str:
    if field.default is dataclasses.MISSING:
        return "[]"
    return yaml.safe_dump(field.default).splitlines()[0]


def _meaning(hint: Any, field: "dataclasses.Field[Any]") -> str:
    """What a setting means, with its range and its unit."""
    unit = f"; in {field.metadata['unit']}" if field.metadata["unit"] else ""
    return f"{field.metadata['help'].rstrip('.')} [{type_in_words(hint, field)}{unit}]"


def _row(name: str, words: str, column: int = _NARROW) -> list[str]:
    first, later = f"  {name:<{column}} ", " " * (column + 3)
    if len(first) > len(later):  # a line of its own
        return [first.rstrip(), *_row("", words, column)]
    return textwrap.wrap(words, _WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False)
