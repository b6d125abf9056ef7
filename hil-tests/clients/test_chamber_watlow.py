"""The Watlow F4T and the F4's profiles, driven by ESPEC's ChamberConnectLibrary, pymodbus and
minimalmodbus, as they are."""

import copy
import struct
import time

import minimalmodbus
import pytest
from pymodbus import ExceptionResponse
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

import python2

WatlowF4 = python2.load("watlowf4").WatlowF4
WatlowF4T = python2.load("watlowf4t").WatlowF4T
ModbusTCP = python2.load("modbus").ModbusTCP

LOW, SET_POINT, RAMP_ACTION, RAMP_RATE, CLOSED_LOOP, AIR = 2774, 2782, 2794, 2798, 2810, 2820


@pytest.fixture
def f4t(emulate):
    port = emulate.port("watlow-f4t")
    chamber = WatlowF4T(interface="RTU", serialport=port, baudrate=38400, adr=1, loops=1)
    chamber.process_controller()
    return chamber


def test_it_is_recognised(f4t):
    assert f4t.process_controller().startswith("F4T1L2DAA1A1AAA")
    assert f4t.get_status() == "Constant"
    assert f4t.get_alarm_status()["active"] == []
    assert f4t.get_loop_pv(1)["air"] == pytest.approx(23.0, abs=0.2)
    assert f4t.get_loop_units(1) == "\u00b0C"


def test_set_points_limits_modes_and_events_are_kept(f4t):
    f4t.set_loop_sp(1, -12.5)
    assert f4t.get_loop_sp(1) == {"constant": -12.5, "current": -12.5}
    f4t.set_loop_range(1, {"min": -40, "max": 120})
    assert f4t.get_loop_range(1) == {"max": 120.0, "min": -40.0}
    with pytest.raises(Exception, match="Illegal Data Value"):
        f4t.set_loop_sp(1, 121)
    f4t.set_event(3, True)
    assert f4t.get_event(3)["current"]
    f4t.set_loop_mode(1, "Manual")
    assert f4t.get_loop_mode(1)["current"] == "Manual"


def test_it_stops_and_starts(f4t):
    f4t.stop()
    assert f4t.get_status() == "Standby"
    f4t.const_start()
    assert f4t.get_status() == "Constant"


def part(kind, **more):
    loop = {"mode": "", "gsoak": False, "target": 0.0, "rate": 0.0, "enable": True}
    loop.update({"showEnable": False, "isCascade": False, "cascade": False})
    loop.update(more.pop("loop", {}))
    made = {
        "type": kind,
        "duration": {"hours": 0, "minutes": 0, "seconds": 0},
        "loops": [loop],
        "events": [{"number": n, "value": "on" if n == 3 else "off"} for n in range(1, 9)],
        "waits": [],
        "jstep": 0,
        "jcount": 0,
    }
    made.update(more)
    return made


def test_a_profile_is_uploaded_and_played(f4t):
    seconds = {"hours": 0, "minutes": 1, "seconds": 30}
    profile = {
        "name": "mine",
        "log": False,
        "gs_dev": [{"value": 3.0}],
        "steps": [
            part("instant", duration={"hours": 0, "minutes": 0, "seconds": 2}, loop={"target": 30.0}),
            part("ramptime", duration=seconds, loop={"target": 60.0}),
            part("ramprate", loop={"target": 20.0, "rate": 4.0}),
            part("jump", jstep=1, jcount=2),
            part("end", loop={"mode": "off"}),
        ],
    }
    f4t.set_prgm(5, profile)
    kept = f4t.get_prgm(5)
    assert kept["name"] == "mine"
    assert [step["type"] for step in kept["steps"]] == [step["type"] for step in profile["steps"]]
    assert kept["steps"][1]["duration"] == seconds
    assert kept["steps"][2]["loops"][0]["rate"] == 4.0
    f4t.prgm_start(5, 1)
    assert f4t.get_status() == "Program Running"
    time.sleep(3)
    assert f4t.get_prgm_cstep() == 2
    assert 30 < f4t.get_loop_sp(1)["current"] < 32
    assert f4t.get_event(3)["current"]
    f4t.prgm_pause()
    assert f4t.get_status() == "Program Paused"
    f4t.const_start()
    assert f4t.get_status() == "Constant"
    f4t.prgm_delete(5)
    with pytest.raises(Exception, match="does not exist"):
        f4t.get_prgm(5)


def words(value):
    low, high = struct.unpack("<HH", struct.pack("<f", value))
    return [low, high]


def number(answer):
    assert not answer.isError(), answer
    return struct.unpack("<f", struct.pack("<HH", *answer.registers))[0]


def ramps(client):
    """At 6 K/min from the process value: half a kelvin after five seconds."""
    assert not client.write_registers(RAMP_RATE, words(6.0)).isError()
    assert not client.write_register(RAMP_ACTION, 85).isError()
    assert not client.write_registers(SET_POINT, words(80.0)).isError()
    time.sleep(3)
    assert number(client.read_holding_registers(SET_POINT, count=2)) == 80.0
    assert 23.1 < number(client.read_holding_registers(CLOSED_LOOP, count=2)) < 23.7


def test_pymodbus_reads_writes_and_ramps_on_rtu(emulate):
    client = ModbusSerialClient(emulate.port("watlow-f4t"), baudrate=38400, timeout=2, retries=0)
    assert client.connect()
    assert number(client.read_holding_registers(AIR, count=2)) == pytest.approx(23.0, abs=0.2)
    assert not client.write_registers(LOW, words(-20.0) + words(85.0)).isError()
    refused = client.write_registers(SET_POINT, words(85.1))
    assert isinstance(refused, ExceptionResponse) and refused.exception_code == 3
    assert client.read_holding_registers(4180, count=2).exception_code == 2
    assert client.read_coils(0).exception_code == 1
    ramps(client)
    client.close()


def test_pymodbus_and_espec_speak_tcp(emulate):
    host, port = emulate.socket("watlow-f4t")
    client = ModbusTcpClient(host, port=port, timeout=1, retries=0)
    assert client.connect()
    ramps(client)
    assert client.read_holding_registers(9_999).exception_code == 2
    assert not client.read_holding_registers(AIR, count=2, device_id=255).isError()
    client.close()
    client = ModbusTCP(1, host, port)
    client.write_holding_float(SET_POINT, -20)
    assert client.read_holding_float(SET_POINT) == [-20.0]
    client.close()


@pytest.mark.parametrize(
    "order, byteorder", [("low-high", minimalmodbus.BYTEORDER_LITTLE_SWAP), ("high-low", 0)]
)
def test_minimalmodbus_reads_floats_in_both_orders(emulate, order, byteorder):
    port = emulate.port("watlow-f4t", "-o", f'word_order="{order}"')
    chamber = minimalmodbus.Instrument(port, 1)
    chamber.serial.baudrate = 38400
    chamber.serial.timeout = 0.5
    chamber.write_float(SET_POINT, -12.5, byteorder=byteorder)
    assert chamber.read_float(SET_POINT, byteorder=byteorder) == -12.5
    assert chamber.read_float(AIR, byteorder=byteorder) == pytest.approx(23.0, abs=0.2)
    with pytest.raises(minimalmodbus.IllegalRequestError):
        chamber.read_register(9_999)


def test_profiles_of_the_f4(emulate):
    port = emulate.port("watlow-f4")
    chamber = WatlowF4(interface="RTU", serialport=port, baudrate=19200, adr=1, loops=1)
    assert chamber.get_status() == "Constant"
    profile = chamber.get_prgm(0)

    def made(loop=None, **more):
        step = copy.deepcopy(profile["steps"][0])
        step.update(more)
        step["loops"][0].update(loop or {})
        return step

    seconds = {"hours": 0, "minutes": 0, "seconds": 2}
    steps = [
        made(type="soak", duration=seconds),
        made(type="ramptime", duration={"hours": 0, "minutes": 1, "seconds": 0}, loop={"target": 60.0}),
        made(type="ramprate", loop={"target": 20.0, "rate": 5.0}),
        made(type="jump", jprofile=0, jstep=1, jcount=2),
        made(type="end", action="idle", loop={"target": 25.0}),
    ]
    profile.update(name="MINE", steps=steps)
    number = chamber.set_prgm(1, profile)
    kept = chamber.get_prgm(number)
    assert (kept["name"], kept["steps_available"]) == ("MINE", 251)
    assert [step["type"] for step in kept["steps"]] == [step["type"] for step in steps]
    assert kept["steps"][1]["loops"][0]["target"] == 60.0
    chamber.prgm_start(number, 1)
    assert chamber.get_status() == "Program Running"
    time.sleep(3)
    assert (chamber.get_prgm_cur(), chamber.get_prgm_cstep()) == (number, 2)
    assert 23 < chamber.get_loop_sp(1)["current"] < 25
    chamber.prgm_pause()
    assert chamber.get_status() == "Program Paused"
    chamber.stop()
    assert chamber.get_status() == "Constant"
    chamber.prgm_delete(number)
    with pytest.raises(Exception, match="does not exist"):
        chamber.get_prgm(number)
