"""The work of the benchmarks: what the peers are given as well."""
