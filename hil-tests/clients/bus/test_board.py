"""The emulated board on CAN, read by cantools and asked by can-isotp, on python-can's socket."""

import struct
import zlib
from pathlib import Path

import can
import cantools
import isotp
import pytest

WORKSPACE = Path(__file__).resolve().parents[3]
DATABASE = WORKSPACE / "drivers/src/accelerator/dbc_can/board.dbc"
TO_BOARD, FROM_BOARD = 0x6A0, 0x6A1
IDENTIFY, LOAD, INFER, FETCH = 1, 2, 3, 4
BOOTED = 0x60


class Ground:
    """can-isotp at the ground's pair of identifiers."""

    def __init__(self, bus, **params):
        address = isotp.Address(isotp.AddressingMode.Normal_11bits, txid=TO_BOARD, rxid=FROM_BOARD)
        params = {"tx_padding": 0xCC, "blocking_send": True, **params}
        self.stack = isotp.CanStack(bus, address=address, params=params)
        self.stack.start()

    def ask(self, message, timeout=10):
        if message is not None:
            self.stack.send(message, send_timeout=timeout)
        answer = self.stack.recv(block=True, timeout=timeout)
        assert answer is not None, f"no answer to {message and message[:8]}"
        return bytes(answer)


@pytest.fixture
def ground():
    grounds = []

    def start(**params):
        bus = can.Bus(interface="socketcan", channel="vcan0")
        bus.set_filters([{"can_id": FROM_BOARD, "can_mask": 0x7FF, "extended": False}])
        grounds.append((bus, Ground(bus, **params)))
        return grounds[-1][1]

    yield start
    for bus, ground in grounds:
        ground.stack.stop()
        bus.shutdown()


def test_cantools_reads_every_telemetry_frame(bus, board):
    database = cantools.database.load_file(DATABASE)
    board("telemetry_hz=20")
    heard = {}
    while len(heard.get("ACC_COUNTERS", [])) < 4:
        frame = bus.recv(10)
        assert frame is not None, "the board is silent"
        if frame.arbitration_id == FROM_BOARD:
            continue
        message = database.get_message_by_frame_id(frame.arbitration_id)
        assert frame.is_extended_id == message.is_extended_frame
        heard.setdefault(message.name, []).append(message.decode(frame.data))
    for name, counter in [("ACC_POWER", "power_alive"), ("ACC_STATUS", "status_alive")]:
        counts = [values[counter] for values in heard[name]]
        assert len(counts) >= 15
        assert all((after - before) % 16 == 1 for before, after in zip(counts, counts[1:]))
    assert all(27 < values["bus_volts"] < 28.5 for values in heard["ACC_POWER"])
    assert all(15 < values["junction_temperature"] < 60 for values in heard["ACC_TEMP"])
    assert {str(values["state"]) for values in heard["ACC_STATUS"]} == {"idle"}
    uptimes = [values["uptime_s"] for values in heard["ACC_COUNTERS"] if "uptime_s" in values]
    assert uptimes == sorted(uptimes) and uptimes[0] > 0


def test_isotp_identifies_loads_and_infers(board, ground):
    ground = ground()
    board('latency="50 ms"')
    assert ground.ask(None)[0] == BOOTED
    answer = ground.ask(bytes([IDENTIFY]))
    assert answer[0] == 0x40 | IDENTIFY
    assert answer[1:].split(b"\0") == [b"Bench", b"CAN-KWS1", b"0001", b"1.0", b""]
    tensor = bytes(range(245)) * 2
    # 490 octets and 3: seventy consecutive frames, which is more than one block.
    assert ground.ask(struct.pack(">BH", LOAD, 0) + tensor) == bytes([0x40 | LOAD, 0, 0])
    answer = ground.ask(struct.pack(">BIH", INFER, 7, 0))
    service, query, slot, latency, digest = struct.unpack(">BIHII", answer[:15])
    assert (service, query, slot) == (0x40 | INFER, 7, 0)
    assert 45_000 < latency < 55_000
    assert zlib.crc32(answer[15:]) == digest
    fetched = ground.ask(struct.pack(">BH", FETCH, 0))
    assert fetched == bytes([0x40 | FETCH, 0, 0]) + answer[15:]
    # What is no service is refused by number, as in ISO 14229.
    refusal = ground.ask(bytes([0x33, 1, 2]))
    assert refusal[:2] == bytes([0x7F, 0x33])


def test_the_board_keeps_what_the_far_end_asks_of_it(board, ground):
    board()
    for stmin, blocksize in [(0, 0), (1, 0), (0xF5, 0), (0, 1), (1, 3), (0xF1, 2)]:
        far_end = ground(stmin=stmin, blocksize=blocksize)
        if stmin == blocksize == 0:
            assert far_end.ask(None)[0] == BOOTED
        # The answer is long enough for a first frame and three more.
        assert far_end.ask(bytes([IDENTIFY])).startswith(b"\x41Bench\0")
        far_end.stack.stop()
