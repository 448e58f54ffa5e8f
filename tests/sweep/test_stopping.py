import os
import signal
import threading
import weakref

import pytest

from seqlab.sweep.stopping import StopRequests


class Thing:
    """Something that a weak reference can point at."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_is_kept_even_where_an_exception_would_be_lost(number, capfd):
    requests, thing = StopRequests(), Thing()
    asks = weakref.ref(thing, lambda _: os.kill(os.getpid(), number))
    with requests.noted():
        del thing
        assert requests.stopping.wait(5)
    assert asks() is None and requests.signals == [number]
    assert capfd.readouterr().err == ""


def test_what_was_asked_for_is_raised_only_when_it_was():
    requests = StopRequests()
    requests.obey()
    requests.signals.append(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        requests.obey()
    terminated = StopRequests()
    terminated.signals.append(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        terminated.obey()
    assert ended.value.code == 143


def test_what_was_done_with_signals_before_is_done_again_afterwards():
    before = signal.getsignal(signal.SIGINT)
    with StopRequests().noted():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_may_ask_for_it_without_effect():
    went = []

    def work():
        with StopRequests().noted():
            went.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert went == [True]
