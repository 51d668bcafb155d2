"""The samplers: name → the scheduler that carries it out, its noise levels and timesteps set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

TRAIN_STEPS = 1000
LAST_SIGMA = 0.001
"""Where ComfyUI's uni_pc ends instead of at 0 (its `comfy/extra_samplers/uni_pc.py`): h is infinite there."""
FASTWAN_STEPS = (1000, 757, 522)
"""FastVideo `configs/pipelines/wan.py: FastWan2_2_TI2V_5B_Config.dmd_denoising_steps`."""
TURBO_STEPS = (1000, 750, 500, 250)
"""Wan2.2-TI2V-5B-Turbo `configs/inference/wan22.yaml: denoising_step_list`."""
FEW_STEP_SHIFT = 8.0
"""Both were distilled on the noise levels of this shift, whatever a request's shift is (FastVideo
`stages/denoising.py: DmdDenoisingStage`, Turbo `utils/wan_wrapper.py`)."""


def shifted(sigmas: np.ndarray, flow_shift: float) -> np.ndarray:
    """sigma' = shift * sigma / (1 + (shift - 1) * sigma)."""
    return flow_shift * sigmas / (1 + (flow_shift - 1) * sigmas)


def official_sigmas(num_inference_steps: int) -> np.ndarray:
    """The official noise levels before the shift: float64 [num_inference_steps], from 0.999 down.

    Source: Wan2.2 `wan/utils/fm_solvers_unipc.py` (sigma_max of 1,000 training steps at shift 1 is 0.999).
    The scheduler then applies sigma' = shift * sigma / (1 + (shift - 1) * sigma) and appends 0.
    """
    import numpy as np

    return np.linspace(0.999, 0.0, num_inference_steps + 1)[:-1]


def simple_sigmas(num_inference_steps: int, flow_shift: float) -> np.ndarray:
    """ComfyUI's schedule "simple" for flow models: float64 [num_inference_steps], from 1.0 down, shift applied.

    Every (1000 / steps)th of its thousand levels, from the top (`comfy/samplers.py: simple_scheduler`).
    """
    import numpy as np

    every = TRAIN_STEPS / num_inference_steps
    picked = np.array([TRAIN_STEPS - int(step * every) for step in range(num_inference_steps)])
    return shifted(np.maximum(picked, 1) / TRAIN_STEPS, flow_shift)


def few_step_timesteps(trained: tuple[int, ...], num_inference_steps: int) -> list[int]:
    """The timesteps a few-step model was distilled for; for another number of steps, spread in between."""
    import numpy as np

    ends = (*trained, 0)
    at = np.linspace(0, len(trained), num_inference_steps + 1)[:-1]
    return [round(t) for t in np.interp(at, range(len(ends)), ends)]


def make(name: str, num_inference_steps: int, flow_shift: float, device: Any) -> Any:
    """A fresh scheduler for the sampler `name`, its timesteps set on `device`. KeyError for an unknown name.

    It has `timesteps`, `sigmas` (one more, the last is the end), `step(velocity, t, latents, return_dict=False)`
    and `model_outputs`, whose last is the clip as estimated in the last step.
    """
    return SAMPLERS[name](num_inference_steps, flow_shift, device)


def _unipc(num_inference_steps: int, flow_shift: float, device: Any) -> Any:
    """Multistep UniPC as the official code runs it: order 2, B(h) = e^h - 1, corrector on, x0 prediction."""
    from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

    scheduler = UniPCMultistepScheduler(
        num_train_timesteps=TRAIN_STEPS,
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=flow_shift,
        solver_order=2,
        solver_type="bh2",
        final_sigmas_type="zero",
    )
    scheduler.set_timesteps(sigmas=official_sigmas(num_inference_steps), device=device)
    scheduler.set_begin_index(0)
    return scheduler


def _comfy_uni_pc(num_inference_steps: int, flow_shift: float, device: Any) -> Any:
    from wan_desktop.engine.flow_samplers import ComfyUniPC

    sigmas = simple_sigmas(num_inference_steps, flow_shift)
    scheduler = ComfyUniPC(
        num_train_timesteps=TRAIN_STEPS,
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        solver_order=max(1, min(3, num_inference_steps - 1)),
        solver_type="bh1",
    )
    return _with_levels(scheduler, sigmas, sigmas * TRAIN_STEPS, LAST_SIGMA, device)


def _dpm_plus_plus(num_inference_steps: int, flow_shift: float, device: Any) -> Any:
    """DPM-Solver++ (2M) as the official code runs it, on its levels for this solver: from 1.0 down."""
    import numpy as np
    from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

    sigmas = shifted(np.linspace(1.0, 0.0, num_inference_steps + 1)[:-1], flow_shift)
    scheduler = DPMSolverMultistepScheduler(
        num_train_timesteps=TRAIN_STEPS,
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        solver_order=2,
        algorithm_type="dpmsolver++",
        solver_type="midpoint",
        final_sigmas_type="zero",
    )
    return _with_levels(scheduler, sigmas, (sigmas * TRAIN_STEPS).astype(np.int64), 0.0, device)


def _with_levels(scheduler: Any, sigmas: np.ndarray, timesteps: np.ndarray, last: float, device: Any) -> Any:
    """`scheduler` on these noise levels instead of its own; they stay on the CPU, as diffusers keeps them."""
    import numpy as np
    import torch

    kind = torch.int64 if timesteps.dtype == np.int64 else torch.float32
    scheduler.num_inference_steps = len(timesteps)
    scheduler.sigmas = torch.from_numpy(np.append(sigmas, last)).to(torch.float32)
    scheduler.timesteps = torch.from_numpy(timesteps).to(device, kind)
    scheduler.set_begin_index(0)
    return scheduler


def _euler(num_inference_steps: int, flow_shift: float, device: Any) -> Any:
    from wan_desktop.engine.flow_samplers import FlowEuler

    sigmas = simple_sigmas(num_inference_steps, flow_shift)
    return FlowEuler([*sigmas, 0.0], [float(s * TRAIN_STEPS) for s in sigmas], device)


def _few_step(trained: tuple[int, ...]) -> Callable[[int, float, Any], Any]:
    def make_it(num_inference_steps: int, flow_shift: float, device: Any) -> Any:
        """`flow_shift` is not looked at: the levels are those of the distillation."""
        import numpy as np

        from wan_desktop.engine.flow_samplers import Renoising

        timesteps = few_step_timesteps(trained, num_inference_steps)
        table = shifted(np.arange(TRAIN_STEPS, 0, -1) / TRAIN_STEPS, FEW_STEP_SHIFT)
        sigmas = [float(table[np.abs(table * TRAIN_STEPS - t).argmin()]) for t in timesteps]
        return Renoising([*sigmas, 0.0], timesteps, device)

    return make_it


SAMPLERS: dict[str, Callable[[int, float, Any], Any]] = {
    "unipc": _unipc,
    "uni_pc": _comfy_uni_pc,
    "euler": _euler,
    "dpm++": _dpm_plus_plus,
    "fastwan": _few_step(FASTWAN_STEPS),
    "turbo": _few_step(TURBO_STEPS),
}
