"""Words for states, stages and values, and errors as sentences, in the user's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QLocale

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.sentence import Sentence

if TYPE_CHECKING:
    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.model import ModelSpec, Preset

_STATES = {
    JobState.QUEUED: QT_TRANSLATE_NOOP("texts", "Waiting"),
    JobState.RUNNING: QT_TRANSLATE_NOOP("texts", "Rendering"),
    JobState.DONE: QT_TRANSLATE_NOOP("texts", "Done"),
    JobState.PAUSED: QT_TRANSLATE_NOOP("texts", "Paused"),
    JobState.FAILED: QT_TRANSLATE_NOOP("texts", "Failed"),
    JobState.CANCELLED: QT_TRANSLATE_NOOP("texts", "Cancelled"),
    JobState.INTERRUPTED: QT_TRANSLATE_NOOP("texts", "Interrupted"),
}
_STAGES = {
    Stage.LOADING: QT_TRANSLATE_NOOP("texts", "Loading the model"),
    Stage.ENCODING: QT_TRANSLATE_NOOP("texts", "Reading the prompt"),
    Stage.DENOISING: QT_TRANSLATE_NOOP("texts", "Drawing"),
    Stage.DECODING: QT_TRANSLATE_NOOP("texts", "Developing frames"),
    Stage.SAVING: QT_TRANSLATE_NOOP("texts", "Saving"),
}
_FIELDS = {
    "prompt": QT_TRANSLATE_NOOP("texts", "prompt"),
    "negative prompt": QT_TRANSLATE_NOOP("texts", "negative prompt"),
    "size": QT_TRANSLATE_NOOP("texts", "size"),
    "frames": QT_TRANSLATE_NOOP("texts", "frames"),
    "seconds": QT_TRANSLATE_NOOP("texts", "seconds"),
    "fps": QT_TRANSLATE_NOOP("texts", "fps"),
    "steps": QT_TRANSLATE_NOOP("texts", "steps"),
    "guidance": QT_TRANSLATE_NOOP("texts", "guidance"),
    "shift": QT_TRANSLATE_NOOP("texts", "shift"),
    "seed": QT_TRANSLATE_NOOP("texts", "seed"),
}
_PRESETS = {
    "official": QT_TRANSLATE_NOOP("texts", "Official"),
    "comfyui": QT_TRANSLATE_NOOP("texts", "ComfyUI"),
    "draft": QT_TRANSLATE_NOOP("texts", "Draft"),
    "strong": QT_TRANSLATE_NOOP("texts", "Strong guidance"),
    "strong guidance": QT_TRANSLATE_NOOP("texts", "Strong guidance"),
    "demo": QT_TRANSLATE_NOOP("texts", "Demo"),
    "demo-draft": QT_TRANSLATE_NOOP("texts", "Draft"),
    "standard": QT_TRANSLATE_NOOP("texts", "Standard"),
    "default": QT_TRANSLATE_NOOP("texts", "Standard"),
    "fast": QT_TRANSLATE_NOOP("texts", "Fast"),
    "fine": QT_TRANSLATE_NOOP("texts", "Fine"),
}
_EXACTNESS = {
    "exact": QT_TRANSLATE_NOOP("texts", "Exact"),
    "fp8": QT_TRANSLATE_NOOP("texts", "Eight bits (fp8)"),
    "fast": QT_TRANSLATE_NOOP("texts", "Fast"),
}
_SAID = ("errors", "notes")
_NAMED_VALUES = ("field_name", "name")
"""Values of an error that may hold a field's name, which is then a word to translate."""


def translate(text: str) -> str:
    """`text`, marked elsewhere in the context "texts", in the user's language."""
    return QCoreApplication.translate("texts", text)


def sentence(error: WanError) -> str:
    """The error's sentence in the user's language, filled in; values that are marked words are translated too."""
    return note(error.sentence)


def note(text: str) -> str:
    """A Sentence of the host's in the user's language, and any other text that is marked; the rest as it is."""
    if not isinstance(text, Sentence):
        return _marked(text)
    values = {key: _value(key, value) for key, value in text.values.items()}
    template = _marked(text.template)
    return template.format(**values) if values else template


def _marked(text: str) -> str:
    """`text` in the user's language when it is marked in one of the contexts of what the host says."""
    told = (QCoreApplication.translate(context, text) for context in _SAID)
    return next((each for each in told if each != text), text)


def _value(key: str, value: Any) -> Any:
    if key in _NAMED_VALUES and value in _FIELDS:
        return translate(_FIELDS[value])
    return note(value) if isinstance(value, str) and value else value


def action(error: WanError) -> str:
    """What mends the error, as a short imperative in the user's language, or ""."""
    return QCoreApplication.translate("errors", error.action) if error.action else ""


def state_name(state: JobState) -> str:
    """A job's state as one word."""
    return translate(_STATES[state])


def stage_name(stage: Stage) -> str:
    """A running job's stage in a few words."""
    return translate(_STAGES[stage])


def preset_name(preset: Preset) -> str:
    """A preset's label, translated where it is one of the well-known ones."""
    known = _PRESETS.get(preset.name) or _PRESETS.get(preset.label.lower())
    return translate(known) if known else preset.label


def exactness(name: str) -> str:
    """A precision or a speed in a few words; any other name as it is."""
    return translate(_EXACTNESS[name]) if name in _EXACTNESS else name


def model_name(model: ModelSpec) -> str:
    """A model's name; the built-in one's in the user's language."""
    return translate(QT_TRANSLATE_NOOP("texts", "Built-in demo")) if model.id == "demo" else model.label


def size(width: int, height: int) -> str:
    """A frame size: "1280×704"."""
    return f"{width}×{height}"


def number(value: float, decimals: int = 1) -> str:
    """A number with at most `decimals` decimals, as the language writes it, trailing zeros cut: 5 or 5.5."""
    places = next((n for n in range(decimals) if round(value, n) == round(value, decimals)), decimals)
    return QLocale().toString(float(value), "f", places)


def length(num_frames: int, fps: int) -> str:
    """A clip's length, short: "5 s" or "1.6 s"."""
    return translate(QT_TRANSLATE_NOOP("texts", "{seconds} s")).format(seconds=number(num_frames / fps))


def duration(seconds: float) -> str:
    """A time that passes, for people: "8 s", "3 min 40 s", "1 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return translate(QT_TRANSLATE_NOOP("texts", "{seconds} s")).format(seconds=whole)
    if whole < 3600:
        text = translate(QT_TRANSLATE_NOOP("texts", "{minutes} min {seconds} s"))
        return text.format(minutes=whole // 60, seconds=whole % 60)
    text = translate(QT_TRANSLATE_NOOP("texts", "{hours} h {minutes} min"))
    return text.format(hours=whole // 3600, minutes=whole % 3600 // 60)


def megabytes(count: int) -> str:
    """A file size: "12 MB", "0.4 MB", "38 KB"."""
    if count < 100_000:
        return translate(QT_TRANSLATE_NOOP("texts", "{count} KB")).format(count=number(count / 1e3, 0))
    mb = count / 1e6
    return translate(QT_TRANSLATE_NOOP("texts", "{count} MB")).format(count=number(mb, 0 if mb >= 10 else 1))
