"""What produced a clip, as engine and servers wrote it into its recipe, in rows of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QLocale

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP
from wan_desktop.domain.job import Stage
from wan_desktop.ui import server_words, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

translate = QCoreApplication.translate
_CODECS = {
    "h264": "H.264",
    "hevc": "H.265",
    "vp8": "VP8",
    "vp9": "VP9",
    "av1": "AV1",
    "webp": "WebP",
    "gif": "GIF",
}
_PLANS = {
    "whole": QT_TRANSLATE_NOOP("recipe", "Everything in memory at once"),
    "by stage": QT_TRANSLATE_NOOP("recipe", "One part of the model after the other"),
    "streamed": QT_TRANSLATE_NOOP("recipe", "Blocks come and go"),
    "tiled": QT_TRANSLATE_NOOP("recipe", "Blocks come and go, frames in tiles"),
    "tight": QT_TRANSLATE_NOOP("recipe", "Blocks come and go, frames in smaller tiles"),
    "least": QT_TRANSLATE_NOOP("recipe", "The least: blocks come and go, frames on the processor"),
}
_CHANGES = {
    "sampler": QT_TRANSLATE_NOOP("recipe", "Sampler: {theirs} instead of {ours}"),
    "speed": QT_TRANSLATE_NOOP("recipe", "Speed: {theirs} instead of {ours}"),
    "precision": QT_TRANSLATE_NOOP("recipe", "Precision: its own instead of {ours}"),
    "seed": QT_TRANSLATE_NOOP("recipe", "The seed gives another clip there than here"),
}
_TOLD = {
    "app",
    "torch",
    "diffusers",
    "device",
    "device_name",
    "dtype",
    "plan",
    "levers",
    "seconds",
    "peak_memory",
}
_TOLD |= {"resumed_step", "model_fingerprint", "remote", "came_as"}


def made_by(recipe: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, words) of everything that the recipe tells of how its clip came about."""
    made = recipe.get("made_by")
    made = made if isinstance(made, dict) else {}
    remote = made.get("remote")
    remote = remote if isinstance(remote, dict) else {}
    device = server_words.device(str(made.get("device_name") or made.get("device") or ""))
    rows = [
        (translate("recipe", "Device"), device),
        (translate("recipe", "Software"), _software(remote or made)),
        (translate("recipe", "Otherwise there"), "\n".join(_changes(remote))),
        (translate("recipe", "Sent as"), _CODECS.get(str(made.get("came_as")), str(made.get("came_as", "")))),
        (translate("recipe", "Numbers"), str(made.get("dtype", ""))),
        (translate("recipe", "Memory plan"), _plan(str(made.get("plan", "")))),
        (translate("recipe", "Peak memory"), _memory(made.get("peak_memory"))),
        (translate("recipe", "Sped up by"), ", ".join(map(str, made.get("levers") or ()))),
        (translate("recipe", "Time"), _time(made.get("seconds"))),
        (translate("recipe", "Went on"), _went_on(made.get("resumed_step"))),
        (translate("recipe", "Model's hash"), str(made.get("model_fingerprint", ""))),
        *((name.replace("_", " ").capitalize(), str(made[name])) for name in sorted(made.keys() - _TOLD)),
    ]
    return [(name, words) for name, words in rows if words]


def _software(made: dict[str, Any]) -> str:
    """ "Wan Desktop 0.1.0 · PyTorch 2.11.0 · Diffusers 0.36"."""
    ours = made.get("app") or made.get("wan_desktop")
    names = {
        "Wan Desktop": ours,
        "ComfyUI": None if ours else made.get("comfyui"),
        "PyTorch": made.get("torch"),
        "Diffusers": made.get("diffusers"),
    }
    return " · ".join(f"{name} {version}" for name, version in names.items() if version)


def _changes(remote: dict[str, Any]) -> Iterator[str]:
    """A line for each thing that the server did otherwise; earlier versions wrote "ours → theirs" beside the rest."""
    told = remote.get("changes")
    for name, template in _CHANGES.items():
        found = told.get(name) if isinstance(told, dict) else remote.get(name)
        if isinstance(found, str):
            ours, _, theirs = found.partition(" → ")
            found = {"ours": ours, "theirs": theirs}
        if isinstance(found, dict):
            values = {key: texts.exactness(str(found.get(key, ""))) for key in ("ours", "theirs")}
            yield translate("recipe", template).format(**values)


def _plan(name: str) -> str:
    return translate("recipe", _PLANS[name]) if name in _PLANS else name


def _memory(count: Any) -> str:
    if not isinstance(count, int | float) or not count:
        return ""
    return translate("recipe", "{count} GB").format(count=texts.number(count / 1e9, 2))


def _time(seconds: Any) -> str:
    """ "Drawing 30.2 s · Developing frames 4.1 s", or how long a server took."""
    found = {key: value for key, value in seconds.items() if value} if isinstance(seconds, dict) else {}
    if "total" in found:
        total = texts.duration(float(found["total"]))
        if not round(float(found.get("waiting", 0))):
            return total
        waited = texts.duration(float(found["waiting"]))
        return translate("recipe", "{total}, of which it waited {waited}").format(total=total, waited=waited)
    stages = [stage for stage in Stage if stage.value in found]
    return " · ".join(f"{texts.stage_name(stage)} {_seconds(found[stage.value])}" for stage in stages)


def _seconds(value: float) -> str:
    return translate("recipe", "{seconds} s").format(seconds=QLocale().toString(float(value), "f", 1))


def _went_on(step: Any) -> str:
    return translate("recipe", "after step {step}").format(step=step) if step else ""
