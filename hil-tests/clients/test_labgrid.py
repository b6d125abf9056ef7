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
        command = [os.environ["BENCH"], "run", "campaign.toml", "--pace", "real", "--labgrid", place]
        command += ["--out", f"run-{place}-{len(arguments)}", *arguments]
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
    port = os.path.realpath(emulate.port("keysight-6632b"))
    folder = tmp_path / "labgrid"
    folder.mkdir()
    (folder / "campaign.toml").write_text(CAMPAIGN)
    (folder / "wiring.toml").write_text(WIRING.replace("6633b", "6632b").replace("34.0", "20.0"))
    labgrid = Labgrid(folder, EXPORTED.format(port=port, host=HOST, scpi=scpi))
    try:
        labgrid.start()
        yield labgrid
    finally:
        labgrid.end()


def test_places_are_acquired_run_on_made_safe_and_released(labgrid):
    labgrid.place("tcp", "lab/tcp/BenchSCPI/supply")
    labgrid.place("serial", "lab/serial/NetworkSerialPort")
    campaign = (labgrid.folder / "campaign.toml").read_text()
    gentle = campaign.replace("28.0", "18.0").replace("27.9", "17.9").replace("28.1", "18.1")
    (labgrid.folder / "campaign.toml").write_text(gentle)
    # A wiring of what the resource says; waiting is no hindrance where nobody is before us.
    tcp = labgrid.bench("tcp", "--wait")
    # A wiring that names labgrid's own serial port, behind ser2net.
    serial = labgrid.bench("serial", "--wiring", "wiring.toml")
    for _ in range(100):
        if labgrid.holder("serial") == "ci/bench":
            break
        time.sleep(0.1)
    # Somebody who comes meanwhile is told, and touches nothing.
    busy = labgrid.bench("serial", "--wiring", "wiring.toml", "--quiet")
    _, said = busy.communicate(timeout=30)
    assert busy.returncode == 6, said
    assert "already acquired" in said and "Nothing was touched" in said
    for run, name in ((tcp, "tcp"), (serial, "serial")):
        out, said = run.communicate(timeout=60)
        assert run.returncode == 0, (out, said, (labgrid.folder / "log").read_text())
        assert labgrid.holder(name) == "None", name
    assert labgrid.client("reservations").stdout == ""
    kept = (labgrid.folder / "run-serial-2/inputs/wiring.toml").read_text()
    assert re.search(r'link = "rfc2217:127.0.0.1:\d+@9600"', kept)

    # Interrupted while it runs: it makes safe, then gives the place back.
    run = labgrid.bench("tcp")
    for _ in range(200):
        if (labgrid.folder / "run-tcp-0/record.mcap").exists():
            break
        time.sleep(0.1)
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    out, said = run.communicate(timeout=30)
    assert run.returncode == 5, (out, said)
    assert labgrid.holder("tcp") == "None"

    for place, part, code in (("nowhere", "matches nothing", 2), ("serial", "`role`", 2)):
        run = labgrid.bench(place, "--wire")
        _, said = run.communicate(timeout=30)
        assert (run.returncode, part in said) == (code, True), said
    assert labgrid.holder("serial") == "None"
