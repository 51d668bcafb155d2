"""Domain objects for tests, valid as they are, changed by keyword."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from wan_desktop.domain.errors import BadImage
from wan_desktop.domain.job import Clip, Job, JobState, WorkFiles
from wan_desktop.domain.recipe import make_recipe
from wan_desktop.domain.request import RenderRequest

REQUEST = RenderRequest(
    prompt="a red ball",
    negative_prompt="",
    image=None,
    width=256,
    height=160,
    num_frames=5,
    fps=16,
    num_inference_steps=2,
    guidance_scale=5.0,
    flow_shift=5.0,
    sampler="unipc",
    seed=7,
    model="demo",
)


def a_job(prompt="a red ball", *, id="job23456789", state=JobState.RUNNING, image=None, **values):
    """A job of the sample request; `values` are those of Job."""
    request = dataclasses.replace(REQUEST, prompt=prompt, image=image)
    return Job(id=id, request=request, state=state, order=1.0, created_at=1_700_000_000.0, **values)


def a_clip(id="clip2345678", job=None, **values):
    """A clip of the sample job; `values` are those of Clip."""
    job = job or a_job(state=JobState.DONE)
    told = {
        "job_id": job.id,
        "path": f"/library/{id}.mp4",
        "thumbnail": f"/library/{id}.webp",
        "created_at": 1_700_000_100.0,
        "size_bytes": 1234,
        "recipe": make_recipe(job, id, 1_700_000_100.0, {"device": "cpu"}),
    }
    return Clip(id=id, **(told | values))


def files_in(folder, name="x"):
    """The work files of a render in `folder`: NAME.part, NAME.snapshot, NAME.latents."""
    return WorkFiles(*(str(Path(folder, f"{name}.{kind}")) for kind in ("part", "snapshot", "latents")))


class OneModel:
    """The Models port's `get` with the given model."""

    def __init__(self, model):
        self.model = model

    def get(self, model):
        return self.model


class FolderOfImages:
    """The Images port's `path` over a folder of files named by their sha256."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def path(self, sha256):
        if not (self.folder / sha256).is_file():
            raise BadImage("The start image is gone.", field="image")
        return self.folder / sha256
