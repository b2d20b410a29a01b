"""Benchmarks: run one with ``python -m benchmarks.NAME`` from the project folder."""
