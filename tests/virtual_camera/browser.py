"""Chromium as the caller: a page that opens the camera, and a server that hears what it saw."""

from __future__ import annotations

import http.server
import json
import subprocess
import tempfile
import threading
from pathlib import Path

PAGE = Path(__file__).parent / "page.html"
QUIET = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def look(seconds: float = 600.0) -> dict:
    """What the page saw. Raises TimeoutError where it says nothing, RuntimeError where it failed."""
    heard: list[dict] = []
    done = threading.Event()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.read_bytes())

        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            done.set()

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        browser = subprocess.Popen(
            ["chromium", *QUIET, f"--user-data-dir={profile}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if not done.wait(seconds):
                raise TimeoutError("the page said nothing")
        finally:
            browser.kill()
            browser.wait()
            server.shutdown()
    if "error" in heard[0]:
        raise RuntimeError(heard[0]["error"])
    return heard[0]
