"""What a page does in a browser: whether anything in it ran, what it asked the network for, and its elements."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.browser import opened

LOOK = """onload = () => {
  const inner = document.getElementById("f").contentWindow, page = inner.document;
  const shape = element => element.tagName + [...element.attributes].map(a => " " + a.name).sort().join("");
  document.getElementById("out").textContent = JSON.stringify({
    ran: [inner.ran ?? null, window.ran ?? null], title: page.title, address: inner.location.href,
    elements: [...page.querySelectorAll("*")].map(shape), text: page.body.textContent.length,
  })
}"""


@dataclass(frozen=True, kw_only=True)
class Browsed:
    """What was seen: what scripts set ``ran`` to, the title, where the page ended up, and its elements in order."""

    ran: list[object]
    title: str
    address: str
    elements: list[str] = field(repr=False)
    console: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine: its host and port, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_about: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def browsed(page: Path, scratch: Path) -> Browsed:
    """Open a page in headless Chromium; ``scratch`` is for its files."""
    frame = scratch / "frame.html"
    frame.write_text(
        f'<iframe id="f" style="width:1200px;height:900px" src="{page.as_uri()}"></iframe>'
        f'<p id="out"></p><script>{LOOK}</script>'
    )
    shown = opened(frame, scratch)
    found = re.search(r'<p id="out">(\{.*?\})</p>', shown.stdout, re.S)
    if found is None:
        raise ValueError(f"the browser says nothing of the page: {shown.stdout[-500:]}")
    said = json.loads(html.unescape(found[1]))
    console = [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    return Browsed(
        ran=said["ran"], title=said["title"], address=said["address"], elements=said["elements"], console=console
    )
