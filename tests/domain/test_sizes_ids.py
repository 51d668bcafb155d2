"""Sizes, crops, lengths and names."""

from __future__ import annotations

import re

import pytest

from wan_desktop.domain.ids import clip_name, new_id, slug
from wan_desktop.domain.sizes import best_output_size, cover_crop, neighbours, snap_frames

OFFICIAL_AREA = 704 * 1280


@pytest.mark.parametrize(
    ("picture", "size"),
    [  # by hand from Wan2.2's rule: best_output_size(w, h, 32, 32, 704 * 1280)
        ((1280, 704), (1280, 704)),
        ((1920, 1080), (1248, 704)),
        ((1080, 1920), (704, 1248)),
        ((1000, 1000), (960, 928)),
        ((4000, 3000), (1088, 800)),
        ((3000, 4000), (800, 1088)),
    ],
)
def test_best_output_size_follows_the_official_function(picture, size):
    width, height = best_output_size(*picture, OFFICIAL_AREA)
    assert width * height <= OFFICIAL_AREA
    assert (width, height) == size


def test_the_crop_is_centred_and_of_the_wanted_shape():
    left, top, right, bottom = cover_crop(4000, 3000, 1280, 704)
    assert (left, right) == (0, 4000)
    assert (right - left) / (bottom - top) == pytest.approx(1280 / 704)
    assert top == pytest.approx(3000 - bottom)


@pytest.mark.parametrize(
    ("frames", "snapped"), [(0, 1), (2, 1), (3.1, 5), (120, 121), (121, 121), (999, 241)]
)
def test_lengths_snap_to_4n_plus_1(frames, snapped):
    assert snap_frames(frames, 241) == snapped


@pytest.mark.parametrize(
    ("frames", "pair"), [(2, (1, 5)), (120, (117, 121)), (240, (237, 241)), (-3, (1, 5))]
)
def test_neighbours_are_the_two_lengths_around(frames, pair):
    assert neighbours(frames, 241) == pair


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("A red ball, moving!", "a-red-ball-moving"),
        ("Café à la crème", "cafe-a-la-creme"),
        ("猫", "clip"),
        ("../../etc/passwd", "etc-passwd"),
        ("con", "con"),
        ("x" * 300, "x" * 40),
        ("", "clip"),
    ],
)
def test_slugs_are_safe_in_any_file_system(prompt, expected):
    assert slug(prompt) == expected


def test_clip_names_hold_date_words_and_id():
    name = clip_name('a "red" ball\n😀', "abc", 1_763_800_000)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_a-red-ball_abc\.mp4", name)


def test_ids_do_not_repeat():
    assert len({new_id() for _ in range(10_000)}) == 10_000
