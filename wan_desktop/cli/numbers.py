"""Numbers that were typed."""

from __future__ import annotations

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest


def real(field: str, text: str | None) -> float | None:
    """The number, None when nothing was given. Raises InvalidRequest."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise _not_a_number(field, text) from error


def whole(field: str, text: str | None) -> int | None:
    """The whole number, None when nothing was given. Raises InvalidRequest."""
    number = real(field, text)
    if number is None:
        return None
    try:
        return int(text or "")  # large seeds must not go through a float
    except ValueError:
        return number  # type: ignore[return-value]  # NaN, infinity or a fraction: validate says so


def _not_a_number(field: str, text: str) -> InvalidRequest:
    return InvalidRequest(
        QT_TRANSLATE_NOOP("errors", "“{value}” is not a number: give a plain number for {field_name}."),
        field=field,
        value=text,
        field_name=field,
    )
