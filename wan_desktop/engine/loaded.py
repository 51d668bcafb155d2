"""A model of which those parts are in memory that the memory plan and the present stage want."""

from __future__ import annotations

import contextlib
import gc
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from wan_desktop.domain.exactness import EXACT
from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.engine import homes, levers, loading, streaming
from wan_desktop.engine.device import give_back_memory, pinnable
from wan_desktop.engine.lean import Clip
from wan_desktop.engine.lean_parts import pieces_for

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

    `rgb` and `prompts` go with the model: its preview colours and its prompts' embeddings. `precision` is that of its
    transformer.
    """

    def __init__(
        self,
        model: ModelSpec,
        plan: Plan,
        device: Device,
        prompts: PromptCache,
        tick: Callable[[], None] = loading.nothing,
        *,
        precision: str = EXACT,
    ) -> None:
        self.model, self.plan, self.prompts = model, plan, prompts
        self.precision = precision
        self.rgb: LatentRgb | None = None
        self._device = device
        self._out: set[str] = set()
        self.pipeline: Wan22Pipeline = loading.bare_pipeline(model)
        self.pipeline.decode_cut = plan.cut
        self.pipeline.new_clip = self._new_clip
        self.need(VAE, tick)

    def has(self, component: str) -> bool:
        """Are the weights of "transformer", "vae" or "text_encoder" loaded?"""
        return getattr(self.pipeline, component) is not None

    def need(self, component: str, tick: Callable[[], None]) -> None:
        """Load the component if it is not there; `tick` is called between any two weights and may raise."""
        if not self.has(component):
            moves = self._moves(component)
            named = {"at_home": moves, "precision": self.precision}
            where = self._place(component)
            loading.load_part(self.pipeline, self.model, where, component, tick, **named)

    @contextlib.contextmanager
    def using(self, component: str, tick: Callable[[], None]) -> Iterator[None]:
        """Inside, the component is loaded and can compute; afterwards it gives back what the plan wants back."""
        self.need(component, tick)
        if self._moves(component) and component not in self._out:
            self._make_room(component)
            self._bring(component, tick)
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

    def _bring(self, component: str, tick: Callable[[], None]) -> None:
        module, where = getattr(self.pipeline, component), self.pipeline.work_devices[component]
        if not self._is_streamed(component):
            homes.bring(module, where, tick)
            return
        homes.bring(module, "cpu", tick)
        if not streaming.is_streamed(module):
            read_in(module, tick)
            pin = pinnable() if component == TRANSFORMER else 0
            streaming.install(module, component, where, pin, tick)
        streaming.bring_rest(module, where)

    def _leave(self, component: str) -> None:
        if component in self._out and (self.plan.by_stage or self._is_streamed(component)):
            self._send_home(component)
        if self.plan.by_stage:
            if component != VAE:
                self.pipeline.register_modules(**{component: None})
            free(self._device)

    def _send_home(self, component: str) -> None:
        self._out.remove(component)
        if self.has(component):
            module = getattr(self.pipeline, component)
            streaming.release(module)
            homes.leave(module)

    def _place(self, component: str) -> Device:
        """Say where a component computes, and get it: a processor computes in float32, a card as it does best."""
        where = self._device
        if component == VAE and self.plan.vae_on_cpu:
            where = replace(where, name="cpu", dtype="float32")
        self.pipeline.work_devices[component] = torch.device(where.name)
        return where

    def _moves(self, component: str) -> bool:
        """Does the component go to where it computes, and home again?"""
        by_stage = component == VAE and self.plan.by_stage
        return self._device.is_cuda or by_stage or self._is_streamed(component)

    def _is_streamed(self, component: str) -> bool:
        """Does it come to the card block by block? umT5 always: it is used once, and larger than all the rest."""
        if component == TEXT_ENCODER:
            return self._device.is_cuda or self.plan.streamed
        return component == TRANSFORMER and self.plan.streamed

    def _new_clip(self) -> Clip:
        """What all forwards of one clip share, as the plan and the device have it."""
        found = levers.of(self._device.name, self._device.dtype)
        return Clip(
            found,
            pieces_for(found, self.plan.feed_forward_parts),
            keep_text=self.plan.keep_text,
            fuse=not self.plan.streamed,  # the rooms of streamed blocks are used again, so joining would never end
            feed_forward_parts=self.plan.feed_forward_parts,
        )


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
