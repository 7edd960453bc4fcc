"""Text that was encoded as UTF-8 twice ("dÃ©jÃ ", "â€™", "РњР°Р»Рё"), mended run by run. Pure; called by normalise.

ftfy knows by which encodings such text came about, and which letters only look like it; here stands what it must not touch.
"""

from __future__ import annotations

import re

from feeds.markup.safe import valid

# What each script's letters begin with, or have second: looked for first, as ftfy takes 0.1 s to load and 0.1 ms a line.
_SIGNS = "ÃÂÐÑØÙÅÄÎÏ×€\x80\x81ƒ‚¸¤¼ˆ‹ðѕЂ"
_MARK = re.compile(
    "[ÂÃÄÅÆÎÏÐÑÒ×ØÙÚÛ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ &]|[âãäåæçèé][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2}"
    "|à[¤¦¨ª¬®°²´¸º¹]|á[ˆ‰Š‹Œ‚ƒ\x80-\x8f]|ï[¼½¿»]|ðŸ|[РС][°ѕЎ-Џ‚ѓ„…†‡€‰‹љњќћџ]|вЂ|Г[©Ё«±і]"
)
_SPACE = re.compile("([ÂÃ])&nbsp;")
_QUOTES = (('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"), ("‹", "›"), ("‘", "’"), ("'", "'"), ("`", "`"), ("(", ")"))
_QUOTED = re.compile(
    "|".join(
        rf"(?<![^\s(>:]){re.escape(start)}\s?([^\n<>{start}{end}]{{1,40}}?)\s?{re.escape(end)}(?![^\s.,;:!?)<])"
        for start, end in _QUOTES
    )
)
_LONGEST_ALONE = 3  # letters that are shown for what they are
_CODE = re.compile(r"<(code|pre|samp|kbd|tt)\b[^<>]*>[^<]*</\1>")
# A word in capitals that ends in Ã, before a quotation mark or a dash.
_CAPITALS = re.compile("(?<=[A-ZÀ-Þ])[ÂÃ][‚„…‹‘’“”•–—›«»\xa0](?![A-Za-zÀ-ÿ])")
_FIRST_HELD, _MOST_HELD = 0xF0000, 500  # of a private plane: stands for what is held back, and in no text


def without_mojibake(text: str) -> str:
    """*text* with what was encoded twice decoded, but where it is quoted on purpose: in code, alone between quotation
    marks ("Ã©" for é), or between them beside the same word as it should be.
    """
    if text.isascii() or not any(sign in text for sign in _SIGNS) or not _MARK.search(text):
        return text
    import ftfy  # here: see _SIGNS

    text = _SPACE.sub("\\1\xa0", text)

    config = ftfy.TextFixerConfig(replace_lossy_sequences=False)
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        if len(held) == _MOST_HELD:
            return found[0]
        held.append(found[0])
        return chr(_FIRST_HELD + len(held) - 1)

    def hold_quoted(found: re.Match[str]) -> str:
        inner = next(group for group in found.groups() if group is not None)
        if not _MARK.search(inner):
            return found[0]
        mended = ftfy.fix_encoding(inner, config)
        is_shown = len(mended.replace(" ", "")) <= _LONGEST_ALONE or mended in text
        return hold(found) if is_shown else found[0]

    kept = _CAPITALS.sub(hold, _QUOTED.sub(hold_quoted, _CODE.sub(hold, text), _MOST_HELD))
    mended = ftfy.fix_encoding(kept, config)
    for number in reversed(range(len(held))):
        mended = mended.replace(chr(_FIRST_HELD + number), held[number])
    return valid(mended)
