"""Names of devices that were typed."""

from __future__ import annotations

import re

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest


def device(text: str | None) -> str | None:
    """The device's name, None when none was given. Raises InvalidRequest; whether it is there is seen later."""
    if text is None or re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        return text
    raise InvalidRequest(
        QT_TRANSLATE_NOOP(
            "errors",
            "There is no device “{value}”: choose auto, cpu, cuda, or cuda:0 and so on for one card.",
        ),
        field="device",
        value=text,
    )
