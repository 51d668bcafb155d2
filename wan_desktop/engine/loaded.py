"""A model of which those parts are in memory that the memory plan and the present stage want."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.domain.weight_names import TRANSFORMER, VAE
from wan_desktop.engine import homes, loading
from wan_desktop.engine.device import give_back_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.pipeline import Wan22Pipeline
    from wan_desktop.engine.plans import Plan
    from wan_desktop.engine.previews import LatentRgb
    from wan_desktop.engine.prompt_cache import PromptCache


class Loaded:
    """`pipeline` begins without networks; `need` and `using` bring them where `plan` says, on `device`.

    `rgb` and `prompts` go with the model: its preview colours and its prompts' embeddings.
    """

    def __init__(
        self,
        model: ModelSpec,
        plan: Plan,
        device: Device,
        prompts: PromptCache,
        tick: Callable[[], None] = loading.nothing,
    ) -> None:
        self.model, self.plan, self.prompts = model, plan, prompts
        self.rgb: LatentRgb | None = None
        self._device = device
        self._out: set[str] = set()
        self.pipeline: Wan22Pipeline = loading.bare_pipeline(model)
        self.need(VAE, tick)

    def has(self, component: str) -> bool:
        """Are the weights of "transformer", "vae" or "text_encoder" loaded?"""
        return getattr(self.pipeline, component) is not None

    def need(self, component: str, tick: Callable[[], None]) -> None:
        """Load the component if it is not there; `tick` is called between any two weights and may raise."""
        if not self.has(component):
            at_home = self._device.is_cuda or (component == VAE and self.plan.by_stage)
            loading.load_part(self.pipeline, self.model, self._device, component, tick, at_home=at_home)
            self._place(component, tick)

    @contextlib.contextmanager
    def using(self, component: str, tick: Callable[[], None]) -> Iterator[None]:
        """Inside, the component is loaded and can compute; afterwards it gives back what the plan wants back."""
        self.need(component, tick)
        if self._moves(component) and component not in self._out:
            self._make_room(component)
            homes.bring(getattr(self.pipeline, component), self.pipeline.work_devices[component], tick)
            self._out.add(component)
        try:
            yield
        finally:
            self._leave(component)

    def rest(self) -> None:
        """Let every weight that went somewhere to compute go home: for the time between jobs."""
        for component in tuple(self._out):
            self._send_home(component)

    def _make_room(self, component: str) -> None:
        """One component at a time is on the card."""
        if self._device.is_cuda:
            for other in tuple(self._out - {component}):
                self._send_home(other)
            free(self._device)

    def _leave(self, component: str) -> None:
        if self.plan.by_stage:
            if component in self._out:
                self._send_home(component)
            if component != VAE:
                self.pipeline.register_modules(**{component: None})
            free(self._device)

    def _send_home(self, component: str) -> None:
        self._out.remove(component)
        if self.has(component):
            homes.leave(getattr(self.pipeline, component))

    def _place(self, component: str, tick: Callable[[], None]) -> None:
        """Make a component that was just loaded compute where the plan says."""
        on_card = self._device.is_cuda and not (component == VAE and self.plan.vae_on_cpu)
        where = torch.device(self._device.name if on_card else "cpu")
        self.pipeline.work_devices[component] = where
        if on_card and not self._moves(component):
            module = getattr(self.pipeline, component)
            homes.bring(module, "cpu", tick)
            read_in(module, tick)
            stream(module, component, where)

    def _moves(self, component: str) -> bool:
        """Does the component go to where it computes as a whole, and home again?"""
        if component == VAE:
            return self._device.is_cuda or self.plan.by_stage
        return self._device.is_cuda and not self.plan.streamed


def read_in(module: torch.nn.Module, tick: Callable[[], None]) -> None:
    """Have the system read the module's mapped weights now, `tick` between pieces, and not all at once later.

    Moving them to a card is one call, in which a slow disk would look like a render that hangs.
    """
    for tensor in (*module.parameters(), *module.buffers()):
        homes.read_in(tensor, tick)


def free(device: Device) -> None:
    """Give memory that nothing holds any more back to the card and to the system."""
    gc.collect()
    if device.is_cuda:
        torch.cuda.empty_cache()
    give_back_memory()


def stream(module: Any, component: str, card: torch.device) -> None:
    """Have diffusers bring the module's blocks to the card one after the other, as they are used."""
    from diffusers.hooks.group_offloading import apply_group_offloading

    blocks = component == TRANSFORMER
    kind = (
        {"offload_type": "block_level", "num_blocks_per_group": 1}
        if blocks
        else {"offload_type": "leaf_level"}
    )
    apply_group_offloading(module, onload_device=card, offload_device=torch.device("cpu"), **kind)
