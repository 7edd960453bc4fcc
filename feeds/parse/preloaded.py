"""What children share from their start. Imported by the server that forks them alone: see pool."""

from __future__ import annotations

import feeds.parse.xmlfeed
import feeds.reading  # noqa: F401
from feeds.topics.scanning import shipped_scanner

shipped_scanner()
