"""Benches that a real labgrid looks after: coordinator, exporter and client on loopback; in front of the
emulators labgrid's own serial ports (ser2net, RFC 2217) and resources of a class of ours."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from test_rfc2217 import CAMPAIGN, free_port

BIN = Path(sys.executable).parent
HOST = "127.0.0.1"

WIRING = """
[device.supply]
role = "power-supply"
model = "keysight-6633b"
link = "labgrid:supply@9600"
poll = "200 ms"
limits = { volts = 34.0, amps = 2.0 }
"""

EXPORTED = """
serial:
  RawSerialPort:
    port: {port}
    speed: 9600
tcp:
  supply:
    cls: BenchSCPI
    host: {host}
    port: {scpi}
    role: power-supply
    model: keysight-6633b
    poll: 200 ms
    limits: volts = 34.0, amps = 2.0
cut:
  supply:
    cls: BenchSCPI
    host: {host}
    port: {other}
    role: power-supply
    model: keysight-6634b
    poll: 200 ms
    limits: volts = 34.0, amps = 1.0
"""


class Labgrid:
    """A coordinator and an exporter."""

    def __init__(self, folder, exported):
        self.folder = folder
        self.port = free_port()
        (folder / "exported.yaml").write_text(exported)
        self.processes = []

    def start(self):
        address = f"{HOST}:{self.port}"
        self._run("labgrid-coordinator", "-l", address)
        for _ in range(100):
            if self.client("places").returncode == 0:
                break
            time.sleep(0.1)
        self._run("labgrid-exporter", "-c", address, "-n", "lab", "--hostname", HOST, "exported.yaml")
        for _ in range(100):
            if "lab/tcp/BenchSCPI" in self.client("resources").stdout:
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text())

    def _run(self, program, *arguments):
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            command = [BIN / program, *arguments]
            # Their children, such as ser2net, are found by the group.
            process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True, env=self.env()
            )
        self.processes.append(process)

    def env(self, user="bench"):
        path = f"{BIN}:{os.environ['PATH']}:/usr/sbin"
        return {
            **os.environ,
            "PATH": path,
            "LG_COORDINATOR": f"{HOST}:{self.port}",
            "LG_USERNAME": user,
            "LG_HOSTNAME": "ci",
        }

    def client(self, *arguments, user="bench"):
        return subprocess.run(
            [BIN / "labgrid-client", *arguments],
            env=self.env(user),
            capture_output=True,
            text=True,
            check=False,
        )

    def place(self, name, match):
        assert self.client("-p", name, "create").returncode == 0
        matched = self.client("-p", name, "add-named-match", match, "supply")
        assert matched.returncode == 0, matched.stderr

    def holder(self, name):
        return re.search(r"acquired: (\S+)", self.client("-p", name, "show").stdout)[1]

    def bench(self, place, *arguments):
        command = ["campaign.toml", "--pace", "real", "--labgrid", place]
        return self.verb("run", *command, "--out", f"run-{place}-{len(arguments)}", *arguments)

    def verb(self, *arguments):
        command = [os.environ["BENCH"], *arguments]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.env(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def end(self):
        for process in reversed(self.processes):
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
            process.wait(20)


@pytest.fixture(name="labgrid")
def start_labgrid(tmp_path, emulate):
    _, scpi = emulate.socket("keysight-6633b")
    _, other = emulate.socket("keysight-6634b")
    port = os.path.realpath(emulate.port("keysight-6632b"))
    folder = tmp_path / "labgrid"
    folder.mkdir()
    (folder / "campaign.toml").write_text(CAMPAIGN)
    (folder / "wiring.toml").write_text(WIRING.replace("6633b", "6632b").replace("34.0", "20.0"))
    labgrid = Labgrid(folder, EXPORTED.format(port=port, host=HOST, scpi=scpi, other=other))
    try:
        labgrid.start()
        yield labgrid
    finally:
        labgrid.end()


def test_places_are_acquired_run_on_made_safe_and_released(labgrid):
    labgrid.place("tcp", "lab/tcp/BenchSCPI/supply")
    labgrid.place("cut", "lab/cut/BenchSCPI/supply")
    labgrid.place("serial", "lab/serial/NetworkSerialPort")
    campaign = (labgrid.folder / "campaign.toml").read_text()
    for high, low in (("28.0", "18.0"), ("27.9", "17.9"), ("28.1", "18.1"), ("1.5", "0.9")):
        campaign = campaign.replace(high, low)
    (labgrid.folder / "campaign.toml").write_text(campaign)
    # A wiring of what the resource says; waiting is no hindrance where nobody is before us.
    tcp = labgrid.bench("tcp", "--wait")
    # A wiring that names labgrid's own serial port, behind ser2net.
    serial = labgrid.bench("serial", "--wiring", "wiring.toml")
    # One that is interrupted while it runs.
    cut = labgrid.bench("cut")
    wait_for(lambda: (labgrid.folder / "run-serial-2").exists())
    # Somebody who comes meanwhile is told, and touches nothing.
    busy = labgrid.bench("serial", "--wiring", "wiring.toml", "--quiet")
    # A place that there is not; and one that nobody has told what it is.
    nowhere = labgrid.bench("nowhere")
    wait_for(lambda: (labgrid.folder / "run-cut-0/record.mcap").exists())
    time.sleep(0.5)
    cut.send_signal(signal.SIGINT)
    ends(busy, 6, "already acquired", "Nothing was touched")
    ends(nowhere, 2, "matches nothing")
    ends(cut, 5)
    ends(tcp, 0)
    ends(serial, 0)
    kept = (labgrid.folder / "run-serial-2/inputs/wiring.toml").read_text()
    assert re.search(r'link = "rfc2217:127.0.0.1:\d+@9600"', kept)
    ends(labgrid.bench("serial"), 2, "`role`")
    # Looked at, and left safe, without a run: with a wiring or without.
    ends(labgrid.verb("doctor", "wiring.toml", "--labgrid", "serial"), 0)
    ends(labgrid.verb("safe", "--labgrid", "tcp"), 0)
    # A place that somebody has is not touched; one that the user has, as an UNSAFE run leaves it, is used
    # and stays theirs.
    assert labgrid.client("-p", "cut", "acquire", user="somebody").returncode == 0
    ends(labgrid.verb("safe", "--labgrid", "cut"), 6, "already acquired", "Nothing was touched")
    assert labgrid.client("-p", "cut", "release", user="somebody").returncode == 0
    assert labgrid.client("-p", "cut", "acquire").returncode == 0
    ends(labgrid.verb("safe", "--verify", "--labgrid", "cut"), 0, "stays acquired, as it was before")
    assert labgrid.holder("cut") == "ci/bench"
    assert labgrid.client("-p", "cut", "release").returncode == 0
    for place in ("tcp", "serial", "cut"):
        assert labgrid.holder(place) == "None", place
    assert labgrid.client("reservations").stdout == ""


def wait_for(what):
    for _ in range(600):
        if what():
            return
        time.sleep(0.1)
    raise AssertionError("it never was")


def ends(process, code, *parts):
    out, said = process.communicate(timeout=90)
    assert process.returncode == code, (out, said)
    for part in parts:
        assert part in said, said
