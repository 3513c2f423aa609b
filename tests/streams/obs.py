"""OBS Studio without a screen: a virtual display, software GL, and its remote control (obs-websocket 5)."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from websockets.sync.client import ClientConnection, connect

TOOLS = ("obs", "Xvfb", "dbus-run-session")
START_SECONDS = 120
WIDTH, HEIGHT = 1280, 720
"""Of OBS's canvas."""
SETTINGS = """[General]
FirstRun=true
EnableAutoUpdates=false
Pre19Defaults=false
Pre21Defaults=false
Pre23Defaults=false
Pre24.1Defaults=false
[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort={port}
AuthRequired=false
AlertsEnabled=false
"""


def why_not() -> str:
    """What this machine lacks; "" where OBS can run."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"OBS needs {', '.join(missing)}" if missing else ""


class Display:
    """An X server that draws nowhere. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = ""

    def __enter__(self) -> Display:
        reading, writing = os.pipe()
        with (self._folder / "xvfb.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
                pass_fds=[writing],
                stdout=log,
                stderr=log,
            )
        os.close(writing)
        with open(reading, encoding="ascii") as told:
            self.name = f":{told.readline().strip()}"
        if self.name == ":":
            raise RuntimeError((self._folder / "xvfb.log").read_text())
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(30)


class Obs:
    """One run of OBS. Its settings and scenes lie in `home`, and a later run has them again."""

    def __init__(self, home: Path, display: Display, port: int) -> None:
        self._home, self._display, self._port = home, display, port
        self._numbers = itertools.count()

    def __enter__(self) -> Obs:
        config = self._home / ".config" / "obs-studio"
        config.mkdir(parents=True, exist_ok=True)
        if not (config / "global.ini").exists():
            (config / "global.ini").write_text(SETTINGS.format(port=self._port))
        environment = os.environ | {
            "HOME": str(self._home),
            "XDG_CONFIG_HOME": str(self._home / ".config"),
            "XDG_RUNTIME_DIR": str(self._home),
            "DISPLAY": self._display.name,
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        self._log = self._home / "obs.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["dbus-run-session", "obs", "--multi", "--disable-updater", "--minimize-to-tray"],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that OBS, its child, can be ended with it
            )
        try:
            self._socket = self._connect()
            sizes = {"baseWidth": WIDTH, "outputWidth": WIDTH, "baseHeight": HEIGHT, "outputHeight": HEIGHT}
            self.ask("SetVideoSettings", **sizes)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        """As somebody who closes it; its scenes are kept. Killed where it does not end."""
        os.killpg(self._process.pid, signal.SIGINT)
        if not self._ended(30):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._ended(30)

    def _ended(self, seconds: float) -> bool:
        """Whether all that was started is gone, after so long at most."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._process.poll()
            try:
                os.killpg(self._process.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.1)
        return False

    def _connect(self) -> ClientConnection:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket = connect(f"ws://127.0.0.1:{self._port}", max_size=None, proxy=None)
                break
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self._log.read_text(errors="replace")[-2000:]) from None
                time.sleep(0.2)
        socket.recv(30)  # hello
        socket.send(json.dumps({"op": 1, "d": {"rpcVersion": 1, "eventSubscriptions": 0}}))
        socket.recv(30)
        return socket

    def ask(self, request: str, **data: object) -> dict[str, Any]:
        """Raises RuntimeError where OBS refuses."""
        number = str(next(self._numbers))
        asked = {"requestType": request, "requestId": number, "requestData": data}
        self._socket.send(json.dumps({"op": 6, "d": asked}))
        while True:
            answer = json.loads(self._socket.recv(60))
            if answer["op"] == 7 and answer["d"]["requestId"] == number:
                break
        status = answer["d"]["requestStatus"]
        if not status["result"]:
            raise RuntimeError(f"{request}: {status.get('comment', status['code'])}")
        return answer["d"].get("responseData", {})

    def add(self, name: str, address: str, **settings: object) -> None:
        """A media source that reads an address, as the dialog makes it; it fills the scene."""
        given = {"is_local_file": False, "input": address, "reconnect_delay_sec": 1, **settings}
        scene = self.ask("GetCurrentProgramScene")["currentProgramSceneName"]
        item = self.ask(
            "CreateInput", sceneName=scene, inputName=name, inputKind="ffmpeg_source", inputSettings=given
        )["sceneItemId"]
        bounds = {"boundsType": "OBS_BOUNDS_SCALE_INNER", "boundsWidth": WIDTH, "boundsHeight": HEIGHT}
        self.ask("SetSceneItemTransform", sceneName=scene, sceneItemId=item, sceneItemTransform=bounds)

    def picture(self, width: int = 640, height: int = 360) -> np.ndarray:
        """What the scene shows now: height x width x 3 BGR, uint8."""
        scene = self.ask("GetCurrentProgramScene")["currentProgramSceneName"]
        shown = self.ask(
            "GetSourceScreenshot", sourceName=scene, imageFormat="png", imageWidth=width, imageHeight=height
        )
        data = base64.b64decode(shown["imageData"].split(",")[1])
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        return picture
