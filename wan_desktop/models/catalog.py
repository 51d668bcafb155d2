"""The models on this computer: the built-in demo, the folders that the user named, and those on the list."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.weight_names import TRANSFORMER
from wan_desktop.media.fingerprint import combined_fingerprint, parts_fingerprint
from wan_desktop.models import declared, few_step, wan22_ti2v_5b
from wan_desktop.models.diffusers_folder import FASTWAN, INDEX, whole_model_files
from wan_desktop.models.loras import checked
from wan_desktop.models.shelf import SUFFIXES, Shelf, assemble, look_beside, look_into, take
from wan_desktop.models.tables import read_words
from wan_desktop.models.weights import damaged_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_desktop.domain.model import ModelSpec, Part
    from wan_desktop.domain.request import Lora
    from wan_desktop.domain.settings import Settings
    from wan_desktop.models.recognise import Found
    from wan_desktop.models.registry import Registry

log = logging.getLogger(__name__)

DEMO = "demo"


class ModelCatalog:
    """The Models of jobs.ports. `demo_folder` is the built-in model's, `settings` gives the settings of the moment.

    `registry` is the list of models that were found or added. Every call looks at the disk again: a folder that was
    moved or mended a moment ago counts at once. Safe to call from any thread.
    """

    def __init__(
        self, demo_folder: Path, settings: Callable[[], Settings], registry: Registry | None = None
    ) -> None:
        self._demo_folder = demo_folder.absolute()
        self._settings = settings
        self._registry = registry
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
        """The model of that id, folder or file; None: the chosen one, else the first usable one.

        Raises ModelMissing or ModelDamaged, with what to do.
        """
        model = model or self._settings().model
        if not model:
            return self._first_usable()
        if model == DEMO:
            return self._read(self._demo_folder)
        return self._read(Path(os.path.abspath(Path(model).expanduser())))

    def check_loras(self, loras: Sequence[Lora]) -> tuple[Lora, ...]:
        """`loras` with absolute paths and fingerprints. Raises InvalidRequest, field "lora", for one that is none."""
        return tuple(checked(lora) for lora in loras)

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
        shelf = self._listed()
        inside = [folder / TRANSFORMER for folder in shelf.folders]
        files = [Path(found.files[0]) for found in shelf.of(TRANSFORMER)]
        loose = [str(file) for file in files if file.parent not in inside]
        return [n for n in (settings.model, *settings.model_dirs, *map(str, shelf.folders), *loose) if n]

    def _listed(self) -> Shelf:
        return Shelf() if self._registry is None else self._registry.shelf()

    def _read(self, path: Path) -> ModelSpec:
        try:
            if path.is_file() and path.name.endswith(SUFFIXES):
                return self._of_parts(path)
            if path.is_dir() and not (path / INDEX).is_file() and not (path / declared.NAME).is_file():
                return self._of_parts(path)
            return self._of_folder(path)
        except OSError as error:
            raise damaged_file(path, error.strerror or str(error)) from error

    def _of_folder(self, folder: Path) -> ModelSpec:
        """A diffusers folder, or a folder that declares itself."""
        fingerprint = combined_fingerprint(folder, whole_model_files(folder))
        if (folder / declared.NAME).is_file():
            ident = DEMO if folder == self._demo_folder else str(folder)
            return declared.read_spec(folder, ident, fingerprint)
        told = few_step.FASTWAN if read_words(folder / INDEX).get("_class_name") == FASTWAN else ""
        variant, ask = self._variant(str(folder), told, sorted((folder / TRANSFORMER).glob("*.safetensors")))
        return wan22_ti2v_5b.make_spec(str(folder), fingerprint, variant=variant, ask=ask)

    def _of_parts(self, path: Path) -> ModelSpec:
        """A transformer's file, or a folder with one, and what else it needs from wherever it lies."""
        shelf = look_into(path, tell_foreign=True) if path.is_dir() else _file(path)
        found = next(iter(shelf.of(TRANSFORMER)), None)
        if found is None:
            if shelf.problems:
                raise shelf.problems[0]
            whole_model_files(path)  # raises: there is no model
            raise damaged_file(path, "it holds no transformer")
        if path.is_file():
            shelf.add(look_beside(path))
        shelf.add(self._listed())
        return self._spec(found, assemble(found, shelf))

    def _spec(self, found: Found, parts: tuple[Part, ...]) -> ModelSpec:
        path = found.files[0]
        variant, ask = self._variant(path, found.variant, list(map(Path, found.files)))
        return wan22_ti2v_5b.make_spec(
            path, parts_fingerprint(parts), variant=variant, ask=ask, stored=found.precision, parts=parts
        )

    def _variant(self, path: str, told: str, files: Sequence[Path]) -> tuple[str, str]:
        """(few-step model, what to ask).

        The user's word first, then the file's own, then its hash, and then a question by its name.
        """
        said = self._registry.variant(path) if self._registry else ""
        if said:
            return ("" if said == "plain" else said), ""
        noted = self._registry.hashes() if self._registry else {}
        if told := told or few_step.known(files, noted):
            return told, ""
        return "", few_step.told_by("/".join(Path(path).parts[-2:]))


def _file(path: Path) -> Shelf:
    shelf = Shelf()
    take(shelf, shards_of(path), tell_foreign=True)
    return shelf


def shards_of(path: Path) -> tuple[Path, ...]:
    """`path`, with the other shards of its component when an index beside it names it as one."""
    for index in sorted(path.parent.glob("*.safetensors.index.json")):
        listed = read_words(index).get("weight_map")
        names = sorted({str(name) for name in listed.values()}) if isinstance(listed, dict) else []
        if path.name in names:
            return tuple(path.parent / name for name in names)
    return (path,)
