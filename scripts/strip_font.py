"""Builds the font in which the time strip is written: `python scripts/strip_font.py`.

Each character is one column of five blocks (see regie.domain.strip), so that GStreamer's timeoverlay draws
the machine-readable time natively. The ligature of ".0" also draws the flash: the first tenth of each second.
"""

from pathlib import Path

from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from regie.domain.strip import FLASH_COLUMNS, FLASH_ROWS, GLYPHS, MAX_COLUMNS, ROWS

EPOCH = 3_786_912_000  # 2024, counted from 1904
BLOCK = 100  # font units; an em is ten blocks
MARGIN_BLOCKS = 0.5
DESCENT = FLASH_ROWS[-1] + 1 - ROWS + MARGIN_BLOCKS  # how far bar and flash reach below the digits
FILE = Path(__file__).parents[1] / "src/regie/media/assets" / "RegieStrip.ttf"


def build(file: Path) -> None:
    glyphs = {".notdef": TTGlyphPen(None).glyph(), "flash": _flash(), "bar": _bar()}
    # Cairo clips what reaches further than the widest advance of the font, hence the wide first glyph.
    widths = {".notdef": 2 * MAX_COLUMNS * BLOCK, "flash": 2 * BLOCK, "bar": 0}
    characters = {ord("|"): "bar"}
    for character, columns in GLYPHS.items():
        name = f"u{ord(character):04X}"
        glyphs[name], widths[name] = _glyph(columns), BLOCK * len(columns)
        characters[ord(character)] = name
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(list(glyphs))
    font.setupCharacterMap(characters)
    font.setupGlyf(glyphs)
    bearings = {"flash": FLASH_COLUMNS[0] * BLOCK, "bar": round(-MARGIN_BLOCKS * BLOCK)}
    font.setupHorizontalMetrics({name: (width, bearings.get(name, 0)) for name, width in widths.items()})
    ascent, descent = round((ROWS + MARGIN_BLOCKS) * BLOCK), round(DESCENT * BLOCK)
    font.setupHorizontalHeader(ascent=ascent, descent=-descent)
    font.setupNameTable({"familyName": "Regie Strip", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=ascent, sTypoDescender=-descent, usWinAscent=ascent, usWinDescent=descent)
    font.setupPost()
    addOpenTypeFeaturesFromString(
        font.font, f"feature liga {{ sub {characters[ord('.')]} {characters[ord('0')]} by flash; }} liga;"
    )
    font.font["head"].created = font.font["head"].modified = EPOCH  # the same font from every build
    font.font.recalcTimestamp = False
    font.save(file)


def _glyph(columns: tuple[int, ...]) -> object:
    pen = TTGlyphPen(None)
    for x, column in enumerate(columns):
        _draw_column(pen, x, column)
    return pen.glyph()


def _flash() -> object:
    """A period, a zero, and a white field below the last ten characters of the time."""
    pen = TTGlyphPen(None)
    for x, column in enumerate((*GLYPHS["."], *GLYPHS["0"])):
        _draw_column(pen, x, column)
    _rectangle(pen, FLASH_COLUMNS[0], ROWS - FLASH_ROWS[-1] - 1, FLASH_COLUMNS[-1] + 1, ROWS - FLASH_ROWS[0])
    return pen.glyph()


def _bar() -> object:
    """What the blocks stand on, drawn first and in black: it takes no room of its own."""
    pen = TTGlyphPen(None)
    _rectangle(pen, -MARGIN_BLOCKS, -DESCENT, MAX_COLUMNS + MARGIN_BLOCKS, ROWS + MARGIN_BLOCKS)
    return pen.glyph()


def _draw_column(pen: TTGlyphPen, x: int, column: int) -> None:
    for row in range(ROWS):
        if column >> (ROWS - 1 - row) & 1:
            _rectangle(pen, x, ROWS - 1 - row, x + 1, ROWS - row)


def _rectangle(pen: TTGlyphPen, left: float, bottom: float, right: float, top: float) -> None:
    pen.moveTo((round(left * BLOCK), round(bottom * BLOCK)))
    for x, y in ((left, top), (right, top), (right, bottom)):
        pen.lineTo((round(x * BLOCK), round(y * BLOCK)))
    pen.closePath()


if __name__ == "__main__":
    build(FILE)
