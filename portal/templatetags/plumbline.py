"""The template vocabulary: icons, states, times, quantities and the pieces that templates/components draws.

Owns how templates call the presentation functions. Never reads the database and never decides a state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django import template
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.forms import CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.forms.boundfield import BoundField
from django.forms.forms import BaseForm
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString

from portal.dashboards import figures
from portal.presentation import jsonview, quantities, textdiff
from portal.presentation import sparkline as sparklines
from portal.presentation.diagram import Diagram
from portal.presentation.gantt import Gantt
from portal.presentation.words import Look, Tone, environment_colour

if TYPE_CHECKING:
    from portal.dashboards.periods import Period

register = template.Library()

register.filter("duration", quantities.duration)
register.filter("number", quantities.number)
register.filter("percent", quantities.percent)
register.filter("byte_size", quantities.byte_size)
register.filter("environment_colour", environment_colour)


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """{% icon "runs" %} or {% icon "down" "i-12" %}: decoration, so hidden from screen readers."""
    css = f"i {extra}" if extra else "i"
    return format_html('<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>', css, name)


@register.simple_tag
def state(look: Look) -> SafeString:
    return format_html('<span class="state s-{}">{}{}</span>', look.tone, icon(look.icon), look.word)


@register.simple_tag
def badge(look: Look) -> SafeString:
    """Once on a page, in its head; tables use state."""
    return format_html('<span class="badge s-{}">{}{}</span>', look.tone, icon(look.icon), look.word)


@register.simple_tag(takes_context=True)
def nav_link(context: Mapping[str, Any], url_name: str, label: str, icon_name: str, key: str = "") -> SafeString:
    """An entry of the rail; current when the page's `nav` is its URL name. `key` is its letter after g."""
    current = SafeString(' aria-current="page"') if context.get("nav") == url_name else ""
    keyed = format_html(' data-key="{}"', key) if key else ""
    return format_html(
        '<a class="nav" href="{}"{}{}>{}{}</a>', reverse(url_name), current, keyed, icon(icon_name), label
    )


@register.simple_tag
def when(moment: datetime | None, style: str = "full") -> SafeString | str:
    """A time in the reader's zone, the exact UTC on hover. style: full, date, time or day (date and minute)."""
    if moment is None:
        return quantities.MISSING
    return _when(moment, style, timezone.get_current_timezone(), timezone.localtime().year)


@lru_cache(maxsize=8_192)
def _when(moment: datetime, style: str, zone: tzinfo, this_year: int) -> SafeString:
    """Kept, since a page that is read every few seconds has the same times again: a seventh of what it costs to draw."""
    local = timezone.localtime(moment, zone)
    year = "" if local.year == this_year else " Y"
    formats = {"full": f"j M{year}, H:i:s", "day": f"j M{year}, H:i", "date": f"j M{year}", "time": "H:i:s"}
    return _time(moment, format_date(local, formats[style]))


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago, or in how long; the exact UTC on hover."""
    return quantities.MISSING if moment is None else _time(moment, quantities.relative(moment, timezone.now()))


def _time(moment: datetime, text: str) -> SafeString:
    exact = moment.astimezone(UTC)
    title = f"{exact:%Y-%m-%d %H:%M:%S}.{exact.microsecond // 1000:03d} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', f"{exact:%Y-%m-%dT%H:%M:%SZ}", title, text)


@register.simple_tag
def copy_button(text: str, label: str) -> SafeString:
    """{% copy_button trace_id "Copy trace id" %}"""
    return format_html(
        '<button class="copy" type="button" data-copy="{}" aria-label="{}">{}</button>',
        text,
        label,
        icon("copy", "i-12"),
    )


@register.inclusion_tag("components/crumbs.html")
def crumbs(*pairs: str) -> dict[str, Any]:
    """{% crumbs "Runs" runs_url "order-fulfilment" "" %}: label and URL in turn, an empty URL for plain text."""
    return {"crumbs": list(zip(pairs[::2], pairs[1::2], strict=True))}


@register.inclusion_tag("components/gantt.html")
def gantt(drawn: Gantt, label: str = "Steps in time") -> dict[str, Any]:
    return {"gantt": drawn, "label": label}


@register.inclusion_tag("components/diagram.html")
def diagram(drawn: Diagram, label: str) -> dict[str, Any]:
    return {"diagram": drawn, "label": label}


@register.inclusion_tag("components/sparkline.html")
def sparkline(
    values: Sequence[float | None], label: str, tone: Tone = "ok", ceiling: float | None = None
) -> dict[str, Any]:
    return {"spark": sparklines.build(values, ceiling=ceiling), "label": label, "tone": tone}


@register.inclusion_tag("components/chart.html")
def chart(figure: Mapping[str, Any], id: str, title: str, note: str = "", small: bool = False) -> dict[str, Any]:
    """A chart, its legend and the table behind. The page loads js/charts.js in its scripts block."""
    payload = {"figure": figure, "palette": {"light": figures.LIGHT, "dark": figures.DARK}}
    return {
        "id": id,
        "title": title,
        "note": note,
        "small": small,
        "payload": json_script(payload, id),
        "legend": figures.legend_of(figure),
        "table": figures.table_of(figure),
        "marks": [
            mark | {"at": datetime.fromisoformat(mark["at"])} for mark in figure["layout"]["meta"].get("marks", ())
        ],
    }


@register.inclusion_tag("components/period_choice.html")
def period_choice(periods: Sequence[tuple[Period, str]], period: Period) -> dict[str, Any]:
    """{% period_choice periods period %}: each period with the URL that shows it, and the one that is shown."""
    return {"periods": periods, "period": period}


@register.inclusion_tag("components/json_block.html")
def json_block(value: Any, label: str, masked: bool = False) -> dict[str, Any]:
    return {"lines": jsonview.render(value, masked=masked), "label": label}


@register.inclusion_tag("components/diff_table.html")
def diff_table(difference: textdiff.Diff, label: str = "Difference") -> dict[str, Any]:
    return {"diff": difference, "label": label}


@register.inclusion_tag("components/pagination.html")
def pagination(next_url: str = "", previous_url: str = "", summary: str = "") -> dict[str, Any]:
    return {"next_url": next_url, "previous_url": previous_url, "summary": summary}


@register.inclusion_tag("components/empty_state.html")
def empty_state(title: str, text: str = "", action: str = "", action_url: str = "") -> dict[str, Any]:
    return {"title": title, "text": text, "action": action, "action_url": action_url}


@register.inclusion_tag("components/live.html")
def live(seconds: int = 5) -> dict[str, Any]:
    """The indicator with Pause, for the actions of a page head."""
    return {"seconds": seconds}


@register.inclusion_tag("components/form_field.html")
def form_field(field: BoundField) -> dict[str, Any]:
    """Label above, error and hint below, tied to the field by aria-describedby."""
    widget = field.field.widget
    notes = [f"{field.auto_id}_error"] if field.errors else []
    notes += [f"{field.auto_id}_helptext"] if field.help_text else []
    grouped = isinstance(widget, RadioSelect | CheckboxSelectMultiple)
    checkbox = isinstance(widget, CheckboxInput)
    attrs: dict[str, str | bool] = (
        {} if grouped or checkbox else {"class": f"{widget.attrs.get('class', '')} input".strip()}
    )
    if notes and not grouped:
        attrs["aria-describedby"] = " ".join(notes)
    return {
        "field": field,
        "widget": field.as_widget(attrs=attrs),
        "grouped": grouped,
        "checkbox": checkbox,
        "described_by": " ".join(notes),
    }


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: BaseForm | None) -> dict[str, Any]:
    """What needs correcting, each linked to its field; nothing while the form has no errors."""
    if not form or not form.is_bound:
        return {"problems": []}
    problems = [{"href": "", "text": text} for text in form.non_field_errors()]
    for field in form:
        # the first of several choices carries the id of a group, so that the link moves the focus
        href = (
            f"#{field.auto_id}_0"
            if isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple)
            else f"#{field.auto_id}"
        )
        problems += [{"href": href, "text": f"{field.label}: {error}"} for error in field.errors]
    return {"problems": problems}


@register.filter
def toast_tone(message: Message) -> Tone:
    if message.level >= constants.ERROR:
        return "fail"
    return "warn" if message.level >= constants.WARNING else "ok" if message.level == constants.SUCCESS else "unk"


@register.filter
def toast_icon(message: Message) -> str:
    tone = toast_tone(message)
    return "info" if tone == "unk" else tone
