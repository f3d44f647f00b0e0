"""What an H.264 stream says about itself: enough to tell whether it may pass through untouched.

Annex B byte-stream in (ITU-T H.264, 7.3 and annex E); no decoding, no I/O.
"""

from collections.abc import Iterator
from dataclasses import dataclass

SLICE, IDR, SPS = 1, 5, 7  # types of NAL units
B = 1  # type of slice, modulo 5
_PROFILES = {66: "baseline", 77: "main", 88: "extended", 100: "high", 110: "high 10", 122: "high 4:2:2"}
_PASSING_PROFILES = frozenset({66, 77, 100})
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


@dataclass(frozen=True)
class Sps:
    """The parts of a sequence parameter set that matter here."""

    profile_idc: int
    chroma_format_idc: int
    bit_depth: int
    pic_order_cnt_type: int
    progressive: bool
    max_reorder_frames: int | None  # None when the stream does not say

    @property
    def profile(self) -> str:
        return _PROFILES.get(self.profile_idc, f"profile {self.profile_idc}")

    @property
    def may_have_b_frames(self) -> bool:
        """False when the stream promises that frames come in the order in which they are shown."""
        return not (self.profile_idc == 66 or self.pic_order_cnt_type == 2 or self.max_reorder_frames == 0)


def why_not_passed(sps: Sps) -> str:
    """Why a stream cannot go on air as it is; empty when it can, as far as its parameters tell."""
    if sps.profile_idc not in _PASSING_PROFILES:
        return f"H.264 {sps.profile} does not play in browsers"
    if sps.chroma_format_idc != 1:
        return "its colours are not 4:2:0"
    if sps.bit_depth != 8:
        return f"it has {sps.bit_depth} bits a sample"
    if not sps.progressive:
        return "it is interlaced"
    if sps.max_reorder_frames:
        return "it has B-frames"
    return ""


def first_sps(unit: bytes) -> Sps | None:
    return next((sps_from_nal(nal) for nal in nals(unit) if nal and nal[0] & 31 == SPS), None)


def has_b_slice(unit: bytes) -> bool:
    """Whether an access unit is a B picture, by the slice type of its first slice."""
    for nal in nals(unit):
        if nal and nal[0] & 31 in (SLICE, IDR):
            return _slice_type(_Bits(_without_emulation(nal[1:17]))) == B
    return False


def _slice_type(bits: "_Bits") -> int | None:
    try:
        bits.ue()  # first_mb_in_slice
        return bits.ue() % 5
    except IndexError:
        return None


def nals(unit: bytes) -> Iterator[bytes]:
    """The NAL units between the start codes of an access unit."""
    start = unit.find(b"\0\0\1")
    while start >= 0:
        end = unit.find(b"\0\0\1", start + 3)
        yield unit[start + 3 : end if end >= 0 else len(unit)].rstrip(b"\0" if end >= 0 else b"")
        start = end


def sps_from_nal(nal: bytes) -> Sps | None:
    """The parameter set, or None when the bytes are not one."""
    try:
        return _sps(_Bits(_without_emulation(nal[1:])))
    except IndexError:
        return None


def _sps(bits: "_Bits") -> Sps:
    profile_idc = bits.u(8)
    bits.u(16)  # constraint flags and level
    bits.ue()  # seq_parameter_set_id
    chroma_format_idc, bit_depth = 1, 8
    if profile_idc in _HIGH_PROFILES:
        chroma_format_idc = bits.ue()
        if chroma_format_idc == 3:
            bits.u(1)
        bit_depth = 8 + max(bits.ue(), bits.ue())
        bits.u(1)
        if bits.u(1):
            _skip_scaling_lists(bits, 8 if chroma_format_idc != 3 else 12)
    bits.ue()  # log2_max_frame_num
    pic_order_cnt_type = _order_count(bits)
    bits.ue()  # max_num_ref_frames
    bits.u(1)
    bits.ue()  # width in macroblocks
    bits.ue()
    progressive = bool(bits.u(1))
    if not progressive:
        bits.u(1)
    bits.u(1)
    if bits.u(1):  # cropping
        for _ in range(4):
            bits.ue()
    reorder = _reorder_frames_from_vui(bits) if bits.u(1) else None
    return Sps(profile_idc, chroma_format_idc, bit_depth, pic_order_cnt_type, progressive, reorder)


def _order_count(bits: "_Bits") -> int:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(bits.ue()):
            bits.se()
    return kind


def _skip_scaling_lists(bits: "_Bits", count: int) -> None:
    for index in range(count):
        if not bits.u(1):
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


def _reorder_frames_from_vui(bits: "_Bits") -> int | None:
    """Walk the usability information up to max_num_reorder_frames (annex E.1.1)."""
    if bits.u(1) and bits.u(8) == 255:  # aspect ratio, extended
        bits.u(32)
    if bits.u(1):  # overscan
        bits.u(1)
    if bits.u(1):  # video signal type
        bits.u(4)
        if bits.u(1):
            bits.u(24)
    if bits.u(1):  # chroma location
        bits.ue()
        bits.ue()
    if bits.u(1):  # timing
        bits.u(65)
    hrd = [_skip_hrd(bits) for _ in range(2)]
    if any(hrd):
        bits.u(1)
    bits.u(1)
    if not bits.u(1):  # no bitstream restrictions: the stream does not say
        return None
    bits.u(1)
    for _ in range(4):
        bits.ue()
    return bits.ue()


def _skip_hrd(bits: "_Bits") -> bool:
    if not bits.u(1):
        return False
    count = bits.ue() + 1
    bits.u(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.u(1)
    bits.u(20)
    return True


def _without_emulation(data: bytes) -> bytes:
    return data.replace(b"\0\0\3", b"\0\0")


class _Bits:
    """Bits from the left; IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def u(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self._data[self._position >> 3]
            value = value << 1 | (byte >> (7 - (self._position & 7)) & 1)
            self._position += 1
        return value

    def ue(self) -> int:
        """Exp-Golomb, 9.1."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise IndexError("not an Exp-Golomb code")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        value = self.ue()
        return (value + 1) // 2 if value % 2 else -(value // 2)
