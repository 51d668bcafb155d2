"""What is drawn is what the scene and the layout say, and a cut of a clip is drawn as the whole clip's."""

import random

import pytest
import torch

from training.motion import MARGIN
from training.scene import (
    CAMERAS,
    COLOURED,
    COLOURS,
    KINDS,
    MOTIONS,
    PHOTO,
    SETTINGS,
    SIZES,
    SPEEDS,
    Scene,
    Thing,
)
from training.scene import random_scene as any_scene
from training.shapes import INSIDE
from training.world import PALETTE, layout, render

SIZES_OF_FRAMES = ((160, 256), (256, 160), (192, 192))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ball(motion: str = "still", **settings: str) -> Thing:
    return Thing("red", "ball", motion=motion, **settings)


def centres(scenes: list[Scene], frames: int = 25, height: int = 160, width: int = 256) -> torch.Tensor:
    """[N, T, 2] where the things are seen."""
    return layout(scenes, frames, height, width, seeded(1)).truth().centre


@pytest.mark.parametrize("frames", [1, 9, 25, 49])
@pytest.mark.parametrize(("height", "width"), SIZES_OF_FRAMES)
def test_the_thing_is_wholly_visible_in_every_frame(height: int, width: int, frames: int) -> None:
    moving = [Scene(ball(m, size=z, speed=v), "clouds") for m in MOTIONS for z in SIZES for v in SPEEDS]
    seen = [Scene(ball(size=size), "hills", camera=camera) for size in SIZES for camera in CAMERAS]
    truth = layout((moving + seen) * 3, frames, height, width, seeded(frames)).truth()
    room = torch.minimum(truth.centre, torch.tensor([width, height]) - truth.centre).amin(2)
    assert (room - 1.04 * truth.radius).min() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_thing_has_its_colour_where_the_layout_puts_it(kind: str) -> None:
    scenes = [Scene(Thing(c, kind), "plain", "black" if c != "black" else "white") for c in COLOURS]
    clips = layout(scenes, 2, 160, 256, seeded(3))
    pixels, truth = render(clips, 160, 256), clips.truth()
    x, y = (truth.radius[:, :1] * torch.tensor(INSIDE.get(kind, (0.0, 0.0)))).unbind(1)
    cos, sin = truth.angle[:, 0].cos(), truth.angle[:, 0].sin()
    at = truth.centre[:, 0] + torch.stack([x * cos - y * sin, x * sin + y * cos], 1)
    palette = torch.tensor([PALETTE[name] for name in COLOURS])
    for row, colour in enumerate(COLOURS):
        column, line = at[row].long().tolist()
        found = (pixels[row, :, 0, line, column] + 1) / 2
        assert COLOURS[int((palette - found).norm(dim=1).argmin())] == colour


@pytest.mark.parametrize("kind", KINDS)
def test_no_shape_reaches_beyond_its_radius(kind: str) -> None:
    scenes = [Scene(Thing("red", kind, "large", "spinning"), "plain", "white")]
    clips = layout(scenes, 25, 160, 256, seeded(0))
    red = (render(clips, 160, 256)[0, 0] - render(clips, 160, 256)[0, 1]) > 0.7  # [T, H, W]
    assert red.flatten(1).any(1).all()
    truth = clips.truth()
    for frame in range(25):
        y, x = red[frame].nonzero().T
        away = torch.stack([x, y], 1) + 0.5 - truth.centre[0, frame]
        assert (away.norm(dim=1) / truth.radius[0, frame]).max() < MARGIN


def test_a_window_is_the_same_as_a_cut_of_the_whole() -> None:
    rng = random.Random(4)
    scenes = [any_scene(rng, core=0.2) for _ in range(40)]
    clips = layout(scenes, 25, 160, 256, seeded(4))
    whole = render(clips, 160, 256)
    offset = torch.stack([torch.randint(129, (40,)), torch.randint(65, (40,))], 1)
    cut = render(clips.window(7, 9, offset), 96, 128)
    for row, (x, y) in enumerate(offset.tolist()):
        assert torch.allclose(cut[row], whole[row, :, 7:16, y : y + 96, x : x + 128], atol=1e-5)
    twice = clips.window(2, 20, torch.ones(40, 2)).window(5, 9, offset - 1)
    assert torch.equal(render(twice, 96, 128), cut)
    assert torch.allclose(twice.truth().centre, clips.truth().centre[:, 7:16] - offset[:, None], atol=1e-4)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    scenes = [Scene(ball("up"), "sea", weather="snow"), Scene(ball("circling"), "night")]
    first, again, other = (render(layout(scenes, 5, 96, 128, seeded(s)), 96, 128) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("setting", SETTINGS)
def test_pictures_are_finite_colourful_and_in_range(setting: str) -> None:
    colour = "green" if setting in COLOURED else ""
    scenes = [Scene(ball(), setting, colour, weather=w) for w in ("", "rain", "snow")]
    pixels = render(layout(scenes, 5, 96, 128, seeded(0)), 96, 128)
    assert pixels.shape == (3, 3, 5, 96, 128)
    assert pixels.dtype == torch.float32
    assert pixels.isfinite().all()
    assert pixels.abs().max() <= 1
    steps = (pixels[0, :, 0].diff(dim=2).abs() > 0.5).float().mean()
    assert steps < 0.02, "edges everywhere: not smooth"
    assert ((pixels[0] - pixels[1]).abs() > 0.05).any(), "no rain"
    assert ((pixels[0] - pixels[2]).abs() > 0.05).any(), "no snow"


@pytest.mark.parametrize("ground", ["white", "black", "cyan"])
@pytest.mark.parametrize("weather", ["rain", "snow"])
def test_weather_is_seen_over_any_ground_and_falls(weather: str, ground: str) -> None:
    dry, wet = (Scene(ball(size="small"), "plain", ground, weather=w) for w in ("", weather))
    clips = layout([dry, wet], 5, 160, 256, seeded(2))
    clips.place[1], clips.chance[0] = clips.place[0], clips.chance[1]
    clips.ground[1], clips.colour[1] = clips.ground[0], clips.colour[0]
    pixels = render(clips, 160, 256)
    change = (pixels[1] - pixels[0]).abs().amax(0)  # [T, H, W]
    share = (change > 0.1).float().mean((1, 2))
    assert (share > 0.002).all()
    assert (share < 0.07).all()
    assert not torch.equal(change[0], change[4])


@pytest.mark.parametrize(("motion", "way"), [("left", (-1, 0)), ("up", (0, -1)), ("down right", (1, 1))])
def test_straight_motions_go_their_way(motion: str, way: tuple[int, int]) -> None:
    moved = centres([Scene(ball(motion), "clouds")] * 20)
    travel = moved[:, -1] - moved[:, 0]
    assert (travel.sign() == torch.tensor(way)).all()
    assert (moved.diff(dim=1).norm(dim=2) > 0).all(), "it never rests"
    if all(way):
        assert torch.allclose(travel[:, 0].abs(), travel[:, 1].abs(), atol=1e-3)


def test_speeds_tell_how_far_it_goes() -> None:
    scenes = [Scene(ball("right", size="small", speed=s), "clouds") for s in SPEEDS for _ in range(20)]
    moved = centres(scenes)
    travel = (moved[:, -1] - moved[:, 0])[:, 0].view(3, 20)
    bounds = torch.tensor([[28, 42], [60, 90], [105, 135]])
    assert (travel >= bounds[:, :1] - 0.01).all()
    assert (travel <= bounds[:, 1:] + 0.01).all()


def test_bouncing_circling_spinning_growing_shrinking() -> None:
    names = ("bouncing", "circling", "spinning", "growing", "shrinking", "still")
    clips = layout(
        [Scene(Thing("red", "star", motion=name), "clouds") for name in names], 25, 160, 256, seeded(5)
    )
    centre, radius, angle = clips.truth()
    height = centre[0, :, 1]
    assert ((height.diff().sign().diff() != 0).sum()) >= 3, "up and down more than once"
    assert height.max() - height.min() > 40
    away = (centre[1] - (centre[1].amax(0) + centre[1].amin(0)) / 2).norm(dim=1)
    assert away.min() > 0.85 * away.max(), "around one middle"
    assert (angle[2, -1] - angle[2, 0]).abs() > 2.9
    assert (radius[:, -1] / radius[:, 0])[3] > 1.6
    assert (radius[:, -1] / radius[:, 0])[4] < 0.63
    for row in (2, 3, 4, 5):
        assert torch.equal(centre[row, 0], centre[row, -1])
    assert (angle[[0, 1, 3, 4, 5]].abs() <= 0.15).all()


@pytest.mark.parametrize(("camera", "sign"), [("left", 1), ("right", -1)])
def test_what_a_panning_camera_sees_goes_the_other_way(camera: str, sign: int) -> None:
    clips = layout([Scene(ball(), "hills", camera=camera)], 25, 160, 256, seeded(6))
    shift = (clips.truth().centre[0, -1] - clips.truth().centre[0, 0])[0]
    assert 36 <= sign * shift <= 60
    first, last = render(clips, 160, 256)[0, :, [0, -1]].unbind(1)
    pixels = int(shift.abs().round())
    here, there = (
        (first[..., :-pixels], last[..., pixels:]) if sign > 0 else (first[..., pixels:], last[..., :-pixels])
    )
    assert (here - there).abs().mean() < 0.02, "the hills go with it"
    assert (first - last).abs().mean() > 0.02


@pytest.mark.parametrize(("camera", "grows"), [("in", True), ("out", False)])
def test_a_zooming_camera_makes_all_larger_or_smaller(camera: str, grows: bool) -> None:
    clips = layout([Scene(ball(), "night", camera=camera)] * 4, 25, 160, 256, seeded(7))
    centre, radius, _ = clips.truth()
    factor = radius[:, -1] / radius[:, 0]
    factor = factor if grows else 1 / factor
    assert ((factor >= 1.3) & (factor <= 1.5)).all()
    middle = torch.tensor([128.0, 80.0])
    before, after = (centre[:, 0] - middle).norm(dim=1), (centre[:, -1] - middle).norm(dim=1)
    assert torch.allclose(after / before, factor if grows else 1 / factor, rtol=1e-3)


def test_the_second_thing_is_visible_and_apart_in_the_first_frame() -> None:
    scenes = [
        Scene(ball(motion, size=size), "clouds", second=Thing("white", "cross", other))
        for motion in MOTIONS
        for size in SIZES
        for other in SIZES[:2]
    ]
    for height, width in SIZES_OF_FRAMES:
        clips = layout(scenes, 25, height, width, seeded(8))
        thing, second = clips.truth(), clips.second_truth()
        apart = (thing.centre[:, 0] - second.centre[:, 0]).norm(dim=1)
        assert (apart > thing.radius[:, 0] + second.radius[:, 0]).all()
        room = torch.minimum(second.centre, torch.tensor([width, height]) - second.centre).amin(2)
        assert (room > second.radius).all()
        assert torch.equal(second.centre[:, 0], second.centre[:, -1])


def test_the_thing_passes_in_front_of_the_second() -> None:
    clips = layout([Scene(ball(), "plain", "blue", second=Thing("white", "ball"))], 1, 160, 256, seeded(9))
    clips.second_place[:, :, :2] = clips.place[:, :, :2]
    x, y = clips.truth().centre[0, 0].long().tolist()
    red, green, _ = render(clips, 160, 256)[0, :, 0, y, x].tolist()
    assert red - green > 0.8


def test_clips_of_photographs_cannot_be_laid_out() -> None:
    with pytest.raises(ValueError, match="photograph"):
        layout([Scene(None, PHOTO, camera="in")], 5, 96, 96, seeded(0))
