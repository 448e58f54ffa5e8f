"""Where a worker process begins: the coordinator imports this, and leaves what is heavy to the worker."""

from multiprocessing.connection import Connection
from pathlib import Path


def begin(connection: Connection, number: int, plugins: list[str], log: Path) -> None:
    """Become a worker; see `worker.serve`."""
    from seqlab.sweep.worker import serve

    serve(connection, number, plugins, log)
