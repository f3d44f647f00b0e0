"""Regie: a live production control room on one small Linux box."""

__version__ = "0.1.0"
