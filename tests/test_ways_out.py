"""Read from the source: nothing turns text into code or starts programs, and there is one way out to the network."""

import ast
from collections.abc import Iterator
from functools import cache

from tests.test_architecture import FORBIDDEN_IMPORTS, NOT_FROM_OUTSIDE, name_of, sources

GUARD = "engine/net/"

CLIENTS = {
    "aiohttp", "ftplib", "http.client", "httpcore", "httpcore2", "httpx", "httpx2", "imaplib", "pycurl", "requests",
    "smtplib", "socketserver", "telnetlib", "urllib.request", "urllib3", "websocket", "websockets", "xmlrpc",
}  # fmt: skip
HAS_A_CLIENT = {
    "openrooms_app/supervisor.py": {"urllib.request"},
    "openrooms/calls.py": {"httpx"},
    "openrooms/runs.py": {"httpx"},
}
"""Asks its own children's address whether they are up; the Python client, whose server its own user has chosen."""

SOCKETS = {
    "engine/isolation/child.py", "engine/isolation/frames.py", "engine/isolation/pool.py", "engine/live/embedded.py",
    "engine/runner/lease.py", "engine/store/database.py", "engine/worker.py", "openrooms_app/serve.py",
}  # fmt: skip
"""Pairs of sockets with children, Redis's file, the host's name, and the port we listen on."""

SDK_CLIENTS = {"AsyncAnthropic", "AsyncOpenAI", "Anthropic", "OpenAI", "AzureOpenAI", "AsyncAzureOpenAI"}
BYPASSES = {
    "DefaultAsyncHttpxClient", "DefaultHttpxClient", "DefaultAioHttpClient", "AsyncHTTPTransport", "HTTPTransport",
    "AsyncClient", "open_connection", "create_connection", "urlopen", "HTTPSConnection", "HTTPConnection",
}  # fmt: skip
MAY_BYPASS = {
    "engine/isolation/pool.py": {"open_connection"},
    "openrooms_app/supervisor.py": {"urlopen"},
}

IMPORTS_BY_NAME = {
    "engine/core/discovery.py", "engine/net/sdk.py", "openrooms_app/api/__init__.py", "openrooms_app/mcp/door.py",
    "openrooms_app/openrooms_app.py",
}  # fmt: skip
"""Names of our own modules and of packages that an administrator has installed."""
PROCESS_CALLS = {
    "system",
    "popen",
    "execv",
    "execve",
    "execvp",
    "execl",
    "spawnv",
    "spawnl",
    "posix_spawn",
    "fork",
    "forkpty",
}


@cache
def trees() -> list[tuple[str, ast.Module]]:
    return [(name_of(path), ast.parse(path.read_text())) for path in sources(".py")]


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def words(tree: ast.AST) -> set[str]:
    """Every name and attribute that is used."""
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
    }


def is_type_only(tree: ast.Module) -> ast.Module:
    """The module without what stands under `if TYPE_CHECKING`."""
    kept = [
        node
        for node in tree.body
        if not (
            isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        )
    ]
    return ast.Module(kept, [])


def ours(found: set[str]) -> set[str]:
    return {known for known in CLIENTS for name in found if name == known or name.startswith(f"{known}.")}


def test_there_is_one_way_out() -> None:
    strays = {}
    for name, tree in trees():
        if name.startswith(GUARD):
            continue
        found = set(imports(is_type_only(tree)))
        stray = ours(found) - HAS_A_CLIENT.get(name, set())
        stray |= {"socket"} & found if name not in SOCKETS else set()
        stray |= words(tree) & BYPASSES - MAY_BYPASS.get(name, set())
        if stray:
            strays[name] = stray

    assert strays == {}


def test_every_client_of_an_sdk_is_given_the_guarded_one() -> None:
    made = 0
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node) in SDK_CLIENTS:
                made += 1
                given = {item.arg: item.value for item in node.keywords}.get("http_client")
                assert isinstance(given, ast.Call), name
                assert _called(given) == "client", name

    assert made


def test_no_module_makes_code_of_text() -> None:
    strays = {name: stray for name, tree in trees() if (stray := set(_makes_code(name, tree)))}

    assert strays == {}


def _makes_code(name: str, tree: ast.Module) -> Iterator[str]:
    used, found = words(tree), set(imports(tree))
    yield from {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & NOT_FROM_OUTSIDE
    yield from {module.partition(".")[0] for module in found} & FORBIDDEN_IMPORTS
    yield from {"import_module"} & used if name not in IMPORTS_BY_NAME else ()
    yield from {"builtins", "code", "codeop", "runpy", "pty", "imp"} & found
    yield from used & {"unsafe_load", "UnsafeLoader", "FullLoader", "full_load"}
    yield from _calls_of(tree, "os") & PROCESS_CALLS
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    yield from ("shell" for call in calls for item in call.keywords if item.arg == "shell")


def test_the_lint_sees_what_it_is_to_see() -> None:
    tree = ast.parse("import httpx2.foo\nfrom urllib import request\nimport os\nos.system('x')\nx.urlopen()")

    assert ours(set(imports(tree))) == {"httpx2", "urllib.request"}
    assert _calls_of(tree, "os") & PROCESS_CALLS == {"system"}
    assert words(tree) & BYPASSES == {"urlopen"}


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _calls_of(tree: ast.AST, module: str) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module
    }
