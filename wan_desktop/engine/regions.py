"""Parts of a picture's grid: what a convolution needs to see so that a tile comes out as if there were no tiles."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Region:
    """Rows `top` to `bottom` and columns `left` to `right` of a grid of `height` x `width`; ends are exclusive."""

    top: int
    bottom: int
    left: int
    right: int
    height: int
    width: int

    @classmethod
    def whole(cls, height: int, width: int) -> Region:
        """The whole grid."""
        return cls(0, height, 0, width, height, width)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.bottom - self.top

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return self.right - self.left

    @property
    def rows_at(self) -> tuple[int, int]:
        """Its first row and the one after its last."""
        return self.top, self.bottom

    @property
    def columns_at(self) -> tuple[int, int]:
        """Its first column and the one after its last."""
        return self.left, self.right

    def grown(self, by: int = 1) -> Region:
        """With `by` more on every side that is not the grid's own border: what `by` 3 x 3 kernels look at."""
        return Region(
            max(self.top - by, 0),
            min(self.bottom + by, self.height),
            max(self.left - by, 0),
            min(self.right + by, self.width),
            self.height,
            self.width,
        )

    def halved(self) -> Region:
        """The least region of the grid of half the size that covers this one when it is doubled."""
        return Region(
            self.top // 2,
            -(-self.bottom // 2),
            self.left // 2,
            -(-self.right // 2),
            self.height // 2,
            self.width // 2,
        )

    def doubled(self) -> Region:
        """The same part of the grid of twice the size."""
        return Region(
            *(2 * n for n in (self.top, self.bottom, self.left, self.right, self.height, self.width))
        )

    def band(self, top: int, bottom: int) -> Region:
        """Only rows `top` to `bottom`."""
        return Region(top, bottom, self.left, self.right, self.height, self.width)

    def within(self, outer: Region) -> tuple[slice, slice]:
        """Where it lies in a tensor that holds `outer`: slices of rows and columns."""
        return (
            slice(self.top - outer.top, self.bottom - outer.top),
            slice(self.left - outer.left, self.right - outer.left),
        )


def tiles(height: int, width: int, down: int, across: int) -> list[Region]:
    """The grid cut into `down` x `across` regions, row by row, whose sides differ by one at most."""
    rows = [height * i // down for i in range(down + 1)]
    columns = [width * i // across for i in range(across + 1)]
    return [
        Region(top, bottom, left, right, height, width)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]
