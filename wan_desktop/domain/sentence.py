"""English sentences that the window can show in another language: they remember what they were made of."""

from __future__ import annotations

from typing import Any


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """Mark `text` for translation in `context` and return it unchanged; needs no Qt."""
    return text


class Sentence(str):
    """A marked `template` with its `{name}` places filled by `values`, which may be sentences themselves.

    Who prints, compares or stores it as text has the English sentence: the command line, the API, logs. Who keeps
    it for the window uses `to_json`.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Sentence:
        """Without values the template is taken as it is, braces and all."""
        self = super().__new__(cls, template.format(**values) if values else template)
        self.template, self.values = template, values
        return self

    def replaced(self, **values: Any) -> Sentence:
        """The same template with other values in these places."""
        return Sentence(self.template, **(self.values | values))

    def to_json(self) -> str | dict[str, Any]:
        """Plain data: template and values, or the sentence alone when there is nothing to fill in."""
        if not self.values:
            return self.template
        return {"template": self.template, "values": values_to_json(self.values)}

    @staticmethod
    def from_json(data: Any) -> Sentence:
        """The sentence that `to_json` described; any other text, such as an older program stored, as it is.

        A template that does not fit its values, as a damaged row may hold, is shown with its places unfilled.
        """
        if not isinstance(data, dict):
            return data if isinstance(data, Sentence) else Sentence(str(data))
        template = str(data.get("template", ""))
        try:
            return Sentence(template, **values_from_json(data.get("values", {})))
        except (KeyError, IndexError, ValueError, AttributeError):
            return Sentence(template)

    def __reduce__(self) -> tuple[Any, ...]:
        """Sentences cross the pipe from the render process as plain data."""
        return (Sentence.from_json, (self.to_json(),))


def both(first: str, second: str) -> Sentence:
    """Two sentences, one after the other; some languages put no space between them."""
    return Sentence(QT_TRANSLATE_NOOP("notes", "{first} {second}"), first=first, second=second)


def sentence_to_json(sentence: str) -> str | dict[str, Any]:
    """Plain data of a sentence, or of a plain text."""
    return sentence.to_json() if isinstance(sentence, Sentence) else sentence


def values_to_json(values: dict[str, Any]) -> dict[str, Any]:
    """Numbers and sentences as such, everything else as text."""
    return {key: _value_to_json(value) for key, value in values.items()}


def values_from_json(values: dict[str, Any]) -> dict[str, Any]:
    """What `values_to_json` described."""
    return {k: Sentence.from_json(v) if isinstance(v, dict) else v for k, v in values.items()}


def _value_to_json(value: Any) -> Any:
    if isinstance(value, Sentence):
        return value.to_json()
    return value if isinstance(value, int | float) else str(value)
