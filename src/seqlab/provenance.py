"""Where a result comes from: versions, machine and commit."""

import functools
import importlib.metadata
import os
import platform
import subprocess

_PACKAGES = (
    "seqlab", "torch", "pytorch-lightning", "torchmetrics", "hydra-core", "numpy", "scikit-learn", "aeon", "wandb",
)  # fmt: skip


@functools.cache
def environment() -> dict[str, str]:
    """Versions of Python and the packages that shape a number, and the machine; looked up once a process."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {
        "python": platform.python_version(),
        **versions,
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": str(os.cpu_count()),
    }


def git_commit() -> str | None:
    """Commit of the repository around the working directory, "+changes" if files differ from it; None without."""
    try:
        commit = _git("rev-parse", "HEAD")
        return f"{commit}+changes" if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True, timeout=5)
    return done.stdout.strip()
