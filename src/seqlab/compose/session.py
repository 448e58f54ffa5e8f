"""One use of Hydra: our folders on its search path, our errors instead of its own, and its globals put back.

Hydra keeps one application per process. A notebook may already hold one of its own, and `seqlab.run` is
called many times, so what Hydra holds globally is saved before and restored after. `hydra._internal` is used as
`hydra.main` uses it: the public `initialize_config_dir` can neither put folders in front of the shipped ones nor
start a sweep.
"""

import secrets
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobRuntime
from hydra.types import RunMode
from hydra.version import VersionBase, setbase
from omegaconf import DictConfig, OmegaConf

from seqlab.errors import UserError

PRIMARY = "train"
_LINES = 3
_WIDTH = 240
# Lines of Hydra's and OmegaConf's messages that help their developers only.
_NOISE = (
    "See http",
    "Search path:",
    "provider=",
    "full_key:",
    "object_type=",
    "reference_type=",
    "To append to",
)
_LOCK = threading.RLock()
R = TypeVar("R")


@contextmanager
def hydra_session(folders: Sequence[Path]) -> Generator[Hydra]:
    """A Hydra application over `folders`, the last of which is the shipped one; one thread at a time."""
    with _LOCK:
        held = (
            GlobalHydra.instance().hydra,
            HydraConfig.instance().cfg,
            VersionBase.instance().version_base,
            JobRuntime.instance().get("name"),
        )
        GlobalHydra.instance().clear()
        setbase("1.3")
        OmegaConf.register_new_resolver("seqlab.random", _random_word, use_cache=True, replace=True)
        try:
            path = create_config_search_path(search_path_dir=str(folders[-1]))
            for folder in folders[:-1]:
                path.prepend("seqlab", f"file://{folder}", SearchPathQuery(provider="main", path=None))
            yield Hydra.create_main_hydra2(task_name="seqlab", config_search_path=path)
        finally:
            GlobalHydra.instance().hydra = held[0]
            HydraConfig.instance().cfg = held[1]
            VersionBase.instance().version_base = held[2]
            JobRuntime.instance().set("name", held[3])


def _random_word() -> str:
    return secrets.token_hex(3)


def compose_raw(hydra: Hydra, overrides: Sequence[str], mode: RunMode = RunMode.RUN) -> DictConfig:
    """Hydra's compose with the `hydra` node left in.

    Raises:
        UserError: for whatever Hydra does not accept.
    """
    return in_three_lines(
        lambda: hydra.compose_config(
            config_name=PRIMARY,
            overrides=list(overrides),
            run_mode=mode,
            with_log_configuration=False,
            from_shell=False,
        )
    )


def resolved(config: DictConfig) -> tuple[dict[str, Any], Path]:
    """The settings of a run as plain contents, and its run directory.

    Raises:
        UserError: for an interpolation that leads nowhere, or a value that is missing.
    """

    def resolve() -> tuple[dict[str, Any], Path]:
        HydraConfig.instance().cfg = OmegaConf.masked_copy(config, ["hydra"])  # type: ignore[assignment]
        run_dir = Path(str(config.hydra.run.dir))
        return plain_of(config, resolve=True), run_dir

    return in_three_lines(resolve)


def plain_of(config: DictConfig, *, resolve: bool) -> dict[str, Any]:
    """The settings of a run, without Hydra's own."""
    own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    plain: Any = OmegaConf.to_container(own, resolve=resolve, throw_on_missing=resolve)
    return plain


def in_three_lines(call: Callable[[], R]) -> R:
    """The result of a call into Hydra.

    Raises:
        UserError: instead of any exception; nothing but Hydra and YAML files is at work in there.
    """
    try:
        return call()
    except UserError:
        raise
    except Exception as error:
        raise UserError("\n".join(_essence(error))) from None


def _essence(error: BaseException) -> list[str]:
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        key = getattr(cause, "full_key", None)
        for line in str(cause).splitlines():
            words = line.strip()
            if key and not lines:
                words = f"{key}: {words}"
            if words and not words.startswith(_NOISE) and words not in lines:
                lines.append(words if len(words) <= _WIDTH else words[: _WIDTH - 3] + "...")
        cause = cause.__cause__
    return lines[:_LINES] or [type(error).__name__]
