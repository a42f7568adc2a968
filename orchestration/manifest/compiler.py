"""Turns the syntax tree of an expression into closures, and notes which paths it reads.

Owns the list of nodes that make up the grammar: whatever isn't listed here is refused by name. Never evaluates.
"""

import operator
from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from . import operators
from .fields import Evaluator, Key, Scope, read_any, read_named, root_of
from .problems import suggestion
from .values import JSON, ExpressionError, MissingField, check_text

MAX_DEPTH = 64

_ARITHMETIC: dict[type[nodes.Node], Callable[[JSON, JSON], JSON]] = {
    nodes.Add: operators.arithmetic("+", operator.add),
    nodes.Sub: operators.arithmetic("-", operator.sub),
    nodes.Mul: operators.arithmetic("*", operator.mul),
    nodes.Div: operators.arithmetic("/", operator.truediv),
    nodes.Mod: operators.arithmetic("%", operator.mod),
}
_COMPARISONS: dict[str, Callable[[JSON, JSON], bool]] = {
    "eq": operators.equal,
    "ne": lambda left, right: not operators.equal(left, right),
    "lt": operators.ordered("<", operator.lt),
    "lteq": operators.ordered("<=", operator.le),
    "gt": operators.ordered(">", operator.gt),
    "gteq": operators.ordered(">=", operator.ge),
    "in": operators.contains,
    "notin": lambda left, right: not operators.contains(left, right),
}
_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Call: "a call",
    nodes.Pow: "'**'",
    nodes.FloorDiv: "'//'",
    nodes.Slice: "a slice",
    nodes.Tuple: "a tuple",
}


class Compiler:
    """One pass over one tree."""

    def __init__(self) -> None:
        self.references: set[tuple[str, ...]] = set()
        self.tolerated: set[tuple[str, ...]] = set()
        self._depth = 0
        self._tolerant = 0

    def compile(self, node: nodes.Node) -> Evaluator:
        """Make the closure of a node, or refuse it."""
        method = _METHODS.get(type(node))
        if method is None:
            named = _REFUSED.get(type(node), f"'{type(node).__name__}'")
            raise ExpressionError(f"{named} isn't part of the expression language")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"the expression is nested more than {MAX_DEPTH} deep; compute parts in a value step")
        made: Evaluator = method(self, node)
        self._depth -= 1
        return made

    def constant(self, node: nodes.Const) -> Evaluator:
        value = node.value
        if isinstance(value, str):
            check_text(value)
        else:
            operators.bounded_number(value)
        return lambda _scope: value

    def path(self, node: nodes.Name | nodes.Getattr | nodes.Getitem) -> Evaluator:
        """`a.b[0]['c']`: the whole chain becomes one reader, and its constant beginning one reference."""
        keys: list[Key] = []
        base: nodes.Node = node
        while isinstance(base, nodes.Getattr | nodes.Getitem):
            keys.append(base.attr if isinstance(base, nodes.Getattr) else self._key(base.arg))
            base = base.node
            if len(keys) > MAX_DEPTH:
                raise ExpressionError(f"a path has more than {MAX_DEPTH} parts")
        keys.reverse()
        if not isinstance(base, nodes.Name):
            return read_any("(…)", self.compile(base), tuple(keys))
        root = base.name
        self._note(root, keys)
        names = tuple(key for key in keys if isinstance(key, str))
        if len(names) == len(keys):
            return read_named(root, names)
        return read_any(root, lambda scope: root_of(scope, root), tuple(keys))

    def _key(self, node: nodes.Node) -> Key:
        if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and type(node.node.value) is int:
            return -node.node.value
        if isinstance(node, nodes.Const) and type(node.value) in (str, int):
            key: str | int = node.value
            if isinstance(key, str):
                check_text(key)
            return key
        return self.compile(node)

    def _note(self, root: str, keys: list[Key]) -> None:
        reference = [root]
        for key in keys:
            if callable(key):
                break
            reference.append(key if isinstance(key, str) else "[]")
        noted = tuple(reference)
        if self._tolerant and noted not in self.references:
            self.tolerated.add(noted)
        elif not self._tolerant:
            self.tolerated.discard(noted)
        self.references.add(noted)

    def tolerant(self, node: nodes.Node) -> Evaluator:
        """Compile what may be missing."""
        self._tolerant += 1
        made = self.compile(node)
        self._tolerant -= 1
        return made

    def arithmetic(self, node: nodes.BinExpr) -> Evaluator:
        apply, left, right = _ARITHMETIC[type(node)], self.compile(node.left), self.compile(node.right)
        return lambda scope: apply(left(scope), right(scope))

    def concatenation(self, node: nodes.Concat) -> Evaluator:
        parts = [self.compile(part) for part in node.nodes]
        return lambda scope: operators.bounded_text([operators.text_of(part(scope)) for part in parts])

    def both(self, node: nodes.And) -> Evaluator:
        left, right = self.compile(node.left), self.compile(node.right)
        return lambda scope: left(scope) and right(scope)

    def either(self, node: nodes.Or) -> Evaluator:
        left, right = self.compile(node.left), self.compile(node.right)
        return lambda scope: left(scope) or right(scope)

    def negation(self, node: nodes.Not) -> Evaluator:
        operand = self.compile(node.node)
        return lambda scope: not operand(scope)

    def sign(self, node: nodes.Neg) -> Evaluator:
        operand = self.compile(node.node)
        return lambda scope: operators.negative(operand(scope))

    def comparison(self, node: nodes.Compare) -> Evaluator:
        first = self.compile(node.expr)
        rest = [(_COMPARISONS[operand.op], self.compile(operand.expr)) for operand in node.ops]

        def compare(scope: Scope) -> JSON:
            left = first(scope)
            for holds, evaluate in rest:
                right = evaluate(scope)
                if not holds(left, right):
                    return False
                left = right
            return True

        return compare

    def conditional(self, node: nodes.CondExpr) -> Evaluator:
        if node.expr2 is None:
            raise ExpressionError("'if' needs an 'else' here: a if b else c")
        test, yes, no = self.compile(node.test), self.compile(node.expr1), self.compile(node.expr2)
        return lambda scope: yes(scope) if test(scope) else no(scope)

    def list_literal(self, node: nodes.List) -> Evaluator:
        items = [self.compile(item) for item in node.items]
        return lambda scope: [item(scope) for item in items]

    def mapping_literal(self, node: nodes.Dict) -> Evaluator:
        pairs: list[tuple[str, Evaluator]] = []
        for pair in node.items:
            if not isinstance(pair.key, nodes.Const) or not isinstance(pair.key.value, str):
                raise ExpressionError("the keys of a mapping are quoted text")
            check_text(pair.key.value)
            pairs.append((pair.key.value, self.compile(pair.value)))
        return lambda scope: {key: value(scope) for key, value in pairs}

    def test(self, node: nodes.Test) -> Evaluator:
        if node.name not in ("defined", "none"):
            hint = suggestion(node.name, ("defined", "none")) or "; there are: defined, none"
            raise ExpressionError(f"no test '{node.name}'{hint}")
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise ExpressionError(f"'is {node.name}' takes no argument")
        operand, wants_value = self.tolerant(node.node), node.name == "defined"

        def check(scope: Scope) -> JSON:
            try:
                value = operand(scope)
            except MissingField:
                return not wants_value
            return wants_value or value is None

        return check

    def filter(self, node: nodes.Filter) -> Evaluator:
        known = ("default", *operators.FILTERS)
        if node.name not in known:
            hint = suggestion(node.name, known) or f"; there are: {', '.join(known)}"
            raise ExpressionError(f"no filter '{node.name}'{hint}")
        if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise ExpressionError(f"'{node.name}' takes plain arguments only")
        apply, most = operators.FILTERS.get(node.name, (None, 1))
        if len(node.args) > most:
            raise ExpressionError(f"'{node.name}' takes at most {most} argument{'s' * (most != 1)}")
        arguments = [self.compile(argument) for argument in node.args]
        if apply is None:
            return self._default(self.tolerant(node.node), arguments)
        chosen, operand = apply, self.compile(node.node)
        return lambda scope: chosen(operand(scope), *(argument(scope) for argument in arguments))

    def _default(self, operand: Evaluator, arguments: list[Evaluator]) -> Evaluator:
        """A missing field and null both give way: the output of a skipped step is null."""

        def choose(scope: Scope) -> JSON:
            try:
                value = operand(scope)
            except MissingField:
                value = None
            if value is not None:
                return value
            return arguments[0](scope) if arguments else ""

        return choose


_METHODS: dict[type[nodes.Node], Callable[..., Any]] = {
    nodes.Const: Compiler.constant,
    nodes.Name: Compiler.path,
    nodes.Getattr: Compiler.path,
    nodes.Getitem: Compiler.path,
    **dict.fromkeys(_ARITHMETIC, Compiler.arithmetic),
    nodes.Concat: Compiler.concatenation,
    nodes.And: Compiler.both,
    nodes.Or: Compiler.either,
    nodes.Not: Compiler.negation,
    nodes.Neg: Compiler.sign,
    nodes.Compare: Compiler.comparison,
    nodes.CondExpr: Compiler.conditional,
    nodes.List: Compiler.list_literal,
    nodes.Dict: Compiler.mapping_literal,
    nodes.Test: Compiler.test,
    nodes.Filter: Compiler.filter,
}
