"""Letters of names that come from anywhere: what no file can hold, what no screen should obey."""

import unicodedata

# Marks that turn the direction of all text behind them: a name that holds one could turn a verdict around.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_BLANKS = "\t\n\r\v\f\x85"


def whole(text: str) -> str:
    """Text that UTF-8 can hold: halves of characters are question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def shown(text: str) -> str:
    """Text for a reader: whole, without control characters, which a terminal would obey, and in one direction."""
    return "".join(
        letter
        for letter in whole(text)
        if letter in _BLANKS or (unicodedata.category(letter) != "Cc" and ord(letter) not in _TURNING)
    )
