"""The web process dies while it starts a run, and the client does what clients do: it sends the same again."""

import time
from collections.abc import Callable

import httpx
import pytest

from engine.core.run import RunStatus
from engine.failpoints import Point
from engine.services import runs
from tests.app.conftest import free_port
from tests.crash.installation import ME, Installation
from tests.crash.test_failpoints import ended
from tests.crash.workflows import one_effect

pytestmark = pytest.mark.crash


def sent_until_answered(url: str, room_id: str, on_break: Callable[[], None]) -> tuple[str, int]:
    """The id of the run that was started at last, and how often the line broke."""
    breaks, end = 0, time.monotonic() + 30
    while time.monotonic() < end:
        try:
            answer = httpx.post(
                f"{url}/api/rooms/{room_id}/run",
                json={},
                headers={"Idempotency-Key": "one wish"},
                timeout=20,
                trust_env=False,
            )
        except httpx.ConnectError:  # it is not up yet
            time.sleep(0.02)
        except httpx.TransportError:
            breaks += 1
            on_break()
        else:
            assert answer.status_code == 202, answer.text
            return str(answer.json()["run_id"]), breaks
    raise AssertionError("no answer")


@pytest.mark.parametrize("point", [Point.IN_START, Point.AFTER_START])
def test_a_start_repeated_after_the_web_died_gives_one_run(place: Installation, point: Point) -> None:
    port, room_id = free_port(), place.room(one_effect())
    place.worker()
    first = place.api(port, point)

    def again() -> None:
        place.dies(first)
        place.api(port)

    run_id, breaks = sent_until_answered(f"http://127.0.0.1:{port}", room_id, again)

    assert breaks == 1
    assert ended(place, run_id).status is RunStatus.COMPLETED
    assert [run.id for run in runs.list_runs(place.rt, ME, runs.Sought(room_id=room_id)).items] == [run_id]


def test_a_run_whose_bell_never_rang_is_begun_by_a_sweep(place: Installation) -> None:
    room_id, port = place.room(one_effect()), free_port()
    place.worker()
    web = place.api(port, Point.AFTER_START)

    with pytest.raises(httpx.TransportError):
        sent_once(f"http://127.0.0.1:{port}", room_id)
    place.dies(web)

    (run,) = runs.list_runs(place.rt, ME, runs.Sought(room_id=room_id)).items
    assert ended(place, run.id).took_effect == [1]


def sent_once(url: str, room_id: str) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            httpx.post(f"{url}/api/rooms/{room_id}/run", json={}, timeout=20, trust_env=False)
            return
        except httpx.ConnectError:
            time.sleep(0.02)
