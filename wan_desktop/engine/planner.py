"""Which memory plan a render begins with: the one that was asked for, or the quickest that fits into what is free."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wan_desktop.domain.memory import AUTO, CARD_PLANS
from wan_desktop.engine import plans
from wan_desktop.engine.decode import spill_room
from wan_desktop.engine.device import free_memory, host_memory
from wan_desktop.engine.forecast import Forecast, Size

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.engine.device import Device

log = logging.getLogger(__name__)


class Planner:
    """Chooses for renders on `device`; remembers the last model's forecast."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._forecast: tuple[tuple[str, str, str], Forecast] | None = None

    def number(self, job: Job, model: ModelSpec) -> int:
        """The plan's place, for `plans.choose`. At least the job's own: with those before it memory ran out.

        Raises ModelMissing, ModelDamaged.
        """
        wanted = job.request.plan
        if wanted != AUTO:
            return max(job.plan, self._known(CARD_PLANS.index(wanted)))
        if not self._device.is_cuda:
            return job.plan
        return max(job.plan, self._fitting(job.request, model))

    def _fitting(self, request: RenderRequest, model: ModelSpec) -> int:
        """By forecast; the first plan where there is none, as running out of memory is no harm then."""
        size = Size(request.width, request.height, request.num_frames)
        try:
            forecast = self._of(model, request.precision)
            free = free_now(self._device)
            number = plans.fitting(forecast, size, free, plans.available(self._device))
        except (RuntimeError, NotImplementedError, TypeError, AttributeError, KeyError) as error:
            log.warning("memory could not be foretold: %s: %s", type(error).__name__, error)
            return 0
        log.info("memory plan %d: %s", number, free)
        return number

    def _of(self, model: ModelSpec, precision: str) -> Forecast:
        key = (model.path, model.fingerprint, precision)
        if self._forecast is None or self._forecast[0] != key:
            self._forecast = key, Forecast.of(model, self._device, precision)
        return self._forecast[1]

    def _known(self, number: int) -> int:
        return min(number, len(plans.available(self._device)) - 1)


def free_now(device: Device) -> plans.Free:
    """What a render on the card `device` may take."""
    return plans.Free(free_memory(device), host_memory(), spill_room())
