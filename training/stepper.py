"""One optimisation step as cheap as it gets: clipping, Muon and AdamW, averaging, as a CUDA graph on a GPU."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from training.muon import Muon

Loss = Callable[[], Tensor]


class TimeBox:
    """A budget of wall seconds and, for quick tests, of steps."""

    def __init__(self, seconds: float, steps: int = 10**9) -> None:
        self.start, self.seconds, self.steps = time.monotonic(), seconds, steps

    def share(self, step: int) -> float:
        """How much is used, in [0, 1]."""
        return min(1.0, max((time.monotonic() - self.start) / self.seconds, step / self.steps))


def learning_rate(peak: float, step: int, share: float, warmup: int = 150) -> float:
    """Linear warm-up over `warmup` steps, then half a cosine down to 2 % of `peak` as `share` goes to 1."""
    return peak * min(1.0, (step + 1) / warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


class Stepper:
    """Optimises `parameters` on the losses that `run` is given and keeps a running average of them.

    `matrices`, some of `parameters`, are Muon's; the others are AdamW's.
    """

    def __init__(
        self,
        parameters: list[nn.Parameter],
        decay: float,
        weight_decay: float = 0.01,
        matrices: list[nn.Parameter] | None = None,
    ) -> None:
        self.parameters = parameters
        self.muon, taken = Muon(matrices or []), {id(matrix) for matrix in matrices or []}
        self.device = parameters[0].device
        cuda = self.device.type == "cuda"
        self.rate = torch.zeros((), device=self.device)
        self.optimizer = torch.optim.AdamW(
            [parameter for parameter in parameters if id(parameter) not in taken],
            lr=self.rate,
            betas=(0.9, 0.98),
            weight_decay=weight_decay,
            fused=cuda,
            capturable=cuda,
        )
        self.average = [parameter.detach().clone() for parameter in parameters]
        self.decay, self.steps = decay, 0
        self.loss = torch.zeros((), device=self.device)  # running mean of the last hundred or so
        self._graphs: dict[str, torch.cuda.CUDAGraph] = {}
        self._mark: torch.cuda.Event | None = None

    def _step(self, loss: Loss) -> None:
        self._forget_gradients()
        value = loss()
        value.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.muon.step(self.rate)
        self.optimizer.step()
        self.loss.lerp_(value.detach().float(), 0.02)

    def _forget_gradients(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def prepare(self, name: str, loss: Loss, compiled: bool = True) -> None:
        """Warm up and capture `loss` under `name`; without a GPU there is nothing to do."""
        if self.device.type != "cuda":
            return
        stance = torch.compiler.set_stance("default" if compiled else "force_eager")
        with stance:
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(3):
                    self._step(loss)
            torch.cuda.current_stream().wait_stream(stream)
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            self._forget_gradients()
            with torch.cuda.graph(graph):
                self._step(loss)
        self._graphs[name] = graph

    def run(self, name: str, loss: Loss, rate: float) -> None:
        """One step on `loss` at learning rate `rate`, replayed if `prepare` captured it."""
        self.rate.fill_(rate)
        if name in self._graphs:
            self._graphs[name].replay()
        else:
            self._step(loss)
        self.steps += 1
        if self.steps % 8 == 0:
            self._keep_pace()
            keep = min(self.decay, (1 + self.steps) / (10 + self.steps)) ** 8
            with torch.no_grad():
                torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - keep)

    def _keep_pace(self) -> None:
        """Let the host be at most sixteen steps ahead: it would run minutes ahead of the clock that it watches."""
        if self.device.type != "cuda":
            return
        if self._mark is not None:
            self._mark.synchronize()
        self._mark = torch.cuda.Event()
        self._mark.record()

    def use_average(self) -> None:
        """Put the averaged weights into the parameters."""
        self._graphs.clear()
        with torch.no_grad():
            for parameter, average in zip(self.parameters, self.average, strict=True):
                parameter.copy_(average)
