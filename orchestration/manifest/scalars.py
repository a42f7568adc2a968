"""Small typed texts of a manifest: names, versions, references, durations, percentages, rates.

Owns how each is read and its one normal form, so that `5000ms` and `5s` are the same content. Never looks anything up.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, NoReturn

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError
from semantic_version import NpmSpec

from .values import described

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_DOTTED = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*")
_POLICY = re.compile(r"[a-z][a-z0-9_-]*")
_STEP = re.compile(r"[a-z][a-z0-9_]*")
_TASK = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_VERSION = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})){2}")
_PERCENT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6})?%")
_RATE = re.compile(r"([1-9][0-9]{0,8})/(s|m|h)")
_LONGEST_NAME = 63
_LONGEST_RANGE = 100

_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
_DURATION = re.compile("".join(f"(?:{_NUMBER}{unit}{'(?!s)' if unit == 'm' else ''})?" for unit in _UNITS))
_LONGEST_DURATION = 100 * 366 * _UNITS["d"]


class Reference(NamedTuple):
    """`order.placed@^1.2`: a name and the versions that fit."""

    name: str
    range: NpmSpec


def parse_duration(text: str) -> float:
    """Seconds of `250ms`, `5s`, `1h30m`, `90d`; raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"wanted a duration such as 250ms, 5s or 1h30m; got '{_short(text)}'")
    total = sum(Decimal(count) * unit for count, unit in zip(match.groups(), _UNITS.values(), strict=True) if count)
    if total != int(total):
        raise ValueError(f"'{text}' is finer than a millisecond")
    if total > _LONGEST_DURATION:
        raise ValueError(f"'{text}' is longer than 100 years")
    return int(total) / 1000


def format_duration(seconds: float) -> str:
    """The normal form: largest units first, none of them zero."""
    rest = round(seconds * 1000)
    written = ""
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            written += f"{count}{unit}"
    return written or "0s"


def parse_rate(text: str) -> float:
    """Calls a second of `50/s`, `100/m`, `1000/h`; raises ValueError."""
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(f"wanted a rate such as 50/s, 100/m or 1000/h; got '{_short(text)}'")
    return int(match[1]) * 1000 / _UNITS[match[2]]


def parse_reference(text: str) -> Reference:
    """Split `name@range`; raises ValueError."""
    name, mark, wanted = text.partition("@")
    if not mark or not wanted or len(wanted) > _LONGEST_RANGE:
        raise ValueError(f"wanted a name and a version range such as order.placed@^1.2; got '{_short(text)}'")
    check_name(name, _DOTTED, "a lower-case name such as order.placed")
    try:
        return Reference(name, NpmSpec(wanted))
    except ValueError:
        raise ValueError(f"'{_short(wanted)}' is no version range; write one such as ^1.2, ~2.0.1 or 3.x") from None


def check_name(text: str, pattern: re.Pattern[str], wanted: str) -> str:
    """The text if it fits the pattern and the length; raises ValueError."""
    if not pattern.fullmatch(text):
        raise ValueError(f"wanted {wanted}; got '{_short(text)}'")
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"a name has at most {_LONGEST_NAME} characters; this one has {len(text)}")
    return text


def refuse(message: str) -> NoReturn:
    """Raise for pydantic, in words that it must not decorate."""
    raise PydanticCustomError("manifest", "{message}", {"message": message})


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"


def _named(pattern: re.Pattern[str], wanted: str) -> tuple[AfterValidator, WithJsonSchema]:
    def check(text: str) -> str:
        try:
            return check_name(text, pattern, wanted)
        except ValueError as error:
            refuse(str(error))

    schema = {"type": "string", "pattern": f"^{pattern.pattern}$", "maxLength": _LONGEST_NAME}
    return AfterValidator(check), WithJsonSchema(schema)


def _duration(value: Any) -> float:
    if not isinstance(value, str):
        refuse(f"wanted a duration with its unit such as 250ms, 5s or 1h30m; got {described(value)}")
    try:
        return parse_duration(value)
    except ValueError as error:
        refuse(str(error))


def _positive(value: Any) -> float:
    seconds = _duration(value)
    return seconds if seconds > 0 else refuse("wanted a duration longer than zero")


def _percent(value: Any) -> float:
    if not isinstance(value, str) or not _PERCENT.fullmatch(value) or Decimal(value[:-1]) > 100:
        got = f"'{_short(value)}'" if isinstance(value, str) else described(value)
        refuse(f"wanted a percentage from 0% to 100% such as 99.5%; got {got}")
    return float(value[:-1])


def _checked(parse: Any) -> AfterValidator:
    def check(text: str) -> str:
        try:
            parse(text)
        except ValueError as error:
            refuse(str(error))
        return text

    return AfterValidator(check)


def _version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        refuse(f"wanted a version x.y.z such as 1.0.0; got '{_short(text)}'")
    return text


_TO_DURATION = PlainSerializer(format_duration, return_type=str)
_DURATION_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(d|h|m|s|ms))+$", "examples": ["250ms", "5s", "1h30m"]}
)

Name = Annotated[str, *_named(_NAME, "a name of lower-case letters, digits and hyphens such as order-fulfilment")]
DottedName = Annotated[str, *_named(_DOTTED, "a lower-case name such as order.placed")]
PolicyName = Annotated[str, *_named(_POLICY, "a lower-case name such as http")]
StepName = Annotated[
    str, *_named(_STEP, "a step name of lower-case letters, digits and underscores such as ship_parcel")
]
TaskName = Annotated[str, *_named(_TASK, "the dotted name of a task such as shop.related_items")]
Version = Annotated[
    str, AfterValidator(_version), WithJsonSchema({"type": "string", "pattern": f"^{_VERSION.pattern}$"})
]
VersionedName = Annotated[
    str, _checked(parse_reference), WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9.-]*@.+$"})
]
Duration = Annotated[float, BeforeValidator(_duration), _TO_DURATION, _DURATION_SCHEMA]
PositiveDuration = Annotated[float, BeforeValidator(_positive), _TO_DURATION, _DURATION_SCHEMA]
Percent = Annotated[
    float,
    BeforeValidator(_percent),
    PlainSerializer(lambda value: f"{value:.9g}%", return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_PERCENT.pattern}$"}),
]
Rate = Annotated[str, _checked(parse_rate), WithJsonSchema({"type": "string", "pattern": f"^{_RATE.pattern}$"})]
