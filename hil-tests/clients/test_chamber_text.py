"""The Thermotron 3800, driven by PyMeasure, and the Vötsch VT 4002, driven by `pyVT4002`, as they are;
and both by hand."""

import socket
import time

import pytest
import serial
from pymeasure.instruments.thermotron import Thermotron3800
from VT4002 import Connection


def test_pymeasure_drives_the_thermotron(emulate):
    port = emulate.port("thermotron-3800")
    chamber = Thermotron3800(f"ASRL{port}::INSTR", visa_library="@py")
    stopped, manual = chamber.Thermotron3800Mode(2), chamber.Thermotron3800Mode(16)
    assert chamber.id == "THERMOTRON 3800"
    chamber.setpoint = 60
    chamber.run()
    assert (chamber.mode, chamber.setpoint) == (manual, 60.0)
    chamber.stop()
    assert chamber.mode == stopped


def test_an_8200_answers_what_it_is_told(emulate):
    port = emulate.port("thermotron-3800", "-o", 'dialect="8200"')
    with serial.Serial(port, 9600, timeout=1) as line:

        def ask(text):
            line.write(text + b"\r")
            return line.readline().strip()

        assert ask(b"SETP1,60.0") == b"0"
        assert ask(b"RUNM") == b"0"
        assert ask(b"SETP1?") == b"60.0"
        assert ask(b"MODE?") == b"16"
        assert ask(b"SETP1,900") != b"0"
        assert ask(b"STOP") == b"0"


def test_pyvt4002_drives_the_votsch(emulate):
    chamber = Connection(emulate.port("votsch-vt4002"), chamber_address="01")
    assert chamber.get_actual_values().temp1_actual() == pytest.approx(23.0, abs=0.2)
    chamber.set_nominal_values(nominal_value_1=45.5)
    values = chamber.get_actual_values()
    assert values.temp1_nominal() == 45.5
    assert values.digital_output.startswith("00")
    chamber.start_program(1)
    assert chamber.get_actual_values().digital_output.startswith("01")
    chamber.stop_program()
    assert chamber.get_actual_values().digital_output.startswith("00")


def test_the_votsch_is_started_heats_and_is_stopped(emulate):
    with serial.Serial(emulate.port("votsch-vt4002"), 9600, timeout=1) as line:

        def ask(text):
            line.write(text + b"\r")
            return line.read_until(b"\r")

        start = b"$01E 0060.0 0000.0 0000.0 0000.0 01" + b"0" * 30
        assert ask(start) == b"0\r"
        time.sleep(3)
        nominal, actual, *_, digital = ask(b"$01I").split()
        assert (nominal, digital[:2]) == (b"0060.0", b"01")
        assert 23.0 < float(actual) < 23.7
        assert ask(b"$01E 0200.0") == b"1\r"
        line.write(b"$02I\r")
        line.timeout = 0.2
        assert line.read(8) == b""


def test_simserv_on_a_socket(emulate):
    with socket.create_connection(emulate.socket("votsch-vt4002"), timeout=2) as line:

        def ask(*fields):
            line.sendall(b"\xb6".join(fields) + b"\r")
            answer = b""
            while not answer.endswith(b"\r"):
                answer += line.recv(64)
            return answer[:-1].split(b"\xb6")

        assert ask(b"11001", b"1", b"1", b"25.5") == [b"1"]
        assert ask(b"11002", b"1", b"1") == [b"1", b"25.5000"]
        assert ask(b"14001", b"1", b"1", b"1") == [b"1"]
        assert ask(b"10012", b"1") == [b"1", b"3"]
        assert ask(b"14001", b"1", b"1", b"0") == [b"1"]
