"""The emulated board asked in packets of the Cubesat Space Protocol, put together here after libcsp's
own description of them (`csp_id.c`, `csp_if_can.c`), on python-can's socket."""

import struct
import time
import zlib

import can
import pytest

GROUND, BOARD, PORT, OURS = 1, 10, 10, 48
IDENTIFY, LOAD_PART, INFER, FETCH_PART = 1, 7, 3, 8


def crc32c(octets):
    crc = 0xFFFFFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def header(version, source, destination, port, from_port, flags):
    if version == 1:
        word = 2 << 30 | source << 25 | destination << 20 | port << 14 | from_port << 8 | flags
        return word.to_bytes(4, "big")
    word = 2 << 46 | destination << 32 | source << 18 | port << 12 | from_port << 6 | flags
    return word.to_bytes(6, "big")


def cut(version, head, data, source, destination, number):
    """The fragments of a packet: identifiers and octets."""
    if version == 1:
        first, data = head + len(data).to_bytes(2, "big") + data[:2], data[2:]
        pieces = [first] + [data[at : at + 8] for at in range(0, len(data), 8)]
        for place, piece in enumerate(pieces):
            left = len(pieces) - 1 - place
            more = place > 0
            yield source << 24 | destination << 19 | more << 18 | left << 10 | number, piece
        return
    first, data = head[2:] + data[:4], data[4:]
    pieces = [first] + [data[at : at + 8] for at in range(0, len(data), 8)]
    front = int.from_bytes(head[:2], "big")
    for place, piece in enumerate(pieces):
        begin, end = place == 0, place == len(pieces) - 1
        id = front << 13 | (source & 0x3F) << 7 | (number & 3) << 5
        yield id | (place & 7) << 2 | begin << 1 | end, piece


# The packet of libcsp's that both sides know.
HELLO = {
    1: [(0x01500800, "82a1d400000d4865"), (0x01540400, "6c6c6f2c20626f61"), (0x01540000, "726421")],
    2: [(0x10014082, "0004750048656c6c"), (0x10014084, "6f2c20626f617264"), (0x10014089, "21")],
}


@pytest.mark.parametrize("version", [1, 2])
def test_these_fragments_are_those_of_libcsp(version):
    head = header(version, 1, 10, 7, 20, 0)
    number = 0
    told = [(id, data.hex()) for id, data in cut(version, head, b"Hello, board!", 1, 10, number)]
    assert told == HELLO[version]


class Node:
    """The ground."""

    def __init__(self, bus, version):
        self.bus, self.version, self.number = bus, version, 0

    def send(self, port, data, good=True):
        head = header(self.version, GROUND, BOARD, port, OURS, 1)
        sum = crc32c(head + data) ^ (not good)
        data += sum.to_bytes(4, "big")
        self.number += 1
        for id, octets in cut(self.version, head, data, GROUND, BOARD, self.number):
            self.bus.send(can.Message(arbitration_id=id, data=octets))
            time.sleep(0.0002)

    def receive(self, timeout=10):
        """The next packet for us: the port that it is from, and its data."""
        octets, until = b"", time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            frame = self.bus.recv(left)
            if frame is None:
                return None
            id = frame.arbitration_id
            if not frame.is_extended_id:
                continue
            if self.version == 1:
                if id >> 24 != BOARD or id >> 19 & 31 != GROUND:
                    continue
                begin, last = not id >> 18 & 1, not id >> 10 & 0xFF
                octets = bytes(frame.data) if begin else octets + bytes(frame.data)
                if not last:
                    continue
                head, length, data = octets[:4], octets[4:6], octets[6:]
                assert int.from_bytes(length, "big") == len(data)
                from_port, flags = head[2] & 0x3F, head[3]
            else:
                if id >> 13 & 0x3FFF != GROUND or id >> 7 & 0x3F != BOARD & 0x3F:
                    continue
                octets = bytes(frame.data) if id & 2 else octets + bytes(frame.data)
                if not id & 1:
                    continue
                head, data = (id >> 13 & 0xFFFF).to_bytes(2, "big") + octets[:4], octets[4:]
                from_port, flags = int.from_bytes(head[4:], "big") >> 6 & 0x3F, head[5] & 0x3F
            assert flags & 1, "answers have a checksum"
            data, sum = data[:-4], data[-4:]
            assert int.from_bytes(sum, "big") == crc32c(head + data)
            return from_port, data
        return None

    def ask(self, port, data):
        self.send(port, data)
        answer = self.receive()
        assert answer is not None and answer[0] == port, (port, data[:8], answer)
        return answer[1]


@pytest.mark.parametrize("version", [1, 2])
def test_a_whole_inference_and_libcsps_own_services(bus, board, version):
    board('transport="csp"', f"csp_version={version}", 'latency="50 ms"')
    node = Node(bus, version)
    assert node.receive() == (PORT, b"\x60\x00"), "it says that it has booted"
    answer = node.ask(PORT, bytes([IDENTIFY]))
    assert answer[0] == 0x41 and answer[1:].split(b"\0")[:2] == [b"Bench", b"CAN-KWS1"]
    tensor = bytes(range(245)) * 2
    for offset in range(0, 490, 192):
        part = tensor[offset : offset + 192]
        answer = node.ask(PORT, struct.pack(">BHI", LOAD_PART, 3, offset) + part)
        assert answer == struct.pack(">BHI", 0x40 | LOAD_PART, 3, offset + len(part))
    answer = node.ask(PORT, struct.pack(">BIH", INFER, 7, 3))
    service, query, slot, latency, digest = struct.unpack(">BIHII", answer[:15])
    assert (service, query, slot) == (0x40 | INFER, 7, 3) and 45_000 < latency < 55_000
    assert zlib.crc32(answer[15:]) == digest
    answer = node.ask(PORT, struct.pack(">BHI", FETCH_PART, 3, 0))
    assert answer == struct.pack(">BHII", 0x40 | FETCH_PART, 3, 12, 0) + answer[11:]
    assert answer[11:] and zlib.crc32(answer[11:]) == digest
    # The services that each node of libcsp's has.
    assert node.ask(1, b"ping" * 10) == b"ping" * 10
    assert struct.unpack(">I", node.ask(6, b""))[0] < 60
    ident = node.ask(0, bytes([0, 1]) + bytes(91))
    assert ident[:2] == b"\xff\x01" and len(ident) == 93 and ident[2:11] == b"CAN-KWS1\0"
    # What was damaged on its way is no question.
    node.send(PORT, bytes([IDENTIFY]), good=False)
    assert node.receive(0.3) is None
    node.send(4, bytes.fromhex("80078007"))
    assert node.receive() == (PORT, b"\x60\x01"), "it was reset"
