"""Emulated boards on a bus of the kernel's, and the program on it."""

import os
import subprocess

import can
import pytest

BUS = "vcan0"


@pytest.fixture
def board(tmp_path):
    """The emulated board on CAN, in a process of its own, with what its options say."""
    processes = []

    def start(*options):
        command = [os.environ["BENCH"], "emulate", "dbc-can", "--run-dir", str(tmp_path / "run")]
        command += ["--can", BUS]
        for option in options:
            command += ["--option", option]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout.readline() == "ready\n"

    yield start
    for process in processes:
        process.stdin.close()
        assert process.wait(5) == 0


@pytest.fixture
def bus():
    """Another program's end of the bus."""
    with can.Bus(interface="socketcan", channel=BUS, fd=True) as bus:
        yield bus
