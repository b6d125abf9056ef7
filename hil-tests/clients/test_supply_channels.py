"""The E36312A, N6705B and DP832, driven by PyMeasure, easy-scpi and PyVISA, as they are."""

import time

import pytest
import pyvisa
from easy_scpi import Instrument
from pymeasure.adapters import SerialAdapter, VISAAdapter
from pymeasure.instruments.keysight import KeysightE36312A


@pytest.fixture(params=["serial", "socket"])
def pymeasure(request, emulate):
    ends = {"read_termination": "\n", "write_termination": "\n"}
    if request.param == "serial":
        adapter = SerialAdapter(emulate.port("keysight-e36312a"), timeout=1, **ends)
    else:
        host, port = emulate.socket("keysight-e36312a")
        adapter = VISAAdapter(f"TCPIP::{host}::{port}::SOCKET", visa_library="@py", **ends)
    yield KeysightE36312A(adapter)
    adapter.close()


def test_pymeasure_drives_three_channels(pymeasure):
    assert pymeasure.id.startswith("Keysight Technologies,E36312A,")
    assert pymeasure.complete == "1"
    for channel, volts, amps in [(pymeasure.ch_1, 5, 2), (pymeasure.ch_2, 24, 0.5), (pymeasure.ch_3, 12, 1)]:
        channel.voltage_setpoint = volts
        channel.current_limit = amps
        assert (channel.voltage_setpoint, channel.current_limit) == (volts, amps)
        assert not channel.output_enabled
    pymeasure.ch_2.output_enabled = True
    assert pymeasure.ch_2.output_enabled
    assert not pymeasure.ch_3.output_enabled
    assert pymeasure.ch_2.voltage == pytest.approx(24, abs=0.01)
    assert pymeasure.ch_3.voltage == pytest.approx(0, abs=0.01)
    assert pymeasure.ch_2.current == pytest.approx(0, abs=0.002)
    with pytest.raises(ValueError):
        pymeasure.ch_1.voltage_setpoint = 7
    assert pymeasure.check_errors() == []


def test_pymeasure_gets_errors_trips_and_clears(pymeasure):
    pymeasure.write("VOLT 7, (@1)")
    pymeasure.write("VOLT 5, (@4)")
    pymeasure.write("NONSENSE")
    assert [int(error[0]) for error in pymeasure.check_errors()] == [-222, -241, -113]
    pymeasure.write("VOLT:PROT 10,(@2)")
    pymeasure.ch_2.voltage_setpoint = 9
    pymeasure.ch_2.output_enabled = True
    pymeasure.ch_2.voltage_setpoint = 11
    assert pymeasure.ask("VOLT:PROT:TRIP? (@1:3)").strip() == "0,1,0"
    assert int(pymeasure.ask("STAT:QUES:INST:ISUM2:COND?")) == 512
    assert pymeasure.ch_2.voltage == pytest.approx(0, abs=0.01)
    pymeasure.ch_2.voltage_setpoint = 9
    pymeasure.write("OUTP:PROT:CLE (@2)")
    assert pymeasure.ch_2.voltage == pytest.approx(9, abs=0.01)
    assert pymeasure.check_errors() == []


def test_pymeasure_has_a_list_played(pymeasure):
    for line in [
        "VOLT 2,(@2);:OUTP 1,(@2)",
        "VOLT:MODE LIST,(@2)",
        "LIST:VOLT 20,10,5,(@2)",
        "LIST:DWEL 0.5,0.5,0.5,(@2)",
        "LIST:TERM:LAST 1,(@2)",
        "TRIG:SOUR BUS,(@2)",
        "INIT (@2)",
    ]:
        pymeasure.write(line)
    assert pymeasure.check_errors() == []
    assert pymeasure.ch_2.voltage == pytest.approx(2, abs=0.01)
    pymeasure.write("*TRG")
    seen = []
    started = time.monotonic()
    while time.monotonic() - started < 2:
        seen.append(round(pymeasure.ch_2.voltage))
        time.sleep(0.05)
    assert sorted(set(seen), reverse=True) == [20, 10, 5]
    assert seen == sorted(seen, reverse=True)
    assert pymeasure.ch_2.voltage_setpoint == 5


@pytest.fixture
def modular(emulate):
    supply = Instrument(port=None, backend="@py", read_termination="\n", write_termination="\n")
    supply.rid = f"ASRL{emulate.port('keysight-n6705b', '-o', 'load_ohm=10')}::INSTR"
    supply.connect()
    yield supply
    supply.disconnect()


def test_easy_scpi_drives_the_modules(modular):
    assert "N6705B" in modular.id
    assert modular.syst.chan.coun() == "4"
    assert modular.query("SYST:CHAN:MOD? (@1:2)") == "N6754A,N6754A"
    modular.volt(20, "(@1)")
    modular.curr(3, "(@1,2)")
    modular.outp(1, "(@1)")
    assert float(modular.meas.volt("(@1)", query=True)) == pytest.approx(20, abs=0.02)
    assert float(modular.meas.curr("(@1)", query=True)) == pytest.approx(2, abs=0.01)
    assert modular.stat.oper.cond("(@1)", query=True) == "1"
    # In constant current, and then tripped by it.
    modular.curr(1, "(@1)")
    assert modular.stat.oper.cond("(@1)", query=True) == "2"
    modular.curr.prot.stat("ON", "(@1)")
    time.sleep(0.3)
    assert modular.stat.ques.cond("(@1)", query=True) == "2"
    assert float(modular.meas.volt("(@1)", query=True)) == pytest.approx(0, abs=0.02)
    modular.curr(3, "(@1)")
    modular.outp.prot.cle("(@1)")
    assert modular.stat.ques.cond("(@1)", query=True) == "0"
    # As QCoDeS 0.58 writes a limit, which the supply does not understand.
    modular.write("SOUR:VOLT:PROT 30, @(1)")
    assert int(modular.syst.err().split(",")[0]) in range(-199, -99)
    assert modular.syst.err() == '+0,"No error"'


@pytest.fixture
def rigol(emulate):
    resource = f"ASRL{emulate.port('rigol-dp832', '-o', 'load_ohm=10')}::INSTR"
    visa = pyvisa.ResourceManager("@py").open_resource(resource, baud_rate=9600)
    visa.read_termination = visa.write_termination = "\n"
    yield visa
    visa.close()


def test_pyvisa_drives_the_rigol_in_qcodes_words(rigol):
    assert rigol.query("*IDN?").startswith("RIGOL TECHNOLOGIES,DP832,")
    assert rigol.query("*OPT?") == "0"
    select = ":INSTrument:NSELect 2;"
    rigol.write(f"{select} :SOURce:VOLTage:LEVel:IMMediate:AMPLitude 8.5")
    assert float(rigol.query(f"{select} :SOURce:VOLTage:LEVel:IMMediate:AMPLitude?")) == 8.5
    rigol.write(f"{select} :OUTPut:STATe on")
    assert rigol.query(f"{select} :OUTPut:STATe?") == "ON"
    assert rigol.query(f"{select} :OUTPut:MODE?") == "CV"
    assert float(rigol.query(f"{select} :MEASure:VOLTage:DC?")) == pytest.approx(8.5, abs=0.01)
    assert float(rigol.query(f"{select} :MEASure:CURRent:DC?")) == pytest.approx(0.85, abs=0.005)
    assert float(rigol.query(f"{select} :MEASure:POWer?")) == pytest.approx(7.2, abs=0.1)
    rigol.write(f"{select} :VOLTage:PROTection:LEVel 9")
    rigol.write(f"{select} :VOLTage:PROTection:STATe on")
    assert rigol.query(f"{select} :VOLTage:PROTection:STATe?") == "ON"
    rigol.write(":SOUR2:VOLT 9.5")
    assert rigol.query(":OUTP:OVP:QUES? CH2") == "YES"
    assert rigol.query(":OUTP? CH2") == "OFF"
    rigol.write(":SOUR2:VOLT 8")
    rigol.write(":OUTP:OVP:CLE CH2")
    rigol.write(":OUTP CH2,ON")
    assert rigol.query(":OUTP:OVP:QUES? CH2;:OUTP? CH2") == "NO;ON"
    volts, amps, watts = (float(value) for value in rigol.query(":MEAS:ALL? CH2").split(","))
    assert watts == pytest.approx(volts * amps, abs=0.01)
    assert rigol.query("SYST:ERR?") == '0,"No error"'
    rigol.write("NONSENSE")
    assert rigol.query("SYST:ERR?").startswith('-113,"Undefined header')
