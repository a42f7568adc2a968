"""A secret's value reaches the service it is meant for, and nothing else: no row, no error, no log."""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from django.apps import apps
from django.conf import settings

from orchestration.engine.execute import presentable
from orchestration.errors import InvalidManifest
from orchestration.models import Dependency, Team
from orchestration.secrets import MASK, Masked, UnknownSecret, Vault, mask, mask_json, resolve
from orchestration.selectors import targets
from orchestration.steps.outcome import Failed
from tests.engine.harness import begin, echo, publish, settle_down, step
from tests.engine.services import Answer, json_answer, service

SECRET = 'pa"ss/w\\örd+0123456789=='
ONCE = {"retry": {"maximum_attempts": 1}}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_SECRET_SHOP_TOKEN", SECRET)
    targets.forget()


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """All that was stored and logged, as one text."""
    caplog.set_level(logging.DEBUG)

    def collect() -> str:
        rows = [
            str([getattr(row, field.attname) for field in model._meta.concrete_fields])
            for model in apps.get_app_config("orchestration").get_models()
            for row in model._default_manager.all()
        ]
        return "\n".join([*rows, caplog.text, *capfd.readouterr()])

    return collect


def forms(value: str) -> set[str]:
    whole = {value, quote(value), quote(value, safe=""), quote_plus(value), base64.b64encode(value.encode()).decode()}
    return whole | {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}


def assert_unseen(text: str) -> None:
    for form in forms(SECRET):
        assert form not in text, form


@pytest.fixture
def shop() -> Iterator[Any]:
    """A service that writes back what it was sent, in the way its path asks for."""

    def answer(request: Any) -> Answer:
        token = request.headers["X-Token"].encode("latin-1").decode()
        match request.path.partition("?")[0]:
            case "/json":
                return json_answer(json.dumps({"got": token, "ascii": request.headers["Authorization"]}))
            case "/text":
                return 500, {}, f"bad token {token}".encode()
            case "/escaped":
                return 500, {}, json.dumps({"error": f"bad token {token}"}).encode()
            case "/url":
                return 500, {}, f"no such page {request.path}".encode()
            case "/basic":
                return 500, {}, base64.b64encode(token.encode())
        return 500, {}, b"?"

    with service(answer) as found:
        Team.objects.get_or_create(name="checkout")
        document = {"spec": {"base_url": found.url, "authorization": {"secret": "shop-token"}}}
        Dependency.objects.create(name="shop", owner=Team.objects.get(name="checkout"), document=document)
        yield found


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/json", "/text", "/escaped", "/url", "/basic"])
def test_whatever_a_service_echoes_nothing_keeps_it(path: str, shop: Any, everything: Any):
    request = {
        "method": "POST", "path": path, "query": {"t": "${{ secrets['shop-token'] }}"},
        "headers": {"X-Token": "${{ secrets['shop-token'] }}"}, "json": {"token": "${{ secrets['shop-token'] }}"},
    }  # fmt: skip
    run = settle_down(begin(publish({"a": {"http": request, "dependency": "shop", **ONCE}})))
    [(_, _, headers, body)] = shop.requests
    assert headers["authorization"].encode("latin-1").decode() == f"Bearer {SECRET}"
    assert json.loads(body) == {"token": SECRET}
    assert run.result == ("succeeded" if path == "/json" else "failed")
    stored = json.loads(step(run, "a").input)
    assert (stored["headers"]["X-Token"], stored["json"]["token"], stored["query"]["t"]) == (MASK, MASK, MASK)
    assert_unseen(everything())
    assert MASK in step(run, "a").output + step(run, "a").error_message


@pytest.mark.django_db
def test_what_the_next_step_is_given_is_masked_too(shop: Any):
    request = {"path": "/json", "headers": {"X-Token": "${{ secrets['shop-token'] }}"}}
    run = settle_down(
        begin(publish({"a": {"http": request, "dependency": "shop"}, "b": echo("${{ steps.a.output.got }}")}))
    )
    assert step(run, "b").output == f'"{MASK}"'


@pytest.mark.django_db
def test_a_header_with_a_line_break_in_the_secret_does_not_show_it(
    shop: Any, everything: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLUMBLINE_SECRET_SHOP_TOKEN", "first-half\nsecond-half")
    run = settle_down(
        begin(publish({"a": {"http": {"path": "/text", "headers": {"X-Token": "1"}}, "dependency": "shop", **ONCE}}))
    )
    assert run.error_type == "http.request"
    text = everything()
    assert "first-half" not in text
    assert "second-half" not in text


def with_header(value: str) -> dict[str, Any]:
    return {
        "a": {"http": {"path": "/text", "headers": {"X-Token": value}}, "dependency": "shop", "effect": "write", **ONCE}
    }


@pytest.mark.django_db
def test_an_unknown_secret_fails_before_the_call_and_says_where_it_is_looked_for(shop: Any):
    run = settle_down(begin(publish(with_header("${{ secrets['not-there'] }}"))))
    assert (run.result, run.error_type) == ("failed", "secret.unknown")
    assert "PLUMBLINE_SECRET_NOT_THERE" in run.error_message
    assert (step(run, "a").effect, shop.requests) == ("none", [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "expression", ["secrets['shop-token'] + 1", "1 / (secrets['shop-token'] | length - 24)", "secrets['shop-token'].x"]
)
def test_the_error_of_an_expression_over_a_secret_does_not_show_it(expression: str, shop: Any, everything: Any):
    run = settle_down(begin(publish(with_header(f"${{{{ {expression} }}}}"))))
    assert (run.result, run.error_type, shop.requests) == ("failed", "expression", [])
    assert_unseen(everything())


@pytest.mark.django_db
def test_a_secret_is_for_http_steps_only():
    with pytest.raises(InvalidManifest, match="secrets"):
        publish({"a": echo("${{ secrets['shop-token'] }}")})


def test_a_failure_is_masked_and_cleaned_before_it_is_stored_or_logged():
    failed = presentable(Failed(f"x.{SECRET}", f"bad {SECRET}\x00\ud800" + "y" * 9_000), {SECRET})
    assert isinstance(failed, Failed)
    assert failed.error_type == f"x.{MASK}"
    assert failed.message.startswith(f"bad {MASK}\ufffd\ufffdyy")
    assert len(failed.message) == 4_000


def test_a_secret_comes_from_the_environment_or_a_file_trimmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "PLUMBLINE", dataclasses.replace(settings.PLUMBLINE, secrets_dir=tmp_path))
    (tmp_path / "from-file").write_text("in a file\n")
    (tmp_path / "shop-token").write_text("the file loses")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("PLUMBLINE_SECRET_FROM_ENV", "in the environment\n")
    monkeypatch.setenv("PLUMBLINE_SECRET_EMPTY", "  ")
    assert resolve("from-file") == "in a file"
    assert resolve("from-env") == "in the environment"
    assert resolve("shop-token") == SECRET
    for name in ("empty", "binary", "nowhere"):
        with pytest.raises(UnknownSecret):
            resolve(name)


@pytest.mark.parametrize("name", ["", "../etc/passwd", "a/b", "A", "a_b", "-a", "a" * 64, "a\n", "ä"])
def test_a_name_that_is_none_is_refused(name: str):
    with pytest.raises(UnknownSecret):
        resolve(name)


def test_the_longest_form_is_masked_first_and_short_values_are_left():
    assert mask("token-long token", {"token", "token-long"}) == f"{MASK} {MASK}"
    assert mask("abc", {"abc"}) == "abc"
    assert mask_json({"token": ["token", 1, None, True]}, {"token"}) == {MASK: [MASK, 1, None, True]}


def test_a_vault_remembers_what_it_gave_away_and_the_mask_gives_nothing():
    used: set[str] = set()
    assert Vault(used)["shop-token"] == SECRET
    assert used == {SECRET}
    assert Masked()["anything"] == MASK
    assert list(Vault(used)) == []
