"""The HTML report in Chromium, driven through its WebDriver: nothing is asked from elsewhere, the plots
zoom, and a click on the time of a check goes to its moment."""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

HOST = "127.0.0.1"
DRIVER = shutil.which("chromedriver")


class Browser:
    """One window, by the W3C's WebDriver protocol."""

    def __init__(self, address):
        options = {
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1100,900"]
        }
        capabilities = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        self.at = address
        session = self.post("/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.at = f"{address}/session/{session['sessionId']}"

    def post(self, path, body):
        request = urllib.request.Request(
            self.at + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def run(self, script, *arguments):
        return self.post("/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, css):
        (element,) = self.post("/element", {"using": "css selector", "value": css}).values()
        return element

    def click(self, css):
        self.post(f"/element/{self.find(css)}/click", {})

    def log(self, kind):
        return [entry["message"] for entry in self.post("/se/log", {"type": kind})]

    def picture(self, path):
        with urllib.request.urlopen(self.at + "/screenshot", timeout=60) as answer:
            path.write_bytes(base64.b64decode(json.load(answer)["value"]))

    def end(self):
        urllib.request.urlopen(urllib.request.Request(self.at, method="DELETE"), timeout=60)


@pytest.fixture
def browser():
    assert DRIVER, "no chromedriver: apt-get install chromium chromium-driver"
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL)
    address = f"http://{HOST}:{port}"
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{address}/status", timeout=5)
            break
        except urllib.error.URLError:
            time.sleep(0.1)
    window = Browser(address)
    yield window
    window.end()
    process.terminate()
    process.wait(10)


SCALE = "return Array.from(document.querySelectorAll('.live .uplot')).length"
SEEN = """
const axis = document.querySelectorAll('.u-over')[arguments[0]];
const box = axis.getBoundingClientRect();
return [box.left, box.top, box.width, box.height];
"""
INSIDE = """
const box = document.querySelector('.figure-at').getBoundingClientRect();
return box.top >= 0 && box.bottom <= innerHeight;
"""


def drag(browser, across):
    """Drags over a part of the first plot."""
    browser.run("document.querySelector('.u-over').scrollIntoView({block: 'center'})")
    left, top, width, height = browser.run(SEEN, 0)
    y = round(top + height / 2)
    moves = [
        {"type": "pointerMove", "x": round(left + across[0] * width), "y": y},
        {"type": "pointerDown", "button": 0},
        {"type": "pointerMove", "x": round(left + across[1] * width), "y": y, "duration": 200},
        {"type": "pointerUp", "button": 0},
    ]
    pointer = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}}
    browser.post("/actions", {"actions": [{**pointer, "actions": moves}]})


def press(browser, keys):
    """Presses keys, one after the other."""
    moves = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
    browser.post("/actions", {"actions": [{"type": "key", "id": "keys", "actions": moves}]})


def seen(browser):
    """The stretch of time that the plots show, s, read off the page."""
    return browser.run("return window.benchSeen()")


def test_a_report_is_looked_at(browser, tmp_path):
    ran = subprocess.run(
        [os.environ["BENCH"], "run", "--out", "out", "-q"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    page = (tmp_path / "out" / "report.html").as_uri()
    browser.post("/url", {"url": page})
    assert browser.run("return document.title") == "eclipse ride-through: PASS"
    assert browser.run("return document.querySelectorAll('nav a').length") >= 5
    assert browser.run(SCALE) > 8
    assert browser.log("browser") == []
    asked = [json.loads(entry)["message"] for entry in browser.log("performance")]
    urls = {
        entry["params"]["request"]["url"]
        for entry in asked
        if entry["method"] == "Network.requestWillBeSent"
    }
    assert urls <= {page}, urls

    whole = seen(browser)
    assert whole[0] == 0 and 11_000 < whole[1] < 11_500

    browser.click("table button.moment[data-check='board input voltage in eclipse']")
    moment = float(browser.run("return document.querySelector(\"button.moment[data-check='board input voltage in eclipse']\").dataset.at"))
    low, high = seen(browser)
    assert low < moment < high and high - low < 0.1 * whole[1]
    assert browser.run("return document.getElementById('where').textContent").startswith(
        "board input voltage in eclipse: 00:46:"
    )
    assert browser.run(INSIDE), "the plot of the check is not in sight"
    title = browser.run("return document.querySelector('.figure-at .panel-title').textContent")
    assert title.startswith("voltage at the boards / V")

    browser.click("#whole")
    assert seen(browser) == whole
    drag(browser, (0.25, 0.5))
    low, high = seen(browser)
    assert low == pytest.approx(whole[1] / 4, rel=0.05)
    assert high == pytest.approx(whole[1] / 2, rel=0.05)
    browser.picture(tmp_path / "zoomed.png")

    # The same by keys alone, and said to who hears the page instead of seeing it.
    browser.click("#whole")
    browser.run("document.querySelector('.u-over').focus()")
    said = browser.run("return document.activeElement.getAttribute('aria-label')")
    assert said.startswith("bus voltage: bus supply from "), said
    middle = whole[1] / 2
    for keys, (low, high) in [("+", (0.5, 1.5)), ("\ue014", (0.75, 1.75)), ("\ue012-", (0, 2))]:
        press(browser, keys)
        assert seen(browser) == pytest.approx([low * middle, high * middle], rel=0.01, abs=1), keys
    press(browser, "+")
    press(browser, "0")
    assert seen(browser) == whole
    tabbed = "return document.querySelectorAll('.u-over[tabindex=\"0\"][role=img]').length"
    assert browser.run(tabbed) == browser.run(SCALE)

    # Nothing but tables and drawings, in boxes of their own, is wider than a telephone.
    narrow = {"width": 400, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    device = {"cmd": "Emulation.setDeviceMetricsOverride", "params": narrow}
    browser.post("/goog/cdp/execute", device)
    browser.post("/url", {"url": page})
    assert browser.run("return document.documentElement.scrollWidth") <= 400
