"""The supplies, driven by InstrumentKit's `HP6632b` as it is."""

import time

import pytest
import quantities as pq
from instruments.hp import HP6632b
from instruments.hp.hp6652a import HP6652a

Errors = HP6632b.ErrorCodes
OVER_VOLTAGE = 1


@pytest.fixture(params=["port", "socket"])
def supply(request, emulate):
    if request.param == "port":
        return HP6632b.open_serial(emulate.port("keysight-6632b"), 9600)
    supply = HP6632b.open_tcpip(*emulate.socket("keysight-6632b"))
    supply.terminator = "\n"
    return supply


def settle():
    """The plant moves on a grid of 100 ms."""
    time.sleep(0.25)


def test_it_says_who_it_is(supply):
    assert "6632B" in supply.name
    assert supply.self_test_ok
    assert supply.op_complete
    assert supply.check_error_queue() == []


def test_what_is_set_reads_back_and_is_measured(supply):
    supply.voltage = 12.5
    supply.current = 1.25 * pq.A
    assert float(supply.voltage) == pytest.approx(12.5)
    assert float(supply.current) == pytest.approx(1.25)
    assert float(supply.voltage_sense) == pytest.approx(0, abs=0.01)
    supply.output = True
    assert supply.output
    settle()
    assert float(supply.voltage_sense) == pytest.approx(12.5, abs=0.02)
    assert float(supply.current_sense) == pytest.approx(0, abs=0.01)
    supply.output = False
    assert not supply.output
    settle()
    assert float(supply.voltage_sense) == pytest.approx(0, abs=0.02)
    assert supply.check_error_queue() == []


def test_over_voltage_trips_latches_and_is_cleared(supply):
    supply.voltage = 5
    supply.overvoltage = 10
    assert float(supply.overvoltage) == pytest.approx(10)
    supply.output = True
    settle()
    assert int(supply.query("STAT:QUES:COND?")) == 0
    supply.voltage = 11
    settle()
    assert int(supply.query("STAT:QUES:COND?")) == OVER_VOLTAGE
    assert float(supply.voltage_sense) == pytest.approx(0, abs=0.02)
    # The event is latched until it is read, once.
    assert int(supply.query("STAT:QUES?")) == OVER_VOLTAGE
    assert int(supply.query("STAT:QUES?")) == 0
    # Lower volts do not clear it.
    supply.voltage = 5
    settle()
    assert int(supply.query("STAT:QUES:COND?")) == OVER_VOLTAGE
    HP6652a.reset(supply)  # OUTP:PROT:CLE; HP6632b's own reset is *RST
    settle()
    assert int(supply.query("STAT:QUES:COND?")) == 0
    assert float(supply.voltage_sense) == pytest.approx(5, abs=0.02)
    # Cleared while the cause lasts, it trips anew.
    supply.voltage = 11
    HP6652a.reset(supply)
    settle()
    assert int(supply.query("STAT:QUES:COND?")) == OVER_VOLTAGE
    assert supply.check_error_queue() == []


def test_errors_come_out_in_order_and_once(supply):
    supply.sendcmd("NONSENSE 1")
    supply.voltage = 25
    supply.sendcmd("VOLT")
    errors = [Errors.undefined_header, Errors.data_out_of_range, Errors.missing_parameter]
    assert supply.check_error_queue() == errors
    assert supply.check_error_queue() == []
    assert int(supply.query("*ESR?")) & 0b110000 == 0b110000
    assert int(supply.query("*ESR?")) & 0b110000 == 0
    supply.sendcmd("NONSENSE 1")
    supply.clear()
    assert supply.check_error_queue() == []


def test_a_queue_that_overflows_says_so(supply):
    for _ in range(40):
        supply.sendcmd("NONSENSE")
    errors = supply.check_error_queue()
    assert errors[-1] in (Errors.too_many_errors, -350)
    assert len(errors) < 40


def test_units_compounds_and_words(supply):
    supply.sendcmd("VOLT 5000 MV;CURR 250.0 mA")
    assert float(supply.voltage) == pytest.approx(5)
    assert float(supply.current) == pytest.approx(0.25)
    supply.sendcmd(":SOURce:VOLTage:LEVel:IMMediate:AMPLitude 6.5 V; :curr max")
    volts, amps = supply.query("VOLT?;CURR?").split(";")
    assert float(volts) == pytest.approx(6.5)
    assert float(amps) == pytest.approx(5.118)
    assert float(supply.query("VOLT? MAX")) == pytest.approx(20.475)
    supply.sendcmd("VOLT 1 A")
    assert supply.check_error_queue() == [Errors.invalid_suffix]
    supply.sendcmd("VOLT:PROT 15;:OUTP ON;*OPC")
    assert float(supply.overvoltage) == pytest.approx(15)
    assert supply.output
    assert int(supply.query("*ESR?")) & 1


def test_triggered_levels_wait_for_the_trigger(supply):
    supply.voltage = 1
    supply.voltage_trigger = 3
    supply.current_trigger = 0.5
    assert float(supply.voltage_trigger) == pytest.approx(3)
    supply.trigger()
    assert float(supply.voltage) == pytest.approx(1)
    supply.init_output_trigger()
    supply.trigger()
    assert float(supply.voltage) == pytest.approx(3)
    assert float(supply.current) == pytest.approx(0.5)
    supply.voltage_trigger = 4
    supply.init_output_trigger()
    supply.abort_output_trigger()
    supply.trigger()
    assert float(supply.voltage) == pytest.approx(3)
    # Not by `init_output_continuous`, which sends `1 0` (InstrumentKit 0.6.0).
    supply.sendcmd("INIT:CONT:SEQ1 1")
    assert supply.query("INIT:CONT:SEQ1?").strip() == "1"
    supply.trigger()
    assert float(supply.voltage) == pytest.approx(4)
    assert supply.check_error_queue() == []


def test_every_property_is_kept(supply):
    supply.overcurrent = True
    assert supply.overcurrent
    supply.display_textmode = True
    assert supply.display_textmode
    supply.display_text("bench")
    # Not by `output_dfi`, which sends `1 0` (InstrumentKit 0.6.0).
    supply.sendcmd("OUTP:DFI 1")
    assert supply.query("OUTP:DFI?").strip() == "1"
    supply.output_dfi_source = supply.DFISource.questionable
    assert supply.output_dfi_source == supply.DFISource.questionable
    supply.output_remote_inhibit = supply.RemoteInhibit.live
    assert supply.output_remote_inhibit == supply.RemoteInhibit.live
    supply.digital_function = supply.DigitalFunction.data
    assert supply.digital_function == supply.DigitalFunction.data
    supply.digital_data = 5
    assert supply.digital_data == 5
    supply.sense_sweep_points = 512
    assert int(supply.sense_sweep_points) == 512
    supply.sense_sweep_interval = 15.6e-6
    assert float(supply.sense_sweep_interval) == pytest.approx(15.6e-6)
    supply.sense_window = supply.SenseWindow.hanning
    assert supply.sense_window == supply.SenseWindow.hanning
    supply.output_protection_delay = 0.2
    assert float(supply.output_protection_delay) == pytest.approx(0.2)
    supply.current_sense_range = 0.02
    assert float(supply.current_sense_range) == pytest.approx(0.02)
    assert supply.voltage_alc_bandwidth == supply.ALCBandwidth.normal
    supply.power_on_status = True
    assert supply.power_on_status
    assert supply.scpi_version
    assert supply.check_error_queue() == []


def test_reset_switches_off(supply):
    supply.voltage = 5
    supply.output = True
    supply.reset()
    assert not supply.output
    assert float(supply.voltage) == 0
