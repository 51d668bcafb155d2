"""Two servers' replies beside each other: what differs in status, kind, keys, types and, where asked for, values."""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING, Any

from support.models import SPEC

if TYPE_CHECKING:
    from support.loopback import Reply


def differences(ours: Any, theirs: Any, at: str = "", *, values: bool = False) -> dict[str, str]:
    """What differs, by where it stands ("a.b[]"): keys, types, and with `values` the values too."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = {f"{at}.{key}": "too many" for key in set(ours) - set(theirs)}
        found |= {f"{at}.{key}": "missing" for key in set(theirs) - set(ours)}
        for key in set(ours) & set(theirs):
            found |= differences(ours[key], theirs[key], f"{at}.{key}", values=values)
        return found
    if isinstance(ours, list) and isinstance(theirs, list):
        found = (
            {f"{at}[]": f"{len(ours)}, theirs {len(theirs)}"} if values and len(ours) != len(theirs) else {}
        )
        for mine, other in zip(ours, theirs, strict=False):
            found |= differences(mine, other, f"{at}[]", values=values)
        return found
    if type(ours) is not type(theirs):
        return {at: f"{ours!r:.80}, theirs {theirs!r:.80}"}
    return {at: f"{ours!r:.200}, theirs {theirs!r:.200}"} if values and ours != theirs else {}


def reply_differences(ours: Reply, theirs: Reply, *, values: bool = False) -> dict[str, str]:
    """What differs between two replies: "status", "content-type", and of JSON what `differences` says."""
    if ours.status != theirs.status:
        return {"status": f"{ours.status}, theirs {theirs.status}"}
    kinds = [reply.headers.get("Content-Type", "") for reply in (ours, theirs)]
    found = {"content-type": ", theirs ".join(kinds)} if kinds[0] != kinds[1] else {}
    if kinds[1].startswith("application/json") and kinds[0] == kinds[1] and ours.body and theirs.body:
        return found | differences(ours.json(), theirs.json(), values=values)
    if bool(ours.body) != bool(theirs.body):
        found["body"] = f"{ours.body[:80]!r}, theirs {theirs.body[:80]!r}"
    return found


LORA = "style.safetensors"


class ModelOfTheirName:
    """The Models port with one model, which is called as ComfyUI's own file is."""

    spec = dataclasses.replace(SPEC, id="/models/wan2.2_ti2v_5B_fp16.safetensors", demo=False, label="5B")

    def all(self) -> list[Any]:
        return [self.spec]

    def get(self, model: str | None) -> Any:
        return self.spec

    def check_loras(self, loras: Any) -> Any:
        return tuple(loras)


def picture(color: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    """A PNG of the size that the workflows draw."""
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGBA", (128, 96), (*color, 255)).save(data, "PNG")
    return data.getvalue()
