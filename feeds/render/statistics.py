"""statistics.html of a topic, and of all: its last days in numbers. Pure; called by outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from feeds.model import Counts, Document
from feeds.names import country_name, day_of_month_name, language_name, short_day_name
from feeds.render.charts import bars, lines
from feeds.render.page import filled, heading
from feeds.render.parts import MEDIA_TYPES, OutputFeed, RenderSettings
from feeds.render.words import words


def statistics_path(feed: str) -> str:
    """Where the numbers of the topic *feed*, or of all, are, under output/."""
    return f"{feed}/statistics.html"


def statistics_page(
    feed: OutputFeed,
    days: Sequence[date],
    counts: Counts,
    series: Mapping[str, Sequence[int]],
    settings: RenderSettings,
) -> Document:
    """*feed* in *days*; *series* are the articles a day of the topics to show, by their titles."""
    _, language = words(settings.site), settings.site.language
    charts = [lines(_("Articles a day"), _("Day"), [day_of_month_name(day, language) for day in days], series)]
    parts = (
        ("lang", _("Languages"), _("Language"), language_name),
        ("country", _("Countries"), _("Country"), country_name),
    )
    for kind, title, head, name in parts:
        prefix = f"{feed.path}/{kind}/"
        found = {name(path.removeprefix(prefix), language): count
                 for path, count in counts.parts.items() if path.startswith(prefix)}  # fmt: skip
        charts.append(bars(title, (head, _("Articles")), found))
    charts.append(bars(_("Outlets"), (_("Outlet"), _("Articles")), counts.outlets))
    body = filled(
        "statistics.html",
        settings,
        "../",
        section=feed.path,
        title=f"{heading(feed)}: {_('In numbers')}",
        page="index.html",
        span=f"{short_day_name(days[0], language)} – {short_day_name(days[-1], language)}",
        total=sum(counts.days),
        charts=[chart for chart in charts if any(any(row[1:]) for row in chart.rows)],
    )
    return Document(statistics_path(feed.path), MEDIA_TYPES["html"], body)
