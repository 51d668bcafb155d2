"""What a server has: its nodes, the model's files by the names they have there, and what it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP
from wan_desktop.graph import names
from wan_desktop.remote.problems import RemoteProblem, no_comfyui

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wan_desktop.remote.client import ComfyClient

_BASE_NODES = (
    "UNETLoader",
    "CLIPLoader",
    "VAELoader",
    "ModelSamplingSD3",
    "CLIPTextEncode",
    "Wan22ImageToVideoLatent",
    "KSampler",
    "VAEDecode",
    "CreateVideo",
    "SaveVideo",
)

_STOPS_ONE = (0, 3, 64)
"""The oldest ComfyUI that was seen to obey the id in POST /interrupt; before, it stops whatever runs."""
_FEW_STEP = ("fastwan", "turbo", "lightning", "distill")
"""Models that want other values than the 5 B's own: they are used when they are named, never by chance."""


@dataclass(frozen=True, slots=True)
class Having:
    """A server that can render: `unet`, `text` and `vae` are its files' names, `loras` ours to its names.

    `wan_desktop` is its version when the server is another Wan Desktop, else ""; `about` says what it is.
    """

    name: str
    unet: str
    text: str
    vae: str
    wan_desktop: str = ""
    loras: dict[str, str] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)


async def look(
    client: ComfyClient,
    name: str,
    *,
    model: str = "",
    nodes: Iterable[str] = _BASE_NODES,
    loras: Sequence[str] = (),
) -> Having:
    """What the server has for a render with the model file `model` ("": the Wan2.2-TI2V-5B that it has).

    `loras` are file names. Raises RemoteProblem with what is missing, Unreachable.
    """
    about = await about_of(client, name)
    info = {node: await _node(client, name, node) for node in sorted(set(nodes) | set(_BASE_NODES))}
    missing = [node for node, found in info.items() if not found]
    if missing:
        raise RemoteProblem(
            QT_TRANSLATE_NOOP("errors", "The server “{name}” lacks the nodes {nodes}: update ComfyUI there."),
            name=name,
            nodes=", ".join(missing),
        )
    unets = _choices(info["UNETLoader"], "unet_name")
    gguf = _choices(await _node(client, name, "UnetLoaderGGUF"), "unet_name")
    return Having(
        name,
        unet=_model(name, model, [*unets, *(each for each in gguf if each not in unets)]),
        text=_file(name, names.TEXT, _choices(info["CLIPLoader"], "clip_name"), ("umt5",)),
        vae=_file(name, names.VAE, _choices(info["VAELoader"], "vae_name"), ("wan22", "vae")),
        wan_desktop=about.get("wan_desktop", ""),
        loras=_loras(name, loras, _choices(info.get("LoraLoaderModelOnly", {}), "lora_name")),
        about=about,
    )


async def about_of(client: ComfyClient, name: str) -> dict[str, str]:
    """What the server says of itself: "comfyui" and "wan_desktop" versions, "torch", "device"."""
    told = await client.get("/system_stats")
    system = told.get("system") if isinstance(told, dict) else None
    if not isinstance(system, dict):
        raise no_comfyui(name)
    devices = told.get("devices")
    device = devices[0] if isinstance(devices, list) and devices and isinstance(devices[0], dict) else {}
    found = {
        "comfyui": system.get("comfyui_version"),
        "wan_desktop": system.get("wan_desktop_version"),
        "torch": system.get("pytorch_version"),
        "device": device.get("name"),
    }
    return {key: str(value)[:200] for key, value in found.items() if value}


def stops_one(about: dict[str, str]) -> bool:
    """True when the server is known to interrupt the prompt that is named, and no other one."""
    found = [int(number) for number in re.findall(r"\d+", about.get("comfyui", ""))[:3]]
    return "wan_desktop" in about or tuple(found) >= _STOPS_ONE


async def _node(client: ComfyClient, name: str, kind: str) -> dict[str, Any]:
    """What the server says of a kind of node; {} when it has none."""
    told = await client.get(f"/object_info/{kind}")
    if not isinstance(told, dict):
        raise no_comfyui(name)
    node = told.get(kind)
    return node if isinstance(node, dict) else {}


def _choices(node: dict[str, Any], name: str) -> list[str]:
    """The names that an input of the node takes, in either spelling of ComfyUI."""
    try:
        spec = (node["input"].get("required", {}) | node["input"].get("optional", {}))[name]
        listed = spec[0] if isinstance(spec[0], list) else spec[1]["options"]
        return [str(each) for each in listed]
    except (LookupError, TypeError, AttributeError):
        return []


def _model(name: str, wanted: str, listed: list[str]) -> str:
    if wanted:
        found = [each for each in listed if _plain(each) == _plain(wanted)]
    else:
        found = [each for each in listed if each == names.UNET]
        fitting = [each for each in listed if {"ti2v", "5b"} <= _words(each)]
        found += [each for each in fitting if not any(word in _plain(each) for word in _FEW_STEP)]
    if found:
        return found[0]
    raise RemoteProblem(
        QT_TRANSLATE_NOOP("errors", "The server “{name}” has no model {file}; it has {has}."),
        action=QT_TRANSLATE_NOOP("errors", "Put the file there, or choose one that it has"),
        name=name,
        file=wanted or names.UNET,
        has=_shown(listed),
    )


def _file(name: str, usual: str, listed: list[str], words: tuple[str, ...]) -> str:
    fitting = [each for each in listed if all(word in _plain(each) for word in words)]
    if usual in listed or fitting:
        return usual if usual in listed else fitting[0]
    raise RemoteProblem(
        QT_TRANSLATE_NOOP("errors", "The server “{name}” lacks the file {file}; it has {has}."),
        action=QT_TRANSLATE_NOOP("errors", "Put the file there"),
        name=name,
        file=usual,
        has=_shown(listed),
    )


def _loras(name: str, wanted: Sequence[str], listed: list[str]) -> dict[str, str]:
    found = {each: [there for there in listed if _base(there) == each] for each in wanted}
    missing = [each for each, there in found.items() if not there]
    if missing:
        raise RemoteProblem(
            QT_TRANSLATE_NOOP("errors", "The server “{name}” lacks the LoRA {files}: put it there first."),
            field="lora",
            name=name,
            files=", ".join(missing),
        )
    return {each: there[0] for each, there in found.items()}


def _shown(listed: list[str]) -> str:
    return ", ".join(listed[:5]) + (" …" if len(listed) > 5 else "") if listed else "none"


def _base(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


def _plain(name: str) -> str:
    stem = re.sub(r"\.(safetensors|gguf|sft|pt|pth|ckpt)$", "", _base(name).lower())
    return re.sub(r"[^a-z0-9]", "", stem)


def _words(name: str) -> set[str]:
    return {word for word in ("ti2v", "5b") if word in _plain(name)}
