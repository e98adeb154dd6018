"""Text from outside, made safe to show: names of resources and tags, and messages that quote files."""

import unicodedata

MAX_LABEL = 200
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))  # controls, marks that change the direction, surrogates, line ends
_KEPT = "\u00ad\u200c\u200d"  # soft hyphen, and joiners, which some scripts and emoji need
_PLACEHOLDER = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, limit: int = 2000) -> str:
    """Replace each character that is not seen or that moves others, and cut a long text. A line break is a space."""
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(map(_shown, cut))


def _shown(character: str) -> str:
    if character in "\t\n\r":
        return " "
    is_hidden = unicodedata.category(character) in _HIDDEN and character not in _KEPT
    return _PLACEHOLDER if is_hidden or _is_noncharacter(ord(character)) else character


def _is_noncharacter(code: int) -> bool:
    """Return whether Unicode assigns no character for good. XML does not allow the most of them."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
