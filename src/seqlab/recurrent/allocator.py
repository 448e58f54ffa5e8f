"""One process-wide setting that the CPU kernels gain much from."""

import ctypes

# Names and numbers of glibc's malloc.h; its largest threshold for mapping on a 64-bit machine is 32 MiB
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
KEEP = 1 << 30
LARGEST = 32 << 20


def keep_freed_memory() -> bool:
    """Have the C library keep freed memory for the next step instead of giving it back to the system.

    A recurrent kernel's working memory is taken and freed in every step. Given back each time, it is mapped and zeroed
    anew: 7000 page faults, a quarter to a third of the CPU time of a step of `benchmarks/encoder_step.py`. Call it
    once at the start of a process that trains on a CPU; the process then keeps up to 1 GiB that it does not use.

    Returns:
        Whether it was done: False where the C library is not glibc (macOS, Windows, musl).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
        ctypes.CDLL(None).gnu_get_libc_version  # noqa: B018 - musl has a mallopt that does nothing
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_TRIM_THRESHOLD, KEEP)) and bool(mallopt(M_MMAP_THRESHOLD, LARGEST))
