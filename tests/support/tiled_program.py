"""Wan Desktop that develops every clip in tiles, whose frames wait in a file.

    python -m tests.support.tiled_program serve …

A processor has no plan that does so; the program is as it is otherwise.
"""


def render(conn, settings):
    """Be the render process."""
    from wan_desktop import child
    from wan_desktop.engine import plans

    plans.PROCESSOR = (plans.Plan("tiled", cut=(1, 2)),)
    plans.KEEP_BYTES = 0
    child.main(conn, settings)


def main():
    """Run the program's command line."""
    from wan_desktop import __main__, child

    child.main = render
    __main__.main()


if __name__ == "__main__":
    from tests.support import tiled_program  # so that the render process finds `render` by a name

    tiled_program.main()
