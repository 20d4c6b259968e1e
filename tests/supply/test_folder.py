"""Tools from a folder: found, loaded again when they change, and kept as they were when the change is broken."""

import asyncio
import os

import pytest

from engine.core.discovery import discover
from engine.core.tool_call import call_tool
from engine.isolation.pool import Children
from engine.services.doctor import examine
from engine.settings import Settings
from engine.supply import Sources, Supply
from tests.fixtures.contexts import a_context

TOOL = '''
"""A tool of the operator's."""

from pydantic import Field

from engine.core.catalogue import Effect, StepContext, tool
from engine.core.document import Frozen


class Params(Frozen):
    text: str = Field(description="what to shout")


@tool(Params, title="Shout", category="text", effect=Effect.{effect})
def {name}(params: Params, ctx: StepContext) -> str:
    """Say it {how}."""
    return params.text{how}
'''
AS_LOUD, LOUDER = ".upper()", ".upper() + '!'"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "tools"


@pytest.fixture
def write(folder):
    """Each text is a second newer than the last, as an editor's are."""
    folder.mkdir()
    clock = iter(range(1_000_000_000, 1_000_000_100))

    def written(text, name="shout.py"):
        now, unseen = next(clock), folder / "being_written"
        unseen.write_text(text)
        os.utime(unseen, (now, now))
        unseen.rename(folder / name)

    return written


def shout(how, name="shout", effect="NONE"):
    return TOOL.replace("{name}", name).replace("{effect}", effect).replace("{how}", how)


@pytest.fixture
def supply(folder):
    def supplied():
        catalogue = discover()
        return Supply(Sources(tools_dir=str(folder)), catalogue), catalogue

    return supplied


def call(catalogue, **changes):
    return asyncio.run(call_tool(a_context(catalogue=catalogue, **changes), "shout", {"text": "hi"}))


def test_a_changed_file_is_loaded_again_and_a_broken_one_changes_nothing(write, supply, folder):
    write(shout(AS_LOUD))
    supplied, catalogue = supply()
    assert call(catalogue) == "HI"
    assert catalogue.tools["shout"].origin == "file shout.py"
    assert not supplied.look()

    write(shout(LOUDER))
    assert supplied.look()
    assert call(catalogue) == "HI!"

    write(shout(AS_LOUD).replace("StepContext) -> str:", "StepContext) -> str"))
    assert not supplied.look()
    assert call(catalogue) == "HI!"
    assert "SyntaxError" in supplied.faults["shout.py"]
    write(shout(AS_LOUD, name="calculator"))
    assert not supplied.look()
    assert call(catalogue) == "HI!"
    assert "two tools" in supplied.faults["shout.py"]
    assert not supplied.look()  # told once

    write(shout(AS_LOUD, name="murmur"))
    assert supplied.look()
    assert supplied.faults == {}
    assert "shout" not in catalogue.tools
    (folder / "shout.py").unlink()
    assert supplied.look()
    assert "murmur" not in catalogue.tools


def test_what_runs_as_it_is_loaded_can_not_take_the_process_down(write, supply):
    write("raise SystemExit(1)", "bad.py")
    write("1 / 0", "worse.py")
    write(shout(AS_LOUD, name="calculator"), "taken.py")
    write("import broken", "_left_alone.py")
    supplied, catalogue = supply()

    assert supplied.faults.keys() == {"bad.py", "worse.py", "taken.py"}
    assert "line 1 of worse.py" in supplied.faults["worse.py"]
    assert catalogue.tools["calculator"].origin == "openrooms"


def test_what_everybody_can_write_is_not_executed(write, supply, folder):
    write(shout(AS_LOUD))
    (folder / "shout.py").chmod(0o666)
    supplied, catalogue = supply()
    assert "chmod" in supplied.faults["shout.py"]

    (folder / "shout.py").chmod(0o644)
    folder.chmod(0o777)
    supplied, _ = supply()
    assert "chmod" in supplied.faults[str(folder)]
    assert "shout" not in catalogue.tools


def test_a_thread_looks_for_changes_and_tells(write, supply):
    write(shout(AS_LOUD))
    supplied, catalogue = supply()
    told = []
    supplied.start(lambda: told.append(call(catalogue)))
    write(shout(LOUDER))
    try:
        for _ in range(400):
            if told:
                break
            supplied._stop.wait(0.05)
    finally:
        supplied.stop()

    assert told == ["HI!"]


def test_a_child_process_has_them_too_and_notices_a_change(write, supply, folder):
    """A tool with an effect runs apart."""
    write(shout(AS_LOUD, effect="EXTERNAL"))
    supplied, catalogue = supply()

    async def twice():
        children = Children(most=1, memory_mb=1024, patience_s=5, sources=supplied.sources)
        ctx = a_context(catalogue=catalogue)
        ctx.call_apart = children.call_tool
        try:
            yield await call_tool(ctx, "shout", {"text": "hi"})
            pids = children.pids
            write(shout(LOUDER, effect="EXTERNAL"))
            yield await call_tool(ctx, "shout", {"text": "hi"})
            assert children.pids == pids
        finally:
            await children.close()

    async def gathered():
        return [told async for told in twice()]

    assert asyncio.run(gathered()) == ["HI", "HI!"]


def test_the_doctor_tells_what_can_not_be_used(write, folder, tmp_path):
    write("1 / 0")
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"gone": {"command": "/not/there"}}}')
    found = {
        item.name: item
        for item in examine(Settings(_env_file=None, data_dir=tmp_path, tools_dir=str(folder)))
    }

    assert not found["tools folder"].is_fine
    assert "shout.py: ZeroDivisionError" in found["tools folder"].found
    assert not found["mcp servers"].is_fine
    assert "gone: The MCP server 'gone' is not available" in found["mcp servers"].found
