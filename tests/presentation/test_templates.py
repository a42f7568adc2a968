"""The shell and its pieces render what a reader, a screen reader and a strict policy need."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.contrib.messages.storage.base import Message
from django.utils import timezone

from portal.dashboards.figures import Point, runs_and_errors
from portal.presentation import diagram, gantt, textdiff
from portal.presentation.words import run_look

LOAD = "{% load plumbline %}"


class Start(forms.Form):
    amount = forms.IntegerField(label="Amount, in cents", help_text="Whole cents")
    kind = forms.ChoiceField(label="Version", choices=[("1", "2.3.0"), ("2", "2.2.1")], widget=forms.RadioSelect)
    dry = forms.BooleanField(label="Only check", required=False)


def test_the_page_that_is_open_is_marked_in_the_rail_and_only_that(render):
    html = render("base.html", nav="runs")
    assert re.findall(r'href="([^"]*)"[^>]*aria-current="page"', html) == ["/runs/"]


def test_admin_is_offered_only_to_those_who_may(render):
    assert "/admin-users/" not in render("base.html")
    assert "/admin-users/" in render("base.html", may_administer=True)


def test_the_theme_of_the_cookie_is_on_the_document(render):
    assert '<html lang="en" data-theme="dark">' in render("base.html", theme="dark")
    assert '<html lang="en">' in render("base.html", theme="")


def test_messages_are_announced_and_a_failure_looks_like_one(render):
    html = render("base.html", messages=[Message(25, "Run started"), Message(40, "<b>refused</b>")])
    assert '<div class="toasts" role="status">' in html
    assert 'class="toast s-ok"' in html
    assert 'class="toast s-fail"' in html
    assert "&lt;b&gt;refused" in html


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_error_pages_need_no_context_at_all(name):
    from django.template.loader import get_template

    html = get_template(name).render()
    assert "<h1>" in html
    assert "csrf" not in html.split("<main")[1]


def test_a_refusal_says_what_the_view_said(render):
    assert "Only operators of checkout may cancel" in render(
        "403.html", exception="Only operators of checkout may cancel"
    )


def test_sign_in_shows_examples_only_where_there_are_some(render):
    class SignIn(forms.Form):
        username = forms.CharField()
        password = forms.CharField(widget=forms.PasswordInput)

    account = {"username": "ops", "password": "plumb-line", "role": "operate checkout"}
    assert "plumb-line" in render("registration/login.html", form=SignIn(), example_accounts=[account])
    plain = render("registration/login.html", form=SignIn(), next='"><script>')
    assert "Examples" not in plain
    assert "<script>" not in plain


def test_a_refused_form_keeps_its_values_and_links_the_summary_to_its_fields(render):
    form = Start({"amount": "4,99", "dry": "on"})
    html = render(LOAD + "{% error_summary form %}{% for f in form %}{% form_field f %}{% endfor %}", form=form)
    assert "2 things need correcting" in html
    assert 'value="4,99"' in html
    for target in re.findall(r'<a href="#([^"]+)"', html):
        assert f'id="{target}"' in html, target
    for described in re.findall(r'aria-describedby="([^"]+)"', html):
        for part in described.split():
            assert f'id="{part}"' in html, part
    assert html.count('aria-invalid="true"') >= 1


def test_a_form_without_errors_has_no_summary(render):
    assert "error-summary" not in render(LOAD + "{% error_summary form %}", form=Start())


def test_a_time_shows_the_zone_of_the_reader_and_the_exact_utc_on_hover(render):
    moment = datetime(2020, 11, 17, 12, 58, 7, 102_000, tzinfo=UTC)
    with timezone.override(timezone.get_fixed_timezone(60)):
        html = render(
            LOAD + "{% when moment %}|{% when moment 'time' %}|{% when nothing %}", moment=moment, nothing=None
        )
    assert (
        '<time datetime="2020-11-17T12:58:07Z" title="2020-11-17 12:58:07.102 UTC">17 Nov 2020, 13:58:07</time>' in html
    )
    assert html.endswith(">13:58:07</time>|–")


def test_how_long_ago_carries_the_exact_time_too(render):
    html = render(LOAD + "{% ago moment %}", moment=timezone.now() - timedelta(minutes=3, seconds=5))
    assert html.startswith("<time datetime=")
    assert ">3 min ago<" in html


def test_a_state_is_icon_word_and_tone_and_never_markup(render):
    look = run_look("<b>")
    assert render(LOAD + "{% state look %}", look=look) == (
        '<span class="state s-unk"><svg class="i" aria-hidden="true"><use href="#i-unk"/></svg>&lt;b&gt;</span>'
    )


def test_a_hostile_step_name_is_text_in_gantt_diagram_and_diff(render):
    name = "<script>alert(1)</script>"
    drawn = gantt.build([gantt.GanttRow(name, "ok", "ok", name, [gantt.Bar("ok", 0, 1, "1", name)])], 2)
    graph = diagram.build([diagram.Node("a", name, (name,), tone="ok")], [])
    html = render(
        LOAD + "{% gantt g %}{% diagram d name %}{% diff_table t %}",
        g=drawn,
        d=graph,
        t=textdiff.diff("", name),
        name=name,
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 5


def test_a_folded_diagram_offers_every_step_as_a_list(render):
    nodes = [diagram.Node(str(n), f"step-{n}", tone="ok") for n in range(200)]
    html = render(LOAD + "{% diagram d 'big' %}", d=diagram.build(nodes, []))
    assert "200 of 200 steps are folded into one box" in html
    assert "step-137" in html


def test_a_chart_has_a_title_a_legend_and_the_table_behind(render):
    point = Point(datetime(2026, 11, 17, 8, tzinfo=UTC), 500, 0, 3, 0)
    html = render(
        LOAD + "{% chart figure 'c1' title %}", figure=runs_and_errors([point]), title="Errors rose </script>"
    )
    assert 'data-figure="c1"' in html
    assert "<td>17 Nov, 08:00</td>" in html
    assert html.count("</script>") == 1
    assert '<script id="c1" type="application/json">' in html


def test_the_last_page_has_no_button_to_a_next_one(render):
    html = render(LOAD + "{% pagination previous_url='?before=x' %}")
    assert 'rel="prev"' in html
    assert 'rel="next"' not in html
    assert render(LOAD + "{% pagination %}").strip() == ""
