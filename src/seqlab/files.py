"""Files that survive: whole-file writes (beside the target, then renamed) and append-only logs of JSON rows."""

import json
import math
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any


def write_whole(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file beside `target`, then rename it into place.

    A full disk or a kill leaves either the old file or the new one, never half of one.

    Args:
        target: the final path; its folder is made if needed.
        write: called with a path in the same folder, with the target's suffix.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.stem}.{uuid.uuid4().hex[:8]}{target.suffix}")
    try:
        write(draft)
        with draft.open("rb+") as stream:  # Windows syncs only what is open for writing
            os.fsync(stream.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    write_whole(target, lambda draft: _write_text(draft, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def write_bytes(target: Path, content: bytes) -> None:
    """Write `content`, whole or not at all."""
    write_whole(target, lambda draft: _write_bytes(draft, content))


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def write_json(target: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as indented JSON; NaN and infinities become null (JSON has neither)."""
    write_text(target, json.dumps(finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    return json.loads(path.read_text(encoding="utf-8"))


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Append one JSON row and flush it to the operating system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(finite(row), ensure_ascii=False, allow_nan=False) + "\n")


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of an append-only log; a torn last line is left out."""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if line.endswith("\n"):
                yield json.loads(line)


def finite(value: Any) -> Any:
    """`value` with every float that JSON cannot hold (NaN, infinities) replaced by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value
