"""What branches of one run pay at once counts against the limits of each of them."""

import pytest

from engine.core.identity import User
from engine.core.run import RunStatus
from engine.runtime import Runtime
from tests.core.drawing import forked, node
from tests.runner.test_agents import USE, agent, agents, events, replays
from tests.servers.model_server import Call, Turn


@pytest.mark.parametrize("limit", ["max_cost_usd_run", "max_cost_usd_month"])
def test_what_branches_beside_it_have_spent_counts_at_once(
    sqlite_rt: Runtime, editor: User, limit: str
) -> None:
    """Both have paid 24 cents when they meet; neither alone would have reached 40."""
    config = {
        "provider": "openai",
        "model": "local-1",
        "prompt": "Go",
        "tools": ["meets"],
        "policy": {limit: 0.4},
    }
    document = forked(*([node(name, "AGENT_TASK", config=config)] for name in ("one", "two")))
    together = Turn(calls=(Call("meets", {"name": "x", "together": 2}),))
    with agents(sqlite_rt, editor, together, together, Turn("Done")) as (place, server):
        run = place.over(place.start(place.room(document)).id)

        assert (run.status, len(server.asked), run.cost_usd) == (RunStatus.FAILED, 2, pytest.approx(0.48))
        assert run.error is not None
        assert events(place, run, "LIMIT_REACHED")[0]["data"]["limit"] == limit
        assert events(place, run, "LIMIT_REACHED")[0]["data"]["reached"] == pytest.approx(0.48)
        assert replays(place, run)
    with agents(sqlite_rt, editor, USE, Turn("Done")) as (place, _):
        alone = place.over(place.start(place.room(agent({"policy": {limit: 0.5}}))).id)

        assert (alone.status, alone.cost_usd) == (RunStatus.COMPLETED, pytest.approx(0.48))  # counted once
