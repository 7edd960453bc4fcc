"""Where it leads: no address but public ones, in no spelling, by no redirect, name, proxy or document. See the canary."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.judge import Case, Scene, check, ok
from tests.origin import answer, redirect
from tests.web import item, rss

PRIVATE = "is no public address|has no address|its URL is not valid"
FEED = ok(rss(item("1", "Good one")))

# The canary's own addresses in every spelling that a client has been led by; where an address is another one, nothing
# listens, and the reason tells that it was refused before anybody was asked.
SPELLINGS = """
127.0.0.1 127.1 127.0.1 0 0.0.0.0 2130706433 0x7f000001 0x7F.1 0177.0.0.1 017700000001 0x7f.0x0.0x0.0x1 127.0.0.1. 00000177.1
[::1] [0:0:0:0:0:0:0:1] [::] [::127.0.0.1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:0:7f00:1] [0::ffff:127.0.0.1]
[64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::1] [fe80::1] [fec0::1] [fc00::1] [fd12::1] [ff02::1] [2001:db8::1] [2001::1]
[100::1] [3fff::1] [5f00::1]
localhost LOCALHOST localhost. 10.0.0.1 10.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0xa9fea9fe 2852039166
0251.0376.0251.0376 100.64.0.1 100.127.255.254 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.250 240.0.0.1 255.255.255.255 0.0.0.1 127.2.0.1
①②⑦.0.0.1 １２７.0.0.1 127。0。0。1 ⓛocalhost 127.0.0.1%00.example 127.0.0.1%2f
""".split()

NAMES = {
    "private.example": [["127.0.0.1"]],
    "private6.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "several.example": [["10.0.0.1", "127.0.0.1", "::1"]],
    "rebinding.example": [["127.1.210.1"], ["127.0.0.1"]],
    "metadata.example": [["169.254.169.254"]],
    "xn--e1afmkfd.example": [["127.0.0.1"]],
}
OTHER_SCHEMES = """file:///etc/passwd ftp://@CANARY/ gopher://@CANARY/ data:text/xml,<rss/>
jar:http://@CANARY/!/ ws://@CANARY/ javascript:1
dict://@CANARY/ ldap://@CANARY/ unix:/run/x netdoc:///etc/passwd http+unix://%2Frun%2Fx/ x: blob:http://@CANARY/1""".split()


ODD_TARGETS = {
    "nowhere": ("", "without saying where to"),
    "only white space": ("  \t ", "without saying where to"),
    "a port that is none": ("http://@ORIGIN9999/", "impossible port"),
    "port 0": ("http://127.1.0.1:0/", "without a host"),
    "port 65536": ("http://127.1.0.1:65536/", "impossible port"),
    "a port in letters": ("http://127.1.0.1:http/", "impossible port"),
    "a host that is none": ("http:///feed", "404"),
    "a bracket": ("http://[/", "URL is not valid"),
    "two hosts": ("http://@ORIGIN@@CANARY/", PRIVATE),
    "a backslash": ("http://@CANARY\\@@ORIGIN/", "not valid|no public|not HTTP|404"),
    "a host with a space": ("http://127.0.0.1 .example/", "not valid|no address"),
    "a host with a colour": ("http://evil\x1b[31m.example/", "not valid|no address|without a host"),
    "a bare IPv6 address": ("http://::1:@PORT/", "without a host|impossible port"),
    "a host with a NUL": ("http://127.0.0.1\0.example:@PORT/", "not valid|no address|not HTTP"),
    "a label of a hundred letters": ("http://" + "a" * 100 + ".example/", "not valid|no address"),
    "a name of a thousand letters": ("http://" + "a." * 500 + "example/", "not valid|no address"),
    "60,000 letters": ("http://127.1.0.1/" + "a" * 60_000, "refuses connections"),
    "a name in no alphabet": ("http://\u2028\u202e.example/", "not valid|no address"),
}

CASES = [
    *(
        Case(
            f"feed at {host.encode('unicode_escape').decode()} {number}",
            url=f"http://{host}:@PORT/feed",
            reason=PRIVATE + "|impossible port",
        )
        for number, host in enumerate(SPELLINGS)
    ),
    *(
        Case(
            f"led to {host.encode('unicode_escape').decode()} {number}",
            redirect(f"http://{host}:@PORT/".encode().decode("latin-1")),
            reason=PRIVATE + "|impossible port",
        )
        for number, host in enumerate(SPELLINGS)
    ),
    *(
        Case(f"the name {name}", url=f"http://{name}:@PORT/feed", reason=PRIVATE)
        for name in NAMES
        if name != "rebinding.example"
    ),
    *(
        Case(f"led to the name {name}", redirect(f"http://{name}:@PORT/"), reason=PRIVATE)
        for name in NAMES
        if name != "rebinding.example"
    ),
    *(
        Case(f"led by {status}", redirect("http://@CANARY/", status), reason=PRIVATE)
        for status in ("301 Moved", "303 See Other", "307 Temporary", "308 Permanent")
    ),
    Case(
        "led there after four hops",
        redirect("/led-there-after-four-hops/1"),
        more={f"/{n}": redirect(f"/led-there-after-four-hops/{n + 1}") for n in range(1, 4)}
        | {"/4": redirect("http://@CANARY/")},
        requests=5,
        reason=PRIVATE,
    ),
    Case("led there by https", redirect("https://@CANARY/"), reason=PRIVATE),
    Case("led there without a scheme", redirect("//@CANARY/"), reason=PRIVATE),
    Case("led there with a login", redirect("http://user:pass@@CANARY/"), reason=PRIVATE),
    Case(
        "a name that answers differently the second time",
        url="http://rebinding.example:@ORIGINPORT/a-name-that-answers-differently-the-second-time",
        answer=lambda connection: connection.sendall(FEED),
        keeps=("Good one",),
    ),
    *(
        Case(f"led to {target.partition(':')[0]} {number}", redirect(target), reason="only http and https are followed")
        for number, target in enumerate(OTHER_SCHEMES)
    ),
    *(
        Case(f"led to {name}", redirect(target.encode().decode("latin-1")), reason=reason, requests=9)
        for name, (target, reason) in ODD_TARGETS.items()
    ),
    Case("led to itself", redirect("/led-to-itself"), requests=6, reason="more than 5 times"),
    Case(
        "led to itself with a fragment",
        redirect("/led-to-itself-with-a-fragment#x"),
        requests=6,
        reason="more than 5 times",
    ),
    Case(
        "led in a circle",
        redirect("/led-in-a-circle/other"),
        more={"/other": redirect("/led-in-a-circle")},
        requests=6,
        reason="more than 5 times",
    ),
    Case(
        "led with a fragment",
        redirect("/led-with-a-fragment/feed#part"),
        more={"/feed": FEED},
        requests=2,
        keeps=("Good one",),
    ),
    Case(
        "led by a name in capitals",
        redirect("HTTP://@ORIGIN/led-by-a-name-in-capitals/feed"),
        more={"/feed": FEED},
        requests=2,
        keeps=("Good one",),
    ),
    Case("led by dots", redirect("../led-by-dots/./x/../feed"), more={"/feed": FEED}, requests=2, keeps=("Good one",)),
    Case(
        "two places to go",
        b"HTTP/1.1 302 Found\r\nLocation: http://@CANARY/\r\nLocation: /two-places-to-go/feed\r\nContent-Length: 0\r\n\r\n",
        more={"/feed": FEED},
        requests=9,
        reason=PRIVATE + "|no address|not valid|404",
    ),
    *(
        Case(f"document that asks for {name}", ok(document), reason=None, keeps=("Good one",))
        for name, document in {
            "a DTD": rss(item("1", "Good one")).replace(
                b"<rss", b'<!DOCTYPE rss PUBLIC "x" "http://@CANARY/x.dtd"><rss', 1
            ),
            "an entity": rss(item("1", "Good one", description="&x;")).replace(
                b"<rss", b'<!DOCTYPE rss [<!ENTITY x SYSTEM "http://@CANARY/x">]><rss', 1
            ),
            "a parameter entity": rss(item("1", "Good one")).replace(
                b"<rss", b'<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://@CANARY/x"> %x;]><rss', 1
            ),
            "a file": rss(item("1", "Good one", description="&x;")).replace(
                b"<rss", b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss', 1
            ),
            "an entity behind a long comment": rss(item("1", "Good one", description="&x;")).replace(
                b"<rss", b"<!--" + b"x" * 150_000 + b'--><!DOCTYPE rss [<!ENTITY x SYSTEM "http://@CANARY/x">]><rss', 1
            ),
            "a style sheet": rss(item("1", "Good one")).replace(
                b"<rss", b'<?xml-stylesheet href="http://@CANARY/x.xsl" type="text/xsl"?><rss', 1
            ),
            "an inclusion": rss(
                item(
                    "1",
                    "Good one",
                    description='<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="http://@CANARY/"/>',
                )
            ),
            "a schema": rss(item("1", "Good one")).replace(
                b"<rss",
                b'<rss xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x http://@CANARY/x.xsd"',
                1,
            ),
            "pictures and enclosures": rss(
                item("1", "Good one", description="&lt;img src='http://@CANARY/x.png'>")
                + '<enclosure url="http://@CANARY/x.mp3" type="audio/mpeg" length="1"/>',
                head="<image><url>http://@CANARY/logo.png</url></image>",
            ),
            "a hub and other links": rss(
                item("1", "Good one"),
                head='<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="hub" href="http://@CANARY/"/>'
                '<docs>http://@CANARY/</docs><cloud domain="127.0.0.1" port="@PORT" path="/"/>',
            ),
        }.items()
    ),
]


def test_where_it_leads(tmp_path: Path) -> None:
    check(tmp_path, CASES, names=NAMES)


def test_proxy_is_not_led_to_private_addresses(tmp_path: Path) -> None:
    """The origin is the proxy. It is asked for public names, and for names unknown here, which are its own affair."""
    private = [each for each in SPELLINGS if each.isascii()]
    cases = [
        Case(f"feed {number}", url=f"http://{host}:@PORT/", reason=PRIVATE + "|impossible")
        for number, host in enumerate(private)
    ]
    cases += [Case("feed by a name", url="http://private.example/feed", reason=PRIVATE)]
    cases += [
        Case("a public name", url="http://public.example/a-public-name", answer=answer("404 Not Found"), reason="404")
    ]
    cases += [
        Case(
            "led there",
            url="http://public.example/led-there",
            answer=redirect("http://private.example/"),
            reason=PRIVATE,
        )
    ]
    with Scene(tmp_path, cases, proxy='"http://127.1.250.1:@ORIGINPORT/"') as scene:
        run = scene.refresh(names={"public.example": [["93.184.216.34"]], "private.example": [["10.0.0.1"]]})
        faults = [*run.faults_of_the_run(), *(f"{case.name}: {each}" for case in cases for each in run.faults_of(case))]
        assert not faults, "\n".join(faults)
        asked = {head.split(b" ")[1] for head in run.heads}
        assert any(b"public.example" in target for target in asked)
        assert not [target for target in asked if b"public.example" not in target and b"//127.1." not in target]
