"""Frames to an H.264 MP4 that every player shows in the right colours."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, EncodeFailed, WanError
from wan_desktop.media.files import disk_problem, sync_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

CRF = 18
PRESET = "medium"
_BT709 = 1  # AVCOL_PRI_BT709, AVCOL_TRC_BT709, AVCOL_SPC_BT709 (ITU-T H.273)
_LIMITED = 1  # AVCOL_RANGE_MPEG: luma 16..235
_WAITING = 4  # frame groups between the decoder and the encoder


class Mp4Writer:
    """Writes frames on a thread of its own; `write` blocks only while the encoder is `_WAITING` groups behind.

    The file has one video stream: H.264 yuv420p, CRF 18, BT.709 limited range (converted and tagged), the
    index first ("faststart"), a constant frame rate. Its path may have any suffix. Used as a context manager: an
    exception inside leaves an unfinished file, which is the caller's to remove.
    """

    def __init__(self, path: Path, width: int, height: int, fps: int) -> None:
        self._path, self._width, self._height, self._fps = path, width, height, fps
        self._queue: queue.Queue[np.ndarray | None] = queue.Queue(_WAITING)
        self._abort = threading.Event()
        self._error: WanError | None = None
        self.num_frames = 0
        self._thread = threading.Thread(target=self._run, name="mp4-writer", daemon=True)
        self._thread.start()

    def write(self, frames: np.ndarray) -> None:
        """Add `frames`, uint8 [n, height, width, 3]. Raises what went wrong meanwhile: DiskProblem, EncodeFailed."""
        if frames.shape[1:] != (self._height, self._width, 3) or frames.dtype.name != "uint8":
            raise ValueError(f"frames {frames.shape} {frames.dtype} do not fit {self._width}x{self._height}")
        self._raise()
        self._queue.put(frames)
        self.num_frames += len(frames)

    def close(self) -> None:
        """Finish the file and bring it to the disk; safe to call again. Raises DiskProblem, EncodeFailed."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._raise()

    def abort(self) -> None:
        """Stop; the file stays unfinished."""
        self._abort.set()
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def __enter__(self) -> Mp4Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        groups = self._groups()
        try:
            self._encode(groups)
        except Exception as error:  # noqa: BLE001 - the thread's border: `write` and `close` raise it
            self._error = _translate(error, self._path)
        for _ in groups:  # let a blocked `write` go on, to find the error
            pass

    def _groups(self) -> Iterator[np.ndarray]:
        while (frames := self._queue.get()) is not None:
            yield frames

    def _encode(self, groups: Iterator[np.ndarray]) -> None:
        import av

        with av.open(str(self._path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = self._stream(container)
            for frames in groups:
                for frame in frames:
                    if self._abort.is_set():
                        return
                    container.mux(stream.encode(_to_yuv(frame)))
            if not self._abort.is_set():
                container.mux(stream.encode(None))
        sync_file(self._path)

    def _stream(self, container: Any) -> Any:
        # Without cpu-independent x264 writes another file of the same frames now and then (43 of 150 times).
        options = {"crf": str(CRF), "preset": PRESET, "x264-params": "cpu-independent=1"}
        stream = container.add_stream("libx264", rate=self._fps, options=options)
        stream.width, stream.height, stream.pix_fmt = self._width, self._height, "yuv420p"
        codec = stream.codec_context
        codec.color_range = _LIMITED
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        return stream


def _to_yuv(frame: np.ndarray) -> Any:
    """An RGB frame as yuv420p with BT.709's matrix and limited range."""
    import av

    rgb = av.VideoFrame.from_ndarray(frame, format="rgb24")
    return rgb.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


def _translate(error: Exception, path: Path) -> WanError:
    """PyAV's and the system's errors in our words; what FFmpeg says of a disk is an OSError too."""
    problem: WanError
    if isinstance(error, OSError):
        problem = disk_problem(error, path.parent)
    else:
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        problem = EncodeFailed(
            QT_TRANSLATE_NOOP("errors", "The video could not be written ({detail}): render it again."),
            detail=detail,
        )
    problem.__cause__ = error
    return problem
