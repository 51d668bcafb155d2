"""`speed: fast`: some steps of a clip are guessed instead of computed, by a fixed table.

Nothing is less precise; some of the forwards are left out. The velocity changes slowly along a clip's way from noise
to picture, so that of a step in between can be had from the two computed before it, on the straight line through
them; and what guidance adds changes more slowly still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_desktop.domain.samplers import FEW_STEP

if TYPE_CHECKING:
    import torch

    from wan_desktop.engine.prediction import Prediction

FULL, COND, SKIP = "F", "C", "s"
"""What a step computes: both forwards; that with the prompt only, guidance as in the last full step; neither."""
TABLE = "FFFFsFsFsFssFssFssFsssFssFsFssssFssFsssFssFsssFsFs"
"""One letter for each of 50 steps. Found and measured by `benchmarks/fast_table.py` on the built-in model."""
_RANK = SKIP + COND + FULL


def table_for(num_inference_steps: int, sampler: str, table: str = TABLE) -> str:
    """The letters for another number of steps: each step gets the most that the part of the clip it stands for gets.

    Samplers for few-step models skip nothing: each of their steps is a large one.
    """
    if sampler in FEW_STEP:
        return FULL * num_inference_steps
    cells, letters, before = len(table), [], 0
    for step in range(num_inference_steps):
        after = (step + 1) * cells // num_inference_steps
        covered = table[before:after]
        letters.append(max(covered, key=_RANK.index) if covered else SKIP)
        before = after
    letters[:2] = FULL * len(letters[:2])
    return "".join(letters)


def forwards(letters: str, *, guided: bool = True) -> int:
    """How many forwards a clip with these letters takes."""
    both = {FULL: 2 if guided else 1, COND: 1, SKIP: 0}
    return sum(both[letter] for letter in letters)


class Fast:
    """Velocities of one clip, computed or guessed as `letters` say.

    What it remembers lies in the scheduler's attribute `fast`, so that it is kept with the sampler's state.
    """

    def __init__(self, prediction: Prediction, scheduler: Any, letters: str) -> None:
        self._prediction, self._scheduler, self._letters = prediction, scheduler, letters
        scheduler.fast = {"velocities": [], "sigmas": [], "difference": None}

    def velocity(self, index: int, latents: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The velocity in step `index` (from 0), as `Prediction.velocity` or nearly so."""
        past, letter = self._scheduler.fast, self._letters[index]
        sigma = float(self._scheduler.sigmas[index])
        if letter == SKIP and len(past["sigmas"]) == 2:
            return _on_the_line(sigma, past["sigmas"], past["velocities"])
        velocity = self._computed(letter, latents, t)
        past["velocities"] = [*past["velocities"][-1:], velocity]
        past["sigmas"] = [*past["sigmas"][-1:], sigma]
        return velocity

    def _computed(self, letter: str, latents: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        predict, past = self._prediction, self._scheduler.fast
        cond = predict.of(0, latents, t)
        if not predict.is_guided:
            return cond
        if letter == FULL or past["difference"] is None:
            past["difference"] = cond - predict.of(1, latents, t)
        return predict.guided(cond, past["difference"])


def _on_the_line(sigma: float, sigmas: list[float], velocities: list[torch.Tensor]) -> torch.Tensor:
    older, newer = velocities
    return newer + (newer - older) * ((sigma - sigmas[1]) / (sigmas[1] - sigmas[0]))
