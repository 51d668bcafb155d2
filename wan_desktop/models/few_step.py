"""Which few-step model weights are: FastWan and Turbo have the 5 B's own shapes, so only words or hashes can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.models.hashes import cache_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FASTWAN, TURBO = "fastwan", "turbo"

KNOWN = {
    # FastWan/Wan2_2-TI2V-5B-FastWanFullAttn_bf16.safetensors of Kijai/WanVideo_comfy, 9,999,659,744 bytes
    "5f464f043fab64d43e61d6ee162316a445209c066027c4d8082d265b74ecd328": FASTWAN,
    # FastWan2.2-TI2V-5B-q8_0.gguf and -q6_k.gguf of Green-Sky/FastWan2.2-TI2V-5B-FullAttn-GGUF, 5,412,844,128 and
    # 4,210,247,200 bytes
    "b62f50ff87c4dfa2910c6883d45015e05b709366581698b302e259e7f25c9208": FASTWAN,
    "416a87e30f2328dbefd7666ac90b395ead74f443748ff31c83483ac4ac6121cc": FASTWAN,
    # Wan2_2-TI2V-5B-Turbo-Q4_K_M.gguf of hum-ma/Wan2.2-TI2V-5B-Turbo-GGUF, 3,437,927,136 bytes
    "13b3bee8fcafd9f9a3778ed1a0ca973f4a7d152094ea305f8384b0abd7e1ad51": TURBO,
}
"""sha256 of published files. They were read in other projects' lists of downloads, not computed here; the hashes of
the other files of these repositories, and of FastVideo's and Turbo's own, were not to be had. Those are told by
their model_index.json or metadata, or else the file's name asks the user once."""


def told_by(words: str) -> str:
    """The few-step model that is named in `words`, or ""."""
    text = words.lower()
    if "fastwan" in text or "wandmd" in text:
        return FASTWAN
    return TURBO if "turbo" in text else ""


def known(files: Iterable[Path], noted: Mapping[str, str]) -> str:
    """The few-step model that one of `files` is by its hash, or "".

    The hash is the cache's name for the file, or what was `noted` for its path: nothing is read here.
    """
    hashes = (cache_name(file) or noted.get(str(file), "") for file in files)
    return next((KNOWN[sha256] for sha256 in hashes if sha256 in KNOWN), "")
