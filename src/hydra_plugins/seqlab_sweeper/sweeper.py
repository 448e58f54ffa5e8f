"""Hydra's door to the sweep engine: `python train.py -m hydra/sweeper=seqlab KEY=VALUES ...`.

A thin adapter: what Hydra's grammar says of several values becomes the space, everything else holds for every run, and
the settings of the sweep stand below `hydra.sweeper`. All else is `seqlab.sweep`, as behind `python sweep.py`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.errors import CompactHydraException
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from seqlab.config.build import build, to_plain
from seqlab.config.sweep import SweepConfig
from seqlab.errors import ConfigError, UnknownKeyError, UserError, nearest

_BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
_PREFIX = "hydra.sweeper"
# What the command line says itself: the space by its values, the directory by hydra.sweep.dir.
_ELSEWHERE = ("space", "arms", "fixed", "dir")
# What Hydra's other sweepers call it.
_CALLED = {
    "n_trials": "budget.trials",
    "n_jobs": "workers",
    "max_batch_size": "workers",
    "direction": "objective.direction",
    "study_name": "name",
}


def _settings() -> dict[str, Any]:
    """The settings of a sweep with their defaults, as a sweep's file has them."""
    plain = to_plain(build(SweepConfig, {}))
    plain["objective"] = None  # in its place Hydra takes a list, a mapping or a word
    return {key: value for key, value in plain.items() if key not in _ELSEWHERE}


class SeqlabSweeper(Sweeper):
    """Runs a sweep of seqlab's own training; the settings are those of `seqlab.config.sweep.SweepConfig`."""

    def __init__(self, **settings: Any) -> None:
        self._given = settings

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take in what Hydra knows of the app."""
        self._task, self.config = task_function, config

    def sweep(self, arguments: list[str]) -> int:
        """Search over what the command line gives several values.

        Args:
            arguments: one run's overrides; the task has what was given, in the form in which it was given.

        Returns:
            The exit code.

        Raises:
            UserError: for what the user can put right, in at most three lines.
            CompactHydraException: in an app that is not seqlab's.
        """
        from hydra_plugins.seqlab_sweeper._wording import in_hydras_words
        from seqlab.compose.multirun import Job

        task, search = self._task, getattr(self._task, "search", None)
        if not isinstance(task, Job) or search is None:
            raise CompactHydraException(
                "hydra/sweeper=seqlab: searches seqlab's own training, not that of another app\n"
                "allowed: python train.py -m hydra/sweeper=seqlab ..., or here: hydra/sweeper=basic"
            )
        assert self.config is not None
        directory = str(self.config.hydra.sweep.dir)
        launcher = OmegaConf.select(self.config, "hydra.launcher._target_")
        if launcher != _BASIC:
            raise ConfigError("hydra/launcher", launcher, f"basic (trials run in {_PREFIX}.workers)")
        if not task.space:
            raise UserError(
                "hydra/sweeper=seqlab: there is nothing to search\n"
                "allowed: several values for at least one setting, such as 'model.num_layers=choice(1,2,3)'"
            )
        with in_hydras_words(task.space):
            plain = self._plain(task.settings) | {"space": task.space, "dir": directory}
            return search(plain | {"name": plain["name"] or _name_of(directory)}, task.runs)

    def _plain(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of the sweep: those of YAML files, with those of the command line on top."""
        from seqlab.sweep.loading import settings_of

        files = {key: value for key, value in self._given.items() if key != "params"}
        for key, value in {**files, **own}.items():
            _check_key(key, value)
        if files.get("objective") is None:
            files.pop("objective", None)
        try:
            return to_plain(settings_of(files, own))
        except UnknownKeyError as error:
            near = error.suggestion and f"{_PREFIX}.{error.suggestion}"
            raise UnknownKeyError(f"{_PREFIX}.{error.key}", error.given, error.allowed, near) from None
        except ConfigError as error:
            raise error.under(_PREFIX) from None


def _check_key(key: str, given: object) -> None:
    """Refuse a setting that there is not, with what it is called here."""
    known = _settings()
    top = key.partition(".")[0]
    if top in known:
        return
    near = f"{_PREFIX}.{_CALLED.get(top) or nearest(top, known) or ''}".rstrip(".")
    if top in _ELSEWHERE:
        near = "hydra.sweep.dir" if top == "dir" else "python sweep.py, with a file"
    raise UnknownKeyError(
        f"{_PREFIX}.{key}",
        given,
        f"the keys of {_PREFIX}: {', '.join(known)}",
        near if near != _PREFIX else None,
    )


def _name_of(directory: str) -> str:
    """A name for studies and W&B group, from the last part of a path."""
    word = re.sub(r"[^\w.-]+", "-", Path(directory).absolute().name, flags=re.ASCII).strip("._-")
    return word or "multirun"


ConfigStore.instance().store(
    group="hydra/sweeper",
    name="seqlab",
    node={
        "_target_": "hydra_plugins.seqlab_sweeper.sweeper.SeqlabSweeper",
        "_recursive_": False,  # nothing below is an object to be made
        "_convert_": "all",
        "params": None,
        **_settings(),
    },
    provider="seqlab",
)
