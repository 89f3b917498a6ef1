"""A training server of one's own: the cloud's HTTP contract, self-hosted, with real runs.

web/          HTTP alone: sign-in, skills, runs, objects; a handler converts, calls, converts
conductor     takes each run through its life; the only one that starts, watches and ends runs
lifecycle     the states of a run and what leads from one to the next, as data
run_store     the only writer of a run's state
objects/      where uploads and results are kept: a folder, or an S3-compatible store
engines/      what carries out a run: this machine, or a Ray cluster
presets/      runs that can be asked for by name (TOML)
smoke/        a trainer that needs no GPU, for walking the whole way on a laptop; it is not ACT

Everything lives below one data folder; two servers never share one.
"""
