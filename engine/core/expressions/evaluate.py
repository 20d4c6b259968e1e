"""A tree into nested Python functions, built once and called for each evaluation."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.expressions import syntax
from engine.core.expressions.errors import EvaluationError
from engine.core.expressions.frame import ABSORBED, Frame
from engine.core.expressions.functions import FUNCTIONS, Function
from engine.core.expressions.macros import MACROS, Loop, Step
from engine.core.expressions.operators import ARITHMETIC, COMPARISON, item_at, negate
from engine.core.expressions.syntax import Node
from engine.core.expressions.values import AS_READ, KINDS, admit, kind, whole

Locals = Mapping[str, int]
"""Where the variable of each macro around is kept in the frame."""
_TYPES = {name: type_ for type_, name in KINDS.items()}
_WHOLE = ("int",)
_EACH_ITEM = 3
"""Eighths of a unit for the loop itself."""


def build(node: Node, variables: Locals) -> Step:
    return _BUILDERS[type(node)](node, variables)


def cost_of(*nodes: Node, once: int = 0) -> int:
    """What running every part once costs; the body of a macro is paid for with each item."""
    return -(-(once + sum(map(_eighths, nodes))) // 8)


def _eighths(node: Node) -> int:
    """Set by measuring: a unit is 0.3 to 0.6 µs of work, whatever it is spent on."""
    own = 5
    match node:
        case syntax.Literal():
            own = 2
        case syntax.Name():
            own = 3
        case syntax.Path(keys=keys, target=syntax.Name()):
            return 4 + len(keys)
        case syntax.Path(keys=keys):
            own = 4 + len(keys)
        case syntax.Call():
            own = 12
        case syntax.Macro():
            own = 16
        case syntax.Chain(rest=rest):
            own = 5 * len(rest)
    return own + sum(map(_eighths, syntax.children(node)))


def variables_of(node: Node) -> int:
    """How many variables of macros are alive at once."""
    bodies = node.bodies if isinstance(node, syntax.Macro) else ()
    below = max(map(variables_of, syntax.children(node)), default=0)
    return max(below, 1 + max(map(variables_of, bodies)) if bodies else 0)


def _literal(node: syntax.Literal, _: Locals) -> Step:
    value = node.value
    return lambda f: value


def _name(node: syntax.Name, variables: Locals) -> Step:
    raw, at = _raw(node, variables), node.at
    if node.name in variables:
        return raw

    def admitted(f: Frame) -> Any:
        value = raw(f)
        return value if type(value) in AS_READ else admit(f, value, at)

    return admitted


def _raw(node: Node, variables: Locals) -> Step:
    """The value as it is in the scope: a mapping that loads what it is asked for is asked for no more."""
    if not isinstance(node, syntax.Name):
        return build(node, variables)
    name, at = node.name, node.at
    if name in variables:
        place = variables[name]
        return lambda f: f.variables[place]

    def from_scope(f: Frame) -> Any:
        try:
            return f.scope[name]
        except KeyError:
            raise f.fault(at, f"There is no name {_shown(name)}.{_known(f.scope)}") from None

    return from_scope


def _path(node: syntax.Path, variables: Locals) -> Step:
    target, keys, at = node.target, node.keys, node.offsets[-1]
    start = _raw(target, variables)
    if isinstance(target, syntax.Name) and target.name not in variables and len(keys) < 3:
        return (_short_path if len(keys) == 2 else _shortest_path)(target.name, node, start)

    def along(f: Frame) -> Any:
        first = value = start(f)
        try:
            for key in keys:
                value = value[key]
        except (KeyError, TypeError):
            raise _lost(f, first, keys, node.offsets) from None
        return value if type(value) in AS_READ else admit(f, value, at)

    return along


def _short_path(name: str, node: syntax.Path, root: Step) -> Step:
    """`vars.node.field`, which nearly every condition reads, without a loop."""
    (first, second), at = node.keys, node.offsets[-1]

    def along(f: Frame) -> Any:
        try:
            value = f.scope[name][first][second]
        except (KeyError, TypeError):
            raise _lost(f, root(f), node.keys, node.offsets) from None
        return value if type(value) in AS_READ else admit(f, value, at)

    return along


def _shortest_path(name: str, node: syntax.Path, root: Step) -> Step:
    """`vars.node`, which nearly every slot reads."""
    (key,), at = node.keys, node.offsets[-1]

    def along(f: Frame) -> Any:
        try:
            value = f.scope[name][key]
        except (KeyError, TypeError):
            raise _lost(f, root(f), node.keys, node.offsets) from None
        return value if type(value) in AS_READ else admit(f, value, at)

    return along


def _lost(f: Frame, value: Any, keys: tuple[str, ...], offsets: tuple[int, ...]) -> EvaluationError:
    for key, at in zip(keys, offsets, strict=True):
        if not isinstance(value, Mapping):
            return f.fault(
                at, f"{_shown(key)} can't be read here: the value before it is {kind(value)}, not a map."
            )
        if key not in value:
            return f.fault(
                at, f"There is no {_shown(key)} here.{_known(value)} If it may be missing, ask with has()."
            )
        value = value[key]
    return f.fault(offsets[-1], f"{_shown(keys[-1])} can't be read here.")


def _known(value: Mapping[str, Any]) -> str:
    if not 0 < len(value) <= 12:
        return ""
    return f" Known: {', '.join(str(key)[:40] for key in value)}."


def _shown(key: str) -> str:
    return repr(key if len(key) <= 40 else key[:39] + "…")


def _index(node: syntax.Index, variables: Locals) -> Step:
    target, index, at = build(node.target, variables), build(node.index, variables), node.at
    return lambda f: item_at(f, target(f), index(f), at)


def _has(node: syntax.Has, variables: Locals) -> Step:
    path, at = node.path, node.at
    *before, last = path.keys
    start = _raw(path.target, variables)

    def asks(f: Frame) -> bool:
        first = value = start(f)
        try:
            for key in before:
                value = value[key]
        except (KeyError, TypeError):
            raise _lost(f, first, path.keys[:-1], path.offsets[:-1]) from None
        if isinstance(value, Mapping):
            return last in value
        raise f.fault(at, f"has() asks a map for {_shown(last)}, this is {kind(value)}.")

    return asks


def _call(node: syntax.Call, variables: Locals) -> Step:
    function, at = FUNCTIONS[node.name], node.at
    steps = [build(arg, variables) for arg in node.args]
    run, kinds = function.run, [frozenset(_TYPES[one] for one in param) for param in function.params]
    if len(steps) == 1:
        only, wanted = steps[0], kinds[0]

        def with_one(f: Frame) -> Any:
            value = only(f)
            if type(value) not in wanted:
                raise _unfit(f, function, 0, value, at)
            f.at = at
            return run(f, value)

        return with_one

    def with_several(f: Frame) -> Any:
        values = [step(f) for step in steps]
        for number, value in enumerate(values):
            if type(value) not in kinds[number]:
                if function.params[number] != _WHOLE:
                    raise _unfit(f, function, number, value, at)
                values[number] = whole(f, value, at, f"Argument {number} of {node.name}()")
        f.at = at
        return run(f, *values)

    return with_several


def _unfit(f: Frame, function: Function, number: int, value: Any, at: int) -> EvaluationError:
    wanted = " or ".join(function.params[number])
    place = f"argument {number}" if number else "value"
    return f.fault(at, f"{function.form} needs {wanted} as its {place}, not {kind(value)}.")


def _macro(node: syntax.Macro, variables: Locals) -> Step:
    place = max(variables.values(), default=-1) + 1
    inside = {**variables, node.variable: place}
    cost = cost_of(*node.bodies, once=_EACH_ITEM)
    loop = Loop(node.name, node.at, build(node.target, variables), place, cost)
    return MACROS[node.name](loop, *(build(body, inside) for body in node.bodies))


def _unary(node: syntax.Unary, variables: Locals) -> Step:
    operand, at = build(node.operand, variables), node.at
    if node.op == "-":
        return lambda f: negate(f, operand(f), at)

    def opposite(f: Frame) -> bool:
        value = operand(f)
        if value is True or value is False:
            return not value
        raise f.fault(at, f"! works on true or false, not on {kind(value)}.")

    return opposite


def _chain(node: syntax.Chain, variables: Locals) -> Step:
    first = build(node.first, variables)
    rest = [(ARITHMETIC[op], build(operand, variables), at) for op, at, operand in node.rest]
    if len(rest) == 1:
        operate, second, at = rest[0]
        return lambda f: operate(f, first(f), second(f), at)

    def one_after_another(f: Frame) -> Any:
        value = first(f)
        for operate, operand, at in rest:
            value = operate(f, value, operand(f), at)
        return value

    return one_after_another


def _compare(node: syntax.Compare, variables: Locals) -> Step:
    compare, at = COMPARISON[node.op], node.at
    left, right = build(node.left, variables), build(node.right, variables)
    return lambda f: compare(f, left(f), right(f), at)


def _logic(node: syntax.Logic, variables: Locals) -> Step:
    operands = [build(operand, variables) for operand in node.operands]
    decisive, other, op, at = node.op == "||", node.op != "||", node.op, node.at

    def decide(f: Frame) -> bool:
        error: EvaluationError | None = None
        for operand in operands:
            try:
                value = operand(f)
                if value is decisive:
                    return not other
                if value is not other:
                    raise f.fault(at, f"{op} works on true or false, not on {kind(value)}.")
            except EvaluationError as caught:
                f.spend(ABSORBED, at)
                error = error or caught
        if error is None:
            return other
        try:
            raise error
        finally:
            # Else the error and this call would hold each other alive.
            del error

    return decide


def _choice(node: syntax.Choice, variables: Locals) -> Step:
    condition, at = build(node.condition, variables), node.at
    then, otherwise = build(node.then, variables), build(node.otherwise, variables)

    def choose(f: Frame) -> Any:
        value = condition(f)
        if value is True:
            return then(f)
        if value is False:
            return otherwise(f)
        raise f.fault(at, f"The condition before ? gives {kind(value)}, not true or false.")

    return choose


def _list(node: syntax.ListOf, variables: Locals) -> Step:
    items = [build(item, variables) for item in node.items]
    return lambda f: [item(f) for item in items]


def _map(node: syntax.MapOf, variables: Locals) -> Step:
    entries = [(build(key, variables), build(value, variables), key.at) for key, value in node.entries]

    def filled(f: Frame) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_of, value_of, at in entries:
            key = key_of(f)
            if type(key) is not str:
                raise f.fault(at, f"A key of a map is a text, not {kind(key)}.")
            if key in found:
                raise f.fault(at, f"The key {_shown(key)} stands twice in this map.")
            found[key] = value_of(f)
        return found

    return filled


_BUILDERS: dict[type[Node], Callable[[Any, Locals], Step]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.Path: _path,
    syntax.Index: _index,
    syntax.Has: _has,
    syntax.Call: _call,
    syntax.Macro: _macro,
    syntax.Unary: _unary,
    syntax.Chain: _chain,
    syntax.Compare: _compare,
    syntax.Logic: _logic,
    syntax.Choice: _choice,
    syntax.ListOf: _list,
    syntax.MapOf: _map,
}
