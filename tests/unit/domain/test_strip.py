"""The strip's reader against strips drawn here, and against everything that is no strip."""

from hypothesis import given
from hypothesis import strategies as st

from regie.domain.beep import beep_onsets
from regie.domain.strip import (
    BLOCKS_PER_WIDTH,
    FLASH_COLUMNS,
    FLASH_ROWS,
    GLYPHS,
    LEFT_BLOCKS,
    ROWS,
    TOP_BLOCKS,
    flash_is_on,
    read_strip,
)

type Grid = list[list[int]]


def text_of(capture_ms: int) -> str:
    seconds, ms = divmod(capture_ms, 1000)
    return f"# {seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def drawn(capture_ms: int, block: int = 5, white: int = 235, black: int = 16, height: int = 10) -> Grid:
    """A picture with the strip of a time: `height` rows of blocks, mid-grey elsewhere."""
    picture = [[128] * (BLOCKS_PER_WIDTH * block) for _ in range(height * block)]

    def paint(column: int, row: int, level: int) -> None:
        for y in range((TOP_BLOCKS + row) * block, (TOP_BLOCKS + row + 1) * block):
            start = (LEFT_BLOCKS + column) * block
            picture[y][start : start + block] = [level] * block

    columns = [bits for character in text_of(capture_ms) for bits in GLYPHS[character]]
    for index in range(22):
        for row in range(FLASH_ROWS.stop):
            paint(index, row, black)
    for index, bits in enumerate(columns):
        for row in range(ROWS):
            if bits >> (ROWS - 1 - row) & 1:
                paint(index, row, white)
    if capture_ms % 1000 < 100:
        for offset in FLASH_COLUMNS:
            for row in FLASH_ROWS:
                paint(len(columns) - 4 + offset, row, white)
    return picture


@given(st.integers(0, 99_999 * 3_600_000), st.integers(3, 12))
def test_any_time_is_read_at_any_size(capture_ms: int, block: int) -> None:
    picture = drawn(capture_ms, block)
    assert read_strip(picture) == capture_ms
    assert flash_is_on(picture) == (capture_ms % 1000 < 100)


@given(st.integers(0, 10**9), st.integers(80, 255), st.integers(0, 40))
def test_a_dull_picture_is_read_as_long_as_white_stands_out(capture_ms: int, white: int, black: int) -> None:
    seen = read_strip(drawn(capture_ms, white=white, black=black))
    assert seen == (capture_ms if white - black >= 60 else None)


@given(st.integers(0, 10**9), st.integers(3, 16), st.integers(0, ROWS - 1))
def test_one_block_turned_over_is_noticed(capture_ms: int, column: int, row: int) -> None:
    picture, block = drawn(capture_ms), 5
    if column >= len(text_of(capture_ms)) + 1:
        return
    for y in range((TOP_BLOCKS + row) * block, (TOP_BLOCKS + row + 1) * block):
        start = (LEFT_BLOCKS + column) * block
        picture[y][start : start + block] = [251 - value for value in picture[y][start : start + block]]
    assert read_strip(picture) is None


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_two_frames_laid_over_each_other_are_not_read(first_ms: int, step_ms: int) -> None:
    first, second = drawn(first_ms), drawn(first_ms + step_ms)
    if len(text_of(first_ms)) != len(text_of(first_ms + step_ms)):
        return
    mixed = [[(a + b) // 2 for a, b in zip(*rows, strict=True)] for rows in zip(first, second, strict=True)]
    assert read_strip(mixed) is None


@given(st.binary(min_size=320 * 50, max_size=320 * 50))
def test_noise_is_no_time(noise: bytes) -> None:
    rows = [noise[start : start + 320] for start in range(0, len(noise), 320)]
    assert read_strip(rows) is None


def test_what_is_too_small_or_empty_is_no_time() -> None:
    assert read_strip([]) is None
    assert read_strip([b"\xff" * 100] * 100) is None
    assert read_strip(drawn(12345)[:20]) is None


def test_beeps_are_found_where_they_begin_and_not_where_they_may_have_begun_before() -> None:
    quiet, loud = [0.03, -0.03] * 24_000, [0.4, -0.4] * 2_400
    samples = [*loud, *quiet, *loud, *quiet[: len(quiet) // 2], *loud]
    onsets = beep_onsets(samples, 1_000_000_000)
    expected = [
        1_000_000_000 + (4800 + 48_000) * 10**9 // 48_000,
        1_000_000_000 + (9600 + 72_000) * 10**9 // 48_000,
    ]
    assert [round(onset / 1e6) for onset in onsets] == [round(time / 1e6) for time in expected]
