"""What workers are forked from imports everything once, and sets it apart.

No worker's garbage collector then ever looks through it, and its memory stays shared between them.
"""

import gc

from seqlab.startup import collector_off

with collector_off():
    import seqlab.sweep.worker  # noqa: F401  # pyright: ignore[reportUnusedImport]
gc.freeze()
