"""Rates hold across processes through Redis, and in each process alone while Redis is away."""

import asyncio
from contextlib import closing

from engine.core.rates import Rate
from engine.live.rates import Rates


def take(rates, what="t", rate=Rate(2, 60)):  # noqa: B008 - a frozen value
    return asyncio.run(rates.take(rate, what))


def test_two_processes_share_a_rate(redis_url):
    with closing(Rates(redis_url)) as one, closing(Rates(redis_url)) as other:
        assert (take(one), take(other)) == (0, 0)
        assert 50 < take(one) <= 60
        assert take(one, "another tool") == 0


def test_a_rate_holds_without_redis_and_a_place_becomes_free(tmp_path):
    with closing(Rates(f"unix://{tmp_path}/nobody.sock")) as rates:
        assert [take(rates) for _ in range(2)] == [0, 0]
        assert take(rates) > 50
        quick = Rate(1, 1)
        assert take(rates, "q", quick) == 0
        while not (rest_s := take(rates, "q", quick)):
            pass  # the machine has slept for longer than the place was taken
        assert 0 < rest_s <= 1.1
        asyncio.run(asyncio.sleep(rest_s + 0.05))
        assert take(rates, "q", quick) == 0
