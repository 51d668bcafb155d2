"""Palettes, style sheet and icons."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon
from support.windows import RESOURCES

from wan_desktop.ui import icons, stylesheet, theme

NAMES = sorted(
    p.stem
    for p in (RESOURCES / "icons").glob("*.svg")
    if not p.stem.startswith(("control-", "app", "empty-"))
)


def luminance(colour: str) -> float:
    """WCAG 2.1 relative luminance."""
    parts = [c / 255 for c in QColor(colour).getRgb()[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [theme.DARK, theme.LIGHT], ids=lambda p: p.name)
@pytest.mark.parametrize("role", ["text", "secondary", "accent", "good", "attention", "error"])
def test_words_are_readable_everywhere(palette, role):
    for ground in ("panel", "card", "window"):
        assert contrast(getattr(palette, role), getattr(palette, ground)) >= 4.5, (role, ground)
    assert contrast(palette.on_accent, palette.accent) >= 4.5


@pytest.mark.parametrize("palette", [theme.DARK, theme.LIGHT], ids=lambda p: p.name)
def test_the_style_sheet_is_complete(palette):
    sheet = stylesheet.build(palette, RESOURCES / "icons")
    assert "$" not in sheet
    assert sheet.count("{") == sheet.count("}")
    for name in re.findall(r'url\("([^"]+)"\)', sheet):
        assert (RESOURCES / "icons" / name.rsplit("/", 1)[1]).is_file()


def test_a_new_theme_is_told_and_reaches_widgets(qtbot, qapp):
    with qtbot.waitSignal(theme.theme_changed):
        theme.apply(qapp, "light")
    assert theme.current() is theme.LIGHT
    assert theme.LIGHT.accent in qapp.styleSheet()
    with qtbot.assertNotEmitted(theme.theme_changed):
        theme.apply(qapp, "light")


def test_a_system_that_says_nothing_is_dark(qapp):
    theme.apply(qapp, "light")
    theme.apply(qapp, "system")
    assert theme.current() is theme.DARK


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_draws_in_the_palette_colour(name):
    picture = icons.icon(name, "accent").pixmap(QSize(20, 20), 2.0).toImage()
    assert picture.width() == 40
    pixels = [picture.pixelColor(x, y) for x in range(40) for y in range(40)]
    colours = {pixel.name() for pixel in pixels if pixel.alpha() == 255}
    assert colours == {theme.current().accent}


def test_icons_follow_the_theme(qapp):
    star = icons.icon("star", "text")
    dark = star.pixmap(20, 20).toImage()
    theme.apply(qapp, "light")
    assert star.pixmap(20, 20).toImage() != dark
    assert star.pixmap(QSize(20, 20), QIcon.Mode.Disabled).toImage() != star.pixmap(20, 20).toImage()


def test_the_needed_icons_are_there():
    wanted = (
        "play pause step-forward step-back loop fit fullscreen folder trash refresh retry close dice lock unlock "
        "image plus settings search star film queue info warning check chevron-down chevron-right reset copy undo "
        "grip cancel stop wand"
    )
    assert set(wanted.split()) <= set(NAMES)
    assert not icons.app_icon().isNull()
