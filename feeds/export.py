"""Articles as lines for other programs: JSON Lines and CSV. Pure; called by cli."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from feeds.config import Source
from feeds.model import SourceRef, StoredArticle

_CSV = (
    "id",
    "title",
    "url",
    "published",
    "updated",
    "first_seen",
    "language",
    "source",
    "also",
    "authors",
    "topics",
    "summary",
    "link",
    "guid",
    "control",
    "type",
    "country",
)
# What a spreadsheet would run as a formula is opened with an apostrophe (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


# By a source's name: its control, type and country, as config.toml has them.
Labels = Mapping[str, dict[str, Any]]
_NO_LABELS = {"control": "unknown", "type": None, "country": None}


def source_labels(sources: Iterable[Source], controls: Mapping[str, str | None]) -> Labels:
    """What is known of each source. One that has left the config keeps the control that it had there (*controls*)."""
    labels: dict[str, dict[str, Any]] = {
        name: {"control": control or "unknown", "type": None, "country": None} for name, control in controls.items()
    }
    for source in sources:
        countries = source.countries
        country = countries[0] if len(countries) == 1 else list(countries) or None
        labels[source.name] = {"control": source.control, "type": source.type, "country": country}
    return labels


def jsonl(articles: Iterable[StoredArticle], labels: Labels) -> Iterator[str]:
    """One article a line, as the contract names its keys; absent is null."""
    for article in articles:
        yield json.dumps(labelled(row(article), labels), ensure_ascii=False) + "\n"


def row(article: StoredArticle) -> dict[str, Any]:
    """An article as `export --jsonl` shows it, but for the labels of its sources."""
    return {
        "id": article.id,
        "guid": article.guid,
        "url": article.url,
        "link": article.link,
        "title": article.title,
        "summary": article.summary or None,
        "content": article.content or None,
        "language": article.language,
        "published": _moment(article.published),
        "updated": _moment(article.updated),
        "first_seen": _moment(article.first_seen),
        "authors": list(article.authors),
        "image": article.image,
        "enclosures": [{"url": each.url, "type": each.type, "length": each.length} for each in article.enclosures],
        "source": _source(article.source),
        "also": [_source(source) for source in article.also],
        "topics": {
            name: {"score": round(match.score, 3), "matches": [_evidence(each) for each in match.evidence]}
            for name, match in sorted(article.topics.items())
        },
    }


def labelled(shown: dict[str, Any], labels: Labels) -> dict[str, Any]:
    """A `row` with what is known of its sources: of each within it, and of its own beside it, too, as in CSV."""
    source, *also = [each | labels.get(each["name"], _NO_LABELS) for each in (shown["source"], *shown["also"])]
    return shown | labels.get(source["name"], _NO_LABELS) | {"source": source, "also": also}


def csv_lines(articles: Iterable[StoredArticle], labels: Labels) -> Iterator[str]:
    """A heading and one article a line; a byte order mark first, by which spreadsheets know UTF-8."""
    yield "\ufeff" + _csv_line(_CSV)
    for article in articles:
        values = labelled(row(article), labels)
        country = values["country"]
        values |= {
            "source": article.source.name,
            "also": "; ".join(source.name for source in article.also),
            "authors": "; ".join(article.authors),
            "topics": "; ".join(sorted(article.topics)),
            "country": "; ".join(country) if isinstance(country, list) else country,
        }
        yield _csv_line([_inert(str(values[name] or "")) for name in _CSV])


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _inert(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) else cell


def _evidence(evidence: Any) -> dict[str, Any]:
    names = ("concept", "label", "term", "where", "weight", "language", "country")
    return {name: getattr(evidence, name) for name in names}


def _source(source: SourceRef) -> dict[str, Any]:
    return {"name": source.name, "url": source.url}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
