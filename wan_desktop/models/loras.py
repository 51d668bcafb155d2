"""LoRA files, checked from their headers before a render is queued."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain import lora_names
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest, WanError
from wan_desktop.media.fingerprint import file_fingerprint
from wan_desktop.models.tables import read_table

if TYPE_CHECKING:
    from wan_desktop.domain.request import Lora

WIDTHS = {5120: "a Wan model of 14 B", 1536: "Wan2.1 1.3B"}
"""The widths of the transformers that LoRAs are often made for, beside the 5 B's 3072."""


def checked(lora: Lora) -> Lora:
    """`lora` with its absolute path and its file's fingerprint. Raises InvalidRequest (field "lora")."""
    path = Path(os.path.abspath(Path(lora.path).expanduser()))
    if not path.is_file():
        raise _refused(path, QT_TRANSLATE_NOOP("errors", "there is no such file"))
    try:
        table = read_table(path)
    except WanError as error:
        raise _refused(path, QT_TRANSLATE_NOOP("errors", "it is damaged, or no safetensors file")) from error
    if table.format != "safetensors" or not lora_names.is_lora(table.shapes):
        raise _refused(path, QT_TRANSLATE_NOOP("errors", "it is no LoRA"))
    widths = {shape[-1] for name, shape in table.shapes.items() if shape and _reads_the_stream(name)}
    foreign = next((kind for width, kind in WIDTHS.items() if width in widths), None)
    if foreign is not None:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP(
                "errors", "The LoRA {file} was made for {kind}: it does not fit Wan2.2-TI2V-5B."
            ),
            field="lora",
            action=QT_TRANSLATE_NOOP("errors", "Leave the LoRA out"),
            file=path,
            kind=foreign,
        )
    return replace(lora, path=str(path), fingerprint=file_fingerprint(path))


def _reads_the_stream(name: str) -> bool:
    """True for weights whose input is as wide as the transformer."""
    found = lora_names.split(name)
    return (
        found is not None and found[1] == lora_names.DOWN and found[0].endswith(("attn1.to_q", "attn2.to_q"))
    )


def _refused(path: Path, why: str) -> InvalidRequest:
    return InvalidRequest(
        QT_TRANSLATE_NOOP("errors", "The LoRA {file} cannot be used: {why}."),
        field="lora",
        action=QT_TRANSLATE_NOOP("errors", "Leave the LoRA out"),
        file=path,
        why=why,
    )
