"""Which sweeps there are, and which words of a command line are a sweep's: without Hydra."""

from pathlib import Path

from seqlab import paths
from seqlab.errors import UserError, nearest
from seqlab.sweep.yaml_text import read_mapping

# First words of a command line that belong to the sweep; everything else holds for every run.
OWN_WORDS = (
    "budget",
    "workers",
    "trial",
    "protocol",
    "wandb",
    "storage",
    "sampler",
    "pruner",
    "objective",
    "force",
)
FILE_WORDS = ("question", "space", "arms", "fixed", "constraints")
PLACE_WORDS = ("sweep", "sweep.dir", "sweep.name")


def sweep_files() -> dict[str, Path]:
    """The sweeps that can be asked for by name: those in ./sweeps, then the shipped ones.

    One in a folder has the folder in its name, such as beliefs/depth.
    """
    found: dict[str, Path] = {}
    for folder in dict.fromkeys((Path.cwd() / "sweeps", paths.sweeps_dir())):
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*/*.yaml")]):
            found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
    return found


def find_sweep(given: str) -> Path:
    """The file of a sweep.

    Args:
        given: a name, or a path that ends in .yaml.

    Raises:
        UserError: if there is none, with the nearest name.
    """
    known = sweep_files()
    path = Path(given).expanduser()
    if path.suffix == ".yaml":
        if path.is_file():
            return path
        what = f"sweep: there is no file {given!r}"
    elif given in known:
        return known[given]
    else:
        what = f"sweep: there is no sweep {given!r}"
    word = Path(given).with_suffix("").as_posix() if path.suffix == ".yaml" else given
    near = nearest(word, known) or nearest(path.stem, known)
    hint = f"\ndid you mean: sweep={near}" if near else ""
    raise UserError(f"{what}\n{allowed_sweeps()}{hint}")


def allowed_sweeps() -> str:
    """What may stand behind `sweep=`, in one line; folders of sweeps as a whole."""
    shown = dict.fromkeys(f"{name.split('/')[0]}/..." if "/" in name else name for name in sweep_files())
    return f"allowed: {', '.join(shown)}, or a path that ends in .yaml"


def question_in(path: Path) -> str:
    """The question that a sweep's file asks; why it cannot be read, where it cannot."""
    try:
        return " ".join(str(read_mapping(path).get("question") or "").split())
    except UserError as error:
        return str(error).splitlines()[0]
