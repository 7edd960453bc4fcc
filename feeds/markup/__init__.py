"""Safe HTML and plain text out of whatever a source wrote. Pure; called by normalise and render."""

from feeds.markup.furniture import cut_furniture, headline
from feeds.markup.lines import title_and_rest
from feeds.markup.mojibake import without_mojibake
from feeds.markup.pictures import is_picture_file, may_lead, page_image, shows_nothing
from feeds.markup.plain import (
    decoded_once,
    inert_title,
    plain_text,
    plain_title,
    summarise,
    without_cdata_marks,
    without_tail,
)
from feeds.markup.safe import MAX_LENGTH, clean_html, first_image, valid, with_places

__all__ = [
    "MAX_LENGTH", "clean_html", "cut_furniture", "decoded_once", "first_image", "headline", "inert_title", "is_picture_file",
    "may_lead", "page_image", "plain_text", "plain_title", "shows_nothing", "summarise", "title_and_rest", "valid",
    "with_places", "without_cdata_marks", "without_mojibake", "without_tail",
]  # fmt: skip
