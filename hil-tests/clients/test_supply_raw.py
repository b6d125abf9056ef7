"""The supplies, driven by PyVISA-py, PyMeasure and pySerial, on serial ports and on sockets."""

import time

import pytest
import pyvisa
import serial
from pymeasure.adapters import SerialAdapter, VISAAdapter
from pymeasure.instruments import Instrument, SCPIMixin

MODELS = {
    "keysight-6632b": (20.475, 5.118),
    "keysight-6633b": (51.118, 2.0475),
    "keysight-6634b": (102.38, 1.0238),
}


class Supply(SCPIMixin, Instrument):
    """What PyMeasure makes of any SCPI supply; its HP 6632A speaks the older language."""

    volts = Instrument.control("VOLT?", "VOLT %g", "Volts.")
    amps = Instrument.control("CURR?", "CURR %g", "Amperes.")
    on = Instrument.control("OUTP?", "OUTP %d", "Output.", cast=int)
    both = Instrument.measurement("MEAS:VOLT?;CURR?", "Measured.", separator=";")


@pytest.fixture(params=MODELS)
def visa(request, emulate):
    resource = f"ASRL{emulate.port(request.param)}::INSTR"
    visa = pyvisa.ResourceManager("@py").open_resource(resource, baud_rate=9600)
    visa.read_termination, visa.write_termination = "\r\n", "\n"
    visa.model = request.param
    yield visa
    visa.close()


def test_pyvisa_identifies_and_finds_the_limits(visa):
    identity = visa.query("*IDN?").split(",")
    assert identity[0] == "HEWLETT-PACKARD"
    assert f"keysight-{identity[1].lower()}" == visa.model
    assert len(identity) == 4
    volts, amps = MODELS[visa.model]
    assert visa.query_ascii_values("VOLT? MAX;:CURR? MAX", separator=";") == pytest.approx([volts, amps])
    visa.write(f"VOLT {volts + 0.1}")
    assert visa.query("SYST:ERR?").startswith("-222,")
    assert visa.query("SYST:ERR?") == '+0,"No error"'


def test_pyvisa_reads_the_status_byte(visa):
    visa.write("*CLS;*ESE 60;*SRE 32")
    assert visa.query("*STB?") == "0"
    visa.write("NONSENSE")
    assert int(visa.query("*STB?")) & 0b110_0000 == 0b110_0000
    assert int(visa.query("*ESR?")) & 32
    assert int(visa.query("*STB?")) & 0b110_0000 == 0


@pytest.mark.parametrize("by", ["serial", "visa", "socket"])
def test_pymeasure_sets_reads_back_and_measures(emulate, by):
    if by == "serial":
        adapter = SerialAdapter(
            emulate.port("keysight-6633b"),
            baudrate=9600,
            timeout=1,
            write_termination="\n",
            read_termination="\r\n",
        )
    else:
        if by == "visa":
            resource = f"ASRL{emulate.port('keysight-6633b')}::INSTR"
        else:
            host, port = emulate.socket("keysight-6633b")
            resource = f"TCPIP::{host}::{port}::SOCKET"
        adapter = VISAAdapter(
            resource, visa_library="@py", write_termination="\n", read_termination="\r\n"
        )
    supply = Supply(adapter, "supply")
    assert "6633B" in supply.id
    supply.volts, supply.amps, supply.on = 28, 1.5, 1
    assert (supply.volts, supply.amps, supply.on) == (28, 1.5, 1)
    time.sleep(0.25)
    volts, amps = supply.both
    assert volts == pytest.approx(28, abs=0.03)
    assert amps == pytest.approx(0, abs=0.01)
    assert supply.complete == "1"
    assert supply.check_errors() == []
    supply.write("NONSENSE")
    assert [int(error[0]) for error in supply.check_errors()] == [-113]
    adapter.close()


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_end_as_either_side_likes(emulate, end):
    with serial.Serial(emulate.port("keysight-6632b"), 9600, timeout=1) as port:
        port.write(b"*IDN?" + end)
        assert port.readline().endswith(b"A.00.01\r\n")
        # A line in pieces, and two lines in one piece.
        for piece in (b"VO", b"LT 7", end + b"VOLT?", end):
            port.write(piece)
            time.sleep(0.03)
        assert float(port.readline()) == 7
        port.write(b"VOLT?" + end + b"CURR 1;CURR?" + end)
        assert float(port.readline()) == 7
        assert float(port.readline()) == 1


def test_an_answer_takes_its_time_on_the_line(emulate):
    with serial.Serial(emulate.port("keysight-6632b", "-o", 'latency="20 ms"'), 9600, timeout=1) as port:
        started = time.monotonic()
        port.write(b"*IDN?\n")
        answer = port.readline()
        took = time.monotonic() - started
    # Ten bits for each character at 9600 baud.
    assert 0.020 + len(answer) * 10 / 9600 <= took < 0.5


def test_a_client_that_goes_finds_the_supply_as_it_left_it(emulate):
    path = emulate.port("keysight-6632b")
    for volts in range(1, 4):
        with serial.Serial(path, 9600, timeout=1, exclusive=True) as port:
            port.write(b"VOLT?\n")
            assert float(port.readline()) == volts - 1
            port.write(b"VOLT %d;*OPC?\n" % volts)
            assert port.readline() == b"1\r\n"
