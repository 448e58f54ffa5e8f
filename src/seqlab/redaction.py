"""Secrets out of a configuration before it is shown, stored or sent anywhere."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

REDACTED = "<redacted>"

_SECRET_WORDS = frozenset(
    {
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "secrets",
        "token",
        "dsn",
        "credential",
        "credentials",
        "sslpassword",
    }
    | {"apikey", "authorization"}
)
_SECRET_PAIRS = frozenset(
    {
        ("api", "key"),
        ("access", "key"),
        ("secret", "key"),
        ("private", "key"),
        ("auth", "key"),
        ("account", "key"),
    }
)
# What a pair may be followed by and still hold the secret itself, unlike api_key_file.
_HARMLESS_ENDS = frozenset({"file", "path", "name", "env", "var", "variable"})
# Symbols of a vocabulary.
_VOCABULARY = frozenset(
    {"pad", "eos", "bos", "unk", "mask", "sep", "cls", "start", "end", "special", "blank", "first", "last"}
    | {"next", "per"}
)

# Values, as they are written, that hold nothing.
_UNSET = ("null", "true", "false")

# user:password@ after a scheme; the last @ before the next URL ends the password. A port is no password.
_URL_PASSWORD = re.compile(
    r"\b([a-z][a-z0-9+.\-]*://[^\s:/@]*:)(?!\d{1,5}(?:[/?#]|$))(?:(?!://)\S)+@", re.IGNORECASE
)
# The same where the text is a URL and nothing else: its password may hold spaces, and any number of @.
_WHOLE_URL = re.compile(
    r"\A(['\"]?[a-z][a-z0-9+.\-]*://[^\s:/@]*:)(?!\d{1,5}(?:[/?#]|$))(?:(?!://).)+@",
    re.IGNORECASE | re.DOTALL,
)
# name=value in query strings, libpq DSNs and command lines.
_ASSIGNMENT = re.compile(r"([\w.\-]+)(\s*=\s*)('[^']*'|\"[^\"]*\"|[^\s&;,'\"]+)")
_BEARER = re.compile(r"\b(bearer\s+)[\w.~+/=\-]{8,}", re.IGNORECASE)


def redact(config: Any) -> Any:
    """A copy of a plain configuration without its secrets.

    Values under names such as `api_key`, `password`, `secret`, `access_token` or `dsn` become "<redacted>"; so do
    passwords in URLs (`scheme://user:<redacted>@host`), `name=value` pairs of such names and bearer tokens within any
    string, at any depth. Unset values (None, empty, true or false) stay.

    Args:
        config: nested mappings, lists and plain values.

    Returns:
        The same shape; mappings as dicts, tuples as lists.
    """
    if isinstance(config, Mapping):
        return {key: _under(str(key), value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [redact(item) for item in config]
    if isinstance(config, str):
        return redact_text(config)
    return config


def redact_text(text: str) -> str:
    """`text` without passwords in URLs, `secret_name=value` pairs and bearer tokens."""
    text = _WHOLE_URL.sub(rf"\g<1>{REDACTED}@", text)
    text = _URL_PASSWORD.sub(rf"\g<1>{REDACTED}@", text)
    text = _ASSIGNMENT.sub(_redact_assignment, text)
    return _BEARER.sub(rf"\g<1>{REDACTED}", text)


def redact_words(words: Sequence[str]) -> list[str]:
    """The words of a command line without secrets; everything after `secret_name=` counts, spaces and all.

    Args:
        words: such as ["python", "train.py", "data.password=a b, c"].
    """
    return [_redact_word(word) for word in words]


def is_secret_name(name: str) -> bool:
    """Whether a key by this name holds a secret: `db_password` and `apiKey` do; `tokens`, `key`, `pad_token` do not."""
    name = name.rsplit(".", 1)[-1]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower().split("_")
    words = [word for word in words if word]
    if not words or words[-1] in _HARMLESS_ENDS:
        return False
    if any(pair in _SECRET_PAIRS for pair in itertools.pairwise(words)):
        return True
    if words[-1] == "token" and _VOCABULARY.intersection(words[:-1]):
        return False
    return words[-1] in _SECRET_WORDS


def _under(key: str, value: Any) -> Any:
    unset = value is None or isinstance(value, bool) or value in ("", [], {})
    return REDACTED if is_secret_name(key) and not unset else redact(value)


def _redact_word(word: str) -> str:
    name, equals, value = word.partition("=")
    if is_secret_name(name.lstrip("+~-")) and value not in ("", *_UNSET):
        return f"{name}{equals}{REDACTED}"
    return redact_text(f"{name}{equals}{redact_text(value)}")


def _redact_assignment(match: "re.Match[str]") -> str:
    name, equals, value = match.groups()
    return f"{name}{equals}{REDACTED if is_secret_name(name) and value not in _UNSET else value}"
