"""The N6705B, DP832 and E36312A, driven by QCoDeS' own drivers, as they are."""

import pytest
from qcodes.instrument_drivers.Keysight import KeysightN6705B
from qcodes.instrument_drivers.rigol import RigolDP832
from qcodes_contrib_drivers.drivers.Keysight.Keysight_E36313A import E36313A


@pytest.fixture
def drive():
    opened = []

    def drive(driver, address, **more):
        opened.append(driver("supply", address, visalib="@py", **more))
        return opened[-1]

    yield drive
    for instrument in opened:
        instrument.close()


@pytest.fixture(params=["serial", "socket"])
def address(request, emulate):
    """What VISA calls the emulator of a model: by its port, or by its socket."""

    def address(model, *arguments):
        if request.param == "serial":
            return f"ASRL{emulate.port(model, *arguments)}::INSTR"
        host, port = emulate.socket(model, *arguments)
        return f"TCPIP::{host}::{port}::SOCKET"

    return address


def test_the_n6705b_has_its_channels(drive, address):
    supply = drive(KeysightN6705B, address("keysight-n6705b", "-o", "load_ohm=10"))
    identity = supply.get_idn()
    assert (identity["vendor"], identity["model"]) == ("Agilent Technologies", "N6705B")
    assert len(supply.channels) == 4
    for number, channel in enumerate(supply.channels, start=1):
        channel.source_voltage(number + 0.5)
        channel.source_current(1.25)
        channel.source_mode("voltage")
        assert channel.source_voltage() == pytest.approx(number + 0.5)
        assert channel.source_current() == pytest.approx(1.25)
        assert channel.source_mode() == "voltage"
        assert channel.enable() == "off"
    supply.ch2.enable("on")
    assert [channel.enable() for channel in supply.channels] == ["off", "on", "off", "off"]
    assert supply.ch2.voltage() == pytest.approx(2.5, abs=0.02)
    assert supply.ch2.current() == pytest.approx(0.25, abs=0.01)
    assert supply.ch3.voltage() == pytest.approx(0, abs=0.02)
    assert supply.ch1.voltage_limit() > 60
    assert supply.ask("SYST:ERR?").startswith("+0,")
    # Its setter of a limit writes `@(2)` for `(@2)`: the supply refuses that, and keeps its limit.
    supply.ch2.voltage_limit(30)
    assert int(supply.ask("SYST:ERR?").split(",")[0]) in range(-199, -99)
    assert supply.ch2.voltage_limit() > 60


def test_the_dp832_protects_its_channels(drive, address):
    # On USB, for which it was written, messages end without a terminator.
    address = address("rigol-dp832", "-o", "load_ohm=10")
    supply = drive(RigolDP832, address, terminator="\n")
    assert supply.get_idn()["model"] == "DP832"
    assert supply.installed_options() == []
    channel = supply.ch2
    channel.set_voltage(8.5)
    channel.set_current(2)
    assert (channel.set_voltage(), channel.set_current()) == (8.5, 2)
    channel.state("on")
    assert (channel.state(), channel.mode()) == ("ON", "ConstantVoltage")
    assert channel.voltage() == pytest.approx(8.5, abs=0.01)
    assert channel.current() == pytest.approx(0.85, abs=0.005)
    assert channel.power() == pytest.approx(7.2, abs=0.1)
    assert supply.ch1.state() == "OFF"
    channel.ovp_value(9)
    channel.ovp_state("on")
    assert (channel.ovp_value(), channel.ovp_state()) == (9, "ON")
    channel.set_voltage(9.5)
    assert channel.state() == "OFF"
    with pytest.raises(ValueError):
        channel.set_voltage(31)


def test_a_contributed_driver_has_the_e36312a(drive, address):
    supply = drive(E36313A, address("keysight-e36312a"))
    assert supply.get_idn()["model"] == "E36312A"
    for channel, volts in [(supply.ch1, 5), (supply.ch2, 24), (supply.ch3, 12)]:
        channel.source_voltage(volts)
        channel.source_current(0.5)
        assert channel.source_voltage() == volts
        assert channel.enable() == "off"
    supply.ch2.enable("on")
    assert supply.ch2.enable() == "on"
    assert supply.ch2.voltage() == pytest.approx(24, abs=0.01)
    assert supply.ch2.current() == pytest.approx(0, abs=0.002)
    assert supply.ch3.voltage() == pytest.approx(0, abs=0.01)
    assert supply.ask("SYST:ERR?").startswith("+0,")
