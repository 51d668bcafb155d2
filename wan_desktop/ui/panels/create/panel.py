"""The create column: its sections put together into one draft, checked while it is typed, kept, and submitted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QTimer, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from wan_desktop.domain.errors import InvalidRequest, WanError
from wan_desktop.domain.request import Draft
from wan_desktop.domain.validate import resolve
from wan_desktop.ui import texts
from wan_desktop.ui.panels.create import estimate
from wan_desktop.ui.panels.create.advanced import AdvancedSection
from wan_desktop.ui.panels.create.demo import DemoCard
from wan_desktop.ui.panels.create.foot import Foot
from wan_desktop.ui.panels.create.image import ImageSection
from wan_desktop.ui.panels.create.prompt import PromptSection
from wan_desktop.ui.panels.create.render_on import RenderOnSection
from wan_desktop.ui.panels.create.shape import LengthSection, QualitySection, ShapeSection
from wan_desktop.ui.widgets.form_scroll import FormScroll

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import RenderRequest

THINK_MS = 120
"""Checking and estimating wait for this long a pause in the typing."""


class CreatePanel(QFrame):
    """What to render. `recipe_dropped` passes on the path of a dropped clip or workflow, `servers_asked` that
    somebody wants to see the list of servers."""

    recipe_dropped = Signal(str)
    servers_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setAccessibleName(self.tr("Create"))
        self._session = session
        self._filling = False
        self._waiting = 0
        self._rates: estimate.Rates | None = None
        self.where = RenderOnSection(session, self)
        self._model = _model_of(session, self.where.model())
        self.demo = DemoCard(self)
        self.prompt = PromptSection(self)
        self.image = ImageSection(session, self)
        self.shape = ShapeSection(self)
        self.length = LengthSection(self)
        self.quality = QualitySection(self)
        self.advanced = AdvancedSection(self)
        self.foot = Foot(self)
        self._thinker = QTimer(self)
        self._thinker.setSingleShot(True)
        self._thinker.setInterval(THINK_MS)
        self._thinker.timeout.connect(self._think)
        self._lay_out()
        self._connect()
        self.set_model()
        self._on_loaded()

    # ---- verbs

    def draft(self, *, for_render: bool = False) -> Draft:
        """The form as a draft. `for_render` gives it the seed that is shown, locked or not."""
        values: dict[str, Any] = {}
        for section in (self.prompt, self.image, self.shape, self.length, self.quality, self.where):
            values |= section.values()
        return Draft(**values, **self.advanced.values(for_render=for_render))

    def fill(self, draft: Draft) -> None:
        """Show a draft in the form; texts can be undone."""
        self.where.fill(draft)  # first: the model of whoever renders says what else there is
        self._filling = True
        self.prompt.fill(draft)
        self.quality.fill(draft)
        self.advanced.fill(draft, self.quality.preset())
        self.image.fill(draft)
        self.shape.fill(draft)
        self.length.set_fps(self.advanced.fps.value())
        self.length.fill(draft)
        self._filling = False
        self._on_edit()

    def set_image(self, path: str) -> None:
        """Use the picture at `path` as the start image."""
        self.image.set_path(path)

    def take(self, mime: QMimeData) -> bool:
        """Use what was dropped anywhere on the window or pasted; False when it is nothing for us."""
        return self.image.take(mime)

    def clear(self) -> None:
        """An empty form with the model's own values."""
        self.fill(Draft())
        self.prompt.editor.setFocus()

    def submit(self, count: int = 1) -> None:
        """Queue the form, `count` times with a seed each; what is refused is told at its field."""
        self._clear_errors()
        for number in range(count):
            if number:
                self.advanced.roll()
            self._waiting += 1
            self._session.submit(self.draft(for_render=True))
        if not self.advanced.locked() or count > 1:
            self.advanced.roll()

    def set_model(self) -> None:
        """Take the model's values, words and limits, those of whoever renders; what was typed stays."""
        self._model = model = _model_of(self._session, self.where.model())
        self._filling = True
        self.demo.set_model(model)
        self.prompt.set_model(model)
        self.shape.set_model(model)
        self.length.set_model(model)
        self.quality.set_model(model)
        self.advanced.set_model(model, self.quality.preset())
        self.length.set_fps(model.fps)
        self._filling = False
        self._learn()
        self._on_edit(save=False)

    def show_error(self, error: WanError) -> bool:
        """Tell a refused field its sentence and bring it into view; False when the error is about no field."""
        place = self._place(error.field)
        if place is None:
            return False
        self._waiting = 0
        self._say(error.field, texts.sentence(error))
        place.setFocus()
        QTimer.singleShot(
            0, place, lambda: self._scroll.ensureWidgetVisible(place, 0, 40)
        )  # once it is laid out
        return True

    # ---- reacting

    def _connect(self) -> None:
        for section in self._sections():
            if section is not self.demo:
                section.edited.connect(self._on_edit)
        self.where.moved.connect(self.set_model)
        self.where.servers_asked.connect(self.servers_asked)
        self.prompt.pictured.connect(self.image.take)
        self.prompt.unknown.asked.connect(self._show_words)
        self.image.recipe_dropped.connect(self.recipe_dropped)
        self.quality.picked.connect(self.advanced.use_preset)
        self.advanced.size_edited.connect(self.shape.set_custom)
        self.foot.render_asked.connect(self.submit)
        session = self._session
        session.loaded.connect(self._on_loaded)
        session.model_changed.connect(self._on_model)
        session.submitted.connect(self._on_submitted)
        session.clip_added.connect(self._learn)
        session.backend_changed.connect(self._learn)

    def _on_edit(self, *, save: bool = True) -> None:
        if self._filling:
            return
        self.shape.set_has_image(self.image.has_image())
        self.length.set_fps(self.advanced.fps.value())
        self.foot.set_from_image(self.image.has_image())
        if save:
            self._session.save_draft(self.draft())
        self._show_size()
        self._thinker.start()

    def _on_loaded(self) -> None:
        if self._session.draft is not None and not self.prompt.editor.toPlainText():
            self.fill(Draft.from_json(self._session.draft))
        self._learn()

    def _on_model(self) -> None:
        if not self.where.model():  # else a server's model draws, whichever this computer has
            self.set_model()

    def _on_submitted(self, _job: Job) -> None:
        if self._waiting:
            self._waiting -= 1
            self.foot.tell(self.tr("Added to the queue"))
            self._session.save_draft(self.draft())

    def _think(self) -> None:
        self._clear_errors(but=("prompt", "image"))
        request, error = self._request()
        if error is not None and error.field != "image":
            self._say(error.field, texts.sentence(error))
        if request is not None:
            self.quality.show_values(request.num_inference_steps, request.guidance_scale, request.flow_shift)
        self.where.show_request(request)
        self._show_estimate(request)

    def _show_words(self) -> None:
        self.demo.show_words()
        QTimer.singleShot(0, self.demo, lambda: self._scroll.ensureWidgetVisible(self.demo, 0, 12))

    def _show_size(self) -> None:
        request, _ = self._request()
        if request is not None:
            self.shape.show_size(request.width, request.height)
            self.advanced.show_size(request.width, request.height)
            self.image.set_target(request.width, request.height)

    def _request(self) -> tuple[RenderRequest | None, InvalidRequest | None]:
        """What would be rendered now; an empty prompt is no matter yet."""
        image = self.image.image()
        draft = replace(self.draft(), prompt=self.prompt.editor.toPlainText() or "-")
        try:
            size = (image.width, image.height) if image else None
            return resolve(draft, self._model, size), None
        except InvalidRequest as error:
            return None, error

    # ---- estimates

    def _learn(self) -> None:
        clips, info = self._session.clips.values(), self._session.backend.info
        if self.where.model():
            self._rates = estimate.learn_elsewhere(clips, self.where.model())
        else:
            device = str(info.get("device_name", ""))
            self._rates = estimate.learn(clips, self._model.fingerprint, device)
        self._thinker.start()

    def _show_estimate(self, request: RenderRequest | None) -> None:
        rates = self._rates
        guess = self._guess(request) if request is not None else None
        device = "gpu" if str(self._session.backend.info.get("device", "")).startswith("cuda") else "cpu"
        self.foot.show_estimate(
            guess, device, self.where.words(), known=guess is not None or rates is not None
        )

    def _guess(self, request: RenderRequest) -> estimate.Estimate | None:
        """From past clips; before there are any, from the measurement of this computer."""
        if self._rates is not None:
            return estimate.predict(self._rates, request)
        found = self._session.benchmark
        if found is None or self.where.model():
            return None
        name = str(self._session.backend.info.get("device_name", ""))
        return estimate.measured(found, self._model, name, request)

    # ---- errors

    def _place(self, field: str) -> QWidget | None:
        places: dict[str, QWidget] = {
            "prompt": self.prompt.editor,
            "negative_prompt": self.prompt.negative,
            "image": self.image.canvas,
            "frames": self.length.slider,
            "seconds": self.length.slider,
            "preset": self.quality,
            "on": self.where.box,
            "lora": self.advanced.loras.add,
        }
        if field == "on" and self.where.isHidden():
            return None
        if field in self.advanced.fields:
            return self.advanced.fields[field].control
        return places.get(field)

    def _say(self, field: str, sentence: str) -> None:
        if field == "lora" or field in self.advanced.fields:
            self.advanced.say(field, sentence)
        elif field == "prompt":
            self.prompt.say(sentence)
        elif field == "negative_prompt":
            self.prompt.say_negative(sentence)
        elif field == "image":
            self.image.say(sentence)
        elif field in ("frames", "seconds"):
            self.length.say(sentence)
        elif field == "preset":
            self.quality.say(sentence)
        elif field == "on":
            self.where.say(sentence)

    def _clear_errors(self, but: tuple[str, ...] = ()) -> None:
        others = ("prompt", "negative_prompt", "image", "frames", "preset", "on", "lora")
        for field in (*others, *self.advanced.fields):
            if field not in but:
                self._say(field, "")

    # ---- building

    def _lay_out(self) -> None:
        content = QWidget()
        content.setProperty("kind", "scrolled")
        form = QVBoxLayout(content)
        form.setSpacing(14)
        for section in self._sections():
            form.addWidget(section)
        form.addStretch(1)
        self._scroll = FormScroll(content, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._scroll, 1)
        column.addWidget(self.foot)

    def _sections(self) -> tuple[QWidget, ...]:
        sections = (self.prompt, self.demo, self.image, self.shape, self.length, self.quality)
        return (*sections, self.where, self.advanced)


def _model_of(session: Session, elsewhere: str) -> ModelSpec:
    """The model of the server `elsewhere` ("on:NAME"), or the chosen one.

    While that one is missing or damaged, which the window tells, the last there is.
    """
    try:
        return session.model(elsewhere or None)
    except WanError:
        return session.models()[-1]
