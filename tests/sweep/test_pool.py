"""A worker that is stopped before it was begun."""

import multiprocessing

import pytest

from seqlab.sweep.pool import Worker


@pytest.mark.parametrize("end", ["stop", "kill", "slay"])
def test_a_stop_while_a_worker_starts_leaves_nothing_to_trip_over(tmp_path, monkeypatch, end):
    def interrupted(self):
        raise KeyboardInterrupt

    context = multiprocessing.get_context("forkserver")
    monkeypatch.setattr(context.Process, "start", interrupted)
    worker = Worker(0, [], tmp_path / "worker.log")
    with pytest.raises(KeyboardInterrupt):
        worker.ensure()
    getattr(worker, end)()
