"""Tokens into a tree: a precedence parser that counts parts and levels while it goes."""

from typing import NoReturn, TypeVar

from engine.core.expressions.errors import BadExpression, LimitExceeded
from engine.core.expressions.functions import FUNCTIONS
from engine.core.expressions.lexer import INT_MAX, INT_MIN, Token, tokens_of
from engine.core.expressions.limits import LIMITS
from engine.core.expressions.syntax import (
    Call,
    Chain,
    Choice,
    Compare,
    Has,
    Index,
    ListOf,
    Literal,
    Logic,
    Macro,
    MapOf,
    Name,
    Node,
    Path,
    Unary,
)

PRECEDENCE = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/%", 5),
}
MACROS = {"all": (2,), "exists": (2,), "exists_one": (2,), "filter": (2,), "map": (2, 3)}
TYPE_NAMES = frozenset({"int", "double", "string", "bool", "list", "map", "null_type"})
RESERVED = frozenset(
    {
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    }
)
_HABITS = {"and": "Write &&.", "or": "Write ||.", "not": "Write !.", "is": "Write ==."}

N = TypeVar("N", bound=Node)


def parse(source: str) -> Node:
    """
    Raises:
        BadExpression: it does not parse.
        LimitExceeded: too long, too many parts, nested too deeply.
    """
    return _Parser(source).whole()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokens_of(source)
        self.next = 0
        self.parts = 0
        self.depth = 0

    def whole(self) -> Node:
        if self.tokens[0].kind == "end":
            self.refuse(self.tokens[0], "The expression is empty.")
        node = self.expression()
        if self.tokens[self.next].kind != "end":
            self.unexpected("an operator or the end")
        return node

    def refuse(self, token: Token, detail: str) -> NoReturn:
        raise BadExpression.within(self.source, token.at, detail)

    def unexpected(self, wanted: str) -> NoReturn:
        token = self.tokens[self.next]
        if token.kind == "end":
            self.refuse(token, f"The expression ends where {wanted} should come.")
        text = self.source[token.at : self.tokens[self.next + 1].at].strip()
        detail = f"Expected {wanted}, found {text[:40]!r}. {_HABITS.get(text, '')}"
        self.refuse(token, detail.strip())

    def take(self, kind: str) -> Token | None:
        token = self.tokens[self.next]
        if token.kind != kind:
            return None
        self.next += 1
        return token

    def expect(self, kind: str, wanted: str = "") -> Token:
        return self.take(kind) or self.unexpected(wanted or repr(kind))

    def made(self, node: N, *below: Node) -> N:
        """`node` counted, its height set."""
        self.count(node.at)
        for child in below:
            node.height = max(node.height, child.height + 1)
        if node.height > LIMITS.depth:
            self.too_deep(node.at)
        return node

    def count(self, at: int) -> None:
        self.parts += 1
        if self.parts > LIMITS.expression_parts:
            detail = f"The expression has more than {LIMITS.expression_parts} parts."
            raise LimitExceeded.within(self.source, at, f"{detail} Split it over several steps.")

    def too_deep(self, at: int) -> NoReturn:
        raise LimitExceeded.within(
            self.source, at, f"The expression is more than {LIMITS.depth} levels deep."
        )

    def down(self) -> None:
        # Checked on the way down, so that the parser itself never recurses further than the limit.
        self.depth += 1
        if self.depth > LIMITS.depth:
            self.too_deep(self.tokens[self.next].at)

    def inner(self) -> Node:
        """An expression within brackets of any kind, one level down."""
        self.down()
        node = self.expression()
        self.depth -= 1
        return node

    def expression(self) -> Node:
        condition = self.binary(1)
        mark = self.take("?")
        if mark is None:
            return condition
        self.down()
        then = self.binary(1)
        self.expect(":")
        otherwise = self.expression()
        self.depth -= 1
        return self.made(Choice(mark.at, 0, condition, then, otherwise), condition, then, otherwise)

    def binary(self, minimum: int) -> Node:
        left = self.unary()
        while (level := PRECEDENCE.get(self.tokens[self.next].kind, 0)) >= minimum:
            left = self.comparison(left) if level == 3 else self.chain(left, level)
        return left

    def operand(self, level: int) -> Node:
        self.down()
        node = self.binary(level + 1)
        self.depth -= 1
        return node

    def comparison(self, left: Node) -> Node:
        token = self.tokens[self.next]
        self.next += 1
        right = self.operand(3)
        if token.kind in ("==", "!="):
            left, right = _type_name(left, right), _type_name(right, left)
        return self.made(Compare(token.at, 0, token.kind, left, right), left, right)

    def chain(self, first: Node, level: int) -> Node:
        start = self.tokens[self.next]
        rest: list[tuple[str, int, Node]] = []
        while PRECEDENCE.get(self.tokens[self.next].kind) == level:
            token = self.tokens[self.next]
            self.next += 1
            if rest:
                self.count(token.at)
            rest.append((token.kind, token.at, self.operand(level)))
        operands = (first, *(operand for _, _, operand in rest))
        if level <= 2:
            return self.made(Logic(start.at, 0, start.kind, operands), *operands)
        return self.made(Chain(start.at, 0, first, tuple(rest)), *operands)

    def unary(self) -> Node:
        token = self.tokens[self.next]
        if token.kind not in ("!", "-"):
            return self.postfix()
        self.next += 1
        after = self.tokens[self.next]
        if token.kind == "-" and type(after.value) is int and after.value == INT_MAX + 1:
            self.next += 1
            return self.made(Literal(token.at, 0, INT_MIN))
        self.down()
        operand = self.unary()
        self.depth -= 1
        return self.made(Unary(token.at, 0, token.kind, operand), operand)

    def postfix(self) -> Node:
        node = self.primary()
        while True:
            if self.take("."):
                name = self.expect("name", "a key (others are written ['key'])")
                if self.tokens[self.next].kind == "(":
                    node = self.method(node, name)
                else:
                    node = self.selected(node, name, True)
            elif mark := self.take("["):
                index = self.inner()
                self.expect("]")
                if isinstance(index, Literal) and type(index.value) is str:
                    node = self.selected(node, Token("name", index.value, index.at), False)
                else:
                    node = self.made(Index(mark.at, 0, node, index), node, index)
            else:
                return node

    def selected(self, target: Node, key: Token, is_name: bool) -> Node:
        if isinstance(target, Path):
            self.count(key.at)
            target.keys += (key.value,)
            target.offsets += (key.at,)
            target.ends_with_name = is_name
            return target
        return self.made(Path(key.at, 0, target, (key.value,), (key.at,), is_name), target)

    def primary(self) -> Node:
        token = self.tokens[self.next]
        self.next += 1
        match token.kind:
            case "literal":
                if token.value == INT_MAX + 1 and type(token.value) is int:
                    self.refuse(token, "This whole number does not fit into 64 bits.")
                return self.made(Literal(token.at, 0, token.value))
            case "name":
                return self.call(token) if self.tokens[self.next].kind == "(" else self.name(token)
            case "(":
                node = self.inner()
                self.expect(")")
                node.height += 1
                return node
            case "[":
                items = tuple(self.items("]"))
                return self.made(ListOf(token.at, 1, items), *items)
            case "{":
                return self.map_of(token)
        self.next -= 1
        return self.unexpected("a value")

    def name(self, token: Token) -> Node:
        if token.value in RESERVED:
            self.refuse(token, f"{token.value!r} is a reserved word, not a name.")
        return self.made(Name(token.at, 0, token.value))

    def items(self, closing: str, *, trailing_comma: bool = True) -> list[Node]:
        found: list[Node] = []
        while not self.take(closing):
            if found:
                self.expect(",", f"',' or {closing!r}")
                if trailing_comma and self.take(closing):
                    break
            found.append(self.inner())
        return found

    def map_of(self, start: Token) -> Node:
        entries: list[tuple[Node, Node]] = []
        literal_keys: set[str] = set()
        while not self.take("}"):
            if entries:
                self.expect(",", "',' or '}'")
                if self.take("}"):
                    break
            at = self.tokens[self.next]
            key = self.inner()
            self.expect(":")
            if isinstance(key, Literal):
                if type(key.value) is not str:
                    self.refuse(at, "A key of a map is a text: write it in quotes.")
                if key.value in literal_keys:
                    self.refuse(at, f"The key {key.value[:40]!r} stands twice in this map.")
                literal_keys.add(key.value)
            entries.append((key, self.inner()))
        return self.made(MapOf(start.at, 1, tuple(entries)), *(part for entry in entries for part in entry))

    def call(self, name: Token) -> Node:
        self.next += 1
        args = self.items(")", trailing_comma=False)
        if name.value == "has":
            return self.has(name, args)
        self.check_call(name, len(args), is_method=False)
        return self.made(Call(name.at, 0, name.value, tuple(args)), *args)

    def method(self, target: Node, name: Token) -> Node:
        self.next += 1
        args = self.items(")", trailing_comma=False)
        if name.value in MACROS:
            return self.macro(target, name, args)
        self.check_call(name, len(args) + 1, is_method=True)
        return self.made(Call(name.at, 0, name.value, (target, *args)), target, *args)

    def check_call(self, name: Token, given: int, *, is_method: bool) -> None:
        function = FUNCTIONS.get(name.value)
        if function is None:
            if name.value in MACROS or name.value == "has":
                form = "has(a.b)" if name.value == "has" else f"list.{name.value}(item, …)"
                self.refuse(name, f"{name.value!r} is written {form}.")
            advice = "There are no regular expressions. " if name.value == "matches" else ""
            known = ", ".join(sorted((*FUNCTIONS, *MACROS, "has")))
            self.refuse(name, f"There is no function {name.value[:40]!r}. {advice}Known: {known}.")
        if not (function.is_method if is_method else function.is_global):
            self.refuse(name, f"{name.value!r} is written {function.form}.")
        if not function.required <= given <= len(function.params):
            self.refuse(name, f"Wrong number of arguments for {name.value!r}: it is written {function.form}.")

    def has(self, name: Token, args: list[Node]) -> Node:
        if len(args) != 1 or not isinstance(args[0], Path) or not args[0].ends_with_name:
            self.refuse(name, "has() asks for one key, as in has(a.b); for other keys write 'key' in a.")
        return self.made(Has(name.at, 0, args[0]), args[0])

    def macro(self, target: Node, name: Token, args: list[Node]) -> Node:
        if len(args) not in MACROS[name.value]:
            self.refuse(name, f"{name.value!r} is written list.{name.value}(item, …).")
        variable, *bodies = args
        if not isinstance(variable, Name) or variable.name in TYPE_NAMES:
            self.refuse(name, f"The first argument of {name.value!r} is a plain name for the item.")
        node = Macro(name.at, 0, name.value, target, variable.name, tuple(bodies))
        return self.made(node, target, *bodies)


def _type_name(node: Node, other: Node) -> Node:
    """In `type(x) == int`, `int` is the name of a type, as in CEL; nowhere else."""
    if (
        isinstance(node, Name)
        and node.name in TYPE_NAMES
        and isinstance(other, Call)
        and other.name == "type"
    ):
        return Literal(node.at, node.height, node.name)
    return node
