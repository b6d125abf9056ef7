"""Our RFC 2217 client against other people's servers: ser2net, and pyserial's port manager, each in
front of a serial port that the emulator plays."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

HOST = "127.0.0.1"

CAMPAIGN = """
name = "through a server of serial ports"
seed = 1

[[step]]
name = "set"
length = "2 s"
set = [
  { device = "supply", volts = 28.0, limit_amps = 1.5 },
  { device = "supply", after = "500 ms", output = "on" },
]

[[step]]
name = "measure"
length = "1 s"

[[check]]
name = "volts"
kind = "in_range"
channel = "supply.volts"
during = "measure"
min = 27.9
max = 28.1
"""

WIRING = """
[device.supply]
role = "power-supply"
model = "keysight-6633b"
link = "{link}"
poll = "200 ms"
limits = {{ volts = 34.0, amps = 2.0 }}
"""


def free_port():
    with socket.socket() as free:
        free.bind((HOST, 0))
        return free.getsockname()[1]


def wait_for(port):
    """Waits for a listener without connecting: ser2net serves one client, and would be busy."""
    listens = f":{port:04X} 00000000:0000 0A"
    for _ in range(200):
        if listens in Path("/proc/net/tcp").read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens at {port}")


def run(folder, link):
    (folder / "campaign.toml").write_text(CAMPAIGN)
    (folder / "wiring.toml").write_text(WIRING.format(link=link))
    command = [os.environ["BENCH"], "run", "campaign.toml", "--wiring", "wiring.toml"]
    return subprocess.run(
        [*command, "--pace", "real", "--out", "out"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def ser2net(tmp_path):
    """ser2net in front of a port; `kind` is what it speaks."""
    processes = []

    def start(path, kind="telnet(rfc2217),tcp"):
        port = free_port()
        config = tmp_path / "ser2net.yaml"
        config.write_text(
            f"connection: &bench\n  accepter: {kind},{HOST},{port}\n"
            f"  connector: serialdev,{path},115200n81,local\n"
        )
        program = shutil.which("ser2net") or "/usr/sbin/ser2net"
        command = [program, "-n", "-u", "-c", config, "-P", tmp_path / "ser2net.pid"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes.append(subprocess.Popen(command, **quiet))
        wait_for(port)
        return port

    yield start
    for process in processes:
        process.terminate()
        process.wait(10)


@pytest.fixture
def pyserial(tmp_path):
    """pyserial's RFC 2217 server in front of a port, in a process of its own."""
    processes = []

    def start(path):
        command = [sys.executable, Path(__file__).with_name("rfc2217_server.py"), path]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        return int(process.stdout.readline()), process

    yield start
    for process in processes:
        process.stdin.close()
        process.wait(10)


def test_a_campaign_passes_through_ser2net(emulate, ser2net, tmp_path):
    port = ser2net(emulate.port("keysight-6633b"))
    ran = run(tmp_path, f"rfc2217:{HOST}:{port}@9600,8N2")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_campaign_passes_through_pyserial(emulate, pyserial, tmp_path):
    port, server = pyserial(emulate.port("keysight-6633b"))
    ran = run(tmp_path, f"rfc2217:{HOST}:{port}@9600,8N2")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # The line was set as the wiring has it, not as the server had it before.
    assert server.stdout.readline() == "9600 8N2\n"


def test_a_raw_port_of_ser2net_is_no_server_of_rfc2217(emulate, ser2net, tmp_path):
    port = ser2net(emulate.port("keysight-6633b"), "tcp")
    ran = run(tmp_path, f"rfc2217:{HOST}:{port}@9600,8N2")
    assert ran.returncode == 4, ran.stdout + ran.stderr
    assert f"a raw socket is `tcp:{HOST}:{port}`" in ran.stdout, ran.stdout
