"""How long a committed batch takes to a subscriber of the web process, and what publishing costs a worker.

Run: python -m benchmarks.live_feed
"""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import orjson

from engine.live.embedded import EmbeddedRedis
from engine.live.feed import Feed
from engine.live.frames import Published
from engine.live.hub import Hub

BATCHES = 1000


def batch(seq: int) -> Published:
    events = [{"seq": seq, "type": "NODE_EXITED", "at": time.perf_counter(), "message": "x" * 200}]
    return Published(f"r{seq % 16}", "room", seq, "RUNNING", orjson.dumps(events), {"node": "a"})


async def latencies_ms(feed: Feed, hub: Hub) -> list[float]:
    found: list[float] = []
    async with hub.subscribe(room_id="room") as heard:
        while not hub.is_connected:
            await asyncio.sleep(0.01)
        while len(found) < BATCHES:
            await asyncio.to_thread(feed.publish, [batch(len(found))])
            while (got := await heard.get()) is None or got.kind != "events":
                pass
            found.append((time.perf_counter() - got.data[0]["at"]) * 1000)
    await hub.close()
    return sorted(found)


def publishing_us(feed: Feed) -> float:
    """CPU and waiting of one batch, 16 at a time as a group commit gives them."""
    begun = time.perf_counter()
    for start in range(0, 3200, 16):
        feed.publish([batch(start + offset) for offset in range(16)])
    return (time.perf_counter() - begun) / 3200 * 1e6


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedRedis(Path(folder))
        begun = time.perf_counter()
        feed = Feed(server.start())
        start_ms = (time.perf_counter() - begun) * 1000
        found = asyncio.run(latencies_ms(feed, Hub(server.url)))
        result = {
            "benchmark": "live_feed",
            "redis_start_ms": round(start_ms, 1),
            "publish_to_subscriber_p50_ms": round(statistics.median(found), 2),
            "publish_to_subscriber_p99_ms": round(found[int(len(found) * 0.99)], 2),
            "publish_us_per_batch": round(publishing_us(feed), 1),
        }
        feed.close()
        server.stop()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
