"""Waiting for a host's events."""

from __future__ import annotations

import threading

from wan_desktop.domain.events import JobChanged, Progress


class Waiter:
    """Collects the events of a host, or of a client of it, and waits for one."""

    def __init__(self, host, **how):
        self.events = []
        self._new = threading.Condition()
        host.subscribe(self._add, **how)

    def _add(self, event):
        with self._new:
            self.events.append(event)
            self._new.notify_all()

    def wait(self, true):
        """Until `true()`; it is asked again at each event, and now and then."""
        with self._new:
            for _ in range(3000):
                if found := true():
                    return found
                self._new.wait(0.01)
        raise AssertionError(self.events)

    def until(self, wanted, after=0):
        """The first event after number `after` for which `wanted(event)`."""
        return self.wait(lambda: next((e for e in self.events[after:] if wanted(e)), None))

    def state(self, job_id, state, after=0):
        """The job, once it has had that state."""
        return self.until(
            lambda e: isinstance(e, JobChanged) and e.job.id == job_id and e.job.state is state, after
        ).job

    def stage(self, job_id, stage):
        """Until the job is in that stage."""
        self.until(lambda e: isinstance(e, Progress) and e.job_id == job_id and e.stage is stage)
