"""The canvas of a PDF: the same strokes as on the screen, in the light colours, with faces that travel in the file.

Letters come from Noto Sans, and what it lacks from FiraGO: Latin with all its accents, Greek, Cyrillic, Georgian and
the signs of figures. Arabic, Hebrew, Indic and East Asian letters are in neither or need shaping, which is not done
here; each stands as a box, and `letters_missing` tells.
"""

import functools
import io
import itertools
import threading
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from layouts import tokens
from layouts.drawings.canvas import Anchor, Floats

if TYPE_CHECKING:
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas as Sheet

POINTS = 0.75
"""Points in one of the drawings' units."""

BOX = "\u25af"
"""Stands for a letter that no face has."""

FACES = {
    False: (("NotoSans", "notos"), ("FiraGO", "figo")),
    True: (("NotoSans-Bold", "notosbo"), ("FiraGO-Bold", "figbo")),
}
"""By weight, the better first: the name here, and the font package's."""

NEEDS_SHAPING = frozenset({"R", "AL", "AN"})
"""Bidirectional classes that run from right to left."""
NEEDS_SHAPING_FROM, NEEDS_SHAPING_TO = 0x0900, 0x109F
"""From Devanagari to Burmese: letters that change by their neighbours."""

_registering = threading.Lock()


@functools.cache
def faces() -> dict[str, "TTFont"]:
    """Hand the faces to the PDF library, once a process, and return them by name."""
    import pymupdf_fonts
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    found = {}
    with _registering:
        for name, key in itertools.chain(*FACES.values()):
            found[name] = TTFont(name, io.BytesIO(pymupdf_fonts.myfont(key)))
            pdfmetrics.registerFont(found[name])
    return found


@functools.lru_cache(maxsize=4096)
def _face_of(letter: str, bold: bool) -> str:
    """Return the name of the first face that has *letter*, "" where none has or it would need shaping."""
    code = ord(letter)
    if unicodedata.bidirectional(letter) in NEEDS_SHAPING or NEEDS_SHAPING_FROM <= code <= NEEDS_SHAPING_TO:
        return ""
    for name, _key in FACES[bold]:
        if code in faces()[name].face.charToGlyph:
            return name
    return ""


def _composed(words: str) -> str:
    """Return *words* with each accent joined to its letter where there is such a letter, and one kind of blank."""
    joined = (" " if c.isspace() else c for c in unicodedata.normalize("NFC", words))
    return "".join(c for c in joined if c.isprintable())


def letters_missing(words: str) -> bool:
    """Return whether some letter of *words* can only be a box."""
    return any(not _face_of(letter, bold=False) for letter in _composed(words))


def runs_of(words: str, bold: bool) -> Iterator[tuple[str, str]]:
    """Yield the face and the letters of each stretch of one face."""
    letters = [(_face_of(c, bold) or FACES[bold][1][0], c if _face_of(c, bold) else BOX) for c in _composed(words)]
    for face, run in itertools.groupby(letters, key=lambda pair: pair[0]):
        yield face, "".join(letter for _face, letter in run)


def width_of(words: str, size: float, bold: bool = False) -> float:
    """Return how wide *words* are, in the units of *size*."""
    from reportlab.pdfbase import pdfmetrics

    return float(sum(pdfmetrics.stringWidth(letters, face, size) for face, letters in runs_of(words, bold)))


def wrapped(words: str, size: float, width: float, bold: bool = False) -> list[str]:
    """Return *words* in lines of at most *width*; a single word that is wider is parted between letters."""
    lines: list[str] = []
    for word in (part for each in words.split(" ") for part in _parted(each, size, width, bold)):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _parted(word: str, size: float, width: float, bold: bool) -> list[str]:
    parts = [word]
    while len(parts[-1]) > 1 and width_of(parts[-1], size, bold) > width:
        last = parts.pop()
        fits = next(n for n in range(len(last) - 1, 0, -1) if n == 1 or width_of(last[:n], size, bold) <= width)
        parts += [last[:fits], last[fits:]]
    return parts


class PdfCanvas:
    """A picture on a page of *sheet*, its top left corner at (x, y) from the page's own, in the drawings' units."""

    def __init__(self, sheet: "Sheet", page_height: float, x: float = 0.0, y: float = 0.0) -> None:
        self._sheet, self._page_height, self._x, self._y = sheet, page_height, x, y

    def at(self, x: float, y: float) -> "PdfCanvas":
        """Return a picture that begins further in."""
        return PdfCanvas(self._sheet, self._page_height, self._x + x, self._y + y)

    def area(self, x: Floats, y: Floats, fill: str, opacity: float = 1.0) -> None:
        """Fill closed outlines."""
        path = self._path(x, y, closed=True)
        if path is not None:
            self._fill(fill, opacity)
            self._sheet.drawPath(path, stroke=0, fill=1)

    def line(self, x: Floats, y: Floats, colour: str, width: float, dash: tuple[float, ...] = ()) -> None:
        """Draw lines with round joins."""
        path = self._path(x, y, closed=False)
        if path is None:
            return
        sheet = self._sheet
        sheet.setStrokeColor(_colour(colour))
        sheet.setLineWidth(POINTS * width)
        sheet.setLineJoin(1)
        sheet.setLineCap(0 if dash else 1)
        sheet.setDash([POINTS * part for part in dash] if dash else [])
        sheet.drawPath(path, stroke=1, fill=0)

    def rect(self, x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0) -> None:
        """Fill a rectangle."""
        self._fill(fill, opacity)
        left, bottom = self._place(x, y + height)
        self._sheet.rect(left, bottom, POINTS * width, POINTS * height, stroke=0, fill=1)

    def dot(self, x: float, y: float, radius: float, fill: str) -> None:
        """Fill a circle."""
        self._fill(fill, 1.0)
        self._sheet.circle(*self._place(x, y), POINTS * radius, stroke=0, fill=1)

    def text(
        self, x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False, anchor: Anchor = "start"
    ) -> None:
        """Write words whose baseline lies at y."""
        if not words:
            return
        before = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * width_of(words, size, bold)
        self._fill(colour, 1.0)
        written = self._sheet.beginText(*self._place(x - before, y))
        for face, letters in runs_of(words, bold):
            written.setFont(face, POINTS * size)
            written.textOut(letters)
        self._sheet.drawText(written)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the picture as the PDF counts: points, from the page's bottom left corner upwards."""
        return POINTS * (self._x + x), POINTS * (self._page_height - self._y - y)

    def _fill(self, name: str, opacity: float) -> None:
        self._sheet.setFillColor(_colour(name))
        self._sheet.setFillAlpha(opacity)

    def _path(self, x: Floats, y: Floats, closed: bool) -> Any:
        """Return the path through the points, None where no two of them lie together."""
        path, drawn = self._sheet.beginPath(), False
        across = POINTS * (self._x + np.asarray(x, np.float64))
        up = POINTS * (self._page_height - self._y - np.asarray(y, np.float64))
        there = np.flatnonzero(~(np.isnan(across) | np.isnan(up)))
        cuts = [0, *(np.flatnonzero(np.diff(there) > 1) + 1).tolist(), len(there)]
        points = list(zip(np.round(across[there], 2).tolist(), np.round(up[there], 2).tolist(), strict=True))
        for i, j in itertools.pairwise(cuts):
            if j - i < 2:
                continue
            drawn = True
            path.moveTo(*points[i])
            for point in points[i + 1 : j]:
                path.lineTo(*point)
            if closed:
                path.close()
        return path if drawn else None


@functools.cache
def _colour(name: str) -> Any:
    """Return the light colour of a token."""
    from reportlab.lib.colors import HexColor

    return HexColor(tokens.LIGHT[name])
