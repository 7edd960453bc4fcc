"""A small reader of archived feeds after RFC 5005 section 4: it follows prev-archive, and keeps what is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
ARCHIVE = "{http://purl.org/syndication/history/1.0}archive"


class ArchiveReader:
    """Everything that a feed ever published. *fetch* gives the document at an address.

    Pages that are complete (fh:archive) are fetched once for all polls; *pages* has each page's ids by its address.
    """

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        self._fetch = fetch
        self._complete: dict[str, etree._Element] = {}
        self.pages: dict[str, list[str]] = {}

    def poll(self, url: str) -> dict[str, str]:
        """The titles of all entries of the feed at *url* by id; of an entry in several documents, the newest."""
        titles: dict[str, str] = {}
        self.pages = {}
        for address, document in self._documents(url):
            entries = {
                entry.findtext(f"{ATOM}id"): entry.findtext(f"{ATOM}title") for entry in document.iter(f"{ATOM}entry")
            }
            if address != url:
                self.pages[address] = [str(key) for key in entries]
            titles = {str(key): str(title) for key, title in entries.items()} | titles
        return titles

    def _documents(self, url: str) -> Iterator[tuple[str, etree._Element]]:
        address: str | None = url
        while address:
            document = self._complete.get(address)
            if document is None:
                document = etree.fromstring(self._fetch(address))
            if document.find(ARCHIVE) is not None:
                self._complete[address] = document
            assert link(document, "self") == address
            yield address, document
            address = link(document, "prev-archive")


def link(document: etree._Element, rel: str) -> str | None:
    """Where the feed's link of this relation leads; None where there is none."""
    found = [str(each.get("href")) for each in document.findall(f"{ATOM}link") if each.get("rel") == rel]
    assert len(found) < 2
    return found[0] if found else None
