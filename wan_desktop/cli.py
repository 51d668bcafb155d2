"""The command line: parses arguments and prints; what is done lies in `app`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop import __version__
from wan_desktop.cli_models import models_parser
from wan_desktop.cli_remotes import remotes_parser
from wan_desktop.config.paths import resources_dir
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, Cancelled, InvalidRequest, ModelMissing, WanError
from wan_desktop.domain.events import Event, JobChanged, Note, Progress
from wan_desktop.domain.exactness import PRECISIONS, SPEEDS, read_deviations
from wan_desktop.domain.job import STAGE_WORDS, Clip, Job, JobState, Stage
from wan_desktop.domain.places import model_on
from wan_desktop.domain.request import Draft, Lora

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, RENDER_FAILED, BAD_INPUT, CANNOT_START, CANCELLED = 0, 1, 2, 3, 130
"""Exit codes: done; the render failed; bad input, nothing was queued; cannot start; cancelled by Ctrl-C."""

EXIT_CODES = "exit codes: 0 done, 1 the render failed, 2 bad input, 3 cannot start, 130 cancelled"


def run(argv: Sequence[str]) -> int:
    """Do what `argv` says; the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    command = args.run if hasattr(args, "run") else _window
    try:
        code: int = command(args)
        return code
    except Cancelled:
        return CANCELLED
    except WanError as error:
        return _tell(error, getattr(args, "json", False))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; so do we, quietly
        return DONE
    except KeyboardInterrupt:
        return CANCELLED


def _tell(error: WanError, as_json: bool) -> int:
    if as_json:
        _line(event="error", code=error.code, field=error.field, sentence=error.sentence, action=error.action)
    else:
        action = f" {error.action}." if error.action else ""
        print(f"wan-desktop: {error.sentence}{action}", file=sys.stderr)
    if isinstance(error, InvalidRequest | ModelMissing) or error.field:
        return BAD_INPUT
    return CANNOT_START


def _line(**values: Any) -> None:
    print(json.dumps(values, ensure_ascii=False), flush=True)


# ---- arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wan-desktop",
        description="A sentence or a picture becomes a video, on your own computer. Without a command: the window.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"Wan Desktop {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _render_parser(commands)
    _queue_parser(_list_parser(commands, "queue", "the render queue", _queue_list))
    _list_parser(commands, "library", "the library of clips", _library_list)
    _serve_parser(commands)
    models_parser(commands)
    remotes_parser(commands)
    doctor = commands.add_parser("doctor", help="what this computer has, and what is missing")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run=_doctor)
    report = commands.add_parser("report", help="a file for whoever helps you, without your name and folders")
    report.add_argument("path", nargs="?", metavar="PATH", help="where (default: here, named by the date)")
    report.add_argument("--with-prompts", action="store_true", help="tell what you made, too")
    report.set_defaults(run=_report)
    return parser


def _serve_parser(commands: Any) -> None:
    serve = commands.add_parser("serve", help="answer ComfyUI's API, without a window")
    serve.add_argument(
        "--host", metavar="H", default="127.0.0.1", help="address to listen on (only this computer)"
    )
    serve.add_argument("--port", metavar="P", help="port to listen on (8188)")
    serve.add_argument(
        "--token", metavar="T", default="", help="what clients must send; made when others can come in"
    )
    serve.add_argument(
        "--name", metavar="NAME", action="append", default=[], help="a host name of this server"
    )
    serve.add_argument(
        "--origin", metavar="URL", action="append", default=[], help="a web page that may call it"
    )
    serve.add_argument("--allow-demo-model", action="store_true", help="let the built-in demo model answer")
    serve.add_argument("--loras", metavar="DIR", default="", help="a folder whose LoRAs workflows may name")
    serve.add_argument("--device", metavar="NAME", help="auto, cpu, cuda or cuda:N")
    serve.add_argument("--json", action="store_true", help="print one JSON event a line")
    serve.set_defaults(run=_serve)


def _render_parser(commands: Any) -> None:
    render = commands.add_parser("render", help="render a clip and print its path", epilog=EXIT_CODES)
    render.add_argument("prompt", nargs="?", default="", metavar="PROMPT", help="what the clip shows")
    for option, metavar, text in (
        ("image", "FILE", "start image: the clip begins with it"),
        ("size", "WxH", "width and height in pixels, multiples of 32, such as 1280x704"),
        ("seconds", "S", "length in seconds (snapped to the nearest length the model can make)"),
        ("frames", "N", "length in frames, 4n+1 (instead of --seconds)"),
        ("fps", "N", "frames a second"),
        ("steps", "N", "denoising steps"),
        ("guidance", "X", "how closely to follow the prompt (1 = no guidance)"),
        ("shift", "X", "flow shift of the schedule"),
        ("sampler", "NAME", "sampler"),
        ("seed", "N", "the same seed gives the same clip"),
        ("negative", "TEXT", "what the clip should not show (default: the model's own)"),
        ("preset", "NAME", "a preset of the model"),
        (
            "precision",
            "NAME",
            _measured("exact, or fp8: less memory, and quicker on cards that have it", PRECISIONS),
        ),
        ("speed", "NAME", _measured("exact, or fast: some steps are guessed from those before", SPEEDS)),
        ("model", "NAME|DIR", "a model's folder, or demo"),
        (
            "on",
            "NAME",
            "render on a server of `remotes list`, or on any of them; --model is then a file there",
        ),
        ("device", "NAME", "auto, cpu, cuda or cuda:N"),
        ("out", "FILE", "put a copy of the clip here; the library keeps its own"),
    ):
        render.add_argument(f"--{option}", metavar=metavar, help=text)
    render.add_argument(
        "--lora",
        metavar="FILE:X",
        action="append",
        default=[],
        help="a LoRA and its strength; may be repeated",
    )
    render.add_argument("--json", action="store_true", help="print one JSON event a line")
    render.set_defaults(run=_render)


def _measured(text: str, names: Sequence[str]) -> str:
    """`text` with how far each of `names` is from exact, as measured."""
    found = read_deviations(resources_dir())
    told = [
        f"{name}: median {found[name].median_psnr:.0f} dB, lowest {found[name].worst_psnr:.0f} dB"
        for name in names
        if name in found
    ]
    if not told:
        return text
    return (
        f"{text} (PSNR to the exact clip over {found[names[-1]].prompts} prompts of the built-in model, which says "
        f"nothing about the 5 B: {'; '.join(told)})"
    )


def _list_parser(commands: Any, name: str, what: str, run_list: Any) -> Any:
    parser = commands.add_parser(name, help=what)
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = actions.add_parser("list", help=f"list {what}")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=run_list)
    return actions


def _queue_parser(actions: Any) -> None:
    pause = actions.add_parser("pause", help="let a job rest, or the whole queue")
    pause.add_argument("job", nargs="?", metavar="JOB", help="a job's id (default: the whole queue)")
    pause.add_argument("--after-current", action="store_true", help="finish what renders, then rest")
    pause.set_defaults(run=_queue_pause)
    resume = actions.add_parser("continue", help="let a job go on from what it keeps, or the whole queue")
    resume.add_argument("job", nargs="?", metavar="JOB", help="a job's id (default: the whole queue)")
    resume.set_defaults(run=_queue_continue)
    for name, verb, text in (
        ("retry", "retry", "render a job again from the start"),
        ("cancel", "cancel", "stop a job"),
        ("remove", "remove", "take a job off the list; its clip stays"),
        ("decode", "decode_again", "make another clip of what a job drew"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("job", metavar="JOB", help="a job's id")
        action.set_defaults(run=_queue_verb, verb=verb)


def _draft(args: argparse.Namespace) -> Draft:
    width, height = _size(args.size)
    return Draft(
        prompt=args.prompt,
        negative_prompt=args.negative,
        image=os.path.abspath(args.image) if args.image is not None else None,
        width=width,
        height=height,
        num_frames=_whole("frames", args.frames),
        seconds=_real("seconds", args.seconds),
        fps=_whole("fps", args.fps),
        preset=args.preset,
        num_inference_steps=_whole("steps", args.steps),
        guidance_scale=_real("guidance", args.guidance),
        flow_shift=_real("shift", args.shift),
        sampler=args.sampler,
        precision=args.precision,
        speed=args.speed,
        seed=_whole("seed", args.seed),
        model=args.model if args.on is None else model_on(args.on, args.model or ""),
        loras=tuple(map(_lora, args.lora)),
    )


def _lora(text: str) -> Lora:
    """FILE:0.8, or FILE alone; a colon may also stand in the name (C:\\...)."""
    file, colon, strength = text.rpartition(":")
    try:
        return Lora(os.path.abspath(file), float(strength)) if colon else Lora(os.path.abspath(text))
    except ValueError:
        return Lora(os.path.abspath(text))


def _size(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 2:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "“{value}” is not a size: write width and height like 1280x704."),
            field="size",
            value=text,
        )
    return _whole("size", parts[0]), _whole("size", parts[1])


def _real(field: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise _not_a_number(field, text) from error


def _whole(field: str, text: str | None) -> int | None:
    number = _real(field, text)
    if number is None:
        return None
    try:
        return int(text or "")  # large seeds must not go through a float
    except ValueError:
        return number  # type: ignore[return-value]  # NaN, infinity or a fraction: validate says so


def _not_a_number(field: str, text: str) -> InvalidRequest:
    return InvalidRequest(
        QT_TRANSLATE_NOOP("errors", "“{value}” is not a number: give a plain number for {field_name}."),
        field=field,
        value=text,
        field_name=field,
    )


# ---- commands


def _window(args: argparse.Namespace) -> int:
    from wan_desktop.app import window

    return window.open_window()


def _render(args: argparse.Namespace) -> int:
    from wan_desktop.app import headless

    show = _JsonPrinter() if args.json else _TextPrinter()
    job, clip = headless.render(_draft(args), out=args.out, device=args.device, show=show.event)
    show.end(job, clip)
    return {JobState.DONE: DONE, JobState.CANCELLED: CANCELLED}.get(job.state, RENDER_FAILED)


class _JsonPrinter:
    """One JSON object a line on standard output."""

    def event(self, event: Event) -> None:
        match event:
            case JobChanged(job) if job.state is JobState.QUEUED:
                _line(event="queued", job=job.id, request=job.request.to_json())
            case Progress(job_id, stage, done, total):
                _line(event="progress", job=job_id, stage=str(stage), done=done, total=total)
            case Note(job_id, sentence):
                _line(event="note", job=job_id, sentence=sentence)

    def end(self, job: Job, clip: Clip | None) -> None:
        if clip is not None:
            seconds = round((job.finished_at or 0) - (job.started_at or 0), 3)
            _line(event="done", job=job.id, clip=clip.id, path=clip.path, seconds=seconds)
        elif job.error is not None:
            error = WanError.from_json(job.error)
            _line(event="failed", job=job.id, code=error.code, sentence=error.sentence, action=error.action)
        else:
            _line(event=str(job.state), job=job.id)


class _TextPrinter:
    """A bar on a terminal, plain lines in a pipe, both on standard error; the clip's path on standard output."""

    def __init__(self) -> None:
        self._bar = sys.stderr.isatty()
        self._told = ""

    def event(self, event: Event) -> None:
        match event:
            case Progress(_, stage, done, total):
                self._progress(stage, done, total)
            case Note(_, sentence):
                self._say(sentence)

    def end(self, job: Job, clip: Clip | None) -> None:
        if clip is not None:
            self._clear()
            print(clip.path)
        elif job.error is not None:
            error = WanError.from_json(job.error)
            self._say(f"Failed: {error.sentence}" + (f" {error.action}." if error.action else ""))
        elif job.state is JobState.INTERRUPTED:
            self._say("Interrupted: it goes on from its last kept step when Wan Desktop is opened again")
        else:
            self._say("Cancelled")

    def _progress(self, stage: Stage, done: int, total: int) -> None:
        if self._bar:
            filled = round(30 * done / total) if total else 0
            count = f" {done}/{total}" if total else ""
            text = f"[{'█' * filled}{'·' * (30 - filled)}] {STAGE_WORDS[stage]}{count}"
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif stage != self._told or (total and done in (total, total // 2)):
            self._told = stage
            print(STAGE_WORDS[stage] + (f" {done}/{total}" if total else ""), file=sys.stderr, flush=True)

    def _say(self, sentence: str) -> None:
        self._clear()
        print(sentence, file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._bar:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _serve(args: argparse.Namespace) -> int:
    from wan_desktop.app import headless
    from wan_desktop.server.settings import PORT, ApiSettings

    port = _whole("port", args.port)
    if port is not None and not 0 <= port <= 65535:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "{value} is no port: use 1 to 65535."), field="port", value=port
        )
    settings = ApiSettings(
        host=args.host,
        port=PORT if port is None else port,
        token=args.token,
        allow_demo=args.allow_demo_model,
        loras=os.path.abspath(args.loras) if args.loras else "",
        names=tuple(args.name),
        origins=tuple(args.origin),
    )

    def say(api: Any) -> None:
        if args.json:
            _line(event="serving", address=api.address, token=api.token, token_kept=api.token_kept)
            return
        print(f"ComfyUI's API: {api.address}", flush=True)
        if api.token_kept:
            print(f"Token (kept in the {api.token_kept}): {api.token}", flush=True)

    headless.serve(settings, args.device, say)
    return DONE


def _queue_list(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    jobs = asked.list_jobs()
    if args.json:
        print(json.dumps(jobs, ensure_ascii=False, indent=2))
    for job in [] if args.json else jobs:
        print(f"{job['id']}  {job['state']:<11}  {_summary(job['request'])}")
    return DONE


def _queue_pause(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    if args.job is not None:
        return _tell_job(asked.on_queue(lambda host: host.pause(args.job)))
    state = asked.on_queue(lambda host: host.pause_queue(args.after_current))
    print("paused after the present job" if state.after_current else "paused")
    return DONE


def _queue_continue(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    if args.job is not None:
        return _tell_job(asked.on_queue(lambda host: host.resume(args.job)))
    asked.on_queue(lambda host: host.resume_queue())
    print("continued")
    return DONE


def _queue_verb(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    return _tell_job(asked.on_queue(lambda host: getattr(host, args.verb)(args.job)))


def _tell_job(job: Job | None) -> int:
    if job is not None:
        print(f"{job.id}  {job.state}")
    return DONE


def _library_list(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    clips = asked.list_clips()
    if args.json:
        print(json.dumps(clips, ensure_ascii=False, indent=2))
    for clip in [] if args.json else clips:
        print(f"{clip['path']}  {_summary(clip['recipe']['request'])}")
    return DONE


def _summary(request: dict[str, Any]) -> str:
    words = " ".join(request["prompt"].split())
    words = words if len(words) <= 60 else words[:59] + "…"
    return f"{request['width']}x{request['height']}  {request['num_frames']} frames  {words}"


def _doctor(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    report, text = asked.doctor()
    print(json.dumps(report, ensure_ascii=False, indent=2) if args.json else text)
    return DONE


def _report(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    name = f"wan-desktop-report-{time.strftime('%Y-%m-%d')}.zip"
    path = Path(args.path or name).absolute()
    print(asked.report(path / name if path.is_dir() else path, with_prompts=args.with_prompts))
    return DONE
