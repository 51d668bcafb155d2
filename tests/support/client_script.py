"""A client program for tests: submits a job to the host of argv[1] that ends with it, tells its id, and waits."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from wan_desktop.domain.request import Draft
from wan_desktop.process.host_client import HostClient


def main(data_dir: Path) -> None:
    """Submit two jobs, of which only the first is cancelled when this program ends."""
    client = HostClient.connect(data_dir)
    mine = client.submit(Draft(prompt="slow, mine"), cancel_on_disconnect=True).result()
    other = client.submit(Draft(prompt="slow, to stay")).result()
    print(mine.id, other.id, flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
