"""A run's directory: held against others while the run lasts, and cleared of what an earlier run left."""

import contextlib
import errno
import shutil
from collections.abc import Generator
from pathlib import Path

import yaml
from filelock import FileLock, Timeout

from seqlab import files
from seqlab.config.build import to_plain
from seqlab.config.experiment import Experiment
from seqlab.errors import RunFailed, UserError
from seqlab.redaction import redact
from seqlab.results import CONFIG_FILE, CONFIG_HEADER, OWN_FILES, OWN_FOLDERS

# What a disk says that takes no more.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


@contextlib.contextmanager
def claimed(experiment: Experiment, run_dir: Path) -> Generator[None]:
    """Hold the run directory against others, without what an earlier run left in it."""
    lock = FileLock(run_dir / ".lock", timeout=0)
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise UserError(f"{run_dir}: another run is at work in this directory") from None
    except OSError as error:
        raise RunFailed(of_the_disk(error, run_dir)) from None
    try:
        _clear(experiment, run_dir)
        yield
    finally:
        (run_dir / ".lock").unlink(missing_ok=True)  # while it is held: nobody else can have taken it
        lock.release()


def _clear(experiment: Experiment, run_dir: Path) -> None:
    """Leave nothing of an earlier run but its folder, and the settings of this one."""
    plain = redact(to_plain(experiment)) | {"force": False}  # to replace a run is asked for each time anew
    text = f"{CONFIG_HEADER}\n{yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)}"
    try:
        for name in OWN_FILES:
            (run_dir / name).unlink(missing_ok=True)
        for folder in OWN_FOLDERS:
            shutil.rmtree(run_dir / folder, ignore_errors=True)
        files.write_text(run_dir / CONFIG_FILE, text)
    except OSError as error:
        raise RunFailed(of_the_disk(error, run_dir)) from None


def of_the_disk(error: OSError, place: Path | str = "the run directory") -> str:
    """What the system says, and of which file."""
    return f"{error.strerror or error}: {error.filename or place}"
