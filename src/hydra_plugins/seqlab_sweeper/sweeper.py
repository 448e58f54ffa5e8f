"""Hydra's door to the sweep engine: `python train.py -m hydra/sweeper=seqlab KEY=VALUES ...`.

A thin adapter: what Hydra's grammar says of several values becomes the space, everything else holds for every run, and
the settings of the sweep stand below `hydra.sweeper`. All else is `seqlab.sweep`, as behind `python sweep.py`.
"""

from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from seqlab.config.build import build, to_plain
from seqlab.config.sweep import SweepConfig

_BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
# What the command line says itself: the space by its values, the directory by hydra.sweep.dir.
_ELSEWHERE = ("space", "arms", "fixed", "dir")


class SeqlabSweeper(Sweeper):
    """Runs a sweep of seqlab's own training; the settings are those of `seqlab.config.sweep.SweepConfig`."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take in what Hydra knows of the app."""
        self._task, self.config = task_function, config

    def sweep(self, arguments: list[str]) -> int:
        """Search over what `arguments` give several values.

        Args:
            arguments: overrides, such as ["model.num_layers=choice(1,2)", "trainer.max_epochs=20"].

        Returns:
            The exit code.

        Raises:
            UserError: for what the user can put right, in at most three lines.
        """
        from seqlab.compose.multirun import Job
        from seqlab.compose.several import space_and_runs
        from seqlab.errors import ConfigError, UserError

        if not isinstance(self._task, Job) or self._task.search is None:
            raise UserError(
                "hydra/sweeper=seqlab: searches seqlab's own training, not that of another app\n"
                "allowed: python train.py -m hydra/sweeper=seqlab ..."
            )
        assert self.config is not None
        launcher = OmegaConf.select(self.config, "hydra.launcher._target_")
        if launcher != _BASIC:
            raise ConfigError(
                "hydra/launcher",
                launcher,
                "basic; the sweeper has workers of its own (hydra.sweeper.workers=N)",
            )
        space, runs = space_and_runs(arguments, self._task.config_dir)
        own = {"name": "multirun", **{k: v for k, v in self._plain().items() if v is not None}}
        plain = {**own, "space": space, "dir": str(self.config.hydra.sweep.dir)}
        return self._task.search(plain, runs)

    def _plain(self) -> dict[str, Any]:
        found: Any = OmegaConf.to_container(OmegaConf.create(self._settings), resolve=True)
        # of Hydra's basic sweeper: written into every job's overrides before this is called
        return {key: value for key, value in found.items() if key not in ("params", *_ELSEWHERE)}


def _defaults() -> dict[str, Any]:
    plain = to_plain(build(SweepConfig, {}))
    return {key: value for key, value in plain.items() if key not in _ELSEWHERE}


ConfigStore.instance().store(
    group="hydra/sweeper",
    name="seqlab",
    node={"_target_": "hydra_plugins.seqlab_sweeper.sweeper.SeqlabSweeper", "params": None, **_defaults()},
    provider="seqlab",
)
