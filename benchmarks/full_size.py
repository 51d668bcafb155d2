"""The 5 B at full size with random weights: ours and stock diffusers, alternately in one process.

    python -m benchmarks.full_size [--quick | --tiny] [--clip] [--profile] [--json FILE] [--device cuda]

Forward passes (text to video, image to video), decoding, and a whole clip made of them: 100 forwards by the median
and one decode. `--quick` ends within four minutes on a fast card; `--tiny` runs the same code on a processor within
seconds, to try it; `--clip` draws and decodes real clips of 50 steps as well, one fast and one exact: two and a half
minutes more. Needs torch and diffusers only.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import platform
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import torch

from benchmarks import stock_full_size as stock
from benchmarks.full_size_bench import FULL, Bench, apart, free
from benchmarks.full_size_decode import decode_levers, decodes, our_frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.engine.lean import Clip
    from wan_desktop.engine.prediction import Prediction

STEPS, T = 50, 900.0


def main() -> None:
    """Measure what the arguments say; print as it goes, and one JSON object in the end."""
    args = parse()
    logging.basicConfig(format="    %(message)s")
    logging.getLogger("wan_desktop").setLevel(logging.INFO)  # levers that are off say why
    bench = Bench(args)
    about(bench)
    clip_of = draws(bench, args)
    free()
    bench.attempt("decode", lambda: decodes(bench, vae_of(bench, torch.float32)))
    bench.attempt("whole clip", lambda: whole(bench))
    bench.attempt("decode levers", lambda: decode_levers(bench, vae_of(bench, bench.dtype)))
    free()
    if args.clip:
        bench.attempt("real clip", lambda: real_clip(bench, clip_of))
    print(json.dumps(bench.found), flush=True)
    sys.exit(1 if "failed" in bench.found else 0)


def draws(bench: Bench, args: argparse.Namespace) -> Callable[..., Clip]:
    """All that needs the transformer alone; what makes clips."""
    transformer = transformer_of(bench)
    clip_of = levers_of(bench, transformer)
    bench.attempt("forwards", lambda: forwards(bench, transformer, clip_of))
    if args.profile:
        bench.attempt("profile", lambda: profile(bench, transformer, clip_of))
    bench.attempt("fp8", lambda: in_eight_bits(bench, transformer, clip_of))
    return clip_of


def transformer_of(bench: Bench) -> Any:
    """A transformer of random weights."""
    config = stock.TINY_TRANSFORMER if bench.tiny else stock.TRANSFORMER
    return stock.random_transformer(config, bench.dtype, bench.device)


def vae_of(bench: Bench, dtype: torch.dtype) -> Any:
    """A VAE of random weights."""
    return stock.random_vae(stock.TINY_VAE if bench.tiny else stock.VAE, dtype, bench.device)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--tiny", action="store_true", help="a small network on the processor")
    parser.add_argument("--clip", action="store_true", help="also real clips of 50 steps, fast and exact")
    parser.add_argument("--profile", action="store_true", help="also where one forward's time goes")
    parser.add_argument("--json", help="write what was found to this file, as it is found")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--width", type=int, default=FULL.width)
    parser.add_argument("--height", type=int, default=FULL.height)
    parser.add_argument("--frames", type=int, default=FULL.frames)
    args = parser.parse_args()
    args.device = "cpu" if args.tiny else args.device
    args.rounds = min(args.rounds, 3) if args.quick else args.rounds
    return args


def about(bench: Bench) -> None:
    """Which machine and versions."""
    import diffusers

    card = torch.cuda.get_device_name() if bench.device != "cpu" else platform.processor() or "cpu"
    bench.say(
        "machine",
        card=card,
        torch=str(torch.__version__),
        diffusers=diffusers.__version__,
        python=platform.python_version(),
        width=bench.size.width,
        height=bench.size.height,
        frames=bench.size.frames,
        tokens=bench.latents[0, 0].numel() // 4,
    )


def levers_of(bench: Bench, transformer: Any) -> Callable[..., Clip]:
    """What makes clips as the product does here, some lever or the kind of `pieces` changed.

    `pieces`: "own" kernels, "compiled" or "plain" ones; what is not to be had becomes the next.
    """
    from wan_desktop.engine import compiling, levers
    from wan_desktop.engine.lean import Clip
    from wan_desktop.engine.lean_parts import pieces_for
    from wan_desktop.engine.lean_pieces import EAGER

    found = levers.of(bench.device, str(bench.dtype).removeprefix("torch."))
    bench.say("levers", **found.told())
    compiled = EAGER
    if found.compiler:
        shape = compiling.Shape.of(transformer, bench.size.latents)
        try:
            bench.say("compiling", **compiling.trial(shape, torch.device(bench.device), compiling.pieces()))
            compiled = compiling.pieces()
        except (RuntimeError, ImportError, OSError) as error:
            bench.say("compiling", failed=f"{type(error).__name__}: {error}"[:2000])
    kinds = {"plain": EAGER, "compiled": compiled, "own": pieces_for(found) if found.pieces else compiled}

    def clip_of(pieces: str = "own", **other: Any) -> Clip:
        return Clip(replace(found, **other), kinds[pieces])

    return clip_of


def forwards(bench: Bench, transformer: Any, clip_of: Callable[..., Clip]) -> None:
    """Forward passes of stock and ours on the same weights, and how far apart their answers are."""
    context = torch.randn(1, 512, transformer.config.text_dim, device=bench.device, dtype=bench.dtype)
    latents = bench.latents.to(bench.dtype)
    plain = {
        kind: lambda image=image: stock.forward(transformer, latents, context, T, image=image)
        for kind, image in (("stock text", False), ("stock image", True))
    }
    expected = {kind: call() for kind, call in plain.items()}
    ours = {
        "ours text": prediction(bench, transformer, context, clip_of(), held=False),
        "ours image": prediction(bench, transformer, context, clip_of(), held=True),
    }
    others: dict[str, dict[str, Any]] = {
        "compiled pieces": {"pieces": "compiled"},
        "plain pieces": {"pieces": "plain"},
    }
    for name, changed in others.items():
        ours[f"ours text, {name}"] = prediction(bench, transformer, context, clip_of(**changed), held=False)
    calls = plain | {name: lambda p=p: once(bench, p) for name, p in ours.items()}
    calls["attention and products alone"] = floor_of(bench, transformer, clip_of())
    bench.say("forward", **bench.alternately(calls))
    for kind in ("text", "image"):
        got = calls[f"ours {kind}"]()
        bench.say("forward", **{f"{kind}: relative difference": apart(got, expected[f"stock {kind}"])})
    for name in ("stock text", "ours text"):
        bench.say("forward peak GiB", **{name: bench.peak_gib(calls[name])})


def floor_of(bench: Bench, transformer: Any, clip: Clip) -> Callable[[], object]:
    """The attentions and matrix products of one forward, with nothing in between: what no fusion goes below."""
    from torch.nn.functional import linear

    from wan_desktop.engine import levers

    config, found = transformer.config, clip.levers
    heads = (config.num_attention_heads, config.attention_head_dim)
    _, _, frames, height, width = bench.size.latents
    x = torch.randn(1, frames * height * width // 4, math.prod(heads), device=bench.device, dtype=bench.dtype)
    query, text = x.unflatten(-1, heads), x[:, :512].unflatten(-1, heads)
    first = transformer.blocks[0].attn1
    joined = torch.cat([layer.weight for layer in (first.to_q, first.to_k, first.to_v)])

    @torch.no_grad()
    def run() -> None:
        for block in transformer.blocks:
            inner, outer = block.ffn.net[0].proj, block.ffn.net[2]
            value = linear(x, joined)[..., -x.shape[-1] :].unflatten(-1, heads)
            block.attn1.to_out[0](levers.attention(query, query, value, cudnn=found.cudnn))
            block.attn2.to_q(x)
            block.attn2.to_out[0](levers.attention(query, text, text, cudnn=found.cudnn))
            y = levers.linear_gelu(x, inner.weight, inner.bias, in_product=found.gelu_in_product)
            outer(y)

    return run


def prediction(
    bench: Bench, transformer: Any, context: torch.Tensor, clip: Clip, *, held: bool
) -> Prediction:
    """Ours, as the pipeline uses it."""
    from wan_desktop.engine import lean
    from wan_desktop.engine.prediction import Prediction

    if not lean.adopt(transformer):
        raise RuntimeError("the lean forward does not know this transformer")
    return Prediction(transformer, [context], 1.0, clip, torch.device(bench.device), held=held)


@torch.no_grad()
def once(bench: Bench, ours: Prediction) -> torch.Tensor:
    """One forward of ours."""
    return ours.of(0, bench.latents, torch.tensor(T, device=bench.device))


def profile(bench: Bench, transformer: Any, clip_of: Callable[..., Clip]) -> None:
    """The kernels that take most of one forward."""
    context = torch.randn(1, 512, transformer.config.text_dim, device=bench.device, dtype=bench.dtype)
    ours = prediction(bench, transformer, context, clip_of(), held=False)
    once(bench, ours)
    bench.kernels("profile", lambda: once(bench, ours))


def in_eight_bits(bench: Bench, transformer: Any, clip_of: Callable[..., Clip]) -> None:
    """Forward passes with `precision: fp8`; the blocks' matrices stay rounded."""
    from wan_desktop.engine.fp8 import Fp8Linear, rounded_rows

    context = torch.randn(1, 512, transformer.config.text_dim, device=bench.device, dtype=bench.dtype)
    kinds = {"text": False, "image": True}
    ours = {
        kind: prediction(bench, transformer, context, clip_of(), held=held) for kind, held in kinds.items()
    }
    exact = {kind: once(bench, each) for kind, each in ours.items()}
    for name, layer in list(transformer.blocks.named_modules()):
        if type(layer) is torch.nn.Linear:
            packed, scale = rounded_rows(layer.weight.data)
            owner, _, leaf = name.rpartition(".")
            rounded = Fp8Linear(packed, scale.reshape(1, -1), layer, bench.dtype)
            setattr(transformer.blocks.get_submodule(owner), leaf, rounded)
    ours = {
        kind: prediction(bench, transformer, context, clip_of(), held=held) for kind, held in kinds.items()
    }
    calls = {f"ours {kind}, fp8": lambda p=p: once(bench, p) for kind, p in ours.items()}
    plainly = {
        "ours text, fp8, no rounding kernel": lambda: rounded_plainly(lambda: once(bench, ours["text"]))
    }
    bench.say("forward", **bench.alternately(calls | plainly))
    for kind in kinds:
        difference = apart(calls[f"ours {kind}, fp8"](), exact[kind])
        bench.say("forward", **{f"{kind}, fp8: relative difference to ours": difference})
    bench.say("forward peak GiB", **{"ours text, fp8": bench.peak_gib(calls["ours text, fp8"])})


def rounded_plainly(call: Callable[[], torch.Tensor]) -> torch.Tensor:
    """`call` without the kernel that rounds."""
    from wan_desktop.engine import fp8

    with mock.patch.object(fp8, "rounded_rows", fp8.plainly_rounded):
        return call()


def real_clip(bench: Bench, clip_of: Callable[..., Clip]) -> None:
    """One clip from noise to frames with the pipeline: 50 steps, guidance 5."""
    from wan_desktop.engine.pipeline import Wan22Pipeline

    transformer, vae = transformer_of(bench), vae_of(bench, bench.dtype)
    pipeline = Wan22Pipeline(None, None, transformer, vae)
    pipeline.new_clip, pipeline.pieces = clip_of, clip_of().pieces
    embeds = torch.randn(1, 512, transformer.config.text_dim)
    steps = 4 if bench.tiny else STEPS

    def draw(speed: str) -> torch.Tensor:
        latents = bench.latents
        for step in pipeline.steps(
            embeds,
            -embeds,
            latents,
            num_inference_steps=steps,
            guidance_scale=5.0,
            flow_shift=5.0,
            speed=speed,
        ):
            latents = step.latents
            if step.index % 10 == 9:
                print(f"    step {step.index + 1}", flush=True)
        return latents

    for speed in ("fast", "exact"):
        name, drawn = f"real clip, {speed}", []
        bench.say(name, steps=steps, draw=bench.seconds(lambda s=speed, d=drawn: d.append(draw(s))))
        bench.say(name, decode=bench.seconds(lambda d=drawn: our_frames(vae, d[0])))
        bench.say(name, total=bench.found[name]["draw"] + bench.found[name]["decode"])


def whole(bench: Bench) -> None:
    """Whole clips by the medians, and ratios to stock: exact, by `speed: fast`'s table, and that in eight bits."""
    from wan_desktop.engine import fast

    forward, decode = bench.found["forward"], bench.found["decode"]
    quick = fast.forwards(fast.table_for(STEPS, "unipc"))
    ways = {"exact": (2 * STEPS, ""), "fast": (quick, ""), "fast + fp8": (quick, ", fp8")}
    for kind in ("text", "image"):
        theirs = 2 * STEPS * forward[f"stock {kind}"]
        for way, (count, precision) in ways.items():
            if f"ours {kind}{precision}" not in forward:
                continue
            ours = count * forward[f"ours {kind}{precision}"] + decode["ours"]
            bench.say(
                f"whole clip, {kind}, {way}",
                forwards=count,
                stock=theirs + decode["stock float32"],
                ours=ours,
                ratio=(theirs + decode["stock float32"]) / ours,
                ratio_to_stock_with_bfloat16_vae=(theirs + decode["stock bfloat16"]) / ours,
            )


if __name__ == "__main__":
    main()
