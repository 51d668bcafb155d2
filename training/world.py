"""The procedural world: clips of shaded things over smooth backgrounds, drawn in torch on any device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from training import settings, weather
from training.motion import MARGIN, RADIUS, TILT, Chance, paths
from training.scene import KINDS, SETTINGS, WEATHERS
from training.things import draw_things, moved

if TYPE_CHECKING:
    from training.motion import Paths
    from training.scene import Scene

PALETTE: dict[str, tuple[float, float, float]] = {  # sRGB in [0, 1]
    "red": (0.88, 0.10, 0.10),
    "orange": (1.00, 0.52, 0.04),
    "yellow": (1.00, 0.89, 0.12),
    "green": (0.12, 0.66, 0.18),
    "cyan": (0.10, 0.80, 0.84),
    "blue": (0.12, 0.24, 0.90),
    "purple": (0.52, 0.14, 0.80),
    "pink": (1.00, 0.46, 0.74),
    "white": (0.96, 0.96, 0.96),
    "black": (0.06, 0.06, 0.07),
}


class Truth(NamedTuple):
    """Where something is in the frame, in pixels of the frame: centre [N, T, 2] x, y; radius, angle [N, T]."""

    centre: Tensor
    radius: Tensor
    angle: Tensor


@dataclass(slots=True)
class Clips:
    """What N clips of T frames are drawn from; lengths in pixels of the world, colours in [0, 1].

    The world is as large as the frame where the camera neither pans nor zooms. Weather lies in the frame.
    """

    kind: Tensor  # [N] index into KINDS
    colour: Tensor  # [N, 3]
    place: Tensor  # [N, T, 4] x, y, radius, angle in radians
    second_kind: Tensor  # [N] index into KINDS, -1: there is none
    second_colour: Tensor  # [N, 3]
    second_place: Tensor  # [N, T, 4]
    setting: Tensor  # [N] index into SETTINGS
    ground: Tensor  # [N, 3] colour of the settings that have one
    weather: Tensor  # [N] index into WEATHERS
    chance: Tensor  # [N, C] what settings and weather are made from
    size: Tensor  # [N, 2] width and height of the whole frame
    view: Tensor  # [N, T, 3] world x and y of the frame's corner, world pixels to one of the frame
    time: Tensor  # [N, T] number of the frame in the whole clip
    origin: Tensor  # [N, 2] x and y in the frame where drawing begins

    def window(self, first_frame: int, frames: int, offset_xy: Tensor) -> Clips:
        """`frames` frames from `first_frame` on, drawn from `offset_xy` [N, 2] (whole pixels: x, y) on.

        Rendering it gives what cutting the rendered whole would.
        """
        cut = slice(first_frame, first_frame + frames)
        timed = {name: getattr(self, name)[:, cut] for name in ("place", "second_place", "view", "time")}
        return replace(self, **timed, origin=self.origin + offset_xy.to(self.origin))

    def truth(self) -> Truth:
        """Where the thing is in each frame."""
        return self._truth(self.place)

    def second_truth(self) -> Truth:
        """Where the second thing is; of no meaning where there is none."""
        return self._truth(self.second_place)

    def _truth(self, place: Tensor) -> Truth:
        seen = self.seen(place)
        return Truth(seen[..., :2] - self.origin[:, None], seen[..., 2], seen[..., 3])

    def seen(self, place: Tensor) -> Tensor:
        """World places [N, T, 4] as the camera sees them, in pixels of the whole frame."""
        scale = self.view[..., 2:]
        return torch.cat(
            [(place[..., :2] - self.view[..., :2]) / scale, place[..., 2:3] / scale, place[..., 3:]], 2
        )


def layout(scenes: list[Scene], frames: int, height: int, width: int, generator: torch.Generator) -> Clips:
    """Random places, shades and backgrounds for `scenes`, on the CPU; ValueError for a photograph's scene."""
    count, chance = len(scenes), Chance(len(scenes), generator)
    size = torch.tensor([float(width), float(height)])
    made = paths(scenes, frames, size, chance)
    seconds = [scene.second for scene in scenes]
    return Clips(
        kind=torch.tensor([KINDS.index(scene.thing.kind) for scene in scenes]),
        colour=_shade([scene.thing.colour for scene in scenes], chance),
        place=made.place,
        second_kind=torch.tensor([KINDS.index(thing.kind) if thing else -1 for thing in seconds]),
        second_colour=_shade([thing.colour if thing else "white" for thing in seconds], chance),
        second_place=_beside(scenes, made, size, chance).expand(-1, frames, -1),
        setting=torch.tensor([SETTINGS.index(scene.setting) for scene in scenes]),
        ground=_shade([scene.colour or "white" for scene in scenes], chance),
        weather=torch.tensor([WEATHERS.index(scene.weather) for scene in scenes]),
        chance=chance(0, 1, settings.CHANCES + weather.CHANCES),
        size=size.expand(count, 2),
        view=made.view,
        time=torch.arange(float(frames)).expand(count, frames),
        origin=torch.zeros(count, 2),
    )


def _shade(names: list[str], chance: Chance) -> Tensor:
    return (torch.tensor([PALETTE[name] for name in names]) + chance(-0.025, 0.025, 3)).clamp(0.02, 1)


def _beside(scenes: list[Scene], made: Paths, size: Tensor, chance: Chance, tries: int = 64) -> Tensor:
    """Places [N, 1, 4] of second things: wholly visible and clear of the thing in the first frame.

    Smaller than its size says where there is no room for that.
    """
    sizes = [scene.second.size if scene.second else "small" for scene in scenes]
    unit = float(size.min()) / 160
    wanted = chance.within([RADIUS[name] for name in sizes])[:, None] * unit
    corner, scale = made.view[:, :1, :2], made.view[:, :1, 2:]
    spots = corner + size * scale * chance(0.08, 0.92, tries, 2)
    thing = made.place[:, :1]
    clear = (spots - thing[..., :2]).norm(dim=2) - MARGIN * thing[..., 2] - 3 * unit
    edge = torch.minimum(spots - corner, corner + size * scale - spots).amin(2)
    radius = torch.minimum(torch.minimum(clear, edge) / MARGIN, wanted)
    best = radius.argmax(1)
    rows = torch.arange(len(scenes))
    fitted = radius[rows, best].clamp(min=6 * unit)
    return torch.stack([*spots[rows, best].unbind(1), fitted, chance(-TILT, TILT)], 1)[:, None]


@torch.no_grad()
def render(clips: Clips, height: int, width: int, device: torch.device | str = "cpu") -> Tensor:
    """Draw `clips` with anti-aliasing, shading and soft shadows: [N, 3, T, height, width] float32 in [-1, 1].

    Everything is decided on the CPU, where `clips` lie, so that nobody waits for what `device` is still doing.
    """
    count, frames = clips.time.shape
    device = torch.device(device)
    y = torch.arange(height) + 0.5 + clips.origin[:, 1, None]
    x = torch.arange(width) + 0.5 + clips.origin[:, 0, None]
    x, y = x[:, None, None], y[:, None, :, None]
    image = torch.empty(count, 3, frames, height, width, device=device)
    with torch.autocast(device.type, enabled=False):
        _paint(image, clips, x, y)
        _draw(image, clips)
        _let_fall(image, clips, x, y)
    return image.clamp_(-1, 1)


def _draw(image: Tensor, clips: Clips) -> None:
    """The second thing, then the thing."""
    rows = (clips.second_kind >= 0).nonzero()[:, 0]
    place = clips.seen(clips.second_place)
    draw_things(image, rows, clips.second_kind, clips.second_colour, place, clips.origin)
    rows = torch.arange(len(clips.kind))
    draw_things(image, rows, clips.kind, clips.colour, clips.seen(clips.place), clips.origin)


def _let_fall(image: Tensor, clips: Clips, x: Tensor, y: Tensor) -> None:
    for index, fall in ((WEATHERS.index("rain"), weather.rain), (WEATHERS.index("snow"), weather.snow)):
        rows = (clips.weather == index).nonzero()[:, 0]
        if len(rows):
            parts = (x, y, clips.time, clips.size, clips.chance[:, settings.CHANCES :])
            moved_parts = [moved(part[rows], image.device) for part in parts]
            rows = moved(rows, image.device)
            image[rows] = fall(image[rows], *moved_parts)


def _paint(image: Tensor, clips: Clips, x: Tensor, y: Tensor) -> None:
    """Fill `image` with the backgrounds; those that nothing changes are painted once for all frames."""
    seen_moving = (clips.view != clips.view[:, :1]).flatten(1).any(1)
    for index, name in enumerate(SETTINGS):
        for moving in (False, True):
            chosen = (clips.setting == index) & (seen_moving | (name in settings.MOVING)).eq(moving)
            rows = chosen.nonzero()[:, 0]
            if len(rows):
                frames = slice(None if moving else 1)
                ground = _ground(clips, rows, x[rows], y[rows], frames, image.device)
                image[moved(rows, image.device)] = settings.paint(name, ground) * 2 - 1


def _ground(
    clips: Clips, rows: Tensor, x: Tensor, y: Tensor, frames: slice, device: torch.device
) -> settings.Ground:
    view = moved(clips.view[rows, frames, :, None, None], device)  # [R, T, 3, 1, 1]
    return settings.Ground(
        x=view[:, :, 0] + view[:, :, 2] * moved(x, device),
        y=view[:, :, 1] + view[:, :, 2] * moved(y, device),
        time=moved(clips.time[rows, frames], device),
        size=moved(clips.size[rows], device),
        colour=moved(clips.ground[rows], device),
        chance=moved(clips.chance[rows, : settings.CHANCES], device),
    )
