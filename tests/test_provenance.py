"""The commit that is kept is the one of now."""

import subprocess

from seqlab.provenance import git_commit


def test_the_commit_is_looked_up_every_time(tmp_path, monkeypatch):
    def git(*words):
        author = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *author, *words], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit() is None
    git("init")
    file = tmp_path / "a.txt"
    found = []
    for text in ("one", "two"):
        file.write_text(text)
        git("add", "a.txt")
        git("commit", "-m", text)
        found.append(git_commit())
    assert len(set(found)) == 2 and not any("changes" in commit for commit in found)
    file.write_text("three")
    assert git_commit() == f"{found[1]}+changes"
