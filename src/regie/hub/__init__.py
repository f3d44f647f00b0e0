"""The hub: how encoded media goes from worker to worker, over Unix sockets."""
