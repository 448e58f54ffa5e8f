"""Addresses of databases: which one a sweep uses, how it is opened, and what of an address may be shown."""

import os
from typing import Any

from seqlab.errors import UserError
from seqlab.redaction import REDACTED, redact_text
from seqlab.sweep.definition import Sweep

# Holds the address of a database, such as one with a password, which no command line shows.
STORAGE_VARIABLE = "SEQLAB_STORAGE"
SQLITE, POSTGRESQL = "sqlite:///", "postgresql://"
ALLOWED = "none (study.db in the sweep's directory), or postgresql://USER@HOST/DATABASE"
_DRIVER = "psycopg"
# Given to the driver where the address does not say otherwise. A server that has vanished from the network is
# noticed within half a minute; by itself TCP takes hours.
_PATIENCE = {
    "application_name": "seqlab",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}


def storage_of(sweep: Sweep) -> str | None:
    """The address of another database than the sweep's own, from its settings or the environment; None: its own."""
    return sweep.config.storage or os.environ.get(STORAGE_VARIABLE) or None


def shown_address(address: str) -> str:
    """An address without its password, however it is written: `@`, `:` and `/` in a password included."""
    if address.startswith("sqlite:"):
        return address
    head, at, place = address.rpartition("@")
    scheme, slashes, who = head.partition("://") if "://" in head else ("", "", head)
    user, colon, password = who.partition(":")
    return redact_text(f"{scheme}{slashes}{user}{colon}{REDACTED if password else ''}{at}{place}")


def postgresql(address: str, key: str = "storage") -> tuple[str, dict[str, Any]]:
    """The address of a PostgreSQL database as SQLAlchemy takes it, and what its driver is told besides.

    Args:
        address: such as "postgresql://me@host/name".
        key: what the user called it.

    Raises:
        UserError: for one that cannot be read, or whose driver is not installed.
    """
    import sqlalchemy as sa
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        url = None if address.partition("?")[0].count("@") > 1 else sa.make_url(address)
    except (ArgumentError, ValueError):
        url = None
    if url is None:
        raise UserError(
            f"{key}: {shown_address(address)} cannot be read\nallowed: {ALLOWED}\n"
            "with %40 for @, %3A for : and %2F for / in a password"
        )
    if url.drivername == "postgresql":
        url = url.set(drivername=f"postgresql+{_DRIVER}")
    try:
        url.get_dialect().import_dbapi()
    except (ImportError, NoSuchModuleError) as error:
        if url.drivername != f"postgresql+{_DRIVER}":
            raise UserError(f"{key}: {' '.join(str(error).split())}\nallowed: {ALLOWED}") from None
        raise UserError(
            f"{key}: PostgreSQL needs the package {_DRIVER}: pip install 'seqlab[postgresql]'"
        ) from None
    options = {name: value for name, value in _PATIENCE.items() if name not in url.query}
    # written anew, so that everything out of the ordinary is escaped: Optuna formats the text
    return url.render_as_string(hide_password=False), options
