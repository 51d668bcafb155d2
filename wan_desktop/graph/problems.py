"""Errors in ComfyUI's own shape: for a whole prompt, and for single inputs of nodes."""

from __future__ import annotations

from typing import Any

Problem = dict[str, Any]
"""One error: "type", "message", "details", "extra_info"."""


Via = tuple[str, list[Any], list[Any]]
"""The input that leads to a node: its name, what it is (as in `nodes`), the link."""


class PromptRefused(Exception):
    """A prompt that cannot be rendered. `error` and `node_errors` are what ComfyUI replies with status 400."""

    def __init__(self, error: Problem, node_errors: dict[str, Any] | None = None) -> None:
        super().__init__(error["message"])
        self.error = error
        self.node_errors = node_errors or {}

    def to_json(self) -> dict[str, Any]:
        """The body of the reply."""
        return {"error": self.error, "node_errors": self.node_errors}


def problem(kind: str, message: str, details: str = "", **extra: Any) -> Problem:
    """An error of that type."""
    return {"type": kind, "message": message, "details": details, "extra_info": extra}


def refused(kind: str, message: str, details: str = "") -> PromptRefused:
    """A refusal of the whole prompt, without node errors."""
    return PromptRefused(problem(kind, message, details))


def missing(name: str) -> Problem:
    """A required input is not there."""
    return problem("required_input_missing", "Required input is missing", name, input_name=name)


def bad_link(name: str, config: Any, value: Any) -> Problem:
    """A list that is no link."""
    message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
    return problem(
        "bad_linked_input", message, name, input_name=name, input_config=_padded(config), received_value=value
    )


def mismatch(name: str, config: Any, received: str, wanted: str, link: Any) -> Problem:
    """A link between outputs and inputs of different types."""
    return problem(
        "return_type_mismatch",
        "Return type mismatch between linked nodes",
        f"{name}, received_type({received}) mismatch input_type({wanted})",
        input_name=name,
        input_config=_padded(config),
        received_type=received,
        linked_node=link,
    )


def not_a(kind: str, name: str, config: Any, value: Any, why: str) -> Problem:
    """A value that cannot be made an INT, FLOAT, STRING or BOOLEAN."""
    return problem(
        "invalid_input_type",
        f"Failed to convert an input value to a {kind} value",
        f"{name}, {_short(value)}, {why}",
        input_name=name,
        input_config=_padded(config),
        received_value=value,
        exception_message=why,
    )


def outside(name: str, config: Any, value: Any, bound: float, *, small: bool) -> Problem:
    """A number below its minimum (`small`) or above its maximum."""
    kind, words = ("smaller", "smaller than min") if small else ("bigger", "bigger than max")
    return problem(
        f"value_{kind}_than_{'min' if small else 'max'}",
        f"Value {value} {words} of {bound}",
        name,
        input_name=name,
        input_config=_padded(config),
        received_value=value,
    )


def out_of_range(name: str, config: list[Any], value: Any) -> Problem | None:
    """What is wrong with a number beyond the limits in `config`, an input as `nodes` has it; None when nothing is."""
    limits = config[1] if len(config) > 1 else {}
    if "min" in limits and value < limits["min"]:
        return outside(name, config, value, limits["min"], small=True)
    if "max" in limits and value > limits["max"]:
        return outside(name, config, value, limits["max"], small=False)
    return None


def not_in_list(name: str, config: Any, value: Any, options: list[Any]) -> Problem:
    """A choice that does not exist."""
    long = len(options) > 20
    told = f"(list of length {len(options)})" if long else str(options)
    return problem(
        "value_not_in_list",
        "Value not in list",
        f"{name}: '{_short(value)}' not in {told}",
        input_name=name,
        input_config=None if long else _padded(config),
        received_value=value,
    )


def custom(name: str, sentence: str) -> Problem:
    """Well formed, but not what can be done here; `sentence` says why."""
    return problem(
        "custom_validation_failed",
        "Custom validation failed for node",
        f"{name} - {sentence}",
        input_name=name,
    )


def broken(error: Exception, via: Via | None) -> Problem:
    """A link that leads nowhere: what ComfyUI tells as an exception while it validates. No `via`: an output node."""
    raised = {"exception_type": type(error).__name__, "traceback": []}
    if via is None:
        return problem("exception_during_validation", "Exception when validating node", str(error), **raised)
    name, config, link = via
    return problem(
        "exception_during_inner_validation",
        "Exception when validating inner node",
        str(error),
        input_name=name,
        input_config=_padded(config),
        exception_message=str(error),
        linked_node=link,
        **raised,
    )


def _padded(config: list[Any]) -> list[Any]:
    """An input with its options, also where it has none: as errors show it."""
    return config if len(config) > 1 else [*config, {}]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"
