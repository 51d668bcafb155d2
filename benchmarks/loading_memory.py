"""What loading takes of the computer's memory, for every published set of the 5 B. Prints one JSON object a line.

    python -m benchmarks.loading_memory [--device cpu|cuda] [--set comfyui-fp16 ...] [--small]

Files of the real size and layout are made first; they hold zeros alone and take no room on the disk, but are mapped
and read as any others. A whole render's uses are gone through, twice: text encoder, VAE, transformer, VAE. What
counts is memory that is the process's own (RssAnon) and pinned memory, above what it had with the libraries loaded;
the bound is the largest component as stored plus 1 GiB. Each set and memory plan is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wan_desktop.domain.model import ModelSpec

TOKENIZER = (
    Path(__file__).resolve().parents[1] / "resources" / "models" / "demo" / "tokenizer" / "tokenizer.json"
)
GIB = 2**30
FULL = {
    "transformer": {
        "num_attention_heads": 24, "attention_head_dim": 128, "in_channels": 48, "out_channels": 48,
        "text_dim": 4096, "freq_dim": 256, "ffn_dim": 14336, "num_layers": 30, "cross_attn_norm": True,
        "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 1024,
    },
    "vae": {
        "base_dim": 160, "decoder_base_dim": 256, "z_dim": 48, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 2,
        "attn_scales": [], "temperal_downsample": [False, True, True], "is_residual": True, "in_channels": 12,
        "out_channels": 12, "patch_size": 2, "scale_factor_spatial": 16,
    },
    "text_encoder": {
        "vocab_size": 256384, "d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_heads": 64, "num_layers": 24,
        "feed_forward_proj": "gated-gelu", "tie_word_embeddings": True,
    },
}  # fmt: skip
"""Wan2.2-TI2V-5B's own configurations, in diffusers' and transformers' words."""
SMALL = {
    "transformer": FULL["transformer"] | {"num_attention_heads": 8, "ffn_dim": 4096, "num_layers": 10},
    "vae": FULL["vae"] | {"base_dim": 32, "decoder_base_dim": 48},
    "text_encoder": FULL["text_encoder"]
    | {"vocab_size": 110_000, "d_model": 512, "d_ff": 2048, "num_layers": 6},
}
"""The same with a twentieth of the weights."""
SETS = {
    # set: how transformer, VAE and text encoder are stored
    "comfyui-fp16": ("F16", "F16", "fp8-scaled"),
    "comfyui-fp16-text-fp16": ("F16", "F16", "F16"),
    "diffusers": ("BF16", "F32", "BF16"),
    "fp8": ("F8_E4M3", "BF16", "fp8-scaled"),
}
_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1}


def main() -> None:
    """Measure and print; ends with code 1 when one set takes more than its bound."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--set", dest="sets", choices=SETS, action="append", help="default: all")
    parser.add_argument("--small", action="store_true", help="a twentieth of the size, to try it")
    arguments = parser.parse_args()
    from wan_desktop.engine import plans

    seen = []
    for name in arguments.sets or SETS:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            sizes = write(Path(folder), name, SMALL if arguments.small else FULL)
            for plan in range(len(plans.CARD if arguments.device.startswith("cuda") else plans.PROCESSOR)):
                seen.append(measured(Path(folder), name, sizes, plan, arguments.device))
                print(json.dumps(seen[-1]), flush=True)
    sys.exit(0 if all(row["private_gib"] <= row["bound_gib"] for row in seen) else 1)


def write(folder: Path, name: str, configs: dict[str, dict[str, Any]]) -> dict[str, int]:
    """The set's files in `folder`, each named after its component; their sizes in bytes."""
    sizes = {}
    for (component, config), stored in zip(configs.items(), SETS[name], strict=True):
        shapes = {n: tuple(t.shape) for n, t in _network(component, config).state_dict().items()}
        shapes.pop("encoder.embed_tokens.weight", None)
        kinds = {n: _kind(n, shape, stored) for n, shape in shapes.items()}
        if stored == "fp8-scaled":
            scales = [n for n, kind in kinds.items() if kind == "F8_E4M3"]
            shapes |= {f"{n.removesuffix('.weight')}.scale_weight": () for n in scales}
            kinds |= {f"{n.removesuffix('.weight')}.scale_weight": "F32" for n in scales}
        sizes[component] = sparse(folder / f"{component}.safetensors", shapes, kinds)
    return sizes


def sparse(file: Path, shapes: dict[str, tuple[int, ...]], kinds: dict[str, str]) -> int:
    """A safetensors file of zeros that takes no room on the disk; the bytes of its weights."""
    from math import prod

    header, offset = {}, 0
    for name, shape in shapes.items():
        end = offset + _BYTES[kinds[name]] * prod(shape)
        header[name] = {"dtype": kinds[name], "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # weights begin at a multiple of 8, as everybody writes them
    with file.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        stream.truncate(8 + len(text) + offset)
    return offset


def measured(folder: Path, name: str, sizes: dict[str, int], plan: int, device: str) -> dict[str, Any]:
    """One set under one memory plan, in a fresh process: what it took, and the bound."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        private, pinned, plan_name = pool.apply(go_through, (str(folder), plan, device))
    largest = max(sizes.values())
    return {
        "set": name,
        "device": device,
        "plan": plan_name,
        "private_gib": round((private + pinned) / GIB, 3),
        "pinned_gib": round(pinned / GIB, 3),
        "largest_component_gib": round(largest / GIB, 3),
        "bound_gib": round(largest / GIB + 1, 3),
    }


def go_through(folder: str, plan: int, device: str) -> tuple[int, int, str]:
    """Bring every component where a render wants it, twice; peaks of private and of pinned bytes, the plan's name."""
    import torch

    from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
    from wan_desktop.engine import device as devices
    from wan_desktop.engine import plans
    from wan_desktop.engine.loaded import Loaded
    from wan_desktop.engine.prompt_cache import PromptCache

    chosen = devices.choose(device, devices.probe())
    devices.tune(chosen)
    for component, config in SMALL.items():
        _network(component, config)  # so that the libraries are there: they are no weights
    if chosen.is_cuda:
        torch.zeros(1, device=chosen.name)
    before, peak, pinned = private(), [0], [0]

    def look() -> None:
        peak.append(private())
        pinned.append(_pinned() if chosen.is_cuda else 0)

    picked = plans.choose(plan, chosen)
    loaded = Loaded(_spec(Path(folder)), picked, chosen, PromptCache(Path(folder, "cache"), "x"), look)
    for component in (TEXT_ENCODER, VAE, TRANSFORMER, VAE) * 2:
        with loaded.using(component, look):
            look()
        look()
    return max(peak) - before, max(pinned), picked.name


def private() -> int:
    """Bytes of this process's memory that no file stands behind (Linux)."""
    told = re.search(r"RssAnon:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return 1024 * int(told[1]) if told else 0


def _pinned() -> int:
    import torch

    return int(torch.cuda.host_memory_stats().get("allocated_bytes.current", 0))


def _network(component: str, config: dict[str, Any]) -> Any:
    import torch

    from wan_desktop.engine import components

    with torch.device("meta"):
        return components._MAKERS[component](
            {"patch_size": (1, 2, 2)} | config if component == "transformer" else config
        )


def _kind(name: str, shape: tuple[int, ...], stored: str) -> str:
    """How ComfyUI's and other files store this weight: of fp8 ones only the matrices are."""
    if "8" not in stored:
        return stored
    matrix = len(shape) == 2 and "shared" not in name and "relative" not in name and "scale_shift" not in name
    return "F8_E4M3" if matrix else "F16"


def _spec(folder: Path) -> ModelSpec:
    import dataclasses

    from wan_desktop.domain.model import Part
    from wan_desktop.models.wan22_ti2v_5b import make_spec

    parts = [Part(c, (str(folder / f"{c}.safetensors"),)) for c in FULL] + [
        Part("tokenizer", (str(TOKENIZER),))
    ]
    return dataclasses.replace(make_spec(str(folder), "zeros"), parts=tuple(parts))


if __name__ == "__main__":
    main()
