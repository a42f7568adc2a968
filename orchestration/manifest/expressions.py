"""The expression language: one expression, compiled once and evaluated many times.

Owns reading the text, with Jinja's parser and without its optimiser (`9**9**9` is where constant folding bites).
Never uses Jinja's evaluator; what a node means is the compiler's.
"""

import re
from dataclasses import dataclass, field

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from .compiler import Compiler
from .fields import Evaluator, Scope
from .values import JSON, MAX_RESULT, ExpressionError, measure

MAX_SOURCE = 4096

_JINJA_END = re.compile("end of (template|print statement)")

_ENVIRONMENT = Environment(optimized=False, autoescape=False)  # noqa: S701 - only its lexer is used, nothing is rendered


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. `references` are the constant paths it reads; a list position in one is written `[]`."""

    source: str
    references: frozenset[tuple[str, ...]]
    tolerated: frozenset[tuple[str, ...]]
    """Those references that only `default`, `is defined` or `is none` read, so that they may be missing."""
    run: Evaluator = field(repr=False, compare=False)
    is_path: bool = False
    """Whether it is one constant path and nothing else, so that its value has the type of what stands there."""

    def evaluate(self, scope: Scope) -> JSON:
        """The value over these names; raises ExpressionError."""
        value = self.run(scope)
        if isinstance(value, list | dict) and measure(value, MAX_RESULT) > MAX_RESULT:
            raise ExpressionError(f"the result is larger than {MAX_RESULT // 1024 // 1024} MiB")
        return value


def compile_expression(source: str) -> Expression:
    """Read an expression and check it against the grammar; raises ExpressionError."""
    compiler = Compiler()
    tree = _parse(source)
    run = compiler.compile(tree)
    return Expression(
        source, frozenset(compiler.references), frozenset(compiler.tolerated), run, is_path=_is_path(tree)
    )


def _is_path(node: nodes.Node) -> bool:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
            return False
        node = node.node
    return isinstance(node, nodes.Name)


def _parse(source: str) -> nodes.Node:
    if len(source) > MAX_SOURCE:
        raise ExpressionError(f"the expression is longer than {MAX_SOURCE} characters; compute parts in a value step")
    if not source.strip():
        raise ExpressionError("the expression is empty")
    try:
        parser = Parser(_ENVIRONMENT, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise ExpressionError(f"can't be read as an expression: '{parser.stream.current.value}' is left over")
    except TemplateSyntaxError as error:
        said = _JINJA_END.sub("end of the expression", error.message or "")
        raise ExpressionError(f"can't be read as an expression: {said}") from None
    except (RecursionError, OverflowError):
        raise ExpressionError("the expression is nested too deep or has a number too large") from None
    return tree
