"""A page as a browser shows it: errors, missing images, figures out of place, and how much wider than the window."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = shutil.which("chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
LOOK = """onload = () => {
  const page = document.getElementById("f").contentDocument, root = page.documentElement;
  const outside = box => box.left < -1 || box.right > root.clientWidth + 1 || box.width < 200 || box.height < 50;
  document.getElementById("out").textContent = [
    `wide ${root.scrollWidth} of ${root.clientWidth}`,
    `missing ${[...page.images].filter(image => !image.naturalWidth).length}`,
    `figures ${page.querySelectorAll("figure svg").length}`,
    `misplaced ${[...page.querySelectorAll("figure svg")].filter(svg => outside(svg.getBoundingClientRect())).length}`,
  ].join(", ")
}"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen: ``overflow`` in pixels beyond the window, and whether the console said anything."""

    overflow: int
    missing: int
    figures: int
    misplaced: int
    console: bool


def opened(page: Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    """What Chromium writes of a page: the elements on standard output, the console on standard error."""
    return subprocess.run(
        [
            str(CHROMIUM),
            *FLAGS,
            "--allow-file-access-from-files",
            f"--user-data-dir={scratch / 'profile'}",
            "--enable-logging=stderr",
            "--virtual-time-budget=5000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )


def seen(page: Path, width: int, scratch: Path) -> Seen:
    """Open a page in headless Chromium in a window of ``width`` pixels; ``scratch`` is for its files."""
    frame = scratch / "frame.html"
    frame.write_text(
        f'<iframe id="f" style="width:{width}px;height:900px;border:0" src="{page.as_uri()}"></iframe>'
        f'<p id="out"></p><script>{LOOK}</script>'
    )
    shown = opened(frame, scratch)
    found = re.search(r"wide (\d+) of (\d+), missing (\d+), figures (\d+), misplaced (\d+)", shown.stdout)
    if found is None:
        raise ValueError(f"the browser says nothing of the page: {shown.stdout[-500:]}")
    wide, room, missing, figures, misplaced = map(int, found.groups())
    return Seen(
        overflow=max(wide - room, 0),
        missing=missing,
        figures=figures,
        misplaced=misplaced,
        console="CONSOLE" in shown.stderr,
    )
