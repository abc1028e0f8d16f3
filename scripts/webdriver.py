"""A small client of the W3C WebDriver protocol, for scripts that look at the page; chromedriver comes from Debian."""

import base64
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request


class Browser:
    """Chromium without a window of its own; use it in a `with` statement. With `every_frame` it holds none back for the screen."""

    def __init__(self, width, height, ratio=1, every_frame=False):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.address = f"http://127.0.0.1:{port}/session"
        self.session = None
        # Guards against a driver that never starts.
        for _ in range(1200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/status").close()
                break
            except urllib.error.URLError:
                time.sleep(0.05)
        options = {"args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
            f"--window-size={width},{height}", f"--force-device-scale-factor={ratio}",
            *["--disable-frame-rate-limit", "--disable-gpu-vsync"] * every_frame]}
        answer = self._call("POST", "", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options}}})
        self.session = answer["sessionId"]
        self._call("POST", "/timeouts", {"script": 600_000})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._call("DELETE", "")
        finally:
            self.driver.kill()
            self.driver.wait()

    def _call(self, method, path, body=None):
        url = self.address + (f"/{self.session}" if self.session else "") + path
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"the browser refused {path}: {error.read().decode()[:1000]}") from None

    def open(self, url):
        self._call("POST", "/url", {"url": url})

    def run(self, statements):
        """Runs JavaScript statements and gives what they return; a promise is awaited."""
        return self._call("POST", "/execute/sync", {"script": statements, "args": []})

    def wait(self, condition):
        """Waits in the page until a JavaScript expression is true."""
        self.run(f"return new Promise((done) => {{ const look = () => ({condition}) ? done() : setTimeout(look, 5); look(); }})")

    def pointer(self, *actions):
        """Acts with the mouse: (x, y) moves there, "down" and "up" press and release the primary button."""
        def action(what):
            if isinstance(what, tuple):
                return {"type": "pointerMove", "duration": 0, "x": round(what[0]), "y": round(what[1])}
            return {"type": f"pointer{what.capitalize()}", "button": 0}
        self._call("POST", "/actions", {"actions": [{
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
            "actions": [action(what) for what in actions]}]})

    def keys(self, *keys):
        for key in keys:
            self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
                {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def picture(self, path):
        """Writes a picture of the page, as WebP, which keeps the noise of CT small."""
        answer = self._call("POST", "/goog/cdp/execute", {
            "cmd": "Page.captureScreenshot", "params": {"format": "webp", "quality": 80}})
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def _on_screen(self, points):
        """Image coordinates of the active phase in CSS pixels."""
        left, top, a, d, e, f = self.run(
            "const p = document.querySelector('.pane.active'), b = p.getBoundingClientRect();"
            "const m = p.querySelector('.overlay').getAttribute('transform').match(/[-0-9.e]+/g).map(Number);"
            "return [b.left, b.top, m[0], m[3], m[4], m[5]];")
        return [(x * a + e + left, y * d + f + top) for x, y in points]

    def outline(self, vertices):
        """Draws a polygon on the shown slice of the active phase, with its corners at image coordinates."""
        self.keys("p")
        for place in self._on_screen(vertices):
            self.pointer(place, "down", "up")
        self.keys("\ue007", "v")

    def point_at(self, point):
        """Presses at image coordinates of the active phase, so that the reformats go through them."""
        self.pointer(self._on_screen([point])[0], "down", "up")

    def show_slice(self, number):
        """Shows a slice of the active phase, from the nearer side, by keys."""
        shown = "Number(document.querySelector('.pane.active').dataset.slice)"
        while (now := self.run(f"return {shown}")) != number:
            self.keys("\ue013" if number > now else "\ue015")
            self.wait(f"{shown} !== {now}")

    def open_case(self, url, case):
        """Signs in by an address with a one-time token and opens a case, until each phase shows a slice."""
        self.open(url)
        self.wait("document.body.dataset.state === 'worklist'")
        self.run(f"location.hash = {json.dumps(case)}")
        self.wait("document.body.dataset.state === 'case' "
                  "&& [...document.querySelectorAll('.pane')].every((p) => Number(p.dataset.frame) > 0)")
