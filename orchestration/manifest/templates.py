"""JSON values with `${{ … }}` in their texts, compiled once and filled many times.

Owns finding the expressions in a text and keeping the type where an expression is the whole text. Never stores a
result: filling has no side effect, and every filling makes new lists and mappings.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from .expressions import Expression, compile_expression
from .fields import Evaluator, Scope
from .operators import bounded_text, text_of
from .values import JSON, MAX_RESULT, ExpressionError, measure

OPENING = "${{"
_CLOSING = {"(": ")", "[": "]", "{": "}"}
Insert = Callable[[JSON], str]


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled JSON value. `references` and `tolerated` are those of all its expressions."""

    references: frozenset[tuple[str, ...]]
    tolerated: frozenset[tuple[str, ...]]
    run: Evaluator = field(repr=False, compare=False)
    #: Of an assembled one, what it was put together from.
    parts: Mapping[str, "Template"] = field(default_factory=dict, repr=False, compare=False)

    def with_part(self, name: str, value: JSON) -> "Template":
        """The same with this value, as it stands, in place of one part, whose expressions are not evaluated."""
        constant = Template(frozenset(), frozenset(), lambda _scope: value)
        return assemble({**self.parts, name: constant})

    def evaluate(self, scope: Scope) -> JSON:
        """The value with its expressions filled in; raises ExpressionError."""
        value = self.run(scope)
        if isinstance(value, list | dict) and measure(value, MAX_RESULT) > MAX_RESULT:
            raise ExpressionError(f"the value is larger than {MAX_RESULT // 1024 // 1024} MiB")
        return value


def compile_template(value: JSON) -> Template:
    """Compile a JSON value; raises ExpressionError."""
    return _finish(value, text_of)


def compile_path(value: str) -> Template:
    """Compile a URL path: what is inserted is percent-encoded, so that a value can't leave its segment."""
    return _finish(value, _segment)


def assemble(parts: Mapping[str, Template]) -> Template:
    """Put compiled templates together under their names."""
    runs = {name: part.run for name, part in parts.items()}
    return Template(
        frozenset[tuple[str, ...]]().union(*(part.references for part in parts.values())),
        frozenset[tuple[str, ...]]().union(*(part.tolerated for part in parts.values())),
        lambda scope: {name: run(scope) for name, run in runs.items()},
        parts,
    )


def split(text: str) -> Iterator[str | tuple[int, str]]:
    """The pieces of a text: plain text, and (offset, source) for each expression."""
    position = 0
    while (start := text.find(OPENING, position)) >= 0:
        if start > position:
            yield text[position:start]
        begin = start + len(OPENING)
        end = _end_of_expression(text, begin)
        yield begin, text[begin:end].strip()
        position = end + 2
    if position < len(text):
        yield text[position:]


def _end_of_expression(text: str, begin: int) -> int:
    """Where the closing `}}` stands: outside quotes, and outside the braces of a mapping."""
    open_brackets: list[str] = []
    quoted = ""
    position = begin
    while position < len(text):
        character = text[position]
        if quoted:
            if character == "\\":
                position += 1
            elif character == quoted:
                quoted = ""
        elif character in "'\"":
            quoted = character
        elif not open_brackets and text.startswith("}}", position):
            return position
        elif character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        position += 1
    raise ExpressionError("'${{' is never closed; end the expression with '}}'", begin - len(OPENING))


def _finish(value: JSON, insert: Insert) -> Template:
    expressions: list[Expression] = []
    run = _compile(value, insert, expressions)
    references = frozenset[tuple[str, ...]]().union(*(found.references for found in expressions))
    required = frozenset[tuple[str, ...]]().union(*(found.references - found.tolerated for found in expressions))
    return Template(references, references - required, run)


def _compile(value: JSON, insert: Insert, expressions: list[Expression]) -> Evaluator:
    if isinstance(value, str):
        return _compile_text(value, insert, expressions)
    if isinstance(value, dict):
        for key in value:
            if OPENING in key:
                raise ExpressionError("an expression can stand in a value, not in a key")
        members = {key: _compile(member, insert, expressions) for key, member in value.items()}
        return lambda scope: {key: run(scope) for key, run in members.items()}
    if isinstance(value, list):
        items = [_compile(item, insert, expressions) for item in value]
        return lambda scope: [run(scope) for run in items]
    return lambda _scope: value


def _compile_text(text: str, insert: Insert, expressions: list[Expression]) -> Evaluator:
    if OPENING not in text:
        return lambda _scope: text
    pieces: list[str | Evaluator] = []
    for piece in split(text):
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        offset, source = piece
        try:
            expression = compile_expression(source)
        except ExpressionError as error:
            raise ExpressionError(error.message, offset, error.path) from None
        expressions.append(expression)
        pieces.append(expression.run)
    only = pieces[0]
    if len(pieces) == 1 and not isinstance(only, str):
        return only
    return lambda scope: bounded_text([piece if isinstance(piece, str) else insert(piece(scope)) for piece in pieces])


def _segment(value: JSON) -> str:
    text = text_of(value)
    if text in ("", ".", ".."):
        raise ExpressionError(f"'{text}' can't be a part of a path")
    return quote(text, safe="")
