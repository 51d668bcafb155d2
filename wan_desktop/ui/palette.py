"""The two palettes: the same roles in a dark and a light dress."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by role, as "#rrggbb". `faint` is never for content; text on `accent` is `on_accent`.

    Every role that words are written in has a contrast of 4.5 and more on window, panel and card (WCAG 2.1 AA).
    """

    name: str
    window: str
    panel: str
    card: str
    raised: str
    line: str
    stage: str
    text: str
    secondary: str
    faint: str
    accent: str
    on_accent: str
    good: str
    attention: str
    error: str


DARK = Palette(
    name="dark",
    window="#0f1115",
    panel="#15181e",
    card="#1c2027",
    raised="#242933",
    line="#2b313c",
    stage="#07080a",
    text="#e9ebef",
    secondary="#9aa3b2",
    faint="#6b7484",
    accent="#5b8cff",
    on_accent="#0b1020",
    good="#3fb68b",
    attention="#e0a23c",
    error="#e5605e",
)

LIGHT = Palette(
    name="light",
    window="#f3f4f7",
    panel="#fbfbfd",
    card="#ffffff",
    raised="#eef0f5",
    line="#dde1e9",
    stage="#e6e8ee",
    text="#1a1d23",
    secondary="#5c6573",
    faint="#8a93a1",
    accent="#2f62e6",
    on_accent="#ffffff",
    good="#177a57",
    attention="#8f5e09",
    error="#c13432",
)
