"""The CANopen node of the emulated board, by the master of the package canopen."""

import struct
import threading
import time

import can
import canopen
import pytest
from canopen import objectdictionary as od

NODE = 10


def dictionary():
    """What a master knows of the node."""
    objects = od.ObjectDictionary()

    def variable(index, name, kind, subindex=0, parent=None):
        entry = od.ODVariable(name, index, subindex)
        entry.data_type = kind
        entry.access_type = "rw"
        if parent is None:
            objects.add_object(entry)
        else:
            parent.add_member(entry)

    variable(0x1000, "device type", od.UNSIGNED32)
    variable(0x1008, "name", od.VISIBLE_STRING)
    variable(0x1017, "heartbeat", od.UNSIGNED16)
    for index, kinds in [
        (0x1018, [od.UNSIGNED8] + [od.UNSIGNED32] * 4),
        (0x1800, [od.UNSIGNED8, od.UNSIGNED32, od.UNSIGNED8]),
        (0x1A00, [od.UNSIGNED8] + [od.UNSIGNED32] * 8),
        (0x2000, [od.UNSIGNED8] + [od.REAL32] * 20),
    ]:
        record = od.ODRecord(f"{index:x}", index)
        objects.add_object(record)
        for subindex, kind in enumerate(kinds):
            variable(index, f"sub{subindex}", kind, subindex, record)
    return objects


@pytest.fixture
def node(emulate):
    port = emulate.port("dbc-can", "--option", f"canopen_node={NODE}")
    bus = can.Bus(interface="slcan", channel=port, bitrate=1_000_000, sleep_after_open=0)
    network = canopen.Network(bus)
    network.notifier = can.Notifier(bus, network.listeners, 0.5)
    node = network.add_node(NODE, dictionary())
    node.sdo.RESPONSE_TIMEOUT = 10
    node.nmt.wait_for_bootup(20)
    yield node
    network.disconnect()


def test_values_are_read_and_written(node):
    # Expedited, in one frame; segmented, in several.
    assert node.sdo[0x1000].raw == 0
    assert node.sdo[0x1008].raw == "CAN-KWS1"
    assert [node.sdo[0x1018][subindex].raw for subindex in range(5)] == [4, 0, 1, 0x10000, 1]
    count = node.sdo[0x2000][0].raw
    values = [node.sdo[0x2000][subindex].raw for subindex in range(1, count + 1)]
    assert 27 < values[0] < 28.5
    with pytest.raises(canopen.SdoAbortedError) as refused:
        node.sdo.download(0x1000, 0, bytes(4))
    assert refused.value.code == 0x06010002
    for key, code in [((0x1099, 0), 0x06020000), ((0x1018, 9), 0x06090011)]:
        with pytest.raises(canopen.SdoAbortedError) as refused:
            node.sdo.upload(*key)
        assert refused.value.code == code


def test_heartbeats_come_as_often_as_the_master_says(node):
    node.sdo[0x1017].raw = 50
    assert node.sdo[0x1017].raw == 50
    beats = [node.nmt.wait_for_heartbeat(10) for _ in range(5)]
    assert set(beats) == {"PRE-OPERATIONAL"}


def test_process_data_come_with_a_sync(node):
    heard, there = [], threading.Event()

    def receive(identifier, data, _timestamp):
        heard.append(struct.unpack("<ff", data))
        there.set()

    node.network.subscribe(0x180 + NODE, receive)
    node.network.sync.transmit()
    assert not there.wait(0.5), "not before it is operational"
    node.nmt.state = "OPERATIONAL"
    node.network.sync.transmit()
    assert there.wait(10)
    volts, junction = heard[0]
    assert 27 < volts < 28.5 and 15 < junction < 60
    node.tpdo.read()
    assert [field.length for field in node.tpdo[1].map] == [32, 32]
    node.nmt.state = "STOPPED"
    node.nmt.wait_for_heartbeat(10)
    assert node.nmt.state == "STOPPED"


def test_a_reset_starts_the_board_anew(node):
    began = time.monotonic()
    node.nmt.send_command(129)
    node.nmt.wait_for_bootup(20)
    # As long as the board takes to boot.
    assert time.monotonic() - began > 2
