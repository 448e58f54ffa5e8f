"""Sets of the archive: bundled, in a folder, downloaded from a server of our own, and without a network."""

import io
import socket
import subprocess
import sys
import time
import urllib.error
import zipfile

import numpy as np
import pytest
from aeon.datasets import load_classification

from seqlab.config.data import ArchiveConfig
from seqlab.data import download
from seqlab.data.archive import Archive, bundled
from seqlab.errors import UserError

TEXT = "@classLabel true a b\n@data\n1,2:a\n3:b\n"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise urllib.error.URLError(socket.gaierror(-2, "Name or service not known"))

    monkeypatch.setattr("urllib.request.urlopen", refuse)


def archive(name, **settings):
    return Archive(ArchiveConfig(name=name, **settings))


def refused(name, **settings):
    with pytest.raises(UserError) as caught:
        archive(name, **settings).read_train()
    assert len(str(caught.value).splitlines()) <= 3
    return str(caught.value)


def zipped(**members):
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w") as file:
        for name, text in members.items():
            file.writestr(name, text)
    return store.getvalue()


def serve(monkeypatch, content):
    asked = []

    def answer(address, timeout):
        asked.append(address)
        return io.BytesIO(content)

    monkeypatch.setattr("urllib.request.urlopen", answer)
    return asked


@pytest.mark.parametrize("name", ["JapaneseVowels", "GunPoint", "BasicMotions"])
def test_parts_as_aeon_has_them(name):
    for part, read in (("train", archive(name).read_train), ("test", archive(name).read_test)):
        X, y = load_classification(name, split=part)
        found = read()
        assert len(found) == len(X)
        assert [label.lower() for label in found.labels] == [str(label) for label in y]
        np.testing.assert_array_equal(found.values[-1], np.asarray(X[-1]).T.astype(np.float32))


def test_bundled_names():
    assert {"JapaneseVowels", "GunPoint", "ItalyPowerDemand", "ArrowHead", "BasicMotions", "OSULeaf"} <= set(
        bundled()
    )
    assert "CardanoSentiment" not in bundled()


def test_aeon_is_not_imported():
    code = (
        "import sys; from seqlab.data.archive import *; Archive(ArchiveConfig()).read_train();"
        "assert not {'aeon', 'pandas', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "a\\b", "/etc/passwd", "a b", "x\n"])
def test_names_that_lead_elsewhere(name):
    assert "data.name" in refused(name)


def test_misspelt_without_a_network():
    started = time.monotonic()
    message = refused("GunPiont")
    assert time.monotonic() - started < 3
    assert "GunPiont" in message and "needs a network" in message
    assert "did you mean GunPoint?" in message
    assert "JapaneseVowels" in message


def test_a_network_that_never_answers(monkeypatch):
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: time.sleep(1.5))
    started = time.monotonic()
    assert "no answer" in refused("Coffee")
    assert time.monotonic() - started < 1.2


def test_downloaded_once(monkeypatch, cache):
    content = zipped(
        **{"Coffee_TRAIN.ts": TEXT, "Coffee_TEST.ts": TEXT, "../evil.txt": "x", "Coffee.txt": "x"}
    )
    asked = serve(monkeypatch, content)
    assert archive("Coffee").read_train().labels == ["a", "b"]
    assert archive("Coffee").read_test().labels == ["a", "b"]
    assert asked == ["https://timeseriesclassification.com/aeon-toolkit/Coffee.zip"]
    assert sorted(file.name for file in cache.rglob("*.*")) == ["Coffee_TEST.ts", "Coffee_TRAIN.ts"]


def test_downloaded_into_the_directory(monkeypatch, tmp_path):
    serve(monkeypatch, zipped(**{"Coffee_TRAIN.ts": TEXT, "Coffee_TEST.ts": TEXT}))
    archive("Coffee", directory=str(tmp_path / "own")).read_train()
    assert (tmp_path / "own" / "Coffee" / "Coffee_TEST.ts").is_file()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>", "none of this name"),
        (zipped(**{"Coffee_TRAIN.ts": TEXT}), "lacks Coffee_TEST.ts"),
        (zipped(**{"Coffee_TRAIN.ts": TEXT, "Coffee_TEST.ts": TEXT})[:-30], "none of this name"),
    ],
)
def test_other_answers(monkeypatch, cache, content, words):
    serve(monkeypatch, content)
    assert words in refused("Coffee")
    assert not list(cache.rglob("*.ts"))


@pytest.mark.parametrize(("code", "words"), [(404, "none of this name"), (503, "answers 503")])
def test_http_errors(monkeypatch, code, words):
    def answer(address, timeout):
        raise urllib.error.HTTPError(address, code, "x", None, None)

    monkeypatch.setattr("urllib.request.urlopen", answer)
    assert words in refused("Coffee")


def test_a_line_that_breaks_off(monkeypatch):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise TimeoutError("timed out")

    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: Broken())
    assert "needs a network (timed out)" in refused("Coffee")


@pytest.mark.parametrize("folder", [".", "Mine"])
def test_own_directory_comes_first(tmp_path, folder):
    (tmp_path / folder).mkdir(exist_ok=True)
    for part in ("TRAIN", "TEST"):
        (tmp_path / folder / f"Mine_{part}.ts").write_text(TEXT)
    mine = archive("Mine", directory=str(tmp_path))
    assert mine.name == "Mine"
    assert len(mine.read_train()) == len(mine.read_test()) == 2


def test_capitals_count_and_no_network_is_asked(monkeypatch):
    asked = serve(monkeypatch, b"")
    message = refused("gunpoint")
    assert "did you mean GunPoint?" in message and "case-sensitive" in message
    assert not asked


def test_the_folder_that_was_searched_is_named(tmp_path):
    assert f"in {tmp_path / 'none'} (data.directory), which is no folder" in refused(
        "Coffee", directory=str(tmp_path / "none")
    )
    (tmp_path / "Pumps").mkdir()
    (tmp_path / "Pumps" / "Pumps_TRAIN.ts").write_text(TEXT)
    message = refused("Pump", directory=str(tmp_path))
    assert f"in {tmp_path} (data.directory) nor" in message
    assert "did you mean Pumps?" in message


def test_a_set_with_missing_values_comes_in_the_archives_completed_version(monkeypatch, cache):
    missing = TEXT.replace("1", "?", 1)
    content = zipped(
        **{f"Coffee_{part}.ts": missing for part in ("TRAIN", "TEST")},
        **{f"Coffee_nmv_{part}.ts": TEXT for part in ("TRAIN", "TEST")},
    )
    asked = serve(monkeypatch, content)
    for _ in range(2):  # as it comes, and from the cache
        source = archive("Coffee")
        assert source.read_train().labels == source.read_test().labels == ["a", "b"]
        assert "filled in by the archive's makers" in source.notes[0]
    assert len(asked) == 1
