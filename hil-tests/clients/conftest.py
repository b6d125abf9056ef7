"""Emulators in a process of their own, one for each test."""

import os
import subprocess

import pytest


class Emulators:
    """`bench emulate`, until its input is closed."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []

    def __call__(self, what, *arguments):
        """Plays a model or a wiring, and gives the folder of its endpoints."""
        command = [os.environ["BENCH"], "emulate", str(what), "--run-dir", str(self.folder)]
        process = subprocess.Popen(
            [*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        assert process.stdout.readline() == "ready\n"
        return self.folder

    def port(self, model, *arguments):
        """The serial port of one model."""
        path = self(model, *arguments) / model
        assert path.is_symlink()
        return str(path)

    def socket(self, model, *arguments):
        """Host and port of one model."""
        host, port = (self(model, "--tcp", *arguments) / model).read_text().strip().split(":")
        return host, int(port)

    def end(self):
        for process in self.processes:
            process.stdin.close()
            assert process.wait(5) == 0
        assert list(self.folder.iterdir()) == []


@pytest.fixture
def emulate(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    emulators = Emulators(folder)
    yield emulators
    emulators.end()
