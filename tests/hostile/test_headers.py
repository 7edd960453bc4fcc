"""Headers: validators of every shape go back byte for byte; waits, ages and statuses of every kind; what is hardly HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.build import DAY, HOUR, NOW
from tests.hostile.judge import Case, Run, Scene, ok, report
from tests.origin import Answer, answer
from tests.web import item, rss

FEED = rss(item("1", "Good one"))
GOOD = ("Good one",)
NOT_HTTP = "not HTTP|closed the connection|timed out|broke"

ETAGS = {
    "plain": b'"a"',
    "weak": b'W/"a"',
    "weak in small letters": b'w/"a"',
    "unquoted": b"a",
    "half quoted": b'"a',
    "empty": b'""',
    "of quotes": b'"""',
    "two": b'"a", "b"',
    "a star": b"*",
    "of UTF-8": '"мали é"'.encode(),
    "of Latin-1": b'"caf\xe9"',
    "of C1 controls": b'"\x80\x85\x9f"',
    "of 0xA0 and 0xFF": b"\xa0\xff",
    "of commas": b"a,b;c=d",
    "with a tab": b'"a\tb"',
    "of 8,000 letters": b'"' + b"x" * 8000 + b'"',
    "with spaces inside": b'"a  b"',
    "of a script": b'"<script>alert(1)</script>"',
    "of SQL": b'"\'; DROP TABLE sources; --"',
    "with a per cent sign": b'"%0d%0aX: y %s %n"',
    "with a backslash": b'"a\\"b"',
    "a date": b"Tue, 24 Nov 2026 08:00:00 GMT",
}
# What no header can carry back is not sent at all.
UNSENDABLE = {
    "with a NUL": b'"a\0b"',
    "with an escape": b'"\x1b[31m"',
    "with a DEL": b'"\x7f"',
    "of nothing": b"",
    "of white space": b"  \t ",
}
DATES = (
    b"Tue, 24 Nov 2026 08:00:00 GMT",
    b"yesterday",
    b"Tue,  24-Nov-26 08:00:00 (odd)",
    b"0",
    b"-1",
    b"Fri, 31 Dec 9999 23:59:59 GMT",
    b"\xe9t\xe9",
    b"Thu, 01 Jan 1970 00:00:00 GMT",
    b"1" * 5000,
)

WAITS = (
    "120",
    " 120 ",
    "0",
    "-5",
    "1e30",
    "1" + "0" * 30,
    "9" * 9000,
    "soon",
    "NaN",
    "Infinity",
    "0x10",
    "\u00b2",
    "1.5",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 31 Dec 99999 23:59:59 GMT",
    "Tue, 24 Nov 2026 13:00:00 +9999",
    "Tue, 24 Nov 2026 13:00:00 -99999999999999999999",
    "Tue, 99 Nov 2026 99:99:99 GMT",
    "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT",
    "1, 2",
    "60; x",
    "Tue, 24 Nov 0001 00:00:00 +1400",
    "0001-01-01",
)
CACHES: tuple[dict[str, str], ...] = (
    *(
        {"Cache_Control": f"max-age={value}"}
        for value in (
            "0",
            "-1",
            "1e9",
            "99999999999999999999999999",
            "",
            "x",
            '"600"',
            "600.5",
            "\u00b2",
            "600, max-age=5",
        )
    ),
    {"Cache_Control": "no-store, no-cache, must-revalidate, max-age=0, private"},
    {"Cache_Control": "max-age"},
    {"Cache_Control": "," * 5000},
    {"Cache_Control": "s-maxage=999999999"},
    {"Cache_Control": "MAX-AGE = 600"},
    *(
        {"Expires": value}
        for value in (
            "0",
            "-1",
            "never",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "Fri, 31 Dec 9999 23:59:59 -1400",
            "Mon, 01 Jan 0001 00:00:00 +1400",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Tue, 24 Nov 2026 13:00:00 +9999",
            "Tue, 24 Nov 2026 13:00:00 -99999999999999999999",
            "Tue, 24 Nov",
            "",
            "1" * 5000,
            "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT",
            "Tue, 24 Nov 2026 13:00",
        )
    ),
    {"Age": "99999999999999999999999", "Cache_Control": "max-age=600"},
    {"Age": "-1"},
    {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"},
    {"Date": "never", "Expires": "never"},
    {"Retry_After": "99999999999"},
    {"Refresh": "0; url=http://@CANARY/"},
    {"Link": '<http://@CANARY/>; rel="hub"'},
    {"Content_Type": ""},
    {"Content_Type": "text/html"},
    {"Content_Type": "x" * 9000},
    {"Content_Type": ";;;;charset=;"},
    {"Content_Type": 'application/xml; charset="\\"'},
    {"Content_Disposition": "attachment; filename=../../x"},
    {"Location": "http://@CANARY/"},
    {"Set_Cookie": "id=1; Domain=.example"},
    {"Content_Location": "http://@CANARY/"},
    {"Content_Base": "javascript:alert(1)"},
    {"Vary": "*"},
    {"Warning": "299 - x"},
    {"Strict_Transport_Security": "max-age=99999999999"},
    {"Alt_Svc": 'h2="127.0.0.1:1"'},
    {"Upgrade": "h2c", "Connection": "Upgrade"},
    {"Keep_Alive": "timeout=99999999999999"},
    {"X" * 5000: "y"},
)
STATUSES = {
    "201 Created": "201",
    "202 Accepted": "202",
    "204 No Content": "204",
    "205 Reset Content": "205",
    "206 Partial Content": "206",
    "207 Multi-Status": "207",
    "226 IM Used": "226",
    "299 What": "299",
    "300 Multiple Choices": "300",
    "304 Not Modified": "304 .* without conditions",
    "305 Use Proxy": "305",
    "306 x": "306",
    "399 x": "399",
    "400 Bad": "400",
    "401 Unauthorized": "401",
    "402 Payment Required": "402",
    "403 Forbidden": "403",
    "404 x": "404",
    "405 x": "405",
    "406 x": "406",
    "407 Proxy Authentication Required": "407",
    "408 Timeout": "408",
    "409 x": "409",
    "411 x": "411",
    "412 x": "412",
    "413 x": "413",
    "415 x": "415",
    "416 x": "416",
    "417 x": "417",
    "418 I'm a teapot": "418",
    "421 x": "421",
    "425 x": "425",
    "426 x": "426",
    "428 x": "428",
    "429 x": "429",
    "431 x": "431",
    "451 x": "451",
    "500 x": "500",
    "501 x": "501",
    "502 x": "502",
    "503 x": "503",
    "504 x": "504",
    "505 x": "505",
    "507 x": "507",
    "511 x": "511",
    "520 x": "520",
    "599 <script>alert(1)</script>": "599",
    "999 x": "999",
    "301 x": "without saying where",
    "302 x": "without saying where",
    "303 x": "without saying where",
    "307 x": "without saying where",
    "308 x": "without saying where",
}
LENGTH = b"Content-Length: %d\r\n" % len(FEED)
HEAD = b"HTTP/1.1 200 OK\r\n"


def end(sent: bytes) -> Callable[[Any], None]:
    return lambda connection: connection.sendall(sent)


READABLE: dict[str, Answer] = {
    "HTTP/1.0": end(b"HTTP/1.0 200 OK\r\n\r\n" + FEED),
    "a status without words": end(b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + FEED),
    "only line feeds": end(b"HTTP/1.1 200 OK\n" + LENGTH.replace(b"\r", b"") + b"\n" + FEED),
    "headers in capitals": end(HEAD + LENGTH.upper() + b"\r\n" + FEED),
    "headers without spaces": end(HEAD + LENGTH.replace(b": ", b":") + b"\r\n" + FEED),
    "a folded header": end(HEAD + b"X: a\r\n  b\r\n" + LENGTH + b"\r\n" + FEED),
    "ninety headers": end(HEAD + b"".join(b"X-%d: x\r\n" % n for n in range(90)) + LENGTH + b"\r\n" + FEED),
    "a header of 60,000 letters": end(HEAD + b"X: " + b"x" * 60_000 + b"\r\n" + LENGTH + b"\r\n" + FEED),
    "100 Continue before": end(b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + LENGTH + b"\r\n" + FEED),
    "103 Early Hints before": end(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + HEAD + LENGTH + b"\r\n" + FEED),
    "101 Switching Protocols before": end(
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" + HEAD + LENGTH + b"\r\n" + FEED
    ),
    "a hundred 102s before": end(b"HTTP/1.1 102 Processing\r\n\r\n" * 100 + HEAD + LENGTH + b"\r\n" + FEED),
    "bytes beyond ASCII in a header": end(HEAD + b"X: \xff\xfe\x80\r\n" + LENGTH + b"\r\n" + FEED),
    "203 Non-Authoritative": answer("203 x", FEED),
    "a status with a script": answer("200 <script>alert(1)</script>\x1b[31m", FEED),
    "chunked in capitals": end(HEAD + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n%X\r\n%s\r\n0\r\n\r\n" % (len(FEED), FEED)),
    "HTTP/1.9": end(b"HTTP/1.9 200 OK\r\n" + LENGTH + b"\r\n" + FEED),
}
HARDLY_HTTP: dict[str, Answer] = {
    "HTTP/0.9": end(FEED),
    "SSH": end(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "SMTP": end(b"220 mail.example ESMTP\r\n"),
    "a TLS alert": end(b"\x15\x03\x03\x00\x02\x02\x28"),
    "status of letters": end(b"HTTP/1.1 abc OK\r\n\r\n"),
    "status 99": end(b"HTTP/1.1 99 x\r\n\r\n"),
    "status 1000": end(b"HTTP/1.1 1000 x\r\n\r\n"),
    "status -200": end(b"HTTP/1.1 -200 x\r\n\r\n"),
    "only blank lines": end(b"\r\n" * 500),
    "three hundred headers": end(HEAD + b"".join(b"X-%d: x\r\n" % n for n in range(300)) + LENGTH + b"\r\n" + FEED),
    "a header of 70,000 letters": end(HEAD + b"X: " + b"x" * 70_000 + b"\r\n" + LENGTH + b"\r\n" + FEED),
    "only 100 Continue": end(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "NULs": end(b"\0" * 900),
    "HTTP/2": end(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a request": end(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "nothing": end(b""),
    "a status line of 70,000 letters": end(b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n"),
}


def name_of(headers: dict[str, str], number: int) -> str:
    return f"headers {number} {' '.join(f'{name} {value}' for name, value in headers.items())[:40]}"


CASES = [
    *(Case(f"answers {status[:3]}", answer(status, b"sorry"), reason=reason) for status, reason in STATUSES.items()),
    *(
        Case(f"waits {number} {value[:20]}", answer("503 Busy", Retry_After=value), reason="503")
        for number, value in enumerate(WAITS)
    ),
    *(
        Case(
            name_of(headers, number),
            ok(
                FEED,
                headers.get("Content_Type", "text/xml"),
                **{k: v for k, v in headers.items() if k != "Content_Type"},
            ),
            keeps=GOOD,
        )
        for number, headers in enumerate(CACHES)
    ),
    *(Case(f"sends {name}", sent, keeps=GOOD) for name, sent in READABLE.items()),
    *(Case(f"hardly HTTP: {name}", sent, reason=NOT_HTTP) for name, sent in HARDLY_HTTP.items()),
    Case("two ETags", HEAD + b'ETag: "a"\r\nETag: "b"\r\n' + LENGTH + b"\r\n" + FEED, keeps=GOOD),
    Case("a line that is no header", end(HEAD + b"no header at all\r\n" + LENGTH + b"\r\n" + FEED), keeps=GOOD),
    Case("a space before the colon", end(HEAD + b"Content-Length : 5\r\n\r\n" + FEED), keeps=GOOD),
]


def next_checks(run: Run) -> dict[str, datetime]:
    rows = json.loads((run.output / "status/status.json").read_text())["sources"]
    return {row["name"]: datetime.fromisoformat(row["next_check"]) for row in rows}


def test_headers(tmp_path: Path) -> None:
    """And whatever a server says, it is asked again within a day, after a Retry-After within a week."""
    with Scene(tmp_path, CASES, timeout='"5s"') as scene:
        run = scene.refresh()
        assert not (faults := run.faults()), "\n".join(faults)
        for name, at in next_checks(run).items():
            longest = timedelta(days=7) if name.startswith("waits") else 1.1 * DAY
            assert timedelta(minutes=10) <= at - NOW <= longest, (name, at)
    report([run], len(CASES))


def with_validator(name: str, value: bytes, header: str) -> Case:
    line = header.encode() + b": " + value + b"\r\n"
    sent = HEAD + line + LENGTH + b"\r\n" + FEED
    return Case(f"{header} {name}", [sent, answer("304 Not Modified")], keeps=GOOD)


def with_odd_validator(name: str, value: bytes) -> Case:
    return Case(f"ETag {name}", end(HEAD + b"ETag: " + value + b"\r\n" + LENGTH + b"\r\n" + FEED), keeps=GOOD)


def asked_with(run: Run, case: Case, header: str) -> list[bytes]:
    (head,) = run.requests(case)
    return re.findall(rb"\r\n" + header.encode() + rb": (.*?)\r\n", head, re.DOTALL)


def test_validators_go_back_byte_for_byte(tmp_path: Path) -> None:
    values = {f"of kind {number}": value for number, value in enumerate(DATES)}
    cases = [
        *((with_validator(name, value, "ETag"), "If-None-Match", [value]) for name, value in ETAGS.items()),
        *((with_odd_validator(name, value), "If-None-Match", []) for name, value in UNSENDABLE.items()),
        *(
            (with_validator(name, value, "Last-Modified"), "If-Modified-Since", [value])
            for name, value in values.items()
        ),
    ]
    with Scene(tmp_path, [case for case, *_ in cases]) as scene:
        runs = [scene.refresh(NOW + number * HOUR) for number in range(2)]
        assert not (faults := runs[1].faults()), "\n".join(faults)
        for case, header, values_sent in cases:
            assert (case.name, asked_with(runs[0], case, header)) == (case.name, [])
            assert (case.name, asked_with(runs[1], case, header)) == (case.name, values_sent)
            assert b"x-evil" not in runs[1].requests(case)[0].lower()
    report(runs, len(cases))
