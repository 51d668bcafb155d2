"""How large, how long, how good: shape, length and quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from wan_desktop.domain.sizes import FRAME_STEP, snap_frames
from wan_desktop.ui import texts
from wan_desktop.ui.panels.create.section import Section
from wan_desktop.ui.widgets.segments import Segments
from wan_desktop.ui.widgets.slider import Slider
from wan_desktop.ui.widgets.wheel_guard import guard_wheel

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from wan_desktop.domain.model import ModelSpec, Preset
    from wan_desktop.domain.request import Draft

FROM_IMAGE, CUSTOM = "image", "custom"


class ShapeSection(Section):
    """One of the model's sizes, the start image's shape, or a size of one's own (set in Advanced)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._segments = Segments(self.tr("Shape"))
        self.build(self.tr("Shape"), self._segments)
        self._model: ModelSpec | None = None
        self._has_image = False
        self._custom = (0, 0)
        self._picked = False
        self._segments.chosen.connect(self._on_chosen)

    def set_model(self, model: ModelSpec) -> None:
        """Offer the model's sizes; one's own size is given up."""
        self._model = model
        self._picked = False
        self._offer()
        self._segments.set_value(FROM_IMAGE if self._has_image else self._default_key())

    def set_has_image(self, has_image: bool) -> None:
        """With an image its own shape is offered, and taken unless the person had picked another."""
        if has_image == self._has_image:
            return
        self._has_image = has_image
        chosen = self._segments.value()
        self._offer()
        if has_image and not self._picked:
            self._segments.set_value(FROM_IMAGE)
        elif not has_image and chosen == FROM_IMAGE:
            self._segments.set_value(self._default_key())

    def values(self) -> dict[str, Any]:
        """The draft's width and height; both None where the model or the image decides."""
        key = self._segments.value()
        if key in ("", FROM_IMAGE) or (key == self._default_key() and not self._has_image):
            return {}
        width, height = self._custom if key == CUSTOM else self._size(key)
        return {"width": width, "height": height}

    def fill(self, draft: Draft) -> None:
        """Show the draft's size."""
        has_image = draft.image is not None or draft.stored_image is not None
        self.set_has_image(has_image)
        if draft.width is None and draft.height is None:
            self._picked = False
            self._segments.set_value(FROM_IMAGE if has_image else self._default_key())
            return
        model = self._model
        width = draft.width if draft.width is not None else model.width if model else 0
        height = draft.height if draft.height is not None else model.height if model else 0
        self._choose_size(width, height)

    def set_custom(self, width: int, height: int) -> None:
        """A size typed by a person."""
        self._choose_size(width, height)
        self.edited.emit()

    def show_size(self, width: int, height: int) -> None:
        """Tell the size that will be rendered, and whether this model does less well at it."""
        self.value_label.setText(texts.size(width, height))
        poor = self._model is not None and width * height < self._model.good_pixels
        self.note.setText(self.tr("This model draws less well in small sizes."))
        self.note.setVisible(poor)

    def _choose_size(self, width: int, height: int) -> None:
        self._picked = True
        sizes = self._model.sizes if self._model else ()
        key = next((s.label for s in sizes if (s.width, s.height) == (width, height)), CUSTOM)
        self._custom = (width, height)
        self._offer(custom=key == CUSTOM)
        self._segments.set_value(key)

    def _on_chosen(self, key: str) -> None:
        self._picked = key != FROM_IMAGE
        self.edited.emit()

    def _default_key(self) -> str:
        model = self._model
        if model is None:
            return ""
        return next((s.label for s in model.sizes if (s.width, s.height) == (model.width, model.height)), "")

    def _size(self, key: str) -> tuple[int, int]:
        sizes = self._model.sizes if self._model else ()
        return next(((s.width, s.height) for s in sizes if s.label == key), self._custom)

    def _offer(self, custom: bool | None = None) -> None:
        sizes = self._model.sizes if self._model else ()
        items = [(s.label, s.label, texts.size(s.width, s.height)) for s in sizes]
        if self._has_image:
            items.append((FROM_IMAGE, self.tr("From image"), self.tr("The shape of the start image.")))
        if custom if custom is not None else self._segments.value() == CUSTOM:
            items.append((CUSTOM, self.tr("Custom"), self.tr("The width and height given in Advanced.")))
        self._segments.set_items(items)


class LengthSection(Section):
    """A slider over the lengths that the model can render: 4n+1 frames."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = Slider()
        self.build(self.tr("Length"), self.slider)
        self.slider.setAccessibleName(self.tr("Length"))
        self.slider.setToolTip(
            self.tr("How long the clip is. Longer clips take longer to render and more memory.")
        )
        guard_wheel(self.slider)
        self._model: ModelSpec | None = None
        self._fps = 24
        self.slider.valueChanged.connect(self._on_slider)

    def set_model(self, model: ModelSpec) -> None:
        """Offer the model's lengths and choose its own."""
        self._model = model
        self.slider.setRange(0, (model.limits.max_frames - 1) // FRAME_STEP)
        self.slider.setPageStep(max(1, round(model.fps / FRAME_STEP)))
        self.set_frames(model.num_frames)

    def num_frames(self) -> int:
        """The chosen number of frames."""
        return self.slider.value() * FRAME_STEP + 1

    def set_frames(self, num_frames: int) -> None:
        """Choose the nearest length there is."""
        most = self._model.limits.max_frames if self._model else num_frames
        self.slider.setValue((snap_frames(num_frames, most) - 1) // FRAME_STEP)
        self._show()

    def set_fps(self, fps: int) -> None:
        """Frames a second, which say how long the frames last."""
        self._fps = max(1, fps)
        self._show()

    def values(self) -> dict[str, Any]:
        """The draft's field; None while it is the model's own."""
        own = self._model is not None and self.num_frames() == self._model.num_frames
        return {"num_frames": None if own else self.num_frames()}

    def fill(self, draft: Draft) -> None:
        """Show the draft's length."""
        frames = draft.num_frames
        if frames is None and draft.seconds is not None:
            frames = round(draft.seconds * self._fps)
        if frames is None:
            frames = self._model.num_frames if self._model else 1
        self.set_frames(frames)

    def _on_slider(self) -> None:
        self._show()
        self.edited.emit()

    def _show(self) -> None:
        count = self.num_frames()
        seconds = texts.number(count / self._fps)
        text = self.tr("{seconds} s · {frames} frames · {fps} fps").format(
            seconds=seconds, frames=count, fps=self._fps
        )
        self.value_label.setText(text)
        self.slider.setAccessibleDescription(text)


class QualitySection(Section):
    """The model's presets. `picked` carries the Preset that a person chose."""

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._segments = Segments(self.tr("Quality"))
        self.build(self.tr("Quality"), self._segments)
        self._model: ModelSpec | None = None
        self._segments.chosen.connect(self._on_chosen)

    def set_model(self, model: ModelSpec) -> None:
        """Offer the model's presets and choose its first."""
        self._model = model
        self._segments.set_items([(p.name, texts.preset_name(p), p.origin) for p in model.presets])
        self._segments.set_value(model.default_preset.name)

    def preset(self) -> Preset:
        """The chosen preset."""
        if self._model is None:
            raise RuntimeError("set_model() comes first")
        return self._model.preset(self._segments.value()) or self._model.default_preset

    def values(self) -> dict[str, Any]:
        """The draft's field; None while it is the model's first."""
        own = self._model is not None and self.preset() is self._model.default_preset
        return {"preset": None if own else self.preset().name}

    def fill(self, draft: Draft) -> None:
        """Show the draft's preset; one that this model has not becomes its first."""
        model = self._model
        found = model.preset(draft.preset) if model and draft.preset else None
        self._segments.set_value(found.name if found else model.default_preset.name if model else "")

    def show_values(self, steps: int, guidance: float, shift: float) -> None:
        """Tell what will be used, whether the preset's or one's own."""
        self.value_label.setText(
            self.tr("{steps} steps · guidance {guidance} · shift {shift}").format(
                steps=steps, guidance=texts.number(guidance), shift=texts.number(shift)
            )
        )

    def _on_chosen(self, _key: str) -> None:
        self.picked.emit(self.preset())
        self.edited.emit()
