"""Alembic's migrations, one file each, run when the server finds an older store."""

HEAD = "0003"  # the newest revision; a test compares it with the files
