"""The description of /api, for programs that write programs (OpenAPI 3.1). Called by queries."""

from __future__ import annotations

from typing import Any


def _parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "string", **schema}}


_PARAMETERS = [
    _parameter(
        "q", 'Words, "phrases", -without, prefix*; filters such as lang:fr may stand in it, too.', maxLength=400
    ),
    _parameter("lang", "Only in this language (ISO 639-1)."),
    _parameter("topic", "Only in this topic."),
    _parameter("country", "Only about this country (ISO 3166-1 alpha-2)."),
    _parameter("source", "Only what this source brought or carried, by its name or URL."),
    _parameter("since", "From this day, month or year on, in UTC.", examples=["2026-01-31"]),
    _parameter("until", "Before this day, month or year, in UTC."),
    _parameter("limit", "At most so many.", type="integer", minimum=1, maximum=200, default=50),
    _parameter("before", "Where the results before these ended: comes with `next`.", type="integer"),
]
_TEXT = {"type": ["string", "null"]}
_LABELS = {
    "control": {"type": "string"},
    "type": _TEXT,
    "country": {"anyOf": [_TEXT, {"type": "array", "items": {"type": "string"}}]},
}
_SOURCE = {"type": "object", "properties": {"name": {"type": "string"}, "url": {"type": "string"}, **_LABELS}}
_ARTICLE = {
    "type": "object",
    "required": ["id", "title", "first_seen", "source"],
    "properties": {
        "id": {"type": "string"},
        "title": {"type": "string"},
        "first_seen": {"type": "string", "format": "date-time"},
        **dict.fromkeys(
            ("guid", "url", "link", "summary", "content", "language", "published", "updated", "image"), _TEXT
        ),
        "authors": {"type": "array", "items": {"type": "string"}},
        "enclosures": {"type": "array", "items": {"type": "object"}},
        "source": _SOURCE,
        **_LABELS,
        "also": {"type": "array", "items": _SOURCE},
        "topics": {"type": "object"},
    },
}
_FOUND = {
    "type": "object",
    "required": ["articles", "next"],
    "properties": {"articles": {"type": "array", "items": {"$ref": "#/components/schemas/Article"}}, "next": _TEXT},
}
_PROBLEM = {"type": "object", "properties": {"status": {"type": "integer"}, "title": {"type": "string"}}}


def _answer(description: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema}}}


DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "feeds", "version": "1", "description": "The articles of this aggregator, the newest first."},
    "paths": {
        "/api/articles": {
            "get": {
                "operationId": "articles",
                "summary": "Find articles",
                "parameters": _PARAMETERS,
                "responses": {
                    "200": _answer("What was found", "application/json", _FOUND),
                    "400": _answer("A query that can't be understood", "application/problem+json", _PROBLEM),
                    "503": _answer(
                        "It took too long, or the store can't be read", "application/problem+json", _PROBLEM
                    ),
                },
            }
        }
    },
    "components": {"schemas": {"Article": _ARTICLE}},
}
