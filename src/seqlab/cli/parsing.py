"""Words of a command line -> a command with its options; unknown ones are refused with the nearest."""

import argparse
import dataclasses
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from seqlab.choices import conf_folders, groups
from seqlab.cli.help import command_help, sweep_help, train_help
from seqlab.config.experiment import Experiment
from seqlab.errors import UserError, nearest
from seqlab.sweep.catalogue import OWN_WORDS

_TRAIN_FLAGS = ("--multirun", "--config", "--config-dir", "--cfg", "--help")
_SWEEP_FLAGS = ("--config-dir", "--cfg", "--help")


class _Parser(argparse.ArgumentParser):
    """argparse with our kind of error."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing usage and exiting."""
        raise UserError(f"{self.prog}: {message}\nallowed: {' '.join(self.format_usage().split()[1:])}")


def run_command(words: Sequence[str]) -> int:
    """`seqlab COMMAND ...`; returns the exit code.

    Raises:
        UserError: for an unknown command or option.
    """
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "train": lambda rest: run_train(rest, command="seqlab train"),
        "sweep": lambda rest: run_sweep(rest, command="seqlab sweep"),
        "inspect": _inspect,
        "predict": _predict,
        "evaluate": _evaluate,
        "plan": _plan,
        "report": _report,
        "status": _status,
        "check": _check,
    }
    if not words or words[0] in ("-h", "--help", "help"):
        print(command_help())
        return 0
    if words[0] in ("-V", "--version", "version"):
        from importlib.metadata import version

        print(f"seqlab {version('seqlab')}")
        return 0
    if words[0] not in commands:
        known = [*commands, "--version", "--help"]
        raise UserError(f"seqlab: there is no command {words[0]!r}\n{_allowed(words[0], known)}")
    return commands[words[0]](words[1:])


def run_train(words: Sequence[str], *, command: str) -> int:
    """`seqlab train [flags] [overrides]`; returns the exit code.

    Args:
        words: what follows the command.
        command: how the command was called, for help and for the record.

    Raises:
        UserError: for whatever the user can put right.
    """
    parser = _Parser(prog=command, add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("-cd", "--config-dir", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("-c", "--cfg", choices=["job"])
    options, rest = parser.parse_known_args(list(words))
    _check_flags(command, rest, _TRAIN_FLAGS, options.config_dir)
    if options.help:
        print(train_help(command, options.config_dir))
        return 0
    from seqlab.cli.training import settings_of, show_config, train_many, train_one

    if options.cfg and options.multirun:
        raise UserError(f"{command}: --cfg shows one run; leave --multirun out")
    if options.config and (options.multirun or options.config_dir):
        raise UserError(f"{command}: --config repeats one run; leave --multirun and --config-dir out")
    called = [*command.split(), *words]
    if options.multirun:
        return train_many(rest, options.config_dir, called)
    composed = settings_of(rest, options.config_dir, options.config)
    return show_config(composed) if options.cfg else train_one(composed, called)


def run_sweep(words: Sequence[str], *, command: str) -> int:
    """`seqlab sweep [flags] sweep=NAME [settings]`; returns the exit code.

    Args:
        words: what follows the command.
        command: how the command was called, for help and for the record.

    Raises:
        UserError: for whatever the user can put right.
    """
    parser = _Parser(prog=command, add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("-cd", "--config-dir", type=Path)
    parser.add_argument("-c", "--cfg", choices=["job"])
    options, rest = parser.parse_known_args(list(words))
    _check_flags(command, rest, _SWEEP_FLAGS, options.config_dir)
    if options.help:
        print(sweep_help(command))
        return 0
    from seqlab.cli.sweeping import run, show_sweep, sweep_of

    sweep, arms = sweep_of(rest, options.config_dir, [*command.split(), *words])
    return show_sweep(sweep) if options.cfg else run(sweep, arms)


def _check_flags(command: str, rest: Sequence[str], flags: Sequence[str], config_dir: Path | None) -> None:
    """Refuse flags that there are not, with the setting or the flag that was meant."""
    for place, word in enumerate(rest):
        if word.startswith("-"):
            flag = word.partition("=")[0]
            setting = _setting(word, rest[place + 1 :], config_dir, flags)
            hint = f"settings are written {setting}" if setting else _allowed(flag, flags)
            raise UserError(f"{command}: there is no flag {flag!r}\n{hint}")


def _setting(word: str, rest: Sequence[str], config_dir: Path | None, flags: Sequence[str]) -> str | None:
    """`--model gru` and `--model=gru` as the setting that was meant, or None where it is none."""
    key, equals, value = word.lstrip("-").partition("=")
    top = [field.name for field in dataclasses.fields(Experiment)]
    own = ("sweep", *OWN_WORDS) if flags is _SWEEP_FLAGS else ()
    if key.split(".")[0] not in {*top, *own, *groups(conf_folders(config_dir))}:
        return None
    if not equals:
        follows = bool(rest) and not rest[0].startswith("--") and "=" not in rest[0]
        value = rest[0] if follows else "VALUE"
    return f"without dashes\ndid you mean: {shlex.quote(f'{key}={value}')}"


def _allowed(word: str, known: Sequence[str]) -> str:
    near = nearest(word, known)
    return f"allowed: {', '.join(known)}" + (f"\ndid you mean: {near}" if near else "")


def _parse(parser: _Parser, words: Sequence[str]) -> argparse.Namespace:
    options, rest = parser.parse_known_args(list(words))
    if rest:
        flags = [flag for action in parser._actions for flag in action.option_strings]  # pyright: ignore[reportPrivateUsage]
        near = nearest(rest[0], flags)
        hint = f"\ndid you mean: {near}" if near else ""
        usage = " ".join(parser.format_usage().split()[1:])
        raise UserError(f"{parser.prog}: {rest[0]!r} is not understood\nallowed: {usage}{hint}")
    return options


def _with_plugins(parser: _Parser) -> _Parser:
    help = "a package of your own whose parts the run uses, such as my_lab; may be given several times"
    parser.add_argument("--plugin", metavar="PACKAGE", dest="plugins", action="append", default=[], help=help)
    return parser


def _inspect(words: Sequence[str]) -> int:
    from seqlab.cli.inspecting import add_arguments, inspect

    parser = _Parser(prog="seqlab inspect", description="What is understood of files; nothing is trained.")
    add_arguments(parser)
    return inspect(_parse(parser, words))


def _predict(words: Sequence[str]) -> int:
    parser = _Parser(prog="seqlab predict", description="Predict new sequences with a run's best weights.")
    parser.add_argument("run_dir", metavar="RUN_DIR", type=Path, help="a run directory")
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="sequences: .ts, .npz, or a table for a run of data=files"
    )
    parser.add_argument("--out", type=Path, help="where to write the predictions (.parquet or .csv)")
    options = _parse(_with_plugins(parser), words)
    from seqlab.cli.using import predict

    return predict(options.run_dir, options.file, options.out, options.plugins)


def _evaluate(words: Sequence[str]) -> int:
    parser = _Parser(prog="seqlab evaluate", description="Score a run's best weights again.")
    parser.add_argument("run_dir", metavar="RUN_DIR", type=Path, help="a run directory")
    parser.add_argument(
        "--part", choices=["validation", "test"], default="validation", help="which sequences"
    )
    options = _parse(_with_plugins(parser), words)
    from seqlab.cli.using import evaluate

    return evaluate(options.run_dir, options.part, options.plugins)


def _plan(words: Sequence[str]) -> int:
    parser = _Parser(prog="seqlab plan", add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("-cd", "--config-dir", type=Path)
    options, rest = parser.parse_known_args(list(words))
    _check_flags("seqlab plan", rest, _SWEEP_FLAGS, options.config_dir)
    if options.help:
        print(sweep_help("seqlab plan"))
        return 0
    from seqlab.cli.planning import plan

    return plan(rest, options.config_dir)


def _status(words: Sequence[str]) -> int:
    parser = _Parser(prog="seqlab status", description="How a sweep stands; nothing is changed.")
    parser.add_argument("sweep_dir", metavar="SWEEP_DIR", type=Path, help="a sweep's directory")
    parser.add_argument(
        "--storage", metavar="URL", help="its database, if not study.db there (or set SEQLAB_STORAGE)"
    )
    options = _parse(parser, words)
    from seqlab.sweep.status import show_status

    return show_status(options.sweep_dir, options.storage)


def _report(words: Sequence[str]) -> int:
    from seqlab.cli.reporting import add_arguments, report

    description = "What follows from a sweep, from runs, or from any table of results: verdicts and one page."
    parser = _Parser(prog="seqlab report", description=description)
    add_arguments(parser)
    return report(_parse(parser, words), words)


def _check(words: Sequence[str]) -> int:
    parser = _Parser(prog="seqlab check", description="Hold the parts that a package registers to the kit.")
    parser.add_argument("package", metavar="PACKAGE", help="such as my_lab")
    options = _parse(parser, words)
    from seqlab.cli.using import check

    return check(options.package)
