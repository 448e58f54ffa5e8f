"""Help, read from the YAML files themselves; imports neither Hydra nor torch."""

import re
import textwrap
from pathlib import Path

import yaml

from seqlab import paths
from seqlab.choices import conf_folders, groups, offered

_WIDTH = 100
# A top-level setting with its comment.
_SETTING = re.compile(r"^(\w+): (.*?)  # (.*)$")


def command_help() -> str:
    """What `seqlab --help` says."""
    return textwrap.dedent(
        """\
        seqlab: which recurrent architecture is worth it, on your own data?

          seqlab train [SETTING ...]                train one model (the same as python train.py)
          seqlab predict RUN_DIR FILE [--out OUT]   predict new sequences (.ts, .npz)
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
        f"  {command} experiment=debug",
        f"  {command} hydra.run.dir=runs/mine logger=none",
    ]
    return "\n".join(lines)


def _row(name: str, words: str) -> list[str]:
    first = f"  {name:<20} "
    return textwrap.wrap(
        words, _WIDTH, initial_indent=first, subsequent_indent=" " * 23, break_long_words=False
    )
