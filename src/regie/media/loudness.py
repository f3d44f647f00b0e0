"""Loudness by EBU R128, measured by libebur128."""

import ctypes
import math
from dataclasses import dataclass

from regie.domain.errors import RegieError

LIBRARY = "libebur128.so.1"
CHANNELS = 2
_FRAME_BYTES = 4 * CHANNELS
_SHORT_TERM, _INTEGRATED, _HISTOGRAM = 3, 5, 64  # a histogram takes the same memory for hours and for days


@dataclass(frozen=True)
class Loudness:
    """In LUFS; None is unknown: silence, or not heard for long enough."""

    momentary: float | None
    short_term: float | None
    integrated: float | None


class LoudnessMeter:
    """Feed it stereo sound, 32-bit floats interleaved."""

    def __init__(self, rate: int = 48_000) -> None:
        self._library = _loaded()
        self._rate = rate
        self._state = self._new()

    def add(self, samples: bytes) -> None:
        frames, rest = divmod(len(samples), _FRAME_BYTES)
        if rest:
            raise ValueError(f"{len(samples)} bytes are no whole stereo frames")
        self._check(self._library.ebur128_add_frames_float(self._open_state, samples, frames))

    def read(self) -> Loudness:
        return Loudness(
            self._value(self._library.ebur128_loudness_momentary),
            self._value(self._library.ebur128_loudness_shortterm),
            self._value(self._library.ebur128_loudness_global),
        )

    def reset(self) -> None:
        """The integrated loudness begins anew."""
        self.close()
        self._state = self._new()

    def close(self) -> None:
        if self._state:
            self._library.ebur128_destroy(ctypes.byref(self._state))

    @property
    def _open_state(self) -> ctypes.c_void_p:
        if not self._state:  # the library would crash
            raise RegieError("this loudness meter is closed")
        return self._state

    def _new(self) -> ctypes.c_void_p:
        mode = _SHORT_TERM | _INTEGRATED | _HISTOGRAM
        state = ctypes.c_void_p(self._library.ebur128_init(CHANNELS, self._rate, mode))
        if not state:
            raise RegieError("libebur128 cannot begin to measure the loudness", "is there memory left?")
        return state

    def _value(self, measure: "ctypes._NamedFuncPointer") -> float | None:
        value = ctypes.c_double()
        self._check(measure(self._open_state, ctypes.byref(value)))
        return round(value.value, 1) if math.isfinite(value.value) else None

    @staticmethod
    def _check(result: int) -> None:
        if result != 0:
            raise RegieError(f"libebur128 failed to measure the loudness: error {result}")


def _loaded() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        raise RegieError(
            "the loudness cannot be measured: libebur128 is missing", "apt-get install libebur128-1"
        ) from None
    state, value = ctypes.c_void_p, ctypes.POINTER(ctypes.c_double)
    library.ebur128_init.restype = state
    library.ebur128_init.argtypes = [ctypes.c_uint, ctypes.c_ulong, ctypes.c_int]
    library.ebur128_destroy.restype = None
    library.ebur128_destroy.argtypes = [ctypes.POINTER(state)]
    library.ebur128_add_frames_float.argtypes = [state, ctypes.c_char_p, ctypes.c_size_t]
    for name in ("momentary", "shortterm", "global"):
        measure = getattr(library, f"ebur128_loudness_{name}")
        measure.argtypes = [state, value]
    return library
