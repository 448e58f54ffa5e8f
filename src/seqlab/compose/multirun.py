"""Sweeps of the command line (`-m`): every value checked before anything starts, then run by Hydra."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
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
from seqlab.compose.several import searched
from seqlab.config import Experiment, build_experiment
from seqlab.config.build import with_values
from seqlab.config.sweep import SweepConfig
from seqlab.errors import UnknownKeyError, UserError
from seqlab.preflight import check_parts, parts_named

Search = Callable[[Mapping[str, Any], Sequence[str]], int]
# Where hydra/sweeper=seqlab is implemented, and what stands in front of its settings.
_OURS, _SETTINGS = "hydra_plugins.seqlab_sweeper.", "hydra.sweeper."


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
    return _checked(prepared, _configured_sweep(_choices_alone(prepared), prepared.overrides))


def _checked(prepared: Prepared, configured: Sequence[Override]) -> list[str]:
    """The overrides in the form that Hydra's sweeper takes, with every combination of values held to the tree."""
    parsed = [*configured, *prepared.overrides]
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


@dataclass(frozen=True, kw_only=True)
class Job:
    """What Hydra calls for every job; a sweeper that is seqlab's own finds in it how to search instead.

    Args:
        run: trains one run.
        search: runs a sweep, from its settings and the settings of every run; returns the exit code. None where
            nobody can.
        space: what a search varies, as in a sweep's file.
        runs: settings of every run, as they were given.
        settings: those below hydra.sweeper that were given on the command line, interpolations resolved.
    """

    run: Callable[[Composed], Any]
    search: Search | None = None
    space: Mapping[str, Any] = field(default_factory=dict[str, Any])
    runs: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __call__(self, config: DictConfig) -> Any:
        """Train the run of a composed config."""
        settings = HydraConfig.get()
        _forget_overrides(settings.sweep.dir)
        words = [str(word) for word in settings.overrides.task]
        plain = plain_of(config, resolve=True)
        return self.run(composed(plain, Path(settings.runtime.output_dir), words))


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
    try:
        config = _choices_alone(prepared)
    except UserError as error:
        if "'hydra/sweeper/" not in str(error):
            raise
        first = str(error).splitlines()[0]
        raise UserError(
            f"{first}\nallowed: hydra/sweeper=seqlab, which searches with Optuna, or basic"
        ) from None
    configured = _configured_sweep(config, prepared.overrides)
    if str(OmegaConf.select(config, "hydra.sweeper._target_")).startswith(_OURS):
        # a search tries its space out itself, at its ends and at random points rather than everywhere
        checked, job = _for_search(prepared, configured, Job(run=task_function, search=search))
    else:
        checked, job = _checked(prepared, configured), Job(run=task_function)
    final = [*checked, "hydra.mode=MULTIRUN"]
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


def _for_search(prepared: Prepared, configured: Sequence[Override], job: Job) -> tuple[list[str], Job]:
    """The overrides of one run in the form that Hydra takes, and `job` with what is to be searched."""
    hydras = [o for o in prepared.overrides if o.is_hydra_override()]
    for override in hydras:
        if override.is_sweep_override():
            raise UserError(
                f"{override.key_or_group}: {typed.given_text(override)!r} is several values\n"
                "allowed: one; only settings of runs and groups can be searched"
            )
    runs = [o for o in (*configured, *prepared.overrides) if not o.is_hydra_override()]
    asked = searched(runs, prepared.folders)
    one = [o for o in hydras if not _is_setting(o)]
    one += [o for o in asked.one if o.key_or_group not in asked.space or prepared.chooses(o)]
    # `sampler=random sampler.seed=3` is put together where `sweep.py` does it: Hydra cannot
    own = {o.key_or_group.removeprefix(_SETTINGS): o.value() for o in hydras if _is_setting(o)}
    with hydra_session(prepared.folders) as hydra:
        try:
            config, sent = compose_checked(hydra, prepared, one)
        except UnknownKeyError as error:
            raise _with_prefix(error) from None
        resolved(config)
        settings: Any = in_three_lines(
            lambda: OmegaConf.to_container(OmegaConf.create(own, parent=config), resolve=True)
        )
    return sent, replace(job, space=asked.space, runs=asked.runs, settings=settings)


def _is_setting(override: Override) -> bool:
    return override.key_or_group.startswith(_SETTINGS)


def _with_prefix(error: UnknownKeyError) -> UnknownKeyError:
    """The same, where it is a setting of the sweep that lacks its prefix."""
    top = error.key.partition(".")[0]
    if top in {f.name for f in fields(SweepConfig)}:
        return UnknownKeyError(error.key, error.given, error.allowed, _SETTINGS + error.key)
    return error


def _forget_overrides(sweep_dir: str) -> None:
    """Remove the whole config that Hydra's sweeper writes in clear; every run has its own, redacted."""
    Path(sweep_dir, "multirun.yaml").unlink(missing_ok=True)


def _choices_alone(prepared: Prepared) -> DictConfig:
    """The config with nothing but the experiment and Hydra's own parts chosen."""
    given = [o for o in prepared.overrides if not o.is_sweep_override()]
    with hydra_session(prepared.folders) as hydra:
        choosing = [text(o) for o in given if typed.is_group(o, ("experiment",))]
        return compose_raw(hydra, choosing, RunMode.MULTIRUN)


def _configured_sweep(config: DictConfig, given: Sequence[Override]) -> list[Override]:
    """Sweeps that a YAML file asks for (`hydra.sweeper.params`)."""
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
