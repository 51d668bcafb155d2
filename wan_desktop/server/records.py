"""What an API client sent with a job, kept in the store, so that prompt ids keep their meaning over restarts."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, fields, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from wan_desktop.graph import names, writing
from wan_desktop.graph.checking import order_of
from wan_desktop.graph.problems import refused
from wan_desktop.server.replies import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wan_desktop.domain.job import Job
    from wan_desktop.graph.checking import Graph
    from wan_desktop.jobs.ports import Store
    from wan_desktop.server.settings import Limits

_NUMBER, _RECORD, _PROMPT = "api.number", "api.job.", "api.prompt."
_SECRETS = re.compile(r"api_?key|token|secret|passw|authori[sz]ation|cookie", re.IGNORECASE)
MAX_CLIENT_ID = 200
MOST_LOST = 1000
"""Jobs that are gone, clip and all, whose clients are still told that they have ended."""
MAX_DEPTH = 100


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

    @property
    def workflow_id(self) -> str | None:
        """The id that ComfyUI's own page gives the workflow it sends along, or None."""
        found: Any = self.extra_data
        for key in ("extra_pnginfo", "workflow", "id"):
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, str) and len(found) <= MAX_CLIENT_ID else None

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """The record that `to_json` described; unknown keys are ignored."""
        return cls(**{key: value for key, value in data.items() if key in _FIELDS})


_FIELDS = tuple(f.name for f in fields(Record))


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
    kept = {key: value for key, value in _without_secrets(given).items() if key != "client_id"}
    kept["create_time"] = round(time.time() * 1000)
    return kept | ({"client_id": client_id} if client_id is not None else {})


def check_size(graph: Any, extra: Any, limits: Limits) -> None:
    """Refuse what is too large to be kept with every job. Raises PromptRefused."""
    for kind, name, told, most in (
        ("prompt_too_large", "prompt", graph, limits.graph_bytes),
        ("extra_data_too_large", "extra_data", extra, limits.extra_bytes),
    ):
        if _deeper(told, MAX_DEPTH):
            raise refused(kind, f"The {name} is nested over {MAX_DEPTH} levels deep: leave some of it out.")
        size = len(as_json(told))
        if size > most:
            sentence = f"The {name} takes {size:,} bytes; at most {most:,} are kept with a job: leave some of it out."
            raise refused(kind, sentence)


def _deeper(data: Any, most: int) -> bool:
    """True when lists and objects are nested over `most` levels deep; nothing recurses before that is known."""
    level = [data]
    for _ in range(most + 1):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict | list):
                inner += each.values() if isinstance(each, dict) else each
        if not inner:
            return False
        level = inner
    return True


def _without_secrets(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_secrets(value) for key, value in data.items() if not _SECRETS.search(key)}
    return [_without_secrets(value) for value in data] if isinstance(data, list) else data


# ---- in the store; each of these runs inside `Store.run`


def number(store: Store) -> int:
    """The last number that was given."""
    return int(store.value(_NUMBER) or 0)


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


def forget(store: Store, job_ids: Iterable[str]) -> None:
    """These jobs' clients deleted them from the history."""
    for job_id in job_ids:
        job = store.job(job_id)
        record = find(store, job_id) or (made_up(job) if job is not None else None)
        if record is not None:
            keep(store, job_id, replace(record, forgotten=True))


def sweep(store: Store) -> int:
    """Forget the records of jobs that are gone, clip and all, but the newest `MOST_LOST`; how many went."""
    there = {job.id for job in store.jobs()}
    there |= {clip.job_id for deleted in (False, True) for clip in store.clips(deleted=deleted)}
    gone = [job_id for key in store.keys(_RECORD) if (job_id := key.removeprefix(_RECORD)) not in there]
    if len(gone) <= MOST_LOST:
        return 0
    found = sorted(((record, job_id) for job_id in gone if (record := find(store, job_id))), key=_age)
    for record, job_id in found[:-MOST_LOST]:
        store.drop_value(_RECORD + job_id)
        store.drop_value(_PROMPT + record.prompt_id)
    return len(found[:-MOST_LOST])


def _age(found: tuple[Record, str]) -> float:
    created = found[0].extra_data.get("create_time")
    return created if isinstance(created, int | float) else 0.0
