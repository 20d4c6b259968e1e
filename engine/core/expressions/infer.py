"""The type of an expression before it runs, and the errors that every run would end with."""

from collections.abc import Callable
from typing import Any, NoReturn

from engine.core.expressions import syntax
from engine.core.expressions.errors import BadExpression
from engine.core.expressions.functions import FUNCTIONS
from engine.core.expressions.syntax import Node
from engine.core.expressions.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    NULL,
    NUMBER,
    STRING,
    Type,
    TypeEnv,
    either,
    list_of,
    map_of,
)

_LITERALS = {type(None): NULL, bool: BOOL, int: INT, float: DOUBLE, str: STRING}


def infer(node: Node, source: str, env: TypeEnv) -> Type:
    """
    Raises:
        BadExpression: whatever the data is, it can't be evaluated.
    """
    return _Inference(source).type_of(node, env)


class _Inference:
    def __init__(self, source: str) -> None:
        self.source = source

    def type_of(self, node: Node, env: TypeEnv) -> Type:
        return _RULES[type(node)](self, node, env)

    def refuse(self, at: int, detail: str) -> NoReturn:
        raise BadExpression.within(self.source, at, detail)

    def truth(self, node: Node, env: TypeEnv, where: str) -> None:
        found = self.type_of(node, env)
        if not found.could_be("bool"):
            self.refuse(node.at, f"{where} must be true or false, this is {found}.")

    def literal(self, node: syntax.Literal, _: TypeEnv) -> Type:
        return _LITERALS[type(node.value)]

    def name(self, node: syntax.Name, env: TypeEnv) -> Type:
        return env.get(node.name, DYN)

    def path(self, node: syntax.Path, env: TypeEnv) -> Type:
        found = self.type_of(node.target, env)
        for key, at in zip(node.keys, node.offsets, strict=True):
            found = self.field(found, key, at)
        return found

    def field(self, target: Type, key: str, at: int) -> Type:
        if not target.could_be("map"):
            self.refuse(at, f"{key[:40]!r} can't be read here: the value before it is {target}, not a map.")
        if target.fields is None:
            return DYN
        if key in target.fields:
            return target.fields[key]
        if target.is_closed:
            known = ", ".join(sorted(target.fields)) or "nothing"
            self.refuse(at, f"There is no {key[:40]!r} here. Known: {known}.")
        return DYN

    def index(self, node: syntax.Index, env: TypeEnv) -> Type:
        target, index = self.type_of(node.target, env), self.type_of(node.index, env)
        if not target.could_be("list", "map"):
            self.refuse(node.at, f"[…] reads a list or a map, not {target}.")
        if target.kind == "list" and not index.could_be("number"):
            self.refuse(node.at, f"The index of a list is a whole number, not {index}.")
        if target.kind == "map" and not index.could_be("string"):
            self.refuse(node.at, f"The key of a map is a text, not {index}.")
        return target.item or DYN

    def has(self, node: syntax.Has, env: TypeEnv) -> Type:
        target = self.type_of(node.path.target, env)
        *before, last = zip(node.path.keys, node.path.offsets, strict=True)
        for key, at in before:
            target = self.field(target, key, at)
        if not target.could_be("map"):
            self.refuse(last[1], f"has() asks a map, this is {target}.")
        return BOOL

    def call(self, node: syntax.Call, env: TypeEnv) -> Type:
        function = FUNCTIONS[node.name]
        for arg, kinds in zip(node.args, function.params, strict=False):
            found = self.type_of(arg, env)
            wanted = ("number",) if kinds == ("int",) else kinds
            if not found.could_be(*wanted):
                self.refuse(arg.at, f"{node.name}() needs {' or '.join(kinds)} here, not {found}.")
        return function.result

    def macro(self, node: syntax.Macro, env: TypeEnv) -> Type:
        target = self.type_of(node.target, env)
        if not target.could_be("list", "map"):
            self.refuse(node.at, f"{node.name}() goes through a list or a map, not through {target}.")
        item = STRING if target.kind == "map" else target.item or DYN
        inside = {**env, node.variable: item}
        *conditions, last = node.bodies
        for condition in conditions if node.name == "map" else node.bodies:
            self.truth(condition, inside, f"The condition in {node.name}()")
        if node.name == "map":
            return list_of(self.type_of(last, inside))
        return list_of(item) if node.name == "filter" else BOOL

    def unary(self, node: syntax.Unary, env: TypeEnv) -> Type:
        found = self.type_of(node.operand, env)
        if not found.could_be("bool" if node.op == "!" else "number"):
            wanted = "true or false" if node.op == "!" else "a number"
            self.refuse(node.at, f"{node.op} works on {wanted}, not on {found}.")
        if node.op == "!":
            return BOOL
        return found if found.is_number else NUMBER

    def chain(self, node: syntax.Chain, env: TypeEnv) -> Type:
        found = self.type_of(node.first, env)
        for op, at, operand in node.rest:
            found = self.arithmetic(op, at, found, self.type_of(operand, env))
        return found

    def arithmetic(self, op: str, at: int, left: Type, right: Type) -> Type:
        kinds = ("number", "string", "list") if op == "+" else ("int",) if op == "%" else ("number",)
        fitting = [one for one in kinds if left.could_be(one) and right.could_be(one)]
        if not fitting:
            self.refuse(at, f"{op} does not work on {left} and {right}.")
        if op == "%":
            return INT
        if "number" in fitting and (left.is_number or right.is_number):
            if left == right or not (left.is_number and right.is_number):
                return left if left == right else NUMBER
            return DOUBLE if "double" in (left.kind, right.kind) else NUMBER
        if fitting == ["list"]:
            return list_of(either(left.item or DYN, right.item or DYN))
        return STRING if fitting == ["string"] else NUMBER if fitting == ["number"] else DYN

    def compare(self, node: syntax.Compare, env: TypeEnv) -> Type:
        left, right = self.type_of(node.left, env), self.type_of(node.right, env)
        if node.op in ("==", "!="):
            return BOOL
        if node.op == "in":
            if not right.could_be("list", "map"):
                advice = " Ask a text with .contains()." if right.kind == "string" else ""
                self.refuse(node.at, f"'in' looks into a list or a map, not into {right}.{advice}")
            return BOOL
        if not any(left.could_be(one) and right.could_be(one) for one in ("number", "string", "bool")):
            self.refuse(node.at, f"{node.op} does not work on {left} and {right}.")
        return BOOL

    def logic(self, node: syntax.Logic, env: TypeEnv) -> Type:
        for operand in node.operands:
            self.truth(operand, env, f"Each side of {node.op}")
        return BOOL

    def choice(self, node: syntax.Choice, env: TypeEnv) -> Type:
        self.truth(node.condition, env, "The condition before ?")
        return either(self.type_of(node.then, env), self.type_of(node.otherwise, env))

    def list_of(self, node: syntax.ListOf, env: TypeEnv) -> Type:
        found = [self.type_of(item, env) for item in node.items]
        item = found[0] if found else DYN
        for other in found[1:]:
            item = either(item, other)
        return list_of(item)

    def map_of(self, node: syntax.MapOf, env: TypeEnv) -> Type:
        fields, is_closed = {}, True
        for key, value in node.entries:
            found = self.type_of(key, env)
            if not found.could_be("string"):
                self.refuse(key.at, f"A key of a map is a text, not {found}.")
            held = self.type_of(value, env)
            if isinstance(key, syntax.Literal):
                fields[key.value] = held
            else:
                is_closed = False
        return map_of(fields, is_closed=is_closed)


_RULES: dict[type[Node], Callable[[_Inference, Any, TypeEnv], Type]] = {
    syntax.Literal: _Inference.literal,
    syntax.Name: _Inference.name,
    syntax.Path: _Inference.path,
    syntax.Index: _Inference.index,
    syntax.Has: _Inference.has,
    syntax.Call: _Inference.call,
    syntax.Macro: _Inference.macro,
    syntax.Unary: _Inference.unary,
    syntax.Chain: _Inference.chain,
    syntax.Compare: _Inference.compare,
    syntax.Logic: _Inference.logic,
    syntax.Choice: _Inference.choice,
    syntax.ListOf: _Inference.list_of,
    syntax.MapOf: _Inference.map_of,
}
