"""The time strip in a test picture: reads the capture time out of the pixels of a frame.

The strip is a band of white blocks on a black bar near the upper left corner, ROWS blocks high. Each
character of "# H:MM:SS.mmm" (the running time, any number of hour digits) is one column, its top block the
highest bit:

    digits   four bits of the value, then a bit that makes the number of white blocks odd
    : and .  values no digit has, and an even number of white blocks
    #        two columns, one all white, one alternating: they tell what white and black look like
    space    a black column

A block is 1/64 of the picture's width, whatever its size. In the first tenth of each second a white field,
the flash, stands below the last ten columns. Whatever does not add up is no time: the reader never guesses.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

type Luma = Sequence[Sequence[int]]  # rows of 0..255: bytes, memoryviews or arrays alike

BLOCKS_PER_WIDTH = 64
LEFT_BLOCKS = TOP_BLOCKS = 1
ROWS = 5
MAX_COLUMNS = 3 + 5 + 10  # with five digits of hours: eleven years
FLASH_COLUMNS = range(-6, 4)  # counted from the period
FLASH_ROWS = range(6, 8)

MIN_CONTRAST = 60  # between white and black; less is no strip
CLEAR = 0.25  # a block nearer than this to the middle between white and black is unreadable


def digit_column(value: int) -> int:
    return value << 1 | (value.bit_count() + 1) % 2


START = (0b11111, 0b10101)
BLANK, COLON, PERIOD = 0b00000, 0b11110, 0b11011
GLYPHS: dict[str, tuple[int, ...]] = {
    **{str(value): (digit_column(value),) for value in range(10)},
    "#": START,
    " ": (BLANK,),
    ":": (COLON,),
    ".": (PERIOD,),
}
_TIME = re.compile(r"(\d+):([0-5]\d):([0-5]\d)\.(\d{3})")
_CHARACTERS = {columns[0]: character for character, columns in GLYPHS.items() if len(columns) == 1}


@dataclass(frozen=True)
class Reading:
    """What a strip says."""

    capture_ms: int  # the running time at which the frame was made
    flash: bool


def read_strip(luma: Luma) -> int | None:
    """The capture time of a frame in ms, or None when it has no strip that can be read with certainty."""
    reading = read(luma)
    return reading.capture_ms if reading else None


def flash_is_on(luma: Luma) -> bool | None:
    """Whether the once-a-second flash is lit in a frame; None when its strip cannot be read."""
    reading = read(luma)
    return reading.flash if reading else None


def read(luma: Luma) -> Reading | None:
    """Read the strip of a whole frame, given the rows of its luma (the upper quarter of them is enough)."""
    blocks = _Blocks.calibrated(luma)
    if blocks is None:
        return None
    columns = [blocks.column(index) for index in range(MAX_COLUMNS)]
    if tuple(columns[:3]) != (*START, BLANK):
        return None
    text = "".join(_CHARACTERS.get(column, "?") if column is not None else "?" for column in columns[3:])
    capture_ms, flash = _ms_from_text(text), blocks.flash(3 + text.find("."))
    if capture_ms is None or flash is not (capture_ms % 1000 < 100):
        return None
    return Reading(capture_ms, flash)


def _ms_from_text(text: str) -> int | None:
    """The milliseconds of the "H:MM:SS.mmm" at the start of a text; what follows it is no matter."""
    time = _TIME.match(text)
    if time is None:
        return None
    hours, minutes, seconds, milliseconds = map(int, time.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds


@dataclass(frozen=True)
class _Blocks:
    """The blocks of a strip, told white from black by what its first two columns look like."""

    luma: Luma
    size: float
    black: float = 0.0
    white: float = 255.0

    @classmethod
    def calibrated(cls, luma: Luma) -> "_Blocks | None":
        if not luma:
            return None
        size = len(luma[0]) / BLOCKS_PER_WIDTH
        if size < 2 or len(luma) < (TOP_BLOCKS + FLASH_ROWS.stop) * size:
            return None
        blocks = cls(luma, size)
        white = sorted(
            [*(blocks.level(0, row) for row in range(ROWS)), *(blocks.level(1, row) for row in (0, 2, 4))]
        )
        black = sorted(blocks.level(1, row) for row in (1, 3))
        if white[0] - black[-1] < MIN_CONTRAST:
            return None
        return cls(luma, size, sum(black) / len(black), sum(white) / len(white))

    def column(self, index: int) -> int | None:
        """A column's bits, or None when a block of it is neither clearly white nor clearly black."""
        bits = 0
        for row in range(ROWS):
            white = self.is_white(index, row)
            if white is None:
                return None
            bits = bits << 1 | white
        return bits

    def flash(self, period_column: int) -> bool | None:
        """Whether the field below the time is all white (True) or all black (False)."""
        columns = [period_column + offset for offset in FLASH_COLUMNS]
        field = {self.is_white(column, row) for column in columns for row in FLASH_ROWS}
        return field.pop() if len(field) == 1 else None

    def is_white(self, column: int, row: int) -> bool | None:
        share = (self.level(column, row) - self.black) / (self.white - self.black)
        return None if abs(share - 0.5) < CLEAR else share > 0.5

    def level(self, column: int, row: int) -> float:
        """The mean luma of the middle of a block."""
        x, y = (LEFT_BLOCKS + column + 0.5) * self.size, (TOP_BLOCKS + row + 0.5) * self.size
        values = [value for line in self._lines(y) for value in line[_span(x, self.size)]]
        return sum(values) / len(values)

    def _lines(self, y: float) -> Iterator[Sequence[int]]:
        span = _span(y, self.size)
        for index in range(span.start, span.stop):
            yield self.luma[index]


def _span(middle: float, size: float) -> slice:
    """The pixels of the middle third around a point: at least one."""
    start = int(middle - size / 6)
    return slice(start, max(start + 1, round(middle + size / 6)))
