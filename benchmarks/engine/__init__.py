"""How fast the engine runs, beside the floor of its database: `python -m benchmarks.engine --help`."""
