"""Pictures and recipes: the part of the session that reads and writes files. Most of it belongs in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

    from wan_desktop.bridge.workflows import FoundWorkflow
    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.domain.settings import Settings
    from wan_desktop.jobs.host import Host


class ReportWriter(Protocol):
    """Writes the file for whoever helps."""

    def __call__(self, target: Path, *, with_prompts: bool) -> Path:
        """Write it to `target`, which is returned. Raises DiskProblem."""


class SessionFiles:
    """What a Session can do with files; it has a host and somebody who writes reports."""

    _host: Host
    _write_report: ReportWriter
    _settings: Settings

    def write_report(self, target: Path, *, with_prompts: bool) -> Path:
        """Write the file for whoever helps. Takes seconds: call it in the background. Raises DiskProblem."""
        return self._write_report(target, with_prompts=with_prompts)

    @property
    def library_folder(self) -> Path:
        """The folder where clips are put now."""
        return self._host.library.folder

    def image_path(self, sha256: str) -> Path:
        """The file of a stored start image. Raises BadImage when it is gone."""
        return self._host.images.path(sha256)

    def load_image(self, path: str) -> Image:
        """The picture as it will be used: turned, RGB. Raises BadImage."""
        from wan_desktop.media.images import load_rgb

        image: Image = load_rgb(path)
        return image

    def keep_image(self, path: str) -> str:
        """Put a picture that has no lasting file (a pasted one) in the image store; its sha256.

        Reads and writes: call it in the background. Raises BadImage or DiskProblem.
        """
        return self._host.images.add(path)[0]

    def recipe_of(self, path: str) -> dict[str, Any] | None:
        """The recipe inside a video file, or None when it is no clip of ours. Reads: call it in the background."""
        from wan_desktop.media.clips import read_recipe

        return read_recipe(path)

    def workflow_in(self, path: str) -> FoundWorkflow | None:
        """What the ComfyUI workflow in a file asks for, None when it holds none. Call it in the background.

        Raises InvalidRequest when the workflow cannot be rendered here, LibraryProblem, BadImage or DiskProblem.
        """
        from wan_desktop.bridge.workflows import read_workflow
        from wan_desktop.media.metadata import texts_in

        return read_workflow(self._host, path, texts_in(path), self._settings.api_loras)

    def may_hold_workflow(self, path: str) -> bool:
        """True for a picture of a kind that ComfyUI writes workflows into."""
        from wan_desktop.media.metadata import is_picture

        return is_picture(path)

    def workflow_of(self, request: RenderRequest) -> str:
        """The request as a ComfyUI workflow: JSON in API format."""
        from wan_desktop.bridge.workflows import workflow_text

        return workflow_text(request)

    def keep_image_of(self, path: str) -> str | None:
        """Put the start image that travels inside a clip in the image store; its sha256, None when there is none.

        It is the picture as it was rendered, cropped. Call it in the background. Raises BadImage or DiskProblem.
        """
        import base64
        import tempfile

        from wan_desktop.media.clips import IMAGE_KEY, probe

        text = probe(path).tags.get(IMAGE_KEY, "")
        if not text:
            return None
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/start-image"
            with open(file, "wb") as out:
                out.write(base64.b64decode(text))
            return self.keep_image(file)
