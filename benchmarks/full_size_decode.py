"""The decoder's part of the full-size benchmark: stock's and ours, and what each choice of ours costs."""

from __future__ import annotations

import contextlib
import functools
import statistics
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import torch

from benchmarks import stock_full_size as stock
from benchmarks.full_size_bench import Bench, free, psnr

if TYPE_CHECKING:
    from collections.abc import Iterator


def decodes(bench: Bench, vae: Any) -> None:
    """Decoding by stock in float32 and in half precision, and by ours, which ends with frames in memory."""
    short = bench.latents[:, :, :3]
    exact = stock.decode(vae, short)
    bench.say("decode", **{"stock float32": bench.seconds(lambda: stock.decode(vae, bench.latents))})
    bench.say("decode peak GiB", **{"stock float32": bench.peak_gib(lambda: stock.decode(vae, short))})
    free()
    vae = vae.to(torch.float32 if bench.device == "cpu" else torch.bfloat16)
    stock.decode(vae, short)
    bench.say("decode", **{"stock bfloat16": bench.seconds(lambda: stock.decode(vae, bench.latents))})
    free()
    ours = bench.fallback(
        "the decoder's kernels", lambda: our_frames(vae, short), lambda: change_levers(**PLAIN)
    )
    wanted = (((exact[0].float() + 1) * 127.5).round().clamp(0, 255)).permute(1, 2, 3, 0).cpu()
    bench.say("decode", **{"ours to stock float32, dB": psnr(ours, wanted)})
    times = [bench.seconds(lambda: our_frames(vae, bench.latents)) for _ in range(bench.rounds)]
    bench.say("decode", ours=statistics.median(times), rounds=[round(s, 3) for s in times])
    bench.say("decode peak GiB", ours=bench.peak_gib(lambda: our_frames(vae, short)))
    for name, changed in KINDS.items():
        with changed_levers(**changed):
            our_frames(vae, short)
            bench.say("decode", **{f"ours, {name}": bench.seconds(lambda: our_frames(vae, bench.latents))})
            bench.say("decode peak GiB", **{f"ours, {name}": bench.peak_gib(lambda: our_frames(vae, short))})


KINDS = {"over pictures": {"pictures": True}, "over clips": {"pictures": False}}
"""What the convolutions may be over."""
FEW = "four latent frames"
PLAIN = {"activation": False, "pictures": False}
"""The decoder's levers that are kernels, or choose them."""


def change_levers(**changed: bool) -> None:
    """From now on, some of the decoder's levers are others."""
    from wan_desktop.engine import decoder

    found = decoder._levers
    decoder._levers = lambda weight: replace(found(weight), **changed)


@contextlib.contextmanager
def changed_levers(**changed: bool) -> Iterator[None]:
    """Inside, some of the decoder's levers are others."""
    from wan_desktop.engine import decoder

    with mock.patch.object(decoder, "_levers", decoder._levers):
        change_levers(**changed)
        yield


@torch.no_grad()
def decode_levers(bench: Bench, vae: Any) -> None:
    """What each choice of the decoder costs, on a few latent frames, and where its time goes."""
    few = bench.latents[:, :, :4].to(vae.dtype)

    def decode(changed: dict[str, bool], **how: Any) -> None:
        from wan_desktop.engine.decoder import Decoder, lay_out

        with changed_levers(**changed):
            lay_out(vae)
            decoder = Decoder(vae, *few.shape[3:], **how)
            for latent in few.split(1, dim=2):
                decoder(latent)

    over = {name: functools.partial(decode, changed) for name, changed in KINDS.items()}
    calls = over | {
        "no own kernel": functools.partial(decode, {"activation": False}),
        "bands of 64 MiB": functools.partial(decode, {}, band_bytes=64 * 2**20),
        "bands of 1 GiB": functools.partial(decode, {}, band_bytes=2**30),
    }
    bench.say(FEW, **bench.alternately(calls))
    for name, call in over.items():
        bench.kernels(f"profile of {FEW}, {name}", call)
    torch.backends.cudnn.benchmark = True
    tried = {f"{name}, cuDNN tries its algorithms": call for name, call in over.items()}
    bench.attempt("cuDNN's algorithms", lambda: bench.say(FEW, **bench.alternately(tried)))
    torch.backends.cudnn.benchmark = False


@torch.no_grad()
def our_frames(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """The frames of `latents` as the product makes them: uint8 [frames, H, W, 3] in memory."""
    from wan_desktop.engine.decode import decode_frames

    return torch.cat([torch.from_numpy(group) for group in decode_frames(vae, latents)])
