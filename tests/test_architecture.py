"""The house stands: imports point down, rooms on one floor stay apart, light rooms stay light."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import seqlab

SOURCE = Path(seqlab.__file__).parent
# The floors of the house; a room may import from lower floors only.
FLOORS = {
    "batch": 0, "results": 0, "errors": 0, "paths": 0, "files": 0, "stats": 0, "sequences": 0, "redaction": 0,
    "provenance": 0, "quiet": 0, "startup": 0, "replication": 0,
    "config": 1, "readers": 1, "recurrent": 1, "figures": 1, "baselines": 1, "screen": 1, "choices": 1,
    "plugins": 2, "references": 2, "data": 2, "encoders": 2, "tasks": 2, "trackers": 2,
    "preflight": 3, "model": 3, "checkpoint": 3,
    "compose": 4, "evaluation": 4, "gradients": 4, "lit": 4,
    "experiment": 5,
    "predict": 6, "inspection": 6, "sweep": 6,
    "testing": 7, "comparison": 7, "report": 7,
    "cli": 8,
    "__init__": 9, "__main__": 10,
}  # fmt: skip
LIGHT = (
    "choices", "cli", "compose", "config", "errors", "files", "inspection", "paths", "plugins", "preflight", "readers",
    "redaction", "results", "sequences", "stats", "__init__", "__main__",
)  # fmt: skip
HEAVY = {
    "torch", "pytorch_lightning", "lightning", "torchmetrics", "wandb", "aeon", "sklearn", "matplotlib", "tokenizers",
}  # fmt: skip
# Within the ground floor: files and errors carry the others.
GROUND = {("results", "files"), ("results", "errors"), ("replication", "files")}


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def python_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    """Dotted names of all modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) or _is_type_checking(function)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if top_level_only and id(node) in late:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if _is_module(inner) else node.module


def _is_module(name: str) -> bool:
    place = SOURCE.parent.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def rooms_imported(path: Path) -> set[str]:
    names = [name for name in imports(path) if name.split(".")[0] == "seqlab"]
    rooms = {name.split(".")[1] if "." in name else "__init__" for name in names}
    return rooms - {room_of(path)}


def test_every_room_has_a_floor():
    assert {room_of(path) for path in python_files()} <= FLOORS.keys()


def test_the_document_shows_these_floors():
    document = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", document, re.MULTILINE)
    shown = [(room, int(floor)) for floor, rooms in rows for room in re.findall(r"`(\w+)(?:/|\.py)`", rooms)]
    assert sorted(shown) == sorted(FLOORS.items())


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down(path: Path):
    room = room_of(path)
    for other in rooms_imported(path):
        assert other in FLOORS, f"{path}: imports {other}, which is no room"
        if (room, other) in GROUND:
            continue
        assert FLOORS[other] < FLOORS[room], f"{path}: {room} (floor {FLOORS[room]}) imports {other}"


def test_no_cycle_between_modules():
    names = {path: ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts) for path in python_files()}
    names = {path: name.removesuffix(".__init__") for path, name in names.items()}
    known = set(names.values())
    below: dict[str, set[str]] = {}
    for path, name in names.items():
        found = set(imports(path, top_level_only=True)) & known
        below[name] = found - {name, "seqlab"}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way, name])
        if name not in done:
            for other in sorted(below[name]):
                visit(other, (*way, name))
            done.add(name)

    for name in sorted(below):
        visit(name, ())


@pytest.mark.parametrize("room", LIGHT)
def test_light_rooms_import_nothing_heavy(room: str):
    found = [path for path in python_files() if room_of(path) == room]
    assert found
    for path in found:
        heavy = {name.split(".")[0] for name in imports(path, top_level_only=True)} & HEAVY
        assert not heavy, f"{path} imports {heavy}"


def test_recurrent_knows_nothing_of_seqlab_but_errors():
    for path in python_files():
        if room_of(path) == "recurrent":
            assert rooms_imported(path) <= {"errors"}, path


def test_only_compose_uses_hydra():
    for path in python_files():
        if room_of(path) != "compose":
            assert not {name.split(".")[0] for name in imports(path)} & {"hydra", "omegaconf"}, path


def test_hydras_door_to_sweeps_lies_beside_the_command_line_and_is_light():
    door = SOURCE.parent / "hydra_plugins"
    assert not (door / "__init__.py").exists(), "other distributions have plugins there, too"
    found = sorted(door.rglob("*.py"))
    assert found
    for path in found:
        rooms = {name.split(".")[1] for name in imports(path) if name.startswith("seqlab.")}
        assert all(FLOORS[room] < FLOORS["cli"] for room in rooms), path
        # Hydra imports it in every app
        top = {name.split(".")[0] for name in imports(path, top_level_only=True)}
        assert not top & (HEAVY | {"optuna", "sqlalchemy", "pyarrow", "numpy"}), path


def test_encoders_and_tasks_know_neither_hydra_nor_lightning():
    for path in python_files():
        if room_of(path) in ("encoders", "tasks", "model", "recurrent"):
            heavy = {name.split(".")[0] for name in imports(path)} & {
                "hydra",
                "omegaconf",
                "pytorch_lightning",
            }
            assert not heavy, path


def modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_seqlab_is_light():
    assert not modules_after("import seqlab, seqlab.cli") & (HEAVY | {"hydra", "omegaconf"})


def test_importing_compose_is_without_torch():
    assert not modules_after("import seqlab.compose, seqlab.preflight, seqlab.cli.training") & HEAVY


def test_files_are_short_and_none_is_called_utils():
    for path in python_files():
        assert path.stem != "utils"
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 320, path
