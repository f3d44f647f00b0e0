"""The signals that end the engine, kept waiting until it can answer them.

Whoever starts Regie and ends it at once wants nothing to run: neither what an earlier engine left running
nor half of what this one was about to start. A signal that killed this process would leave both.
"""

import signal

STOP_ALL = (signal.SIGTERM, signal.SIGINT)
HAND_OVER = signal.SIGUSR1  # the engine ends, its workers run on
ENDING_SIGNALS = (*STOP_ALL, HAND_OVER)


def hold_ending_signals() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)


def deliver_ending_signals() -> None:
    """Before any child is started: it would inherit the mask."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)
