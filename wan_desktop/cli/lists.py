"""`wan-desktop queue …` and `wan-desktop library …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_desktop.cli.output import DONE, print_json
from wan_desktop.domain.mending import WAYS

if TYPE_CHECKING:
    import argparse

    from wan_desktop.domain.job import Job


def list_parsers(commands: Any) -> None:
    """Add the commands `queue` and `library` to the program's commands."""
    _queue_parser(_list_parser(commands, "queue", "the render queue", _queue_list))
    _list_parser(commands, "library", "the library of clips", _library_list)


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
    mend = actions.add_parser("mend", help="make a clip that came out wrong another way")
    mend.add_argument("job", metavar="JOB", help="a job's id")
    mend.add_argument("--way", choices=WAYS, default="", help="what to change (default: the likeliest)")
    mend.set_defaults(run=_queue_mend)


def _queue_list(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    jobs = asked.list_jobs()
    if args.json:
        return print_json(jobs)
    for job in jobs:
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


def _queue_mend(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    return _tell_job(asked.on_queue(lambda host: host.mend(args.job, args.way)))


def _tell_job(job: Job | None) -> int:
    if job is not None:
        print(f"{job.id}  {job.state}")
    return DONE


def _library_list(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    clips = asked.list_clips()
    if args.json:
        return print_json(clips)
    for clip in clips:
        print(f"{clip['path']}  {_summary(clip['recipe']['request'])}")
    return DONE


def _summary(request: dict[str, Any]) -> str:
    words = " ".join(request["prompt"].split())
    words = words if len(words) <= 60 else words[:59] + "…"
    return f"{request['width']}x{request['height']}  {request['num_frames']} frames  {words}"
