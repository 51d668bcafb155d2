"""The 5 B as files of random weights that the engine loads like any other, and what a stage of its clip takes."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.lean_pieces import Pieces
    from wan_desktop.engine.loaded import Loaded

GIB = 2**30


class Stages:
    """What each stage of a clip took: seconds, weights' coming included, and peak bytes on the card by its name.

    `peaks` counts from when the stage's weights are there, `arriving` until then.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self.took: dict[str, float] = {}
        self.peaks: dict[str, int] = {}
        self.arriving: dict[str, int] = {}

    @contextlib.contextmanager
    def of(self, name: str, loaded: Loaded, component: str) -> Iterator[None]:
        """Inside, `component` can compute, and what happens counts for stage `name`."""
        from wan_desktop.engine.loading import nothing

        began = time.perf_counter()
        self.peak()
        with loaded.using(component, nothing):
            self.arriving[name] = self.peak()
            yield
            self.peaks[name] = self.peak()
        self.took[name] = time.perf_counter() - began

    def wait(self) -> None:
        """Return when the card has done what it was told."""
        if self._device.is_cuda:
            import torch

            torch.cuda.synchronize(self._device.name)

    def peak(self) -> int:
        """The most bytes since the last call."""
        if not self._device.is_cuda:
            return 0
        import torch

        self.wait()
        peak = int(torch.cuda.max_memory_allocated(self._device.name))
        torch.cuda.reset_peak_memory_stats(self._device.name)
        return peak


def as_gib(found: dict[str, int]) -> dict[str, float]:
    """Bytes as GiB."""
    return {stage: round(peak / GIB, 3) for stage, peak in found.items()}


def pieces(device: Device) -> Pieces:
    """What stands between products in a second clip on `device`: compiled, where our own kernels are off."""
    from wan_desktop.engine import compiling, levers
    from wan_desktop.engine.lean_pieces import EAGER

    found = levers.of(device.name, device.dtype)
    return compiling.pieces() if found.compiler and not found.pieces else EAGER


def weights_folder(*, tiny: bool) -> Path:
    """Where they lie if nothing else is said."""
    return Path("build") / ("random-tiny" if tiny else "random-5b")


def random_model(folder: Path, *, tiny: bool) -> ModelSpec:
    """A model whose files in `folder` hold random numbers; written if they are not there."""
    from benchmarks import loading_memory

    return random_of(folder, TINY if tiny else loading_memory.FULL)


def random_of(
    folder: Path, configs: dict[str, dict[str, Any]], deviations: dict[str, float] | None = None
) -> ModelSpec:
    """The same for networks of other measures; `deviations` of those whose numbers are not as small as usual."""
    from benchmarks import loading_memory

    folder.mkdir(parents=True, exist_ok=True)
    for component, config in configs.items():
        file = folder / f"{component}.safetensors"
        if not file.exists():
            part = file.with_suffix(".part")
            _write(part, component, config, (deviations or {}).get(component, 0.02))
            part.replace(file)
    return loading_memory._spec(folder)


def _write(file: Path, component: str, config: dict[str, Any], deviation: float) -> None:
    from benchmarks import loading_memory

    network = loading_memory._network(component, config)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    shapes.pop("encoder.embed_tokens.weight", None)
    size = loading_memory.sparse(file, shapes, dict.fromkeys(shapes, "BF16"))
    _fill(file, size, deviation)


def _fill(file: Path, size: int, deviation: float) -> None:
    """Fill the last `size` bytes with normal numbers in bfloat16, 32 Mi of them over and over."""
    import torch

    numbers = torch.empty(2**25, dtype=torch.bfloat16).normal_(0, deviation)
    piece = numbers.view(torch.uint8).numpy().tobytes()
    with file.open("r+b") as stream:
        stream.seek(-size, os.SEEK_END)
        while size > 0:
            stream.write(piece[:size])
            size -= len(piece)


TINY: dict[str, dict[str, Any]] = {
    "transformer": {
        "num_attention_heads": 2, "attention_head_dim": 128, "in_channels": 48, "out_channels": 48,
        "text_dim": 64, "freq_dim": 256, "ffn_dim": 512, "num_layers": 4, "cross_attn_norm": True,
        "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 1024,
    },
    "vae": {
        "base_dim": 8, "decoder_base_dim": 8, "z_dim": 48, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 1,
        "attn_scales": [], "temperal_downsample": [False, True, True], "is_residual": True, "in_channels": 12,
        "out_channels": 12, "patch_size": 2, "scale_factor_spatial": 16,
    },
    "text_encoder": {
        "vocab_size": 1000, "d_model": 64, "d_kv": 16, "d_ff": 128, "num_heads": 4, "num_layers": 3,
        "feed_forward_proj": "gated-gelu", "tie_word_embeddings": True,
    },
}  # fmt: skip
