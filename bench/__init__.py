"""Measurements: each module is a command, `python -m bench.NAME`, that prints its figures as ratios of one run."""
