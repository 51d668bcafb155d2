"""From a checked prompt to what this model renders: links are followed back from the output nodes.

Outputs that hang on the same sampler are one clip. What is well formed but cannot be rendered here is told as
ComfyUI tells a node's own refusal (`custom_validation_failed`), at the node and input where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.request import Draft
from wan_desktop.graph import problems
from wan_desktop.graph.checking import Checked, Graph, check, order_of
from wan_desktop.graph.following import Follower
from wan_desktop.graph.found import Found, Unfit, lists, saved_input, unknown_name
from wan_desktop.graph.problems import Problem, PromptRefused, problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.graph.found import Here, Place, StartImage

_NAMED = {
    "LoadImage": "image",
    "UNETLoader": "unet_name",
    "UnetLoaderGGUF": "unet_name",
    "CheckpointLoaderSimple": "ckpt_name",
    "CLIPLoader": "clip_name",
    "VAELoader": "vae_name",
    "LoraLoader": "lora_name",
    "LoraLoaderModelOnly": "lora_name",
}
"""The inputs that name something on this computer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a prompt asks for.

    `draft` lacks the start image, which `start` describes. `graph` is the prompt with its values converted,
    `outputs` the output nodes that will be served, `node_errors` what is wrong with the others. `places` says
    where a draft's field stands, by the names that InvalidRequest uses. `order` lists the nodes as they run.
    """

    draft: Draft
    start: StartImage | None
    graph: Graph
    outputs: list[str]
    node_errors: dict[str, Any]
    places: dict[str, Place]
    order: list[str]
    sampler: str


def read(prompt: Any, here: Here) -> Reading:
    """What the prompt asks for. Raises PromptRefused when no output of it can be served."""
    checked = check(prompt, lists(here))
    faults = {ident: found + _not_here(checked, ident, here) for ident, found in checked.faults.items()}
    first, good = Found(), list[str]()
    for output in checked.outputs:
        if any(faults.get(ident) for ident in _needs(checked, output)):
            continue
        try:
            found = Follower(checked.graph, here).output(output)
            _same_clip(first, found, (output, saved_input(checked.graph, output)))
        except Unfit as unfit:
            faults[unfit.node] = [*faults.get(unfit.node, []), unfit.problem]
            continue
        first = first if good else found
        good.append(output)
    node_errors = _node_errors(checked, faults, good)
    if not good:
        raise _all_failed(checked, faults, node_errors)
    order = order_of(checked.graph, good)
    draft = Draft(**first.values)
    return Reading(draft, first.start, checked.graph, good, node_errors, first.places, order, first.sampler)


def unfit(reading: Reading, field_name: str, sentence: str) -> PromptRefused:
    """The refusal of a value that is wrong for the model: `field_name` as InvalidRequest says it."""
    node, name = reading.places.get(field_name) or (reading.outputs[0], "")
    told = problems.custom(name or field_name, sentence)
    faults = {node: [told]}
    checked = Checked(reading.graph, reading.outputs, faults)
    return _all_failed(checked, faults, _node_errors(checked, faults, []))


def _not_here(checked: Checked, ident: str, here: Here) -> list[Problem]:
    """What the node names that is not on this computer: a picture, a model's file."""
    kind, inputs = checked.graph[ident]["class_type"], checked.graph[ident]["inputs"]
    name = _NAMED.get(kind, "")
    value = inputs.get(name)
    if not name or not isinstance(value, str):
        return []
    if kind == "LoadImage":
        return [] if here.has_image(value) else [problems.custom(name, f"Invalid image file: {value}")]
    known: dict[str, Callable[[str], object]] = {
        "clip_name": here.names.is_text,
        "vae_name": here.names.is_vae,
        "lora_name": here.names.loras.get,
    }
    return [] if known.get(name, here.names.model)(value) else [unknown_name(kind, name, value, here)]


# ---- errors


def _needs(checked: Checked, output: str) -> list[str]:
    """The output and every node that it needs, as far as its links lead somewhere."""
    try:
        return checked.ancestors(output)
    except (LookupError, TypeError, ValueError):
        return [output, *(ident for ident, found in checked.faults.items() if found)]


def _node_errors(checked: Checked, faults: dict[str, list[Problem]], good: list[str]) -> dict[str, Any]:
    bad = [output for output in checked.outputs if output not in good]
    needs = {output: set(_needs(checked, output)) for output in bad}
    return {
        ident: {
            "errors": found,
            "dependent_outputs": [output for output in bad if ident in needs[output]],
            "class_type": checked.graph[ident]["class_type"],
        }
        for ident, found in faults.items()
        if found and any(ident in needs[output] for output in bad)
    }


def _all_failed(
    checked: Checked, faults: dict[str, list[Problem]], node_errors: dict[str, Any]
) -> PromptRefused:
    own = [each for output in checked.outputs for each in faults.get(output, [])]
    details = "\n".join(f"{each['message']}: {each['details']}" for each in own)
    failed = problem("prompt_outputs_failed_validation", "Prompt outputs failed validation", details)
    return PromptRefused(failed, node_errors)


def _same_clip(first: Found, found: Found, place: Place) -> None:
    if first.sampler and first.sampler != found.sampler:
        raise Unfit(
            place, "One prompt is one clip here: send the other sampler's outputs as a prompt of their own."
        )


def with_image(draft: Draft, *, path: str | None = None, stored: str | None = None) -> Draft:
    """The draft with its start image: a file, or one of the image store by its sha256."""
    return replace(draft, image=path, stored_image=stored)
