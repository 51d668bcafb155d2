"""Pictures sent to the API: decoded, encoded anew, and kept under checked names in folders of the server's own.

Nothing outside `folder` is ever opened: names are checked piece by piece, and what they lead to is resolved first.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadImage, DiskProblem
from wan_desktop.media.files import disk_errors, write_atomically
from wan_desktop.media.images import MAX_PIXELS, inspect, load_rgb
from wan_desktop.media.scaling import scaled
from wan_desktop.server.upload_names import (
    FORMATS,
    KINDS,
    UnsafeName,
    annotated,
    pieces_of,
    safe_name,
    too_long,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from wan_desktop.graph.found import StartImage
    from wan_desktop.server.settings import Limits

_MOST_COPIES = 1000
_PLAIN_SIDE = 64


class Uploads:
    """The pictures of one server. Methods block on the disk: call them in a thread."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self._writing = threading.Lock()

    def prepare(self) -> None:
        """Make the folders and clear what was temporary. Raises DiskProblem."""
        with disk_errors(self._folder):
            for kind in ("temp", "incoming", "derived"):
                shutil.rmtree(self._folder / kind, ignore_errors=True)
            for kind in (*KINDS, "incoming"):
                (self._folder / kind).mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def derived(self) -> Path:
        """Where files made of clips are kept until the next start."""
        return self._folder / "derived"

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """A fresh folder for what is just arriving; gone afterwards. Raises DiskProblem."""
        folder = self.begin()
        try:
            yield folder
        finally:
            self.end(folder)

    def begin(self) -> Path:
        """A fresh folder for what is just arriving, until `end`. Raises DiskProblem."""
        with disk_errors(self._folder):
            return Path(tempfile.mkdtemp(dir=self._folder / "incoming"))

    def end(self, folder: Path) -> None:
        """Remove what arrived; what a disk will not let go is removed at the next start."""
        shutil.rmtree(folder, ignore_errors=True)

    def append(self, file: Path, data: bytes, fresh: bool = False) -> None:
        """Write `data` at the end of `file`, or with `fresh` as all of it. Raises DiskProblem."""
        with disk_errors(self._folder), file.open("wb" if fresh else "ab") as target:
            target.write(data)

    # ---- finding

    def find(self, name: str, subfolder: str = "", kind: str = "input") -> Path | None:
        """The picture of that name, or None. Raises UnsafeName when the name leads elsewhere."""
        name, kind = annotated(name, kind)
        if kind not in KINDS:
            return None
        pieces = [*pieces_of(subfolder), *pieces_of(name)]
        if not pieces or any(map(too_long, pieces)):
            return None
        root = (self._folder / kind).resolve()
        path = root.joinpath(*pieces)
        if path.suffix.lower() not in FORMATS or not path.is_file() or path.resolve() != path:
            return None  # also when a link is on the way
        return path

    def has(self, name: str) -> bool:
        """True when LoadImage can load `name`; False for anything odd."""
        try:
            return self.find(name) is not None
        except (UnsafeName, OSError, ValueError):
            return False

    def names(self) -> list[str]:
        """What LoadImage offers: the pictures at the top of the input folder."""
        return sorted(p.name for p in (self._folder / "input").glob("*") if p.suffix.lower() in FORMATS)[
            :1000
        ]

    # ---- storing

    def store(self, source: Path, name: str, subfolder: str, kind: str, *, overwrite: bool) -> str:
        """Keep the picture in `source` under `name`, or a free name like it; the name that it got.

        Raises BadImage when it is no picture, ValueError when its format cannot hold it, UnsafeName, DiskProblem.
        """
        home = self._home(kind, pieces_of(subfolder, made=True))
        stem, suffix = safe_name(name)
        data = self._encoded(source, suffix)
        with self._writing, disk_errors(home):
            self._check_room(len(data))
            if not home.resolve().is_relative_to(self._folder.resolve()):
                raise UnsafeName("a link leads out of the folder")
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in range(_MOST_COPIES):
                given = f"{stem}{f' ({number})' if number else ''}{suffix}"
                target = home / given
                same = target.is_file() and not target.is_symlink() and target.read_bytes() == data
                if same or (overwrite and not target.is_dir()) or not target.exists():
                    if not same:
                        write_atomically(target, data)
                    return given
        raise UnsafeName("too many pictures of that name")

    def _home(self, kind: str, pieces: list[str]) -> Path:
        """The folder of that name. Raises UnsafeName when a picture has the name, DiskProblem."""
        home = self._folder / kind
        with disk_errors(self._folder):
            for piece in pieces:
                home /= piece
                if home.exists() and not home.is_dir():
                    raise UnsafeName("a picture has the folder's name")
        return home

    def _encoded(self, source: Path, suffix: str) -> bytes:
        info = inspect(source)
        if info.width * info.height > self._limits.upload_pixels:
            raise self._too_large(source.name, self._limits.upload_pixels)
        return _saved(load_rgb(source), FORMATS[suffix])

    @staticmethod
    def _too_large(name: str, most: int) -> BadImage:
        return BadImage(
            QT_TRANSLATE_NOOP(
                "errors", "The picture “{name}” has over {most} megapixels: make it smaller first."
            ),
            field="image",
            name=name,
            most=most // 1_000_000,
        )

    def _check_room(self, more: int) -> None:
        sizes = [p.stat().st_size for kind in KINDS for p in (self._folder / kind).rglob("*") if p.is_file()]
        if len(sizes) >= self._limits.uploads:
            raise DiskProblem(
                QT_TRANSLATE_NOOP("errors", "There are {most} uploaded pictures: remove some in {folder}."),
                most=self._limits.uploads,
                folder=self._folder,
            )
        if sum(sizes) + more > self._limits.uploads_bytes:
            raise DiskProblem(
                QT_TRANSLATE_NOOP(
                    "errors", "Uploaded pictures take over {most} MB: remove some in {folder}."
                ),
                most=self._limits.uploads_bytes // 1_000_000,
                folder=self._folder,
            )

    # ---- start images

    def start_image(self, start: StartImage, folder: Path) -> Path:
        """The picture that a workflow describes, as a file: the upload itself, or one made in `folder`.

        Raises BadImage when it is gone, or when scaling it would make over `MAX_PIXELS` altogether.
        """
        from PIL import Image

        found = self.find(start.name) if start.name else None
        if start.name and found is None:
            raise BadImage(
                QT_TRANSLATE_NOOP("errors", "The picture “{name}” is gone: send it again."),
                field="image",
                name=start.name,
            )
        if found is not None and not start.scales:
            return found
        rgb = tuple(start.color >> shift & 255 for shift in (16, 8, 0))
        side = [min(_PLAIN_SIDE, length) for length in start.size]
        picture = load_rgb(found) if found is not None else Image.new("RGB", (side[0], side[1]), rgb)
        pixels = 0
        for scale in start.scales if found is not None else ():  # a plain picture stays plain
            picture = scaled(picture, scale.width, scale.height, scale.method, crop=scale.crop)
            pixels += picture.width * picture.height
            if pixels > MAX_PIXELS:
                raise self._too_large("ImageScale", MAX_PIXELS)
        target = folder / "start.png"
        self.append(target, _saved(picture, "PNG"), fresh=True)
        return target


def _saved(picture: Image.Image, kind: str) -> bytes:
    data = io.BytesIO()
    more = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True, "method": 2}}.get(kind, {})
    try:
        picture.save(data, kind, **more)
    except OSError as error:  # nothing is written to a disk here: the format's sides are shorter
        raise ValueError(f"{kind} cannot hold {picture.width} x {picture.height} pixels") from error
    return data.getvalue()
