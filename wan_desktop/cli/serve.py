"""`wan-desktop serve …`: ComfyUI's API, without a window."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from wan_desktop.cli.devices import device
from wan_desktop.cli.numbers import whole
from wan_desktop.cli.output import DONE, line
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest

if TYPE_CHECKING:
    import argparse


def serve_parser(commands: Any) -> None:
    """Add the command `serve` to the program's commands."""
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


def _serve(args: argparse.Namespace) -> int:
    from wan_desktop.app import headless
    from wan_desktop.server.settings import PORT, ApiSettings

    port = whole("port", args.port)
    if port is not None and not 0 <= port <= 65535:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "{value} is no port: use 1 to 65535."), field="port", value=port
        )
    if args.loras and not os.path.isdir(args.loras):
        raise InvalidRequest(
            QT_TRANSLATE_NOOP(
                "errors", "There is no folder “{folder}”: name the one that your LoRAs are in."
            ),
            field="loras",
            folder=args.loras,
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
            line(event="serving", address=api.address, token=api.token, token_kept=api.token_kept)
            return
        print(f"ComfyUI's API: {api.address}", flush=True)
        if api.token_kept:
            print(f"Token (kept in the {api.token_kept}): {api.token}", flush=True)

    headless.serve(settings, device(args.device), say)
    return DONE
