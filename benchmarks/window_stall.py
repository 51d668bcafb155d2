"""The longest stall of the window's event loop in a render, model loading included; and a clip in a warm window."""

from __future__ import annotations

from benchmarks.fresh import save
from benchmarks.startup import window


def measure(times: int = 3) -> dict[str, list[float]]:
    """Each sample is a fresh window that renders a clip at once, while the model loads, and then another one."""
    samples: dict[str, list[float]] = {}
    for _ in range(times):
        seen = window(renders=2)
        if seen["torch_in_window"]:
            raise RuntimeError("the window's process imported torch")
        first, warm = seen["renders"]
        found = {"longest_stall_s": seen["longest_stall_s"], "stall_p99_s": seen["stall_p99_s"]}
        for key, value in {**found, "first_clip_s": first, "warm_clip_s": warm}.items():
            samples.setdefault(key, []).append(value)
    return samples


if __name__ == "__main__":
    print(save("window", measure()))
