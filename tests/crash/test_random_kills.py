"""Small campaigns of random kills; `make crash` is the large one. A failure prints its seed."""

import pytest

from tests.crash.campaign import Campaign, Scale
from tests.crash.installation import Installation
from tests.crash.postgres import Postgres

pytestmark = pytest.mark.crash

SEED = 7
SMALL = Scale(runs=60, worker_kills=6, worker_stops=0, redis_kills=2, rest_s=(0.2, 0.6))


def no_promise_broken(campaign: Campaign) -> None:
    outcome = campaign.run()

    assert outcome.unfinished == [], f"seed {campaign.seed}"
    assert not outcome.findings.violations, f"seed {campaign.seed}: {outcome.findings}"
    assert outcome.findings.counts["runs"] == campaign.scale.runs


def test_random_kills_on_sqlite(on_sqlite: Installation) -> None:
    no_promise_broken(Campaign(on_sqlite, None, SMALL, SEED))


def test_random_kills_on_postgresql(on_postgres: Installation, postgres: Postgres) -> None:
    scale = Scale(runs=60, worker_kills=4, worker_stops=0, redis_kills=1, postgres_kills=4, rest_s=(0.2, 0.6))
    no_promise_broken(Campaign(on_postgres, postgres, scale, SEED))
