"""Fixtures for all tests, gathered from tests/fixtures."""

pytest_plugins = ["tests.fixtures.databases"]
