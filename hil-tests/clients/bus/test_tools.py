"""`bench can dump`, `send` and `replay` on a bus of the kernel's, with python-can at its other end."""

import os
import subprocess
from pathlib import Path

import can
import cantools

WORKSPACE = Path(__file__).resolve().parents[3]
DATABASE = WORKSPACE / "drivers/src/accelerator/dbc_can/board.dbc"
LINK = "can:vcan0"

FRAMES = [
    can.Message(arbitration_id=0x123, is_extended_id=False, data=b"\xde\xad\xbe\xef"),
    can.Message(arbitration_id=0x18FF0001, data=b"\0"),
    can.Message(arbitration_id=0x123, is_extended_id=False, is_remote_frame=True, dlc=0),
    can.Message(
        arbitration_id=0x7FF, is_extended_id=False, is_fd=True, bitrate_switch=True, data=bytes(48)
    ),
]


def bench(*arguments, **how):
    command = [os.environ["BENCH"], "can", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **how)


def same(heard, sent):
    return heard.equals(sent, timestamp_delta=None, check_channel=False, check_direction=False)


def test_what_python_can_logs_is_replayed_to_it(bus, tmp_path):
    log = tmp_path / "drive.log"
    with can.CanutilsLogWriter(str(log), channel="vcan0") as writer:
        for number, frame in enumerate(FRAMES):
            frame.timestamp = 1_700_000_000 + number * 0.02
            writer(frame)
    said = bench("replay", str(log), LINK, "--speed", "0.1")
    assert said.returncode == 0, said.stderr
    assert said.stderr.startswith("4 frames sent, none later than ")
    heard = [bus.recv(5) for _ in FRAMES]
    assert all(same(*pair) for pair in zip(heard, FRAMES)), heard
    span = heard[-1].timestamp - heard[0].timestamp
    assert span > 0.3, "ten times as long as in the log, which a busy machine may shorten"


def test_what_python_can_sends_is_dumped_as_it_logs_it(bus, tmp_path):
    command = [os.environ["BENCH"], "can", "dump", LINK, "-n", "40"]
    dump = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    # Until the dump listens, what is sent is for nobody.
    while dump.poll() is None:
        for frame in FRAMES:
            bus.send(frame)
    log = tmp_path / "dumped.log"
    log.write_text(dump.stdout.read())
    with can.CanutilsLogReader(str(log)) as reader:
        heard = list(reader)
    assert len(heard) == 40
    first = next(number for number in range(4) if same(heard[0], FRAMES[number]))
    for number, frame in enumerate(heard):
        assert same(frame, FRAMES[(first + number) % 4]), frame
    times = [frame.timestamp for frame in heard]
    assert times == sorted(times)


def test_what_is_sent_by_name_says_the_same_to_cantools(bus):
    values = {"bus_volts": 27.95, "bus_amps": -1.25, "power_alive": 7}
    written = [f"{name}={value}" for name, value in values.items()]
    said = bench("send", LINK, "ACC_POWER", *written, "--dbc", str(DATABASE), "--every", "5", "-n", "3")
    assert said.returncode == 0, said.stderr
    database = cantools.database.load_file(DATABASE)
    for _ in range(3):
        frame = bus.recv(5)
        told = database.decode_message(frame.arbitration_id, frame.data)
        assert told == values, told
    assert bus.recv(0.1) is None
