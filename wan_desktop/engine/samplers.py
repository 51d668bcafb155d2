"""The samplers: name → the diffusers scheduler that carries it out, on the official noise schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def official_sigmas(num_inference_steps: int) -> np.ndarray:
    """The official noise levels before the shift: float64 [num_inference_steps], from 0.999 down.

    Source: Wan2.2 `wan/utils/fm_solvers_unipc.py` (sigma_max of 1,000 training steps at shift 1 is 0.999).
    The scheduler then applies sigma' = shift * sigma / (1 + (shift - 1) * sigma) and appends 0.
    """
    import numpy as np

    return np.linspace(0.999, 0.0, num_inference_steps + 1)[:-1]


def make(name: str, num_inference_steps: int, flow_shift: float, device: Any) -> Any:
    """A fresh scheduler for the sampler `name`, its timesteps set on `device`. KeyError for an unknown name."""
    scheduler = SAMPLERS[name](flow_shift)
    scheduler.set_timesteps(sigmas=official_sigmas(num_inference_steps), device=device)
    scheduler.set_begin_index(0)
    return scheduler


def _unipc(flow_shift: float) -> Any:
    """Multistep UniPC as the official code runs it: order 2, B(h) = e^h - 1, corrector on, x0 prediction."""
    from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

    return UniPCMultistepScheduler(
        num_train_timesteps=1000,
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=flow_shift,
        solver_order=2,
        solver_type="bh2",
        final_sigmas_type="zero",
    )


SAMPLERS: dict[str, Callable[[float], Any]] = {"unipc": _unipc}
