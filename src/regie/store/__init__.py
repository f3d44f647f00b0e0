"""What outlives a restart: sources, and who may come in. The only place that knows SQL."""
