"""Sweeps of the command line (`-m`): every value checked before anything starts, then run by Hydra."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override, Quote, QuotedString, ValueType
from hydra.core.utils import JobReturn
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from seqlab.compose import overrides as typed
from seqlab.compose.hydra_route import Composed, Prepared, compose_checked, composed, prepare, text
from seqlab.compose.origin import naming_the_file
from seqlab.compose.session import PRIMARY, compose_raw, hydra_session, in_three_lines, plain_of, resolved
from seqlab.config import Experiment, build_experiment
from seqlab.config.build import all_keys, build, with_values
from seqlab.config.sweep import SweepConfig
from seqlab.preflight import check_parts, parts_named

Search = Callable[[Mapping[str, Any], Sequence[str]], int]
_SWEEPER, _OURS = "hydra/sweeper", "seqlab"


def check_sweep(overrides: Sequence[str], config_dir: Path | None = None) -> list[str]:
    """Hold every choice of every swept override to the typed tree, before anything starts.

    Every combination of group choices is composed; every combination of values is then built on it. Data sets and
    trackers that come up are then looked for, each once.

    Args:
        overrides: such as ["model=lstm,gru", "seed=range(5)"].
        config_dir: a folder with YAML of the user's own.

    Returns:
        The overrides in the form that Hydra's sweeper takes.

    Raises:
        UserError: for the first thing that does not fit, in at most three lines.
    """
    prepared = prepare(overrides, config_dir)
    parsed = [*_configured_sweep(prepared.folders, prepared.overrides), *prepared.overrides]
    final: dict[str, str] = {}
    parts: dict[str, Experiment] = {}
    with hydra_session(prepared.folders) as hydra:
        choosing = [o for o in parsed if o.is_sweep_override() and prepared.chooses(o)]
        values = [o for o in parsed if o.is_sweep_override() and not prepared.chooses(o)]
        plain_ones = [o for o in parsed if not o.is_sweep_override()]
        options = [typed.choice_values(o, prepared.folders) for o in values]
        for chosen in itertools.product(*(_alone(o, prepared.folders) for o in choosing)):
            first = [alone for o in values for alone in _alone(o, prepared.folders)[:1]]
            config, sent = compose_checked(hydra, prepared, [*plain_ones, *chosen, *first])
            # A key that one of the choices does not mention is added in all of them.
            for override, words in zip([*plain_ones, *choosing, *values], sent, strict=True):
                mark = words[: len(words) - len(words.lstrip("+"))]
                held = final.get(text(override), "")
                final[text(override)] = max(held, mark + text(override).lstrip("+"), key=len)
            plain, _ = resolved(config)
            with naming_the_file(config, parsed, prepared.folders, prepared.groups):
                composed(plain, Path(), ())
            for combination in itertools.product(*options):
                experiment = _with_values(plain, [o.key_or_group for o in values], combination)
                parts.setdefault(parts_named(experiment), experiment)
    for experiment in parts.values():
        check_parts(experiment)
    return [final[text(override)] for override in prepared.overrides]


class Job:
    """What Hydra calls for every job; a sweeper that is seqlab's own finds in it how to search instead.

    Args:
        run: trains one run.
        search: runs a sweep, from its settings and the settings of every run; returns the exit code. None where
            nobody can.
        config_dir: a folder with YAML of the user's own.
    """

    def __init__(
        self,
        run: Callable[[Composed], Any],
        search: Search | None,
        config_dir: Path | None,
    ) -> None:
        self._run = run
        self.search = search
        self.config_dir = config_dir

    def __call__(self, config: DictConfig) -> Any:
        """Train the run of a composed config."""
        settings = HydraConfig.get()
        _forget_overrides(settings.sweep.dir)
        words = [str(word) for word in settings.overrides.task]
        plain = plain_of(config, resolve=True)
        return self._run(composed(plain, Path(settings.runtime.output_dir), words))


def run_multirun(
    overrides: Sequence[str],
    task_function: Callable[[Composed], Any],
    config_dir: Path | None = None,
    search: Search | None = None,
) -> list[Any] | int:
    """Check a sweep, then let Hydra's sweeper and launcher run it.

    Args:
        overrides: such as ["model=lstm,gru", "seed=range(5)", "hydra.sweep.dir=out"].
        task_function: called with every job; what it returns is what a sweeper optimises.
        config_dir: a folder with YAML of the user's own.
        search: called instead by hydra/sweeper=seqlab, with the settings of the sweep and those of every run.

    Returns:
        What the jobs returned, in their order; empty for a sweeper that keeps it to itself; the exit code of a search.

    Raises:
        UserError: for the first thing that does not fit, before any job starts.
    """
    prepared = prepare(overrides, config_dir)
    searches = any(o.key_or_group == _SWEEPER and o.value() == _OURS for o in prepared.overrides)
    # a search tries its space out itself, at its ends and at random points rather than everywhere
    checked = _check_without_values(prepared) if searches else check_sweep(overrides, config_dir)
    final = [*checked, "hydra.mode=MULTIRUN"]
    job = Job(task_function, search, config_dir)
    with hydra_session(prepared.folders) as hydra:
        config = compose_raw(hydra, final, RunMode.MULTIRUN)
        sweep_dir = in_three_lines(lambda: str(config.hydra.sweep.dir))
        # the random part of the folder's name is drawn once
        final.append(f"hydra.sweep.dir={QuotedString(text=sweep_dir, quote=Quote.double).with_quotes()}")
        try:
            returned = hydra.multirun(PRIMARY, job, final, with_log_configuration=False)
        finally:
            _forget_overrides(sweep_dir)
    if isinstance(returned, int):
        return returned
    batches: list[Any] = list(returned) if isinstance(returned, (list, tuple)) else []
    jobs = [job for batch in batches if isinstance(batch, (list, tuple)) for job in batch]
    return [job.return_value for job in jobs if isinstance(job, JobReturn)]


def _check_without_values(prepared: Prepared) -> list[str]:
    """The overrides in the form that Hydra's sweeper takes; those with one value are held to the typed tree."""
    plain = [o for o in prepared.overrides if not o.is_sweep_override()]
    known = [f"hydra.sweeper.{key}" for key in [*all_keys(build(SweepConfig, {})), "params"]]
    for override in plain:
        key = override.key_or_group
        if key.startswith("hydra.sweeper.") and not any(f"{name}.".startswith(f"{key}.") for name in known):
            raise typed.unknown_key(key, typed.given_text(override), known, ())
    with hydra_session(prepared.folders) as hydra:
        _, sent = compose_checked(hydra, prepared, plain)
    configured = [text(o) for o in _configured_sweep(prepared.folders, prepared.overrides)]
    return [*configured, *sent, *(text(o) for o in prepared.overrides if o.is_sweep_override())]


def _forget_overrides(sweep_dir: str) -> None:
    """Remove the whole config that Hydra's sweeper writes in clear; every run has its own, redacted."""
    Path(sweep_dir, "multirun.yaml").unlink(missing_ok=True)


def _configured_sweep(folders: Sequence[Path], given: Sequence[Override]) -> list[Override]:
    """Sweeps that a YAML file asks for (`hydra.sweeper.params`)."""
    choosing = [text(o) for o in given if not o.is_sweep_override() and typed.is_group(o, ("experiment",))]
    with hydra_session(folders) as hydra:
        config = compose_raw(hydra, choosing, RunMode.MULTIRUN)
    params: Any = OmegaConf.select(config, "hydra.sweeper.params")
    if not params:
        return []
    overridden = {o.key_or_group for o in given}
    return typed.parse([f"{key}={value}" for key, value in params.items() if key not in overridden])


def _alone(override: Override, folders: Sequence[Path]) -> list[Override]:
    """A swept override as one override for each of its choices."""
    if override.value_type in (ValueType.GLOB_CHOICE_SWEEP, ValueType.INTERVAL_SWEEP):
        words = [str(value) for value in typed.choice_values(override, folders)]
    else:
        words = list(override.sweep_string_iterator())
    return typed.parse([f"{override.get_key_element()}={word}" for word in words])


def _with_values(plain: Mapping[str, Any], keys: Sequence[str], values: Sequence[Any]) -> Experiment:
    """The typed tree with `values` at `keys`; a text with an interpolation is left to the job."""
    pairs = zip(keys, values, strict=True)
    return build_experiment(
        with_values(plain, {key: v for key, v in pairs if not (isinstance(v, str) and "${" in v)})
    )
