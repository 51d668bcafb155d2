"""The models on this computer: the built-in demo, and the folders that the user named."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import WanError
from wan_desktop.models import declared, wan22_ti2v_5b
from wan_desktop.models.diffusers_folder import whole_model_files
from wan_desktop.models.fingerprint import combined_fingerprint
from wan_desktop.models.weights import damaged_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.settings import Settings

log = logging.getLogger(__name__)

DEMO = "demo"


class ModelCatalog:
    """The Models of jobs.ports. `demo_folder` is the built-in model's, `settings` gives the settings of the moment.

    Every call looks at the disk again: a folder that was moved or mended a moment ago counts at once. Safe to call
    from any thread.
    """

    def __init__(self, demo_folder: Path, settings: Callable[[], Settings]) -> None:
        self._demo_folder = demo_folder.absolute()
        self._settings = settings
        self._told: set[str] = set()

    def all(self) -> Sequence[ModelSpec]:
        """Every usable model, the built-in one last; what is wrong with the others stands in the log."""
        specs: dict[str, ModelSpec] = {}
        for name in (*self._named(), DEMO):
            try:
                spec = self.get(name)
            except WanError as error:
                self._tell(error)
            else:
                specs.setdefault(spec.id, spec)
        demo = specs.pop(DEMO, None)
        return [*specs.values(), *([] if demo is None else [demo])]

    def get(self, model: str | None) -> ModelSpec:
        """The model of that id or folder; None: the chosen one, else the first usable one.

        Raises ModelMissing or ModelDamaged, with what to do.
        """
        model = model or self._settings().model
        if not model:
            return self._first_usable()
        if model == DEMO:
            return self._read(self._demo_folder)
        return self._read(Path(os.path.abspath(Path(model).expanduser())))

    def _first_usable(self) -> ModelSpec:
        for name in self._named():
            try:
                return self.get(name)
            except WanError as error:
                self._tell(error)
        return self.get(DEMO)

    def _tell(self, error: WanError) -> None:
        if error.sentence not in self._told:
            self._told.add(error.sentence)
            log.warning("model left out: %s", error.sentence)

    def _named(self) -> list[str]:
        settings = self._settings()
        return [name for name in (settings.model, *settings.model_dirs) if name]

    def _read(self, folder: Path) -> ModelSpec:
        try:
            fingerprint = combined_fingerprint(folder, whole_model_files(folder))
        except OSError as error:
            raise damaged_file(folder, error.strerror or str(error)) from error
        if (folder / declared.NAME).is_file():
            ident = DEMO if folder == self._demo_folder else str(folder)
            return declared.read_spec(folder, ident, fingerprint)
        return wan22_ti2v_5b.make_spec(str(folder), fingerprint)
