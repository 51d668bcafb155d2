"""The settings on disk: one JSON file, written whole or not at all."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

from wan_desktop.domain.sentence import QT_TRANSLATE_NOOP, Sentence
from wan_desktop.domain.settings import Settings
from wan_desktop.media.files import disk_errors, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

NAME = "settings.json"


class SettingsFile:
    """Loads and saves the settings; `opening_notes` holds sentences worth showing after `load`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.opening_notes: tuple[Sentence, ...] = ()

    def load(self) -> Settings:
        """The stored settings; the defaults when there are none. A damaged file is kept aside as `.damaged`."""
        self.opening_notes = ()
        try:
            data = json.loads(self.path.read_bytes())
            if not isinstance(data, dict):
                raise ValueError("the settings are not an object")
        except FileNotFoundError:
            return Settings()
        except (ValueError, RecursionError) as error:
            self._set_aside(error)
            return Settings()
        except OSError as error:
            log.warning("settings unreadable: %s", error)
            unread = QT_TRANSLATE_NOOP(
                "notes", "The settings in {path} could not be read: defaults are used."
            )
            self.opening_notes = (Sentence(unread, path=self.path),)
            return Settings()
        return Settings.from_json(data)

    def save(self, settings: Settings) -> None:
        """Store the settings durably. Raises DiskProblem; the old file then stays as it was."""
        with disk_errors(self.path.parent):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps(settings.to_json(), ensure_ascii=False, indent=2)
        write_atomically(self.path, text.encode("utf-8", "surrogatepass") + b"\n")

    def _set_aside(self, error: Exception) -> None:
        kept = self.path.with_name(f"settings.{time.strftime('%Y-%m-%d-%H%M%S')}.damaged")
        log.warning("settings damaged (%s), kept as %s", error, kept)
        with disk_errors(self.path.parent):
            self.path.replace(kept)
        damaged = QT_TRANSLATE_NOOP(
            "notes", "The settings were damaged: defaults are used, the old file is kept as {name}."
        )
        self.opening_notes = (Sentence(damaged, name=kept.name),)
