"""The JULABO FP50, driven by the package `julabo` as it is; and our driver, in short campaigns in real
time, against lewis' FP50 and against the simulator of the package `julabo`, which sinstruments serves."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from julabo import JulaboCF, connection_for_url

SCRIPTS = Path(sys.executable).parent

CAMPAIGN = """
name = "against other people's circulators"
seed = 1

[[step]]
name = "set"
length = "4 s"
set = [{{ device = "bath", celsius = {target} }}]

[[step]]
name = "measure"
length = "1 s"

[[check]]
name = "bath"
kind = "in_range"
channel = "bath.air"
during = "measure"
min = {low}
max = {high}

[[check]]
name = "target"
kind = "in_range"
channel = "bath.target"
during = "measure"
min = {target}
max = {target}
"""

WIRING = """
[device.bath]
role = "thermal-chamber"
model = "julabo-fp50"
link = "{link}"
poll = "400 ms"
limits = {{ min_celsius = {low}, max_celsius = {high} }}
"""


def run(folder, link, limits, target, expected):
    """A campaign that tells the bath a target and expects it within a range."""
    (folder / "campaign.toml").write_text(
        CAMPAIGN.format(target=target, low=expected[0], high=expected[1])
    )
    (folder / "wiring.toml").write_text(WIRING.format(link=link, low=limits[0], high=limits[1]))
    command = [os.environ["BENCH"], "run", "campaign.toml", "--wiring", "wiring.toml"]
    return subprocess.run(
        [*command, "--pace", "real", "--out", "out"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=90,
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(ready):
    for _ in range(200):
        if ready():
            return
        time.sleep(0.1)
    raise TimeoutError("the simulator did not come up")


@pytest.fixture
def start():
    processes = []

    def run_it(*command, cwd):
        processes.append(subprocess.Popen(command, cwd=cwd))

    yield run_it
    for process in processes:
        process.terminate()
        process.wait(20)


def test_the_package_julabo_drives_the_emulator(emulate):
    host, port = emulate.socket("julabo-fp50")
    line = connection_for_url(f"tcp://{host}:{port}", concurrency="syncio")
    line.open()
    bath = JulaboCF(line)
    assert bath.identification() == "JULABO FP50-HE VERSION 2.1"
    assert bath.status() == "02 REMOTE STOP"
    assert bath.bath_temperature() == pytest.approx(23.0, abs=0.2)
    bath.set_point_1(34.56)
    assert bath.set_point_1() == 34.56
    assert not bath.is_started()
    bath.start()
    assert bath.is_started()
    assert bath.status() == "03 REMOTE START"
    time.sleep(2)
    assert 23.0 < bath.bath_temperature() < 24.5
    assert bath.heating_power() == 100
    bath.active_set_point_channel(2)
    assert bath.active_set_point_channel() == 2
    bath.write("OUT_SP_00 1000")
    assert bath.status() == "-11 VALUE TOO LARGE"
    bath.stop()
    assert bath.status() == "02 REMOTE STOP"
    line.close()


def test_the_driver_passes_against_lewis(start, tmp_path):
    port = free_port()
    protocol = f"julabo-version-2: {{bind_address: 127.0.0.1, port: {port}}}"
    start(SCRIPTS / "lewis", "julabo", "-p", protocol, "-o", "none", cwd=tmp_path)

    def is_up():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(is_up)
    # At 5 K/min from 24 °C, for four to five seconds.
    ran = run(tmp_path, f"tcp:127.0.0.1:{port}", (0, 100), 40.0, (24.1, 25.0))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_driver_is_told_what_lewis_does_not_take(start, tmp_path):
    port = free_port()
    protocol = f"julabo-version-2: {{bind_address: 127.0.0.1, port: {port}}}"
    start(SCRIPTS / "lewis", "julabo", "-p", protocol, "-o", "none", cwd=tmp_path)

    def is_up():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(is_up)
    # Its limits are set at its panel: they read back otherwise.
    ran = run(tmp_path, f"tcp:127.0.0.1:{port}", (0, 60), 40.0, (24.1, 25.0))
    assert ran.returncode not in (0, 1), ran.stdout + ran.stderr
    assert "OUT_SP_03 60.00" in ran.stdout, ran.stdout + ran.stderr


def test_the_driver_passes_against_sinstruments(start, tmp_path):
    line = tmp_path / "bath"
    (tmp_path / "devices.yml").write_text(
        f"""
devices:
- class: JulaboCF
  name: bath
  package: julabo.simulator
  transports:
  - type: serial
    url: {line}
    baudrate: 4800
"""
    )
    start(SCRIPTS / "sinstruments-server", "-c", "devices.yml", cwd=tmp_path)
    wait_for(line.exists)
    # Its bath stays as it is.
    ran = run(tmp_path, f"serial:{line}@4800", (-20, 90), 40.0, (29.44, 29.46))
    assert ran.returncode == 0, ran.stdout + ran.stderr
