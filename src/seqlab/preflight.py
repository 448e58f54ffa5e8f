"""What would end a run at once, found before anything heavy is imported and before a directory is made."""

import os
from pathlib import Path
from typing import Any

import yaml

from seqlab import files
from seqlab.config import Experiment, build_experiment, registry
from seqlab.config.build import all_keys, to_plain
from seqlab.config.data import ArchiveConfig
from seqlab.config.files import FilesConfig
from seqlab.errors import UserError
from seqlab.redaction import redact
from seqlab.results import (
    BEST_CHECKPOINT,
    CONFIG_FILE,
    CONFIG_HEADER,
    OWN_FILES,
    OWN_FOLDERS,
    RESULT_FILE,
    read_result,
)
from seqlab.trackers.choose import require_package

# Settings that leave the numbers of a run as they are.
_APART = ("logger", "force")
# Sources that say at once whether the package they read is there.
_FROM_PACKAGES = ("mnist1d", "spam", "brown")
# By it the directory of a sweep is known.
_SWEEP_FILE = "sweep.yaml"


def check_start(experiment: Experiment, run_dir: Path, *, data_given: bool = False) -> None:
    """Refuse what cannot become a run.

    Args:
        experiment: the settings.
        run_dir: where the run is to be written.
        data_given: whether arrays were handed over from Python.

    Raises:
        UserError: for a run directory that is taken or cannot be made, an `init_from` that is no run,
            `data=memory` without arrays, a data set that cannot be had, or a tracker that is not installed.
    """
    check_inputs(experiment, data_given=data_given)
    _check_directory(experiment, run_dir)
    check_parts(experiment)


def check_inputs(experiment: Experiment, *, data_given: bool = False) -> None:
    """Refuse arrays that nobody handed over, a test part that they lack, and weights that are not there.

    Args:
        experiment: the settings.
        data_given: whether arrays were handed over from Python.

    Raises:
        UserError: for the first of these.
    """
    if experiment.data.kind == "memory" and not data_given:
        raise UserError(
            "data=memory: there are no arrays\n"
            "allowed: from Python only, seqlab.run([...], data=(X, y)); here data=archive data.name=NAME"
        )
    if experiment.evaluate_test and data_given:
        raise UserError("evaluate_test: arrays from Python have no test part\nallowed: evaluate_test=false")
    if experiment.init_from is not None:
        check_run(Path(experiment.init_from), "init_from")


def check_parts(experiment: Experiment) -> None:
    """Refuse a data set that cannot be had or read, and a tracker that is not installed.

    A set that has to be downloaded is downloaded here. Sources from packages of the user's own are left alone.

    Raises:
        UserError: if a set of the archive is neither on this machine nor on the archive's site, a package that holds
            data is not installed, or a file of the user's own is not there or cannot be understood (large files are
            read later, and once only).
    """
    require_package(experiment.logger)
    if experiment.data.kind == "archive":
        from seqlab.data.archive import Archive

        assert isinstance(experiment.data, ArchiveConfig)
        Archive(experiment.data).find_train()
    elif experiment.data.kind in _FROM_PACKAGES:
        registry.load(registry.part("data", experiment.data.kind).target)(experiment.data)
    elif experiment.data.kind == "files":
        from seqlab.data.files import Files

        assert isinstance(experiment.data, FilesConfig)
        files_of_run = Files(experiment.data)
        if files_of_run.small:
            files_of_run.read_train()


def parts_named(experiment: Experiment) -> str:
    """What `check_parts` looks at, in one word, so that several runs are checked once."""
    data = to_plain(experiment.data)
    if data["kind"] == "files" or data["kind"] in _FROM_PACKAGES:
        return repr((data, experiment.logger.name))
    return repr((data["kind"], data.get("name"), data["directory"], experiment.logger.name))


def check_run(run_dir: Path, key: str) -> None:
    """Refuse a directory without a run that has weights.

    Args:
        run_dir: the directory.
        key: what named it, for the error.

    Raises:
        UserError: if there is no readable result or no best checkpoint.
    """
    if not run_dir.is_dir():
        raise UserError(f"{key}: there is no directory {str(run_dir)!r}\nallowed: the directory of a run")
    try:
        result = read_result(run_dir)
    except UserError as error:
        raise UserError(f"{key}: {error}") from None
    except (ValueError, TypeError) as error:
        raise UserError(f"{key}: {run_dir / RESULT_FILE} cannot be read: {error}") from None
    if not (run_dir / BEST_CHECKPOINT).is_file():
        missing = f"{key}: {run_dir} has no {BEST_CHECKPOINT} (the run is {result.status})"
        if any((folder / _SWEEP_FILE).is_file() for folder in run_dir.absolute().parents):
            missing += (
                "\nallowed: one of the best trials of its arm, whose files a sweep keeps (trial.keep);"
                f"\nor train it again: python train.py --config {run_dir / CONFIG_FILE}"
            )
        raise UserError(missing)


def _check_directory(experiment: Experiment, run_dir: Path) -> None:
    existing = next(folder for folder in (run_dir.absolute(), *run_dir.absolute().parents) if folder.exists())
    if not existing.is_dir():
        raise UserError(f"hydra.run.dir: {str(existing)!r} is a file\nallowed: a directory, new or of a run")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"hydra.run.dir: nothing can be written to {str(existing)!r} (permission denied)")
    taken = [name for name in (*OWN_FILES, *OWN_FOLDERS) if (run_dir / name).exists()]
    if not taken:
        return
    stored = _stored_config(run_dir)
    if stored is None:
        # Not force either: whatever this is, it is not ours to delete.
        raise UserError(
            f"hydra.run.dir: {run_dir} holds {', '.join(taken)}, which no run of seqlab wrote\n"
            "allowed: another directory, new or of a run"
        )
    if experiment.force or not _is_finished(run_dir):
        return
    # arrays from Python are not stored: nothing can tell that they are the same
    difference = "other arrays" if experiment.data.kind == "memory" else _difference(stored, experiment)
    if difference is not None:
        raise UserError(
            f"hydra.run.dir: {run_dir} holds a finished run with another configuration ({difference})\n"
            "allowed: another directory, or force=true to replace that run"
        )


def _stored_config(run_dir: Path) -> dict[str, Any] | None:
    """The settings of the run that lies there, or None where none of ours does."""
    try:
        text = (run_dir / CONFIG_FILE).read_text(encoding="utf-8")
        plain = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    return plain if text.startswith(CONFIG_HEADER) and isinstance(plain, dict) else None


def _is_finished(run_dir: Path) -> bool:
    try:
        content: Any = files.read_json(run_dir / RESULT_FILE)
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("status") == "completed"


def _difference(stored: dict[str, Any], experiment: Experiment) -> str | None:
    """The first setting that differs, in words; None where nothing does that changes numbers."""
    try:
        there = redact(to_plain(build_experiment(stored)))
    except UserError as error:
        return str(error).splitlines()[0]
    here = redact(to_plain(experiment))
    for key in all_keys(experiment):
        if key.split(".")[0] not in _APART and _at(there, key) != _at(here, key):
            return f"{key}: {_at(there, key)} there, {_at(here, key)} here"
    return None


def _at(plain: Any, key: str) -> Any:
    for word in key.split("."):
        plain = plain.get(word) if isinstance(plain, dict) else None
    return plain
