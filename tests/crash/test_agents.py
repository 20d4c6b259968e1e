"""An agent whose worker is killed goes on in the turn it was in: no turn on record is paid for again."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from engine.core.run import RunStatus
from engine.store import conversation
from tests.core.drawing import drawn, node, way
from tests.crash.checker import check
from tests.crash.installation import Installation, until
from tests.crash.nursery import Child
from tests.servers.model_server import Asked, Call, ModelServer, Turn
from tests.servers.openai_server import openai_server

pytestmark = pytest.mark.crash

TURNS = 4


class Model:
    """Wants two tools in each turn but the last; in some turns it kills who asks."""

    def __init__(self, deadly: set[int], **arguments: Any) -> None:
        self.deadly, self.arguments = deadly, arguments
        self.worker: Child | None = None

    def __call__(self, asked: Asked) -> Turn:
        turn = 1 + sum(message["role"] == "assistant" for message in asked.body["messages"])
        if turn in self.deadly and self.worker is not None:
            self.deadly.discard(turn)
            self.worker.send(signal.SIGKILL)
            return Turn("nobody hears this", delay_s=0.2)
        calls = Call("ledger_external", self.arguments), Call("ledger_idempotent", self.arguments)
        return Turn("Done") if turn == TURNS else Turn(calls=calls)


@contextmanager
def asked(place: Installation, model: Model) -> Iterator[ModelServer]:
    with openai_server(model) as server:
        place.extra |= {"OPENAI_BASE_URL": server.base_url, "OPENROOMS_HTTP_ALLOW": "127.0.0.1"}
        yield server


def agent(**more: Any) -> dict[str, Any]:
    config = {
        "provider": "openai",
        "model": "m",
        "prompt": "Go",
        "tools": ["ledger_external", "ledger_idempotent"],
        **more,
    }
    ask, end = (
        node("ask", "AGENT_TASK", config=config),
        node("end", "END", config={"output": "{{ vars.ask }}"}),
    )
    return drawn([node("start", "START"), ask, end], [way("start", "ask"), way("ask", "end", "SUCCESS")])


def turns(server: ModelServer) -> list[int]:
    return [int(one.headers["idempotency-key"].rpartition("-")[2]) for one in server.asked]


def test_killed_in_the_middle_it_resumes_and_pays_for_no_turn_twice(on_sqlite: Installation) -> None:
    place, model = on_sqlite, Model({2, 4})
    with asked(place, model) as server:
        model.worker = place.worker()
        run = place.begin(agent())
        for _ in range(2):
            dead = model.worker
            until(lambda dead=dead: not dead.is_alive(), within_s=60)
            model.worker = place.worker(replaces=dead)
        ended = place.over(run.id, within_s=60)

    assert (ended.status, ended.output, ended.tokens) == (RunStatus.COMPLETED, "Done", 15 * TURNS)
    assert turns(server) == [1, 2, 2, 3, 4, 4]
    effects = [entry.key.removeprefix(f"or-{run.id}-2-") for entry in place.took_effect(run.id)]
    assert sorted(effects) == ["1-1", "1-2", "2-1", "2-2", "3-1", "3-2"]
    assert [one["data"]["turn"] for one in place.events(run.id, "AGENT_RESPONSE")] == [1, 2, 3, 4]
    assert len(place.events(run.id, "WORKER_LOST")) == 2
    findings = check(place.rt, [run.id], place.took_effect(run.id))
    assert not findings.violations, str(findings)


def test_killed_in_a_call_it_makes_that_call_again_and_asks_nothing_again(on_postgres: Installation) -> None:
    place, may_return = on_postgres, on_postgres.folder / "may return"
    model = Model(set(), until=str(may_return))
    with asked(place, model) as server:
        first = place.worker()
        run = place.begin(agent())
        until(lambda: len(place.took_effect(run.id)) == 2)
        first.kill()
        may_return.touch()
        place.worker(replaces=first)
        ended = place.over(run.id, within_s=60)

    assert (ended.status, turns(server)) == (RunStatus.COMPLETED, [1, 2, 3, 4])
    effects = [entry.key.removeprefix(f"or-{run.id}-2-") for entry in place.took_effect(run.id)]
    assert sorted(effects) == ["1-1", "1-1", "1-2", "1-2", "2-1", "2-2", "3-1", "3-2"]
    again = [one["data"]["again"] for one in place.events(run.id, "TOOL_INVOKED") if "again" in one["data"]]
    assert again == ["it may have run twice", "it is repeated"]
    findings = check(place.rt, [run.id], place.took_effect(run.id))
    assert not findings.violations, str(findings)


class Talker(Model):
    """Says one thing after the other, and kills who asks the third."""

    def __init__(self) -> None:
        super().__init__(deadly={3})
        self.says = ["one", "They said one.", "nobody hears this", "two"]

    def __call__(self, asked: Asked) -> Turn:
        number = 5 - len(self.says)
        if number in self.deadly and self.worker is not None:
            self.worker.send(signal.SIGKILL)
            return Turn(self.says.pop(0), delay_s=0.2)
        return Turn(self.says.pop(0))


def test_killed_after_the_summary_of_a_conversation_it_asks_for_no_second_one(
    on_sqlite: Installation,
) -> None:
    place, model = on_sqlite, Talker()
    with asked(place, model) as server:
        model.worker = dead = place.worker()
        room = place.room(agent(use_history=True, history={"messages": 1}))
        place.over(place.start(room).id, within_s=60)
        run = place.start(room)
        until(lambda: not dead.is_alive(), within_s=60)
        place.worker(replaces=dead)
        ended = place.over(run.id, within_s=60)

    assert (ended.status, ended.output, turns(server)) == (RunStatus.COMPLETED, "two", [1, 0, 1, 1])
    assert server.asked[-1].body["messages"] == server.asked[-2].body["messages"]
    assert "They said one." in server.asked[-1].body["messages"][0]["content"]
    with place.rt.db.read() as session:
        kept = conversation.list_before(session, room, None, 10)
    assert [turn.role for turn in kept].count("summary") == 1
