"""A worker that is stopped before it was begun."""

import multiprocessing

import pytest

from seqlab.sweep.pool import Worker
from seqlab.sweep.worker import serve


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


def test_a_worker_that_comes_up_after_all_is_over_goes_in_silence(tmp_path, capfd):
    context = multiprocessing.get_context("spawn")
    _ours, theirs = context.Pipe()
    late = context.Process(target=serve, args=(theirs, 0, [], tmp_path / "gone" / "workers.log"))
    late.start()
    late.join(60)
    assert late.exitcode == 0
    assert capfd.readouterr().err == ""
