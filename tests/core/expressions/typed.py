"""Random expressions that fit their types, so that CEL's checker lets them pass; many still end in an error."""

from collections.abc import Callable
from random import Random
from typing import Any

SCOPE: dict[str, Any] = {
    "i": 7,
    "j": -3,
    "d": 2.5,
    "e": -0.125,
    "t": "héllo wörld",
    "u": "a,b,,c",
    "b": True,
    "numbers": [3, 1, 4, 1, 5],
    "words": ["pear", "", "Fig", "ça"],
    "flags": [True, False],
    "m": {"k": 5, "name": "Ann", "n": {"z": [1, 2], "on": True}, "none": None},
}
TYPES = ("int", "double", "string", "bool", "ints", "strings")


class Generator:
    """`expression(type, depth)`: the same seed gives the same expressions."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.variables: list[tuple[str, str]] = []

    def expression(self, kind: str, depth: int) -> str:
        bound = [name for name, held in self.variables if held == kind]
        if bound and self.random.random() < 0.4:
            return self.random.choice(bound)
        if depth == 0 or self.random.random() < 0.1:
            return self.leaf(kind)
        choices: list[Callable[[int], str]] = [self.choice(kind), *self.rules(kind)]
        return self.random.choice(choices)(depth - 1)

    def leaf(self, kind: str) -> str:
        pick = self.random.choice
        match kind:
            case "int":
                return pick(
                    ["0", "1", "2", "-5", "10", "0x1F", "9223372036854775807", "i", "j", "m.k", "m.n.z[1]"]
                )
            case "double":
                return pick(["0.5", "1.0", "-2.25", "1e3", ".5", "d", "e"])
            case "string":
                return pick(
                    ["''", "'a'", '"l"', "'é\\n'", "'12'", "'x7'", "','", "t", "u", "m.name", "m['name']"]
                )
            case "bool":
                return pick(
                    ["true", "false", "b", "m.n.on", "has(m.k)", "has(m.nope)", "(m.nope == 1)", "('k' in m)"]
                )
            case "ints":
                return pick(["[]", "[1, 2, 3]", "[5]", "numbers", "m.n.z"])
        return pick(["[]", "['a', 'b']", "['Fig']", "words"])

    def choice(self, kind: str) -> Callable[[int], str]:
        return lambda d: f"({self.of('bool', d)} ? {self.of(kind, d)} : {self.of(kind, d)})"

    def of(self, kind: str, depth: int) -> str:
        return self.expression(kind, depth)

    def rules(self, kind: str) -> list[Callable[[int], str]]:
        of = self.of
        match kind:
            case "int":
                return [
                    lambda d: f"({of('int', d)} {self.random.choice('+-*/%')} {of('int', d)})",
                    lambda d: f"-({of('int', d)})",
                    lambda d: f"size({of(self.random.choice(['string', 'ints', 'strings']), d)})",
                    lambda d: f"{of('ints', d)}[{of('int', d)}]",
                    lambda d: f"int({of('double', d)})",
                    lambda d: f"int({of('string', d)})",
                    lambda d: f"{of('string', d)}.indexOf({of('string', d)})",
                ]
            case "double":
                return [
                    lambda d: f"({of('double', d)} {self.random.choice('+-*')} {of('double', d)})",
                    lambda d: f"({of('double', d)} / {self.random.choice(['2.0', '-0.25', '1e2'])})",
                    lambda d: f"-({of('double', d)})",
                    lambda d: f"double({of('int', d)})",
                ]
            case "string":
                return self.string_rules()
            case "bool":
                return self.bool_rules()
            case "ints":
                return [
                    lambda d: f"({of('ints', d)} + {of('ints', d)})",
                    lambda d: f"[{of('int', d)}, {of('int', d)}]",
                    lambda d: self.macro("ints", "int", "filter", "bool", d),
                    lambda d: self.macro("ints", "int", "map", "int", d),
                    lambda d: self.macro("strings", "string", "map", "int", d),
                ]
        return [
            lambda d: f"({of('strings', d)} + {of('strings', d)})",
            lambda d: f"[{of('string', d)}]",
            lambda d: f"{of('string', d)}.split({of('string', d)})",
            lambda d: (
                f"{of('string', d)}.split({of('string', d)}, {self.random.choice(['0', '1', '2', '-1'])})"
            ),
            lambda d: self.macro("strings", "string", "filter", "bool", d),
            lambda d: self.macro("ints", "int", "map", "string", d),
        ]

    def string_rules(self) -> list[Callable[[int], str]]:
        of, pick = self.of, self.random.choice
        return [
            lambda d: f"({of('string', d)} + {of('string', d)})",
            lambda d: f"{of('string', d)}.{pick(['lowerAscii', 'upperAscii', 'trim'])}()",
            lambda d: f"{of('string', d)}.replace({of('string', d)}, {of('string', d)})",
            lambda d: f"{of('string', d)}.replace({of('string', d)}, 'zz', {pick(['0', '1', '2', '-1'])})",
            lambda d: f"{of('string', d)}.substring({of('int', d)})",
            lambda d: f"({of('string', d)} + 'more').substring({pick('0123')}, {pick('0123')})",
            lambda d: f"{of('strings', d)}.join({of('string', d)})",
            lambda d: f"{of('strings', d)}[{of('int', d)}]",
            lambda d: f"string({of(pick(['int', 'bool', 'string']), d)})",
        ]

    def bool_rules(self) -> list[Callable[[int], str]]:
        of, pick = self.of, self.random.choice
        return [
            lambda d: f"({of('bool', d)} && {of('bool', d)})",
            lambda d: f"({of('bool', d)} || {of('bool', d)} || {of('bool', d)})",
            lambda d: f"!{of('bool', d)}" if d == 0 else f"!({of('bool', d)})",
            lambda d: self.compared(pick(["==", "!="]), pick(TYPES), d),
            lambda d: self.compared(
                pick(["<", "<=", ">", ">="]), pick(["int", "double", "string", "bool"]), d
            ),
            lambda d: f"({of('int', d)} in {of('ints', d)})",
            lambda d: f"({of('string', d)} in {of('strings', d)})",
            lambda d: f"{of('string', d)}.{pick(['contains', 'startsWith', 'endsWith'])}({of('string', d)})",
            lambda d: self.macro("ints", "int", pick(["all", "exists", "exists_one"]), "bool", d),
            lambda d: self.macro("strings", "string", pick(["all", "exists", "exists_one"]), "bool", d),
            lambda d: f"(type({of('int', d)}) == {pick(['int', 'string'])})",
        ]

    def compared(self, sign: str, kind: str, depth: int) -> str:
        return f"({self.of(kind, depth)} {sign} {self.of(kind, depth)})"

    def macro(self, items: str, item: str, name: str, body: str, depth: int) -> str:
        target = self.of(items, depth)
        # `i` hides the number of the same name, so it stands for numbers only.
        variable = self.random.choice(["x", "y", "i"] if item == "int" else ["x", "y"])
        before = self.variables
        self.variables = [(each, held) for each, held in before if each != variable] + [(variable, item)]
        inner = self.of(body, depth)
        self.variables = before
        return f"{target}.{name}({variable}, {inner})"
