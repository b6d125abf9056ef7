"""The supply that a wiring describes, the load and the analyser, by easy-scpi, PyVISA-py and pySerial."""

import time

import easy_scpi
import pytest
import pyvisa
import serial


def visa(port):
    visa = pyvisa.ResourceManager("@py").open_resource(f"ASRL{port}::INSTR")
    visa.read_termination = visa.write_termination = "\n"
    return visa


def test_easy_scpi_drives_the_default_description(emulate):
    supply = easy_scpi.Instrument(
        f"ASRL{emulate.port('scpi', '-o', 'load_ohm=10')}::INSTR",
        port_match=False,
        backend="@py",
        read_termination="\n",
        write_termination="\n",
    )
    supply.connect()
    assert supply.id.startswith("BENCH,SCPI,")
    supply.volt(5)
    supply.curr(1)
    supply.outp("ON")
    assert float(supply.volt()) == 5
    time.sleep(0.3)
    assert float(supply.meas.volt()) == pytest.approx(5, abs=0.01)
    assert float(supply.meas.curr()) == pytest.approx(0.5, abs=0.01)
    supply.volt(99)
    assert supply.syst.err().startswith("-222,")
    supply.disconnect()


def test_another_description_is_another_supply(emulate):
    port = emulate.port(
        "scpi",
        *("-o", 'identity="ACME,PS-1,*"', "-o", 'set_volts="VSET {volts:.2}"'),
        *("-o", 'output_query="OUT?"', "-o", 'on="OUT1"', "-o", 'off="OUT0"'),
        *("-o", 'terminator="crlf"', "-o", "rated_volts=60.0"),
    )
    with serial.Serial(port, 9600, timeout=1) as line:
        line.write(b"*IDN?\r\n")
        assert line.readline() == b"ACME,PS-1,0,0\r\n"
        line.write(b"VSET 48.00\r\nOUT1\r\nOUT?\r\n")
        assert line.readline() == b"1\r\n"
        time.sleep(0.3)
        line.write(b"MEAS:VOLT?\r\n")
        assert float(line.readline()) == pytest.approx(48, abs=0.02)


def test_the_load_takes_what_it_is_told(emulate):
    load = visa(emulate.port("rigol-dl3021"))
    assert load.query("*IDN?").startswith("RIGOL TECHNOLOGIES,DL3021,")
    load.write(":SOUR:FUNC RES")
    load.write(":SOUR:RES:LEV:IMM 56")
    load.write(":SOUR:INP:STAT ON")
    assert load.query(":SOUR:FUNC?") == "CR"
    assert load.query(":SOUR:INP:STAT?") == "1"
    time.sleep(0.3)
    assert float(load.query(":MEAS:CURR?")) == pytest.approx(0.5, abs=0.001)
    load.write(":SOUR:CURR:LEV:IMM 41")
    assert load.query(":SYST:ERR?").startswith("-222,")


def test_the_analyser_integrates_as_public_scripts_ask(emulate):
    meter = visa(emulate.port("yokogawa-wt310e"))
    assert meter.query("*IDN?").startswith("YOKOGAWA,WT310E,")
    meter.write("*RST")
    meter.write(":COMM:REM ON")
    meter.write(":RATE 100MS")
    meter.write(":NUM:NORM:ITEM1 WH,1")
    meter.write(":INTEG:MODE NORM")
    meter.write(":INTEG:START")
    assert meter.query(":INTEG:STAT?") == "STAR"
    values = meter.query(":NUM:NORM:VAL?").split(",")
    assert float(values[0]) == 0 and len(values) == 10
    meter.write(":INTEG:STOP")
    assert meter.query(":STAT:ERR?") == '0,"No error"'
