"""What a person does with models: see them, look for them, add, check and remove them. Nothing is ever moved."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, ModelMissing, WanError
from wan_desktop.models import hashes
from wan_desktop.models.catalog import DEMO, shards_of
from wan_desktop.models.places import standard_places
from wan_desktop.models.registry import FOLDER, Entry, entries_of
from wan_desktop.models.shelf import Shelf, look_into, take
from wan_desktop.models.weights import CHOOSE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.models.catalog import ModelCatalog
    from wan_desktop.models.registry import Registry

PLAIN, ANSWERS = "plain", ("plain", "fastwan", "turbo")


@dataclass(frozen=True, slots=True)
class Needed:
    """A file to get when there is no 5 B: its name, size in bytes (to 0.1 GB), and the folder it may lie in."""

    name: str
    size: int
    folder: str
    source: str


COMFY = "Comfy-Org/Wan_2.2_ComfyUI_Repackaged"
TO_GET = (
    Needed("wan2.2_ti2v_5B_fp16.safetensors", 10_000_000_000, "diffusion_models", COMFY),
    Needed("umt5_xxl_fp8_e4m3fn_scaled.safetensors", 6_700_000_000, "text_encoders", COMFY),
    Needed("wan2.2_vae.safetensors", 1_400_000_000, "vae", COMFY),
)
"""The smallest complete set; sizes as published."""


class ModelManager:
    """The page and the commands about models. `own` is the folder that this program asks people to put files in."""

    def __init__(
        self,
        catalog: ModelCatalog,
        registry: Registry,
        own: Path,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._catalog, self._registry, self._own, self._environ = catalog, registry, own, environ

    def overview(self) -> dict[str, Any]:
        """Everything that a page or `models list` shows, as plain data.

        `models`: usable ones, each with its files; `problems`: sentences, and `errors`: the same, to be
        translated; `to_get`: files to get while there is no
        real model, and the `folder` for them; `ask`: questions that only the user can answer.
        """
        specs = self._catalog.all()
        real = [spec for spec in specs if spec.id != DEMO]
        if not real:
            with contextlib.suppress(OSError):
                self._own.mkdir(parents=True, exist_ok=True)  # so that there is a folder to put them into
        problems = [*self._registry.shelf().problems, *self._incomplete(specs)]
        return {
            "models": [_model(spec) for spec in specs],
            "problems": list(dict.fromkeys(error.sentence for error in problems)),
            "errors": [error.to_json() for error in {e.sentence: e for e in problems}.values()],
            "ask": [{"model": spec.id, "variant": spec.ask} for spec in specs if spec.ask],
            "to_get": [] if real else [_needed(item) for item in TO_GET],
            "folder": str(self._own),
        }

    def scan(self) -> list[Entry]:
        """Look into the standard places, and put what is usable on the list; what is new."""
        shelf = Shelf()
        for place in standard_places(self._own, self._environ):
            shelf.add(look_into(place))
        return self._registry.add(entries_of(shelf))

    def add(
        self, path: Path, *, variant: str = "", tick: Callable[[int], None] = lambda _: None
    ) -> list[Entry]:
        """Put a file, or everything usable in a folder, on the list, with its hash; what was added or changed.

        `variant` is the answer to what only the user knows: one of ANSWERS. Raises ModelMissing or ModelDamaged
        when `path` holds nothing usable.
        """
        path = Path(os.path.abspath(path.expanduser()))
        shelf = self._read(path)
        entries = entries_of(shelf)
        if not entries:
            raise shelf.problems[0] if shelf.problems else _nothing_in(path)
        added = self._registry.add(entries)
        noted = [replace(entry, hashes=_hashes(entry, tick)) for entry in added]
        if variant:
            wanted = {entry.paths for entry in entries}
            listed = {entry.paths: entry for entry in (*self._registry.entries(), *noted)}
            noted = [replace(e, variant=variant) for paths, e in listed.items() if paths in wanted]
        for entry in noted:
            self._registry.change(entry)
        return noted

    def remove(self, path: Path) -> list[Entry]:
        """Take a file, or everything in a folder, off the list; the files stay. Raises ModelMissing."""
        gone = self._registry.remove(Path(os.path.abspath(path.expanduser())))
        if not gone:
            raise ModelMissing(
                QT_TRANSLATE_NOOP("errors", "{path} is not on the list of models: see models list."),
                field="model",
                action=CHOOSE,
                path=path,
            )
        return gone

    def verify(self, tick: Callable[[int], None] = lambda _: None) -> list[dict[str, str]]:
        """Read every listed file whole; for each its `file` and `state`.

        "whole": its content is what the cache's name for it or the noted hash says. "changed": it is not.
        "noted": there was nothing to compare with, so its hash was noted now. "missing": it is gone.
        """
        results: list[dict[str, str]] = []
        for entry in self._registry.entries():
            noted = dict(entry.hashes)
            for file in _files(entry):
                results.append({"file": str(file), "state": _verified(file, noted, tick)})
            if noted != entry.hashes:
                self._registry.change(replace(entry, hashes=noted))
        return results

    def arrivals(self) -> Arrivals:
        """A watch on this program's own folder."""
        return Arrivals(self._own)

    def _read(self, path: Path) -> Shelf:
        if path.is_dir():
            return look_into(path, tell_foreign=True)
        shelf = Shelf()
        if path.name in ("tokenizer.json", "spiece.model"):
            shelf.tokenizers.append(path)
        elif path.is_file():
            take(shelf, shards_of(path), tell_foreign=True)
        return shelf

    def _incomplete(self, specs: Any) -> list[WanError]:
        """What keeps listed transformers from being models."""
        known = {spec.id for spec in specs}
        errors: list[WanError] = []
        for found in self._registry.shelf().of("transformer"):
            owner = str(Path(found.files[0]).parent.parent)
            if found.files[0] in known or owner in known:
                continue
            try:
                self._catalog.get(found.files[0])
            except WanError as error:
                errors.append(error)
        return errors


class Arrivals:
    """Notices that files came, went or grew in a folder: ask now and then; it reads names and sizes only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = self._look()

    def changed(self) -> bool:
        """True when the folder is not as it was at the last call."""
        before, self._seen = self._seen, self._look()
        return before != self._seen

    def _look(self) -> frozenset[tuple[str, int, int]]:
        found = []
        for place, _, names in os.walk(self._folder):
            for name in names:
                path = Path(place, name)
                try:
                    stat = path.stat()
                except OSError:
                    continue
                found.append((str(path), stat.st_size, stat.st_mtime_ns))
        return frozenset(found)


def _files(entry: Entry) -> list[Path]:
    """The files of an entry; of a folder those that matter."""
    if entry.kind != FOLDER:
        return [Path(path) for path in entry.paths]
    kept = (".safetensors", ".json", ".model")
    folder = Path(entry.paths[0])
    inside = sorted(folder.rglob("*"))
    return [path for path in inside if path.is_file() and path.suffix in kept]


def _hashes(entry: Entry, tick: Callable[[int], None]) -> dict[str, str]:
    """The hash of each file that the cache has no name for."""
    return {str(file): hashes.sha256(file, tick) for file in _files(entry) if not hashes.cache_name(file)}


def _verified(file: Path, noted: dict[str, str], tick: Callable[[int], None]) -> str:
    expected = hashes.cache_name(file) or noted.get(str(file), "")
    try:
        if expected:
            return "whole" if hashes.is_whole(file, expected, tick) else "changed"
        noted[str(file)] = hashes.sha256(file, tick)
    except OSError:
        return "missing"
    return "noted"


def _model(spec: ModelSpec) -> dict[str, Any]:
    files = [file for part in spec.parts for file in part.files]
    return {
        "id": spec.id,
        "label": spec.label,
        "path": spec.path,
        "demo": spec.demo,
        "variant": spec.variant,
        "ask": spec.ask,
        "files": files or [spec.path],
    }


def _needed(item: Needed) -> dict[str, Any]:
    return {"name": item.name, "size": item.size, "folder": item.folder, "source": item.source}


def _nothing_in(path: Path) -> ModelMissing:
    return ModelMissing(
        QT_TRANSLATE_NOOP("errors", "There is no part of Wan2.2-TI2V-5B in {path}: check the name."),
        field="model",
        action=CHOOSE,
        path=path,
    )
