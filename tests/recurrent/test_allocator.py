"""Keeping freed memory: done where the C library can, harmless where it cannot."""

import platform
import subprocess
import sys

import pytest

COUNT_FAULTS = """
import resource, torch
from seqlab.recurrent.allocator import keep_freed_memory
done = keep_freed_memory()
def work():
    for _ in range(20):
        torch.ones(5_000_000)
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(done, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc's")
def test_freed_memory_is_used_again():
    printed = subprocess.run(
        [sys.executable, "-c", COUNT_FAULTS], capture_output=True, text=True, check=True
    ).stdout
    done, faults = printed.split()
    assert done == "True"
    assert int(faults) < 1000  # mapped anew, these 20 blocks of 20 MB would be 97 000


def test_other_libraries_are_left_alone(monkeypatch):
    from seqlab.recurrent import allocator

    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda _: object())
    assert allocator.keep_freed_memory() is False
