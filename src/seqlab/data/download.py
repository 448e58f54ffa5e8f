"""Fetching a set of the archive from its site, with an answer within seconds where there is no network."""

import queue
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from seqlab import files

ADDRESS = "https://timeseriesclassification.com/aeon-toolkit/{name}.zip"
CONNECT_SECONDS = 5.0  # for name look-up, connection and the first answer together
SILENCE_SECONDS = 20.0  # the longest pause while bytes come


class NotFetched(Exception):  # it is an answer, turned into the user's error by the caller
    """Why there is no such set, to follow the words "no data set NAME on this machine, and"."""


def fetch(name: str, directory: Path) -> None:
    """Download a set into `directory`/NAME/NAME_TRAIN.ts and NAME_TEST.ts.

    Only these two files are taken from what comes, each written whole; and, where the archive has them, the same
    two without missing values, NAME_nmv_TRAIN.ts and NAME_nmv_TEST.ts.

    Raises:
        NotFetched: if the site cannot be reached or has no such set.
    """
    wanted = {f"{name}_TRAIN.ts", f"{name}_TEST.ts"}
    with tempfile.TemporaryFile() as store:
        _copy(ADDRESS.format(name=name), store)
        try:
            with zipfile.ZipFile(store) as archive:
                members = {Path(m.filename).name: m for m in archive.infolist() if not m.is_dir()}
                if not wanted <= members.keys():
                    raise NotFetched(
                        f"what the archive's site has under this name lacks {min(wanted - members.keys())}"
                    )
                complete = {f"{name}_nmv_TRAIN.ts", f"{name}_nmv_TEST.ts"}
                for file in sorted(wanted | (complete if complete <= members.keys() else set())):
                    _extract(archive, members[file], directory / name / file)
        except zipfile.BadZipFile:  # the site answers an unknown name with a page
            raise NotFetched("the archive's site has none of this name") from None
        except OSError as error:
            raise NotFetched(f"it cannot be written to {directory} ({error.strerror or error})") from None


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    def write(draft: Path) -> None:
        with archive.open(member) as source, draft.open("wb") as sink:
            shutil.copyfileobj(source, sink)

    files.write_whole(target, write)


def _copy(address: str, store: Any) -> None:
    try:
        with _open(address) as response:
            shutil.copyfileobj(response, store, 1 << 20)
    except urllib.error.HTTPError as error:
        reason = "has none of this name" if error.code == 404 else f"answers {error.code}"
        raise NotFetched(f"the archive's site {reason}") from None
    except OSError as error:  # URLError and time-outs among them
        raise NotFetched(f"downloading it needs a network ({_reason(error)})") from None


def _open(address: str) -> Any:
    """The response, or an OSError within CONNECT_SECONDS: a name look-up by itself knows no time limit."""
    answer: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def connect() -> None:
        try:
            answer.put(urllib.request.urlopen(address, timeout=SILENCE_SECONDS))
        except Exception as error:  # handed over and raised below
            answer.put(error)

    threading.Thread(target=connect, daemon=True, name="seqlab-download").start()
    started = time.monotonic()
    try:
        result = answer.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise TimeoutError(f"no answer in {time.monotonic() - started:.0f} s") from None
    if isinstance(result, OSError):
        raise result
    if isinstance(result, Exception):
        raise OSError(str(result))
    return result


def _reason(error: OSError) -> str:
    inner = getattr(error, "reason", error)
    return (str(getattr(inner, "strerror", None) or inner).splitlines() or ["no answer"])[0]
