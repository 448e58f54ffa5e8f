"""Commands given as a person gives them: in an empty folder, with a home of their own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
API_KEY = "local-" + "5ec2e7ab" * 5
PASSWORD = "hunter2-and-more"


class Person:
    """Somebody with a folder to work in and a home; nothing of this machine's settings reaches them.

    Args:
        folder: made here; holds `work`, `home` and `cache`.
    """

    def __init__(self, folder: Path) -> None:
        self.work, self.home, self.cache = folder / "work", folder / "home", folder / "cache"
        self.work.mkdir(parents=True)
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "XDG_", "HYDRA_", "PYTHON"))
        }
        own = {"HOME": str(self.home), "SEQLAB_CACHE": str(self.cache), "WANDB_API_KEY": API_KEY}
        self.environment = kept | own

    def begin(self, *command: str, **more: object) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self.work,
            env=self.environment,
            text=True,
            start_new_session=True,
            **{**pipes, **more},
        )

    def train(self, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
        """`python train.py WORDS`, to its end."""
        return _ended(self.begin_training(*words, **more))

    def begin_training(self, *words: str, **more: object) -> subprocess.Popen[str]:
        """`python train.py WORDS`, begun."""
        return self.begin(str(ROOT / "train.py"), *words, **more)

    def seqlab(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`seqlab WORDS`, to its end."""
        return _ended(self.begin("-m", "seqlab", *words))

    def left(self) -> set[str]:
        """Names in the folder of work."""
        return {path.name for path in self.work.iterdir()}

    def run_dirs(self) -> list[Path]:
        """Every run directory below the folder of work."""
        return sorted(path.parent for path in self.work.rglob("result.json"))


def _ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """Somebody who has done nothing yet."""
    return Person(tmp_path)


@pytest.fixture(scope="session")
def archive() -> Path:
    """The folder of the data sets that need no network."""
    from seqlab.data.archive import bundled_dir

    return bundled_dir()


@pytest.fixture(scope="session")
def small() -> list[str]:
    """Overrides for a run of a second: 67 training sequences of 24 steps, one feature, two classes."""
    return ["data=archive", "data.name=ItalyPowerDemand", "model.hidden_size=8", "trainer.max_epochs=2"]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, small: list[str]) -> "Finished":
    """A default run with its test part scored, followed by W&B offline."""
    person = Person(tmp_path_factory.mktemp("finished"))
    words = [
        *small,
        "seed=3",
        "evaluate_test=true",
        "logger.wandb.group=a pilot",
        "logger.wandb.tags=[mine]",
        f"data.directory=https://me:{PASSWORD}@example.org/sets",
    ]
    return Finished(person, words, person.train(*words))


class Finished:
    """A run that is over, and whoever gave the command.

    Args:
        person: who.
        words: what they said after `python train.py`.
        process: how it ended.
    """

    def __init__(self, person: Person, words: list[str], process: subprocess.CompletedProcess[str]) -> None:
        self.person, self.words, self.process = person, words, process
        assert process.returncode == 0, process.stderr
        (self.run_dir,) = person.run_dirs()
        self.result = json.loads((self.run_dir / "result.json").read_text(encoding="utf-8"))


@pytest.fixture
def wandb_records():
    """Reads an offline W&B run back with W&B's own reader."""

    def read(run_dir: Path) -> list[dict]:
        (log,) = (run_dir / "wandb").glob("*run-*/*.wandb")
        command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(log)]
        out = ""
        for _ in range(5):  # on a busy machine the reader now and then ends without a word
            out = out or subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
        return [json.loads(line) for line in out.splitlines()]

    return read


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[object]:
    """Makes disks of so many kilobytes; skips where none can be mounted."""
    mounted: list[Path] = []

    def make(kilobytes: int) -> Path:
        if shutil.which("mount") is None or os.geteuid() != 0:
            pytest.skip("a small disk can be mounted by root only")
        place = tmp_path / f"disk of {kilobytes} kB"
        place.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(place)],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
        mounted.append(place)
        return place

    yield make
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)
