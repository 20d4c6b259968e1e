"""What else could run the same workloads, measured beside ours: `python -m benchmarks.peers --help`."""
