"""The E3631A and E3632A, driven by InstrumentKit, PyMeasure and easy-scpi, as they are."""

import time

import pytest
import pyvisa
import quantities as pq
from easy_scpi import Instrument
from instruments.hp import HPe3631a
from pymeasure.adapters import SerialAdapter
from pymeasure.instruments.keysight import KeysightE3631A

OVER_VOLTAGE, OVER_CURRENT, VOLTAGE, CURRENT = 512, 1_024, 2, 1


@pytest.fixture
def triple(emulate):
    """InstrumentKit tells the supply to listen when it opens it."""
    return HPe3631a.open_serial(emulate.port("keysight-e3631a"), 9600)


def test_instrumentkit_finds_three_outputs(triple):
    assert triple.name.strip() == "HEWLETT-PACKARD,E3631A,0,2.1-5.0-1.0"
    limits = {1: (0, 6.18), 2: (0, 25.75), 3: (-25.75, 0)}
    for number, (low, high) in limits.items():
        output = triple.channel[number]
        assert int(triple.query("INST:NSEL?")) == number
        assert [float(limit) for limit in output.voltage_range] == pytest.approx([low, high])
    assert float(triple.current_max) == pytest.approx(1.03)
    assert triple.query("SYST:ERR?").strip() == '+0,"No error"'


def test_instrumentkit_sets_reads_back_and_measures(triple):
    for number, volts, amps in [(1, 5, 2), (2, 12.5, 0.5), (3, -12.5, 0.25)]:
        output = triple.channel[number]
        output.voltage = volts * pq.V
        output.current = amps
        assert float(output.voltage) == pytest.approx(volts)
        assert float(output.current) == pytest.approx(amps)
    triple.output = True
    assert triple.output
    for number, volts in [(1, 5), (2, 12.5), (3, -12.5)]:
        assert float(triple.channel[number].voltage_sense) == pytest.approx(volts, abs=0.01)
        assert float(triple.channel[number].current_sense) == pytest.approx(0, abs=0.005)
    triple.output = False
    assert float(triple.voltage_sense) == pytest.approx(0, abs=0.01)
    with pytest.raises(ValueError):
        triple.voltage = 26
    assert triple.query("SYST:ERR?").strip() == '+0,"No error"'


@pytest.fixture
def pymeasure(emulate):
    adapter = SerialAdapter(
        emulate.port("keysight-e3631a"),
        baudrate=9600,
        stopbits=2,
        timeout=1,
        write_termination="\n",
        read_termination="\r\n",
    )
    yield KeysightE3631A(adapter)
    adapter.close()


def test_pymeasure_must_be_told_to_be_remote_first(pymeasure):
    # Its users are on GPIB, where this needs no words.
    pymeasure.ch_2.voltage_setpoint = 5
    assert {int(error[0]) for error in pymeasure.check_errors()} == {550}
    pymeasure.write("SYST:REM")
    pymeasure.ch_1.voltage_setpoint = 5
    pymeasure.ch_2.voltage_setpoint, pymeasure.ch_2.current_limit = 24, 0.5
    pymeasure.ch_3.voltage_setpoint = -7
    assert pymeasure.ch_1.voltage_setpoint == 5
    assert (pymeasure.ch_2.voltage_setpoint, pymeasure.ch_2.current_limit) == (24, 0.5)
    assert pymeasure.ch_3.voltage_setpoint == -7
    pymeasure.output_enabled = True
    assert pymeasure.output_enabled
    assert pymeasure.ch_2.output_enabled, "one switch for all"
    assert pymeasure.ch_2.voltage == pytest.approx(24, abs=0.01)
    assert pymeasure.ch_3.voltage == pytest.approx(-7, abs=0.01)
    pymeasure.tracking_enabled = True
    assert pymeasure.tracking_enabled
    assert pymeasure.ch_3.voltage_setpoint == -24
    assert pymeasure.check_errors() == []
    # It names a channel here, which only later supplies understand (PyMeasure 0.16.0).
    pymeasure.ch_1.output_enabled = False
    assert [int(error[0]) for error in pymeasure.check_errors()] == [-108]


@pytest.fixture
def ranged(emulate):
    def open_(*arguments):
        supply = Instrument(
            port=None,
            backend="@py",
            read_termination="\r\n",
            write_termination="\n",
            baud_rate=9600,
            stop_bits=pyvisa.constants.StopBits.two,
        )
        supply.rid = f"ASRL{emulate.port('keysight-e3632a', *arguments)}::INSTR"
        supply.connect()
        supply.syst.rem("")
        opened.append(supply)
        return supply

    opened = []
    yield open_
    for supply in opened:
        supply.disconnect()


def test_easy_scpi_trips_and_clears(ranged):
    supply = ranged()
    assert "E3632A" in supply.id
    assert supply.volt.rang() == "P15V"
    supply.volt.rang("P30V")
    supply.volt.prot(20)
    supply.appl(12, 1)
    assert supply.appl() == '"12.00000,1.00000"'
    supply.outp("ON")
    assert supply.outp() == "1"
    assert float(supply.meas.volt()) == pytest.approx(12, abs=0.01)
    assert int(supply.stat.ques.cond()) == VOLTAGE
    supply.volt(21)
    assert supply.volt.prot.trip() == "1"
    assert int(supply.stat.ques.cond()) == OVER_VOLTAGE
    assert int(supply.stat.ques()) & OVER_VOLTAGE
    assert int(supply.stat.ques()) == 0
    assert float(supply.meas.volt()) == pytest.approx(0, abs=0.01)
    # Cleared while its cause lasts, it trips anew; the output comes back when it is gone.
    supply.volt.prot.cle("")
    assert supply.volt.prot.trip() == "1"
    supply.volt(12)
    supply.volt.prot.cle("")
    assert supply.volt.prot.trip() == "0"
    assert float(supply.meas.volt()) == pytest.approx(12, abs=0.01)
    assert supply.syst.err() == '+0,"No error"'


def test_easy_scpi_sees_a_load_take_too_much(ranged):
    supply = ranged("-o", "load_ohm=5")
    supply.appl(10, 1)
    supply.outp(1)
    assert int(supply.stat.ques.cond()) == CURRENT
    assert float(supply.meas.curr()) == pytest.approx(1, abs=0.005)
    supply.curr.prot(1.5)
    supply.curr(4)
    time.sleep(0.1)
    assert supply.curr.prot.trip() == "1"
    assert int(supply.stat.ques.cond()) == OVER_CURRENT
    supply.curr.prot(3)
    supply.curr.prot.cle("")
    assert supply.curr.prot.trip() == "0"
    assert float(supply.meas.curr()) == pytest.approx(2, abs=0.005)


def test_easy_scpi_gets_errors_in_order(ranged):
    supply = ranged()
    supply.write("VOLT 16")
    supply.write("NONSENSE")
    supply.write("VOLT 5 A")
    supply.write("VOLT")
    supply.write("OUTP MAYBE")
    errors = [supply.syst.err().split(",")[0] for _ in range(6)]
    assert errors == ["-222", "-113", "-131", "-109", "-224", "+0"]
    supply.write("VOLT 5000 MV;CURR 500MA;:VOLT:STEP 0.5;:VOLT UP")
    assert supply.query("VOLT?;CURR?;:VOLT? MAX;:VOLT? MIN").split(";") == [
        "+5.50000000E+00",
        "+5.00000000E-01",
        "+1.54500000E+01",
        "+0.00000000E+00",
    ]
