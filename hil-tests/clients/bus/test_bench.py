"""The bench drives a board that is played by other people's programs: cantools for its telemetry,
can-isotp for its answers, python-can for its frames."""

import json
import os
import struct
import subprocess
import threading
import time
import zlib
from pathlib import Path

import can
import cantools
import isotp

WORKSPACE = Path(__file__).resolve().parents[3]
DATABASE = WORKSPACE / "drivers/src/accelerator/dbc_can/board.dbc"
GOLDENS = WORKSPACE / "hil-tests/goldens"
TO_BOARD, FROM_BOARD = 0x6A0, 0x6A1
IDENTIFY, LOAD, INFER, FETCH, MODE, STOP = 1, 2, 3, 4, 5, 6

CAMPAIGN = f"""
name = "another board"
seed = 1
goldens = "{GOLDENS}"

[[step]]
name   = "work"
length = "8 s"

[[workload]]
name   = "keywords"
device = "payload"
golden = "keyword-spotting"
during = "work"

[[check]]
name     = "it answers"
kind     = "responds"
workload = "keywords"

[[check]]
name     = "keywords are right"
kind     = "matches_golden"
workload = "keywords"

[[check]]
name   = "no frame lost"
kind   = "no_loss"
device = "payload"
during = "work"

[[check]]
name    = "bus voltage"
kind    = "in_range"
channel = "payload.bus_volts"
during  = "work"
min     = 27.9
max     = 28.1
"""

WIRING = """
[device.payload]
role    = "accelerator"
model   = "dbc-can"
link    = "can:vcan0"
"""


def tensors(path):
    """The tensors of a safetensors file, by name: its header is JSON."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    body = content[8 + length :]
    return {name: body[slice(*told["data_offsets"])] for name, told in header.items()}


class Board(threading.Thread):
    """A board that knows the golden's inputs by heart."""

    def __init__(self, flips=False):
        super().__init__(daemon=True)
        inputs = tensors(GOLDENS / "keyword-spotting/inputs.safetensors")["input"]
        outputs = tensors(GOLDENS / "keyword-spotting/outputs.safetensors")["output"]
        split = lambda octets, size: [octets[at : at + size] for at in range(0, len(octets), size)]
        self.known = dict(zip(split(inputs, 490), split(outputs, 12)))
        self.flips = flips
        self.slots, self.outputs = {}, {}
        self.ended = threading.Event()
        self.database = cantools.database.load_file(DATABASE)
        self.bus = can.Bus(interface="socketcan", channel="vcan0")
        self.answers = can.Bus(interface="socketcan", channel="vcan0")
        self.answers.set_filters([{"can_id": TO_BOARD, "can_mask": 0x7FF, "extended": False}])
        address = isotp.Address(isotp.AddressingMode.Normal_11bits, txid=FROM_BOARD, rxid=TO_BOARD)
        params = {"tx_padding": 0xCC, "stmin": 0, "blocksize": 8}
        self.stack = isotp.CanStack(self.answers, address=address, params=params)

    def run(self):
        self.stack.start()
        reports = 0
        while not self.ended.is_set():
            self.report(reports)
            reports += 1
            until = time.monotonic() + 0.1
            while (left := until - time.monotonic()) > 0:
                message = self.stack.recv(block=True, timeout=left)
                if message is not None:
                    self.stack.send(self.answer(bytes(message)))

    def report(self, count):
        alive = count % 16
        celsius = {"junction_temperature": 40.0, "board_temperature": 35.0}
        for name, values in [
            ("ACC_POWER", {"bus_volts": 28.0, "bus_amps": 0.2, "power_alive": alive}),
            ("ACC_TEMP", {**celsius, "throttled": 0, "temperature_alive": alive}),
            (
                "ACC_STATUS",
                {"state": 2, "mode": 0, "clock_mhz": 400, "inferences": 0, "status_alive": alive},
            ),
        ]:
            message = self.database.get_message_by_name(name)
            frame = can.Message(
                arbitration_id=message.frame_id,
                is_extended_id=message.is_extended_frame,
                data=message.encode(values),
            )
            self.bus.send(frame)

    def answer(self, message):
        service, rest = message[0], message[1:]
        if service == IDENTIFY:
            return bytes([0x40 | service]) + b"Others\0Python board\0" + b"77\0" + b"0.1\0"
        if service == LOAD:
            self.slots[rest[:2]] = rest[2:]
            return bytes([0x40 | service]) + rest[:2]
        if service == INFER:
            slot = rest[4:6]
            output = self.known[self.slots[slot]]
            if self.flips:
                output = output[::-1]
            self.outputs[slot] = output
            told = struct.pack(">II", 20_000, zlib.crc32(output))
            return bytes([0x40 | service]) + rest + told + output
        if service == FETCH:
            return bytes([0x40 | service]) + rest + self.outputs[rest]
        if service in (MODE, STOP):
            return bytes([0x40 | service])
        return bytes([0x7F, service, 0x11])

    def end(self):
        self.ended.set()
        self.join()
        self.stack.stop()
        self.bus.shutdown()
        self.answers.shutdown()


def verdicts(tmp_path, **played):
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    (tmp_path / "wiring.toml").write_text(WIRING)
    board = Board(**played)
    board.start()
    command = [os.environ["BENCH"], "run", "campaign.toml", "--wiring", "wiring.toml"]
    command += ["--pace", "real", "--out", "out"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    board.end()
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    told = {finding["check"]: finding["verdict"] for finding in summary["findings"]}
    return ran.returncode, told, ran.stdout + ran.stderr


def test_a_board_of_others_passes(tmp_path):
    code, told, said = verdicts(tmp_path)
    assert code == 0, said
    assert set(told.values()) == {"pass"} and len(told) == 4
    assert "is a Others Python board" in said


def test_a_board_of_others_that_computes_wrong_fails(tmp_path):
    code, told, said = verdicts(tmp_path, flips=True)
    assert code == 1, said
    assert told["keywords are right"] == "fail" and told["it answers"] == "pass"
