"""What titles are drawn with: libraries and fonts."""

from collections.abc import Iterator

import gi

from regie.media.doctor.finding import Finding, good, missing, warning

LIBRARIES = {
    "gir1.2-rsvg-2.0": "Rsvg 2.0",
    "gir1.2-pango-1.0": "Pango 1.0",
    "gir1.2-gdkpixbuf-2.0": "GdkPixbuf 2.0",
}
FONTS = {
    "Inter": ("fonts-inter", "titles are drawn in another font"),
    "Noto Color Emoji": ("fonts-noto-color-emoji", "emoji in titles have no colours, or are boxes"),
}


def title_findings() -> Iterator[Finding]:
    lacking = [package for package, library in LIBRARIES.items() if not _is_there(*library.split())]
    if lacking:
        yield missing("titles", "cannot be drawn", f"sudo apt-get install {' '.join(lacking)}")
        return
    known = _font_families()
    for font, (package, effect) in FONTS.items():
        if font in known:
            yield good(f"font {font}", "found")
        else:
            yield warning(f"font {font}", f"is missing: {effect}", f"sudo apt-get install {package}")


def _is_there(name: str, version: str) -> bool:
    try:
        gi.require_version(name, version)
    except ValueError:
        return False
    return True


def _font_families() -> set[str]:
    gi.require_version("PangoCairo", "1.0")
    from gi.repository import PangoCairo  # noqa: PLC0415 (looked for first)

    return {family.get_name() for family in PangoCairo.FontMap.get_default().list_families()}
