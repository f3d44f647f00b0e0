"""The control link: newline-delimited JSON on a Unix socket, the same for the engine and every worker."""
