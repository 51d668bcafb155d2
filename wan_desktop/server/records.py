"""What an API client sent with a job, kept in the store, so that prompt ids keep their meaning over restarts."""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from wan_desktop.graph import names, writing
from wan_desktop.graph.checking import order_of

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job
    from wan_desktop.graph.checking import Graph
    from wan_desktop.jobs.ports import Store

_NUMBER, _RECORD, _PROMPT = "api.number", "api.job.", "api.prompt."
_SECRETS = re.compile(r"api_?key|token|secret|passw|authori[sz]ation|cookie", re.IGNORECASE)
MAX_CLIENT_ID = 200


@dataclass(frozen=True, slots=True)
class Record:
    """A job as its client sees it. `order` lists the nodes as they run; `client_id` None: nobody in particular.

    `forgotten`: the client deleted it from its history. `number` None: the job came by another way.
    """

    prompt_id: str
    graph: Graph
    outputs: list[str]
    order: list[str]
    sampler: str
    number: float | None = None
    extra_data: dict[str, Any] = field(default_factory=dict)
    client_id: str | None = None
    forgotten: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """The record that `to_json` described; unknown keys are ignored."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})


def made_up(job: Job) -> Record:
    """The record of a job that came by another way: the template workflow with its values."""
    model = PurePath(job.request.model.replace("\\", "/")).name or names.UNET
    graph = writing.workflow(job.request, model)
    order = order_of(graph, [writing.OUTPUT])
    created = {"create_time": round(job.created_at * 1000)}
    return Record(job.id, graph, [writing.OUTPUT], order, writing.SAMPLER, extra_data=created)


def public_extra(extra: Any, client_id: str | None) -> dict[str, Any]:
    """What of a client's `extra_data` is kept and shown: everything but keys and tokens."""
    given = extra if isinstance(extra, dict) else {}
    kept = {key: value for key, value in given.items() if not _SECRETS.search(key) and key != "client_id"}
    kept["create_time"] = round(time.time() * 1000)
    return kept | ({"client_id": client_id} if client_id is not None else {})


# ---- in the store; each of these runs inside `Store.run`


def load(store: Store) -> tuple[dict[str, Record], int]:
    """The records of the jobs and of the clips that are there, by job id, and the last number that was given."""
    known = {job.id for job in store.jobs()} | {clip.job_id for clip in store.clips()}
    found = {job_id: kept for job_id in known if (kept := find(store, job_id)) is not None}
    return found, int(store.value(_NUMBER) or 0)


def find(store: Store, job_id: str) -> Record | None:
    """The record of that job, whether or not the job is still there."""
    data = store.value(_RECORD + job_id)
    return None if data is None else Record.from_json(data)


def job_of(store: Store, prompt_id: str) -> str:
    """The id of the job that a client called `prompt_id`; the same text when it is no such name."""
    return store.value(_PROMPT + prompt_id) or prompt_id


def keep(store: Store, job_id: str, record: Record) -> None:
    """Remember the record."""
    store.put_value(_RECORD + job_id, record.to_json())
    if record.prompt_id != job_id:
        store.put_value(_PROMPT + record.prompt_id, job_id)


def keep_number(store: Store, number: int) -> None:
    """Remember the last number that was given."""
    store.put_value(_NUMBER, number)
