"""A run's own config.yaml -> the same experiment again, with single settings changed on top."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from seqlab.choices import conf_folders, groups
from seqlab.compose import overrides as typed
from seqlab.compose.hydra_route import Composed, composed, text
from seqlab.compose.session import compose_raw, hydra_session, in_three_lines, resolved
from seqlab.errors import UserError
from seqlab.plugins import load_plugins, local_plugins


def compose_stored(file: Path, overrides: Sequence[str]) -> Composed:
    """The experiment that a complete config file describes.

    Args:
        file: such as RUN_DIR/config.yaml.
        overrides: single settings, such as ["seed=1", "~optimizer.lr"]; no choices of groups, since the
            file has chosen.

    Raises:
        UserError: for a file that is no such config, and for whatever does not fit.
    """
    plain = _read(file)
    parsed = typed.parse(overrides)
    folders = conf_folders()
    known_groups = groups(folders)
    load_plugins([*local_plugins(folders), *map(str, plain.get("plugins") or [])])
    known = typed.known_keys(plain)
    config = OmegaConf.create(plain)
    for override in parsed:
        typed.check_no_sweep(override, known_groups)
        key = override.key_or_group
        if typed.is_group(override, known_groups):
            raise UserError(
                f"{text(override)}: --config has chosen {key} already\n"
                f"allowed: single settings, such as {key}.KEY=VALUE; or choose afresh, without --config"
            )
        if not override.is_hydra_override():
            typed.check_key(override, known, known_groups)
            if override.is_delete():
                _delete(config, override)
            else:
                OmegaConf.update(config, key, override.value())
    with hydra_session(folders) as hydra:
        _, run_dir = resolved(compose_raw(hydra, [text(o) for o in parsed if o.is_hydra_override()]))
    final: Any = in_three_lines(lambda: OmegaConf.to_container(config, resolve=True))
    return composed(final, run_dir, overrides)


def _delete(config: DictConfig, override: Override) -> None:
    """Take a key out, so that it holds the default of its class; `~key=value` only if it holds that value."""
    place, _, leaf = override.key_or_group.rpartition(".")
    node: Any = OmegaConf.select(config, place) if place else config
    if not isinstance(node, DictConfig) or leaf not in node:
        return
    if override.value() is not None and override.value() != node[leaf]:
        raise UserError(
            f"{text(override)}: {override.key_or_group} is {node[leaf]!r} in the file of --config"
        )
    del node[leaf]


def _read(file: Path) -> dict[str, Any]:
    try:
        plain = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"--config {file}: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"--config {file}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(plain, dict) or not {"data", "model", "task"} <= plain.keys():
        raise UserError(
            f"--config {file}: not the whole settings of a run\nallowed: such as RUN_DIR/config.yaml"
        )
    return plain
