"""The ESPEC P-300, driven by ESPEC's own ChamberConnectLibrary and by `espec-pr3j`, as they are."""

import time

import pytest
import pyvisa
import serial
from espec_pr3j import EspecPr3j, OperationMode

import python2

Espec = python2.load("espec").Espec
P300 = python2.load("p300").P300


@pytest.fixture
def chamber(emulate):
    port = emulate.port("espec-p300", "-o", 'latency="5 ms"')
    return Espec(interface="Serial", serialport=port, baudrate=9600, adr=1, loops=2)


def step(number, celsius, minutes, ramp):
    return {
        "number": number,
        "time": {"hour": 0, "minute": minutes},
        "paused": False,
        "granty": False,
        "refrig": {"mode": "auto", "setpoint": 0},
        "temperature": {"setpoint": celsius, "ramp": ramp},
        "humidity": {"setpoint": 50.0, "enable": True, "ramp": False},
        "relay": [index == 2 for index in range(12)],
    }


PROGRAM = {
    "name": "MINE",
    "end": "STANDBY",
    "next_prgm": 0,
    "counter_a": {"start": 1, "end": 2, "cycles": 2},
    "counter_b": {"start": 0, "end": 0, "cycles": 0},
    "tempDetail": {"mode": "OFF", "setpoint": None, "range": {"max": 120.0, "min": -40.0}},
    "humiDetail": {"mode": "OFF", "setpoint": None, "range": {"max": 98.0, "min": 0.0}},
    "steps": [step(1, 30.0, 10, False), step(2, 60.0, 30, True)],
}


def test_it_is_recognised_and_stands_by(chamber):
    assert chamber.process_controller() == "P300 W/Humidity"
    assert chamber.get_status() == "Standby"
    assert chamber.get_alarm_status()["active"] == []
    assert chamber.get_loop_pv(1)["air"] == pytest.approx(23.0, abs=0.2)
    assert chamber.get_datetime().year == 2024


def test_set_points_limits_and_relays_are_kept(chamber):
    chamber.set_loop_sp(1, -12.5)
    assert chamber.get_loop_sp(1) == {"constant": -12.5, "current": -12.5}
    chamber.set_loop_range(1, {"min": -40, "max": 120})
    assert chamber.get_loop_range(1) == {"max": 120.0, "min": -40.0}
    chamber.set_event(3, True)
    assert chamber.get_event(3)["current"]
    chamber.set_refrig({"mode": "manual", "setpoint": 50})
    assert chamber.get_refrig() == {"mode": "manual", "setpoint": 50.0}
    with pytest.raises(Exception, match="DATA OUT OF RANGE"):
        chamber.set_loop_sp(1, 121)


def test_it_runs_and_stops(chamber):
    chamber.set_loop_sp(1, 60)
    chamber.const_start()
    assert chamber.get_status() == "Constant"
    started, before = time.monotonic(), chamber.get_loop_pv(1)["air"]
    time.sleep(3)
    rise = chamber.get_loop_pv(1)["air"] - before
    # Five kelvins a minute; the sensor is noisy by a tenth or two.
    assert 0 < rise <= 5 * (time.monotonic() - started) / 60 + 0.3
    assert chamber.get_loop_power(1)["current"] == 100.0
    chamber.stop()
    assert chamber.get_status() == "Standby"


def test_a_program_is_uploaded_and_played(chamber):
    chamber.set_loop_range(1, {"min": -40, "max": 120})
    chamber.set_prgm(3, PROGRAM)
    assert chamber.get_prgm(3) == PROGRAM
    chamber.prgm_start(3, 1)
    assert chamber.get_status() == "Program Running"
    assert (chamber.get_prgm_cur(), chamber.get_prgm_cstep()) == (3, 1)
    assert chamber.get_prgm_time() == "2:00:00"
    chamber.prgm_pause()
    assert chamber.get_status() == "Program Paused"
    chamber.prgm_resume()
    chamber.prgm_next_step()
    assert chamber.get_prgm_cstep() == 2
    chamber.stop()
    chamber.prgm_delete(3)
    with pytest.raises(Exception, match="Could not read program"):
        chamber.get_prgm(3)


def test_it_answers_its_own_address_only(emulate):
    port = emulate.port("espec-p300", "-o", "address=5")
    chamber = P300("Serial", serialport=port, baudrate=9600, address=5)
    assert chamber.read_mode() == "STANDBY"
    chamber.close()
    with serial.Serial(port, 9600, timeout=0.3) as line:
        line.write(b"4,MODE?\r\n")
        assert line.read(16) == b""
        line.write(b"5,TEMP,S35.0\r\n")
        assert line.readline() == b"OK:TEMP,S35.0\r\n"
        line.write(b"5,TEMP,S999\r\n")
        assert line.readline() == b"NA:DATA OUT OF RANGE\r\n"
        line.write(b"5,HELLO\r\n")
        assert line.readline() == b"NA:CMD ERR\r\n"


def test_espec_pr3j_drives_it(emulate):
    port = emulate.port("espec-p300")
    manager = pyvisa.ResourceManager("@py")
    chamber = EspecPr3j(resource_path=f"ASRL{port}::INSTR", resource_manager=manager)
    # It reads no number below zero.
    chamber.set_temperature_limits(85.0, 10.0)
    chamber.set_target_temperature(40.0)
    chamber.set_target_humidity(60)
    chamber.set_mode(OperationMode.CONSTANT)
    status = chamber.get_temperature_status()
    assert (status.target_temperature, status.upper_limit) == (40.0, 85.0)
    assert chamber.get_humidity_status().target_humidity == 60
    assert chamber.get_test_area_state().operation_state == OperationMode.CONSTANT
    assert chamber.get_heater_percentage().temperature_heater == 100.0
    chamber.set_mode(OperationMode.STANDBY)
    assert chamber.get_mode() == OperationMode.STANDBY
    chamber.close()
