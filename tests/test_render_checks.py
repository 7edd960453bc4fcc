"""The checks themselves: what they must find in a document that is spoilt on purpose."""

from __future__ import annotations

import json

import pytest

from feeds.render import render_feed
from tests.validity.checks import check_document
from tests.validity.samples import BASE, NOW, article, output_feed, settings

_MADE = {
    document.path.rpartition("/")[2]: document.body.decode()
    for document in render_feed(output_feed(article(1), article(2)), settings(text="full"))
}


def messages(name: str, old: str, new: str) -> str:
    """What is said of the document *name* where *old* is put as *new*."""
    assert old in _MADE[name]
    body = _MADE[name].replace(old, new).encode("utf-8", "surrogatepass")
    return "\n".join(check_document(name, body, f"{BASE}sahel/{name}", NOW))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<title>Feeds: Sahel</title>", "", "RELAX NG"),
        ("<title>Feeds: Sahel</title>", "<title> </title>", "NotBlank"),
        ("<title>Feeds: Sahel</title>", "<title>&lt;b>a&lt;/b></title>", "ContainsHTML"),
        ("<title>Feeds: Sahel</title>", "<title>a &amp;lt; b</title>", "ContainsHTML"),
        ("<title>Feeds: Sahel</title>", "<title>\x80</title>", "BadCharacters"),
        ("<title>Feeds: Sahel</title>", "<title>\ufffd</title>", "BadCharacters"),
        ("<title>Feeds: Sahel</title>", "<title>SÃ©gou</title>", "BadCharacters"),
        ("<title>Feeds: Sahel</title>", "<title>\x01</title>", "SAXError"),
        ('rel="self" type="application/atom+xml"', 'rel="related"', "MissingSelf"),
        ("sahel/atom.xml", "sahel/other.xml", "SelfDoesntMatchLocation"),
        ('rel="hub"', 'rel="hubbub"', "UnregisteredAtomLinkRel"),
        ('rel="hub" href', 'rel="alternate" type="text/html" href', "DuplicateAtomLink"),
        ("000000000002</id>", "000000000001</id>", "DuplicateEntries"),
        ("000000000002</id>", "0002</id>", "InvalidUUID"),
        ("tag:courrier.example,2020:une", "http://Courrier.example", "NonCanonicalURI"),
        ("<updated>2026-11-24T11:00:00Z", "<updated>2026-11-24T11:00:00", "InvalidRFC3339Date"),
        ("<updated>2026-11-24T11:00:00Z", "<updated>2026-11-24T13:00:00Z", "ImplausibleDate"),
        ("<updated>2026-11-24T11:00:00Z", "<updated>1970-01-01T00:00:00Z", "ImplausibleDate"),
        ('xml:lang="fr"', 'xml:lang="tlh_x"', "InvalidLanguage"),
        ("<author><name>The Editors</name></author>\n<link", "<author><name> </name></author>\n<link", "NotBlank"),
        ("<feed ", '<feed xmlns:odd="http://purl.org/dc/elements/1.1/" ', "UnknownNamespace"),
        ('type="audio/mpeg"', 'type="audio"', "InvalidMIMEType"),
        ("https://courrier.example/son.mp3", "https://courrier.example/so|n.mp3", "InvalidFullLink"),
        ("&lt;p&gt;Les riverains", "&lt;p&gt;&lt;script&gt;x&lt;/script&gt;Les riverains", "SecurityRisk"),
        ("&lt;p&gt;Les riverains", "&lt;p onclick=x&gt;Les riverains", "SecurityRiskAttr"),
        ("&lt;p&gt;Les riverains", "&lt;p&gt;&lt;a href=/x&gt;a&lt;/a&gt;Les riverains", "ContainsRelRef"),
        ("&lt;p&gt;Les riverains", "&lt;td&gt;Les riverains", "NotHtml"),
        ("&lt;p&gt;Les riverains", "&lt;blink&gt;&lt;/blink&gt;&lt;p&gt;Les riverains", "NotHtml"),
        ("<source>", "<icon>x</icon><source>", "RELAX NG"),
        ("17.57 -4.00<", "17.57,-4.00<", "InvalidCoord"),
        ("17.57 -4.00<", "1.7e1 -4.00<", "InvalidCoord"),
        ("17.57 -4.00<", "17.57<", "InvalidCoord"),
        ("17.57 -4.00<", "90.01 -4.00<", "InvalidLatitude"),
        ("17.57 -4.00<", "17.57 -180.01<", "InvalidLongitude"),
        ("<georss:point>", "<georss:point>1 2</georss:point><georss:point>", "DuplicateElement"),
        ("<rights>", "<icon>x y</icon><rights>", "InvalidFullLink: icon"),
        ("</feed>", "<rights>x</rights></feed>", "MisplacedMetadata"),
    ],
)  # fmt: skip
def test_faults_of_atom_are_found(old: str, new: str, message: str) -> None:
    assert message in messages("atom.xml", old, new)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('rel="self"', 'rel="related"', "MissingAtomSelfLink"),
        ('type="application/rss+xml"', 'type="text/html"', "SelfNotAtom"),
        ("<pubDate>Tue, 24 Nov 2026 11:00:00 GMT", "<pubDate>mar., 24 nov. 2026 11:00:00 GMT", "InvalidRFC2822Date"),
        ("<pubDate>Tue, 24 Nov 2026 11:00:00 GMT", "<pubDate>Wed, 24 Nov 2026 11:00:00 GMT", "IncorrectDOW"),
        ("<pubDate>Tue, 24 Nov 2026 11:00:00 GMT", "<pubDate>Thu, 01 Jan 1970 00:00:00 GMT", "ImplausibleDate"),
        ('isPermaLink="false"', "", "InvalidPermalink"),
        ("000000000002</guid>", "000000000001</guid>", "DuplicateValue"),
        ("<dc:creator>Awa Diallo</dc:creator>", "<author>a@b.example (A)</author><dc:creator>A</dc:creator>", "Duplicate"),
        ("<enclosure ", '<enclosure url="https://a.example/" length="0" type="a/b"/><enclosure ', "DuplicateEnclosure"),
        ('length="52000"', 'length="-1"', "InvalidNonNegativeInteger"),
        ("https://courrier.example/son.mp3", "https://localhost/son.mp3", "InvalidURLAttribute"),
        ('<media:content url', '<media:content fileSize="0" url', "InvalidPositiveInteger"),
        ("<ttl>30</ttl>", "<ttl>0</ttl>", "InvalidPositiveInteger"),
        ("hourly", "halfhourly", "InvalidUpdatePeriod"),
        ("sy:updatePeriod", "sy:UpdatePeriod", "UndefinedElement"),
        ("<ttl>", "<image><url>https://a.example/</url><title>x</title></image><ttl>", "ImageTitleDoesntMatch"),
        ("<ttl>", "<image><url>x y</url></image><ttl>", "InvalidFullLink: image/url"),
        ("</channel>", "<docs>http://a.example/</docs></channel>", "MisplacedItem"),
        ('>Sahel</category>', '> </category>', "NotBlank"),
        ("&lt;p&gt;Les riverains", "&lt;p&gt;&lt;b&gt;Les riverains", "NotHtml"),
    ],
)  # fmt: skip
def test_faults_of_rss_are_found(old: str, new: str, message: str) -> None:
    assert message in messages("rss.xml", old, new)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "https://jsonfeed.org/version/1"}, "version"),
        ({"feed_url": "https://elsewhere.example/"}, "feed_url"),
        ({"extra": 1}, "extra"),
        ({"items": [{"id": "1"}]}, "items/0"),
        ({"items": [{"id": "1", "content_text": "a"}, {"id": "1", "content_text": "b"}]}, "twice"),
        ({"items": [{"id": "1", "content_text": "a", "_geo": {"latitude": 91, "longitude": 0}}]}, "InvalidLatitude"),
        ({"items": [{"id": "1", "content_text": "a", "_geo": {"latitude": 1}}]}, "InvalidCoord"),
        ({"items": [{"id": "1", "content_text": "a", "date_published": "24 Nov 2026"}]}, "date_published"),
    ],
)
def test_faults_of_json_feed_are_found(change: dict[str, object], message: str) -> None:
    body = json.dumps(json.loads(_MADE["feed.json"]) | change).encode()
    assert message in "\n".join(check_document("feed.json", body, f"{BASE}sahel/feed.json", NOW))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</main>", "<script></script></main>", "SecurityRisk"),
        ("</main>", '<a href="javascript:x">x</a></main>', "SecurityRiskAttr"),
        ("</main>", '<img src="https://a.example/x.png" alt=""></main>', "External request"),
        ("</main>", "", "NotHtml"),
    ],
)
def test_faults_of_pages_are_found(old: str, new: str, message: str) -> None:
    assert message in messages("index.html", old, new)
