"""The emulated board on CAN behind its adapter and its server, by python-can's clients for both:
read by cantools and asked by can-isotp."""

import struct
import time
import zlib
from pathlib import Path

import can
import cantools
import isotp
import pytest

DATABASE = Path(__file__).resolve().parents[2] / "drivers/src/accelerator/dbc_can/board.dbc"
TO_BOARD, FROM_BOARD = 0x6A0, 0x6A1
IDENTIFY, LOAD, INFER, BOOTED = 1, 2, 3, 0x60


def behind_an_adapter(emulate):
    port = emulate.port("dbc-can")
    return can.Bus(interface="slcan", channel=port, bitrate=1_000_000, sleep_after_open=0)


def behind_a_server(emulate):
    host, port = emulate.socket("dbc-can")
    return can.Bus(interface="socketcand", host=host, port=port, channel="can0")


@pytest.fixture(params=[behind_an_adapter, behind_a_server])
def bus(request, emulate):
    with request.param(emulate) as bus:
        yield bus


def test_telemetry_and_a_whole_inference(bus):
    database = cantools.database.load_file(DATABASE)
    heard = {}

    def receive(timeout):
        """A frame of the board's transfers; its telemetry is kept aside."""
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            frame = bus.recv(left)
            if frame is None:
                return None
            if frame.arbitration_id == FROM_BOARD:
                return isotp.CanMessage(
                    arbitration_id=frame.arbitration_id, data=frame.data, dlc=frame.dlc
                )
            message = database.get_message_by_frame_id(frame.arbitration_id)
            assert frame.is_extended_id == message.is_extended_frame
            heard.setdefault(message.name, []).append(message.decode(frame.data))
        return None

    def send(frame):
        bus.send(
            can.Message(
                arbitration_id=frame.arbitration_id, data=frame.data, is_extended_id=False
            )
        )

    address = isotp.Address(isotp.AddressingMode.Normal_11bits, txid=TO_BOARD, rxid=FROM_BOARD)
    params = {"tx_padding": 0xCC, "blocking_send": True, "blocksize": 4}
    stack = isotp.TransportLayer(rxfn=receive, txfn=send, address=address, params=params)
    stack.start()

    def ask(message, timeout=20):
        if message is not None:
            stack.send(message, send_timeout=timeout)
        answer = stack.recv(block=True, timeout=timeout)
        assert answer is not None, "no answer"
        return bytes(answer)

    try:
        assert ask(None)[0] == BOOTED
        answer = ask(bytes([IDENTIFY]))
        assert answer[1:].split(b"\0")[:2] == [b"Bench", b"CAN-KWS1"]
        tensor = bytes(range(245)) * 2
        assert ask(struct.pack(">BH", LOAD, 0) + tensor) == bytes([0x40 | LOAD, 0, 0])
        answer = ask(struct.pack(">BIH", INFER, 7, 0))
        service, query, slot, _, digest = struct.unpack(">BIHII", answer[:15])
        assert (service, query, slot) == (0x40 | INFER, 7, 0)
        assert zlib.crc32(answer[15:]) == digest
    finally:
        stack.stop()
    while len(heard["ACC_POWER"]) < 6:
        receive(1)
    counts = [values["power_alive"] for values in heard["ACC_POWER"]]
    assert all((after - before) % 16 == 1 for before, after in zip(counts, counts[1:]))
    assert all(27 < values["bus_volts"] < 28.5 for values in heard["ACC_POWER"])


def test_an_adapter_says_who_it_is(emulate):
    with behind_an_adapter(emulate) as bus:
        assert bus.get_version(1) == (10, 13)
        assert bus.get_serial_number(1) == "A123"


def test_remote_frames_and_long_identifiers_do_no_harm(emulate):
    with behind_an_adapter(emulate) as bus:
        for frame in [
            can.Message(arbitration_id=0x1FFFFFFF, data=bytes(8)),
            can.Message(arbitration_id=1, is_extended_id=False, is_remote_frame=True, dlc=8),
            can.Message(arbitration_id=TO_BOARD, is_extended_id=False, data=b"\xff" * 8),
        ]:
            bus.send(frame)
        until = time.monotonic() + 10
        while (frame := bus.recv(until - time.monotonic())).arbitration_id != 0x100:
            pass
