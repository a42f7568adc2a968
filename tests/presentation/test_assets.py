"""The style sheets and templates keep the promises of the design: strict CSP, contrast, icons that exist."""

import re

import pytest

from tests.presentation.conftest import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static/css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
PAIRS = {
    m[1]: (m[2], m[3])
    for m in re.finditer(r"--([\w-]+):\s*light-dark\((#\w+), (#\w+)\)", (ROOT / "static/css/tokens.css").read_text())
}


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "accent", "ok-ink", "warn-ink", "fail-ink", "unk-ink"])
def test_words_are_legible_on_every_surface_they_stand_on(ink, theme):
    surfaces = ["bg", "bg-sunken", "bg-raised", "bg-hover"]
    surfaces += [ink.replace("-ink", "-tint")] if ink.endswith("-ink") else []
    for surface in surfaces:
        assert contrast(PAIRS[ink][theme], PAIRS[surface][theme]) >= 4.5, (ink, surface)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_template_has_nothing_that_a_strict_policy_refuses(path):
    text = path.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_template_uses_only_icons_that_exist(path, sprite):
    text = path.read_text()
    used = set(re.findall(r'{% icon "([a-z]+)"', text)) | set(re.findall(r'nav_link "[^"]+" "[^"]+" "([a-z]+)"', text))
    assert used <= sprite


def test_style_sheets_use_only_tokens_that_exist():
    text = "\n".join(path.read_text() for path in STYLES)
    defined = set(re.findall(r"(--[\w-]+):", text))
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= defined


def test_style_sheets_bring_in_nothing_from_elsewhere():
    for path in STYLES:
        for url in re.findall(r"url\(([^)]*)\)", path.read_text()):
            target = url.strip("\"'")
            assert target == "#hatch" or (path.parent / target).exists(), (path.name, url)


def test_every_style_sheet_is_loaded_once_and_narrow_comes_last():
    base = (ROOT / "templates/base.html").read_text()
    loaded = re.findall(r"static 'css/([\w-]+\.css)'", base)
    assert sorted(loaded) == [path.name for path in STYLES]
    assert (loaded[0], loaded[-1]) == ("tokens.css", "narrow.css")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_a_script_says_what_it_owns_and_evaluates_no_text(path):
    text = path.read_text()
    assert text.startswith("/*")
    assert not re.search(r"\beval\(|new Function|document\.write", text)
