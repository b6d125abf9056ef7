"""The Genesys, driven by PyMeasure's class of the GEN40-38 as it is, and by hand."""

import pytest
import serial
from pymeasure.adapters import SerialAdapter, VISAAdapter
from pymeasure.instruments.tdk import TDK_Gen40_38, TDK_Gen80_65


@pytest.fixture(params=["visa", "serial"])
def supply(request, emulate):
    port = emulate.port("tdk-genesys")
    if request.param == "visa":
        # The class knows the line's ends for VISA's serial ports only.
        adapter = VISAAdapter(
            f"ASRL{port}::INSTR",
            visa_library="@py",
            asrl={"read_termination": "\r", "write_termination": "\r"},
            baud_rate=9600,
        )
    else:
        adapter = SerialAdapter(
            port, baudrate=9600, timeout=1, read_termination="\r", write_termination="\r"
        )
    yield TDK_Gen40_38(adapter, address=6)
    adapter.close()


def test_pymeasure_opens_it_by_name(emulate):
    supply = TDK_Gen40_38(
        f"ASRL{emulate.port('tdk-genesys')}::INSTR", visa_library="@py", baud_rate=9600
    )
    assert supply.id == ["LAMBDA", "GEN40-38"]
    supply.adapter.close()


def test_pymeasure_sets_reads_back_and_measures(supply):
    supply.remote = "REM"
    assert supply.remote == "REM"
    supply.voltage_setpoint = 28
    supply.current_setpoint = 2.5
    assert supply.voltage_setpoint == 28
    assert supply.current_setpoint == 2.5
    assert supply.mode == "OFF"
    supply.output_enabled = True
    assert supply.output_enabled
    assert supply.mode == "CV"
    assert supply.voltage == pytest.approx(28, abs=0.02)
    assert supply.current == pytest.approx(0, abs=0.02)
    measured, program, _, limit, over, under = supply.display
    assert measured == pytest.approx(28, abs=0.02)
    assert (program, limit, over, under) == (28, 2.5, 44, 0)
    assert supply.status[-1] == "FR(00)"
    supply.output_enabled = False
    assert not supply.output_enabled
    assert supply.voltage == pytest.approx(0, abs=0.02)


def test_pymeasure_sets_all_else(supply):
    assert supply.multidrop_capability
    assert supply.master_slave_setting == 1
    assert supply.serial
    assert supply.version.startswith("1U")
    assert supply.last_test_date.count("/") == 2
    supply.pass_filter = 46
    assert supply.pass_filter == 46
    supply.foldback_enabled = True
    assert supply.foldback_enabled
    supply.foldback_delay = 12
    assert supply.foldback_delay == 12
    supply.over_voltage = 30
    assert supply.over_voltage == 30
    supply.voltage_setpoint = 20
    supply.under_voltage = 10
    assert supply.under_voltage == 10
    supply.auto_restart_enabled = True
    assert supply.auto_restart_enabled
    assert supply.repeat == "ON"
    supply.ramp_to_current(1, steps=3, pause=0)
    assert supply.current_setpoint == 1
    # Not by `reset`, which asks for SCPI's errors (PyMeasure 0.16.0).
    supply.write("RST")
    assert supply.read() == "OK"
    assert (supply.voltage_setpoint, supply.over_voltage) == (0, 44)


def test_pymeasure_hears_refusals(supply):
    def refused(attribute, value):
        setattr(supply, attribute, value)

    supply.over_voltage = 20
    # It logs what it is answered, and reads on.
    supply.write("PV 19.5")
    assert supply.check_set_errors() == ["Received error: E01"]
    supply.voltage_setpoint = 18
    supply.write("OVP 18.5")
    assert supply.check_set_errors() == ["Received error: E04"]
    supply.write("NONSENSE")
    assert supply.check_set_errors() == ["Received error: C01"]
    with pytest.raises(ValueError):
        refused("voltage_setpoint", 41)


def test_pymeasure_trips_by_foldback(emulate):
    port = emulate.port("tdk-genesys", "-o", 'unit="GEN80-65"', "-o", "load_ohm=2")
    adapter = SerialAdapter(
        port, baudrate=9600, timeout=1, read_termination="\r", write_termination="\r"
    )
    supply = TDK_Gen80_65(adapter, address=6)
    supply.voltage_setpoint, supply.current_setpoint = 40, 10
    supply.output_enabled = True
    assert supply.mode == "CC"
    assert supply.voltage == pytest.approx(20, abs=0.05)
    supply.foldback_enabled = True
    for _ in range(50):
        if supply.mode == "OFF":
            break
    assert supply.ask("FLT?").strip() == "08"
    adapter.close()


def test_others_are_not_answered(emulate):
    with serial.Serial(emulate.port("tdk-genesys", "-o", "address=11"), 9600, timeout=0.3) as port:

        def hear(message):
            port.write(message + b"\r")
            return port.read_until(b"\r")

        assert hear(b"IDN?") == b""
        assert hear(b"ADR 6") == b""
        assert hear(b"ADR 11") == b"OK\r"
        assert hear(b"STT?$3A").count(b"$") == 1
        assert hear(b"ADR 6") == b""
        assert hear(b"IDN?") == b""
