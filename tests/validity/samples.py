"""Articles, feeds and settings to render, written for the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from feeds.config import Publish, Site, Topic
from feeds.model import Enclosure, Evidence, Place, SourceRef, StoredArticle, TopicMatch
from feeds.render import OutputFeed, RenderSettings, SourceInfo

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BASE = "https://feeds.example/"

COURIER = SourceInfo(
    name="Le Courrier du Fleuve",
    url="https://courrier.example/rss",
    title="Courrier du Fleuve – à la une",
    id="tag:courrier.example,2020:une",
    link="https://courrier.example/",
    language="fr",
    control="state",
)
MINBAR = SourceInfo(
    name="منبر الصحراء", url="https://minbar.example/feed", language="ar", control="state-linked", text="full"
)


def article(number: int = 1, **values: Any) -> StoredArticle:
    """An article of the Courrier's that is known by *number*."""
    defaults: dict[str, Any] = {
        "identity": f"guid:{number}",
        "guid": str(number),
        "url": f"https://courrier.example/article/{number}?a=1&b=2",
        "link": f"https://courrier.example/article/{number}?a=1&b=2",
        "title": f"Mopti & Ségou : le fleuve monte de {number} mètres",
        "summary": "Les riverains se préparent. Le niveau < 5 m reste sûr & surveillé.",
        "content": '<p>Les riverains se préparent.</p><p><a href="https://courrier.example/carte?x=1&amp;y=2">Carte</a></p>',
        "language": "fr",
        "published": NOW - timedelta(hours=number),
        "updated": NOW - timedelta(hours=number),
        "authors": ("Awa Diallo", "Issa Maïga"),
        "image": "https://courrier.example/fleuve.jpg",
        "enclosures": (
            Enclosure("https://courrier.example/son.mp3", "audio/mpeg", 52_000),
            Enclosure("https://courrier.example/carte.pdf"),
        ),
        "topics": {"sahel": TopicMatch(1.5, (Evidence("mali", "Mopti", "title", 1.0, "Mali", "fr", "ML"),))},
        "id": f"urn:uuid:00000000-0000-5000-8000-{number:012d}",
        "first_seen": NOW,
        "source": SourceRef(COURIER.name, COURIER.url),
        "also": (SourceRef("Radio Delta", "https://delta.example/feed"),),
    }
    return StoredArticle(**(defaults | values))


def arabic_article(number: int = 2, **values: Any) -> StoredArticle:
    """An article of the Minbar's, in Arabic: right to left, without media, author or date."""
    defaults: dict[str, Any] = {
        "url": f"https://minbar.example/{number}",
        "link": f"https://minbar.example/{number}",
        "title": "ارتفاع منسوب النهر في موبتي",
        "summary": "يستعد السكان. المياه ترتفع.",
        "content": "<p>يستعد السكان.</p><p>المياه ترتفع.</p>",
        "language": "ar",
        "published": None,
        "authors": (),
        "image": None,
        "enclosures": (),
        "source": SourceRef(MINBAR.name, MINBAR.url),
        "also": (),
    }
    return article(number, **(defaults | values))


def output_feed(*articles: StoredArticle, **values: Any) -> OutputFeed:
    """The feed of the topic Sahel with *articles* in it."""
    defaults: dict[str, Any] = {
        "path": "sahel",
        "id": "urn:uuid:00000000-0000-5000-8000-ffffffffffff",
        "title": "Feeds: Sahel",
        "description": "Mali, Niger & their neighbours",
        "topic": "sahel",
        "updated_if_empty": NOW - timedelta(days=9),
        "articles": articles,
    }
    return OutputFeed(**(defaults | values))


def settings(**values: Any) -> RenderSettings:
    """Settings of a site at BASE with two sources; *text* and *hub* are [publish]'s, *site_values* [site]'s."""
    publish = Publish(text=values.pop("text", "summary"), hub=values.pop("hub", "https://hub.example/"))
    site = Site(title="Feeds", base_url=BASE, author="The Editors", **values.pop("site_values", {}))
    defaults: dict[str, Any] = {
        "site": site,
        "publish": publish,
        "version": "1.2.3",
        "sources": {source.name: source for source in (COURIER, MINBAR)},
        "topics": {"sahel": Topic(title="Sahel")},
        "places": {"mali": Place(17.57, -4.0, is_country=True), "gao": Place(16.27, -0.04)},
    }
    return RenderSettings(**(defaults | values))
