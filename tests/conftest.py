"""Fixtures for all tests, gathered from tests/fixtures, and how processes share the tests."""

pytest_plugins = [
    "tests.sharing",
    "tests.fixtures.databases",
    "tests.fixtures.pages",
    "tests.fixtures.plugged_in",
    "tests.fixtures.redis_server",
    "tests.fixtures.runtimes",
]
