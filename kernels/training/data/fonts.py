"""Clean glyphs: characters drawn once from the fonts that matplotlib brings.

Only its files are used, matplotlib itself is not imported.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenbin.errors import UsageError

FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSansMono-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
    "cmr10",
    "cmb10",
    "cmss10",
    "cmtt10",
)
SIDE = 64  # pixels of a clean glyph
HEIGHT = 44  # of the character within; what is left lets it turn


@cache
def clean_glyphs(characters: str) -> NDArray[np.float32]:
    """Return (fonts, characters, SIDE, SIDE) grey values 0..1, softened by a blur.

    The slope that the blur gives an edge lets a threshold choose the stroke's width.
    """
    folder = font_folder()
    drawn = [[_draw(folder / f"{f}.ttf", c) for c in characters] for f in FONTS]
    return _blur(_blur(np.array(drawn, dtype=np.float32)))


def font_folder() -> Path:
    """Return the folder of matplotlib's fonts; raise UsageError where it is missing."""
    found = find_spec("matplotlib")
    if found is None or not found.origin:
        raise UsageError("glyphs: matplotlib, whose fonts it draws, is not installed")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


def _draw(path: Path, character: str) -> NDArray[np.float32]:
    """Draw one character as high as HEIGHT in the middle of a square."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(path), size=2 * HEIGHT)
    left, top, right, bottom = font.getbbox(character)
    size = (int(right - left), int(bottom - top))
    ink = Image.new("L", size)
    ImageDraw.Draw(ink).text((-left, -top), character, fill=255, font=font)
    width = min(max(1, round(size[0] * HEIGHT / size[1])), SIDE - 8)
    small = ink.resize((width, HEIGHT), Image.Resampling.BILINEAR)
    square = Image.new("L", (SIDE, SIDE))
    square.paste(small, ((SIDE - width) // 2, (SIDE - HEIGHT) // 2))
    return np.asarray(square, dtype=np.float32) / np.float32(255)


def _blur(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolve the last two axes with (1, 4, 6, 4, 1) / 16."""
    for axis in (-1, -2):
        shifted = {k: np.roll(images, k, axis=axis) for k in (-2, -1, 1, 2)}
        near, far = shifted[-1] + shifted[1], shifted[-2] + shifted[2]
        images = np.float32(0.0625) * (6 * images + 4 * near + far)
    return images
