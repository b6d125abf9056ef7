"""The other way round: our drivers, in a short campaign in real time, against the servers of
pymodbus and scpipy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = """
name = "against other people's servers"
seed = 1

[[step]]
name = "set"
length = "2 s"
set = [
  { device = "chamber", celsius = -12.5 },
  { device = "supply", volts = 28.0, limit_amps = 1.5 },
  { device = "supply", after = "500 ms", output = "on" },
]

[[step]]
name = "measure"
length = "1 s"

[[check]]
name = "air"
kind = "in_range"
channel = "chamber.air"
min = 23.05
max = 23.15

[[check]]
name = "target"
kind = "in_range"
channel = "chamber.target"
during = "measure"
min = -12.5
max = -12.5

[[check]]
name = "volts"
kind = "in_range"
channel = "supply.volts"
during = "measure"
min = 27.99
max = 28.01
"""

DEVICE = """
[device.{name}]
role = "{role}"
model = "{model}"
link = "{link}"
poll = "200 ms"
limits = {limits}
"""


@pytest.fixture
def server():
    processes = []

    def start(what):
        command = [sys.executable, Path(__file__).with_name("servers.py"), what]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        return f"tcp:127.0.0.1:{int(process.stdout.readline())}"

    yield start
    for process in processes:
        process.stdin.close()
        process.wait(10)


def run(folder, supply, chamber):
    (folder / "campaign.toml").write_text(CAMPAIGN)
    (folder / "wiring.toml").write_text(
        DEVICE.format(
            name="supply",
            role="power-supply",
            model="keysight-6633b",
            link=supply,
            limits="{ volts = 34.0, amps = 2.0 }",
        )
        + DEVICE.format(
            name="chamber",
            role="thermal-chamber",
            model="watlow-f4",
            link=chamber,
            limits="{ min_celsius = -20.0, max_celsius = 60.0 }",
        )
    )
    command = [os.environ["BENCH"], "run", "campaign.toml", "--wiring", "wiring.toml"]
    return subprocess.run(
        [*command, "--pace", "real", "--out", "out"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_drivers_pass_against_pymodbus_and_scpipy(server, tmp_path):
    ran = run(tmp_path, server("supply"), server("chamber"))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_server_of_something_else_is_no_supply(server, tmp_path):
    chamber = server("chamber")
    ran = run(tmp_path, chamber, server("chamber"))
    assert ran.returncode != 0
    assert "hardware absent: supply: no answer to `*IDN?`" in ran.stdout, ran.stdout + ran.stderr
