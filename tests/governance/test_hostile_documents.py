"""Hostile text in every field of every kind of document is inert on every page that shows it, in lists, search and previews."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from governance.models import Decision, Pattern, Postmortem, Runbook
from orchestration import clock
from orchestration.services.governed import save
from tests.governance.test_markdown import ATTACKS
from tests.people import person

pytestmark = pytest.mark.django_db

TITLE = '"><script>alert(1)</script><img src=x onerror=alert(1)> [[workflow:"><svg onload=alert(1)>]] evil'
BODY = "\n\n".join([*ATTACKS.values(), '<div hx-get="//evil.example" hx-trigger="load">x</div>', TITLE])


class Seen(HTMLParser):
    """What a browser would make of a page: whatever could act."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in {"iframe", "object", "embed", "base", "math", "style"}:
            self.acts.append(f"<{tag}>")
        if (
            tag == "script"
            and values.get("type") != "application/json"
            and not values.get("src", "").startswith("/static/")
        ):
            self.acts.append(f"<script {values}>")
        for name, value in values.items():
            plain = "".join(value.split()).lower()
            if name.startswith("on") or (name == "style" and "url(" in plain):
                self.acts.append(f"{tag} {name}={value}")
            if name in {"href", "src", "action", "formaction", "xlink:href"} and plain.startswith(
                ("javascript:", "data:text", "vbscript:")
            ):
                self.acts.append(f"{tag} {name}={value}")
            if name.startswith(("hx-", "data-hx-")) and "evil" in value:
                self.acts.append(f"{tag} {name}={value}")


def what_acts(html: str) -> list[str]:
    seen = Seen()
    seen.feed(html)
    return seen.acts


@pytest.fixture
def pages(team: Any, maintainer: Any) -> list[str]:
    """Documents past every check that a form makes, as an import or an older release may have left them."""
    common = {"title": TITLE[:200], "owner": team, "body": BODY}
    rows = [
        Decision(number=1, slug="d", status="draft", date=clock.now().date(), front_matter={"status": TITLE, "deciders": [TITLE]}, **common),
        Runbook(slug="r", front_matter={"x": TITLE}, **common),
        Postmortem(number=1, began_at=clock.now(), ended_at=clock.now(), **common),
        Pattern(slug="p", summary=TITLE, **common),
    ]  # fmt: skip
    for row in rows:
        save(row, actor=maintainer, reason=TITLE)
    kinds = {
        "decisions/1": "decisions",
        "runbooks/r": "runbooks",
        "postmortems/1": "postmortems",
        "patterns/p": "patterns",
    }
    found = ["/search/?q=evil", "/decisions/timeline/", "/inbox/", "/audit/"]
    for place, kind in kinds.items():
        found += [f"/{kind}/", f"/{place}/", f"/{place}/edit/", f"/{place}/history/"]
    return found


def test_nothing_in_any_field_acts_on_any_page(pages: list[str], signed_in: Any, maintainer: Any):
    client = signed_in(maintainer)
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert not what_acts(answer.content.decode()), path


@pytest.mark.parametrize("noun", ["decisions", "runbooks", "postmortems", "patterns"])
def test_nothing_acts_in_a_preview(noun: str, signed_in: Any, team: Any):
    client = signed_in(person("maintainer", team))
    for text in [*ATTACKS.values(), BODY]:
        assert not what_acts(client.post(f"/{noun}/preview/", {"text": text}).content.decode()), text


def test_the_judge_itself_sees_what_acts():
    assert len(what_acts('<script>1</script><img onerror=x><a href=" java\nscript:1">x</a><iframe>')) == 4
