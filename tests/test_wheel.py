"""The wheel: what it holds, and that it works from another folder without the checkout."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("src", "conf", "sweeps", "pyproject.toml", "README.md", "LICENSE", ".gitignore")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy of the checkout that has settings of its own machine."""
    folder = tmp_path_factory.mktemp("wheel")
    (folder / "source").mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, folder / "source" / name)
    (folder / "source" / "conf" / "local" / "default.yaml").write_text("seed: 77\n")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist")]
    done = subprocess.run([*command, str(folder / "source")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (folder / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory) -> Path:
    """A folder that the wheel is installed into, beside none of the checkout."""
    folder = tmp_path_factory.mktemp("installed") / "site with a space"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*pip, "--no-deps", "--target", str(folder), str(wheel)], check=True, capture_output=True)
    return folder


def call(site: Path, here: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the installed wheel in front of everything else, in the folder `here`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    env |= {"PYTHONPATH": str(site), "SEQLAB_CACHE": str(here / "cache"), "HOME": str(here / "home")}
    return subprocess.run([sys.executable, *command], cwd=here, env=env, capture_output=True, text=True)


def test_it_holds_the_package_with_conf_and_sweeps_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("conf", "sweeps"):
        shipped = {str(p.relative_to(ROOT)) for p in (ROOT / folder).rglob("*") if p.is_file()}
        assert {f"seqlab/{name}" for name in shipped - {"conf/local/default.yaml"}} <= names
    assert "seqlab/conf/local/default.yaml" not in names
    assert {"seqlab/__main__.py", "seqlab/py.typed"} <= names
    assert {f"seqlab/report/templates/{name}" for name in ("report.html", "report.css")} <= names
    assert "hydra_plugins/seqlab_sweeper/sweeper.py" in names and "hydra_plugins/__init__.py" not in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"seqlab", "hydra_plugins"}
    assert not [name for name in names if "test_" in name or name.endswith(".pyc")]


def test_it_runs_from_another_folder(site, tmp_path):
    found = call(site, tmp_path, "-c", "import seqlab; print(seqlab.__file__)")
    assert Path(found.stdout.strip()).is_relative_to(site)
    version = call(site, tmp_path, "-m", "seqlab", "--version")
    assert version.stdout.startswith("seqlab 0.") and version.returncode == 0
    help_page = call(site, tmp_path, "-m", "seqlab", "train", "--help")
    assert "bilstm_stacked" in help_page.stdout and "japanese_vowels" in help_page.stdout
    words = "data=archive data.name=ItalyPowerDemand model=gru model.hidden_size=4 trainer.max_epochs=1"
    done = call(site, tmp_path, str(site / "bin" / "seqlab"), "train", *words.split(), "hydra.run.dir=out")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (result["status"], result["model"]["cell"], result["seed"]) == ("completed", "gru", 0)


def test_its_settings_come_from_the_wheel_and_the_folder_of_the_command(site, tmp_path):
    model = site / "seqlab" / "conf" / "model" / "gru.yaml"
    shipped = model.read_text()
    model.write_text(shipped.replace("cell: gru", "cell: rnn"))
    try:
        (tmp_path / "conf" / "local").mkdir(parents=True)
        (tmp_path / "conf" / "local" / "default.yaml").write_text("seed: 5\n")
        shown = call(site, tmp_path, "-m", "seqlab", "train", "--cfg", "job", "model=gru")
    finally:
        model.write_text(shipped)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "cell: rnn\n" in shown.stdout and "seed: 5\n" in shown.stdout


def test_both_doors_to_sweeps_open_from_the_wheel(site, tmp_path):
    found = call(site, tmp_path, "-c", "import hydra_plugins.seqlab_sweeper.sweeper as s; print(s.__file__)")
    assert Path(found.stdout.strip()).is_relative_to(site)
    shown = call(site, tmp_path, "-m", "seqlab", "sweep", "sweep=smoke", "--cfg", "job")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "model.num_layers:\n" in shown.stdout and "- model=lstm\n" in shown.stdout
    help_page = call(site, tmp_path, "-m", "seqlab", "sweep", "--help")
    names = [path.stem for path in (ROOT / "sweeps").glob("*.yaml")]
    assert len(names) >= 4 and all(f"  {name} " in help_page.stdout for name in names)
    words = ["-m", "hydra/sweeper=seqlab", "model.num_layers=1,2", "hydra.sweeper.budget.trails=2"]
    refused = call(site, tmp_path, "-m", "seqlab", "train", *words)
    assert refused.returncode == 2 and "did you mean: hydra.sweeper.budget.trials" in refused.stderr
    assert list(tmp_path.iterdir()) == []
