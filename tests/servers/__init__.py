"""Small real servers on loopback that speak the true protocols of the outside world, for tests."""
