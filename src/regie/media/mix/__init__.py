"""The mixer worker: a programme out of many sources, that never stops."""
