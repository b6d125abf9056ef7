"""The solar-array simulators, driven by PyVISA-py and pySerial: nobody publishes a class for them.
The law of the curve is written down again here, apart from the program's."""

import math
import time

import pytest
import pyvisa
import serial

CURVE = (4.6, 4.2, 32.0, 28.0)  # Isc, Imp, Voc, Vmp
CHANNELS = {"keysight-e4360a": "(@1)", "keysight-e4350b": ""}


def volts_at(amps, isc, imp, voc, vmp):
    """E4360 user's guide, appendix A."""
    ohm = (voc - vmp) / imp
    a = (vmp * (1 + ohm * isc / voc) + ohm * (imp - isc)) / voc
    n = math.log(2 - 2**a) / math.log(imp / isc)
    return (voc * math.log2(2 - (amps / isc) ** n) - ohm * (amps - isc)) / (1 + ohm * isc / voc)


class Array:
    def __init__(self, port, channel):
        self.visa = pyvisa.ResourceManager("@py").open_resource(f"ASRL{port}::INSTR")
        self.visa.read_termination = self.visa.write_termination = "\n"
        self.value = f",{channel}" if channel else ""
        self.question = f" {channel}" if channel else ""

    def tell(self, *settings):
        self.visa.write(";".join(setting + self.value for setting in settings))

    def ask(self, question):
        return self.visa.query(question + self.question)

    def error(self):
        return int(self.visa.query("SYST:ERR?").split(",")[0])

    def curve(self, isc, imp, voc, vmp):
        self.tell(
            f"CURR:SAS:ISC {isc}", f"IMP {imp}", f":VOLT:SAS:VOC {voc}", f"VMP {vmp}"
        )

    def points(self):
        words = "CURR:SAS:ISC?", "CURR:SAS:IMP?", "VOLT:SAS:VOC?", "VOLT:SAS:VMP?"
        return [float(self.ask(word)) for word in words]


@pytest.fixture(params=CHANNELS)
def model(request):
    return request.param


def array(emulate, model, *arguments):
    return Array(emulate.port(model, *arguments), CHANNELS[model])


def test_it_says_who_it_is(emulate, model):
    fields = array(emulate, model).visa.query("*IDN?").split(",")
    assert f"keysight-{fields[1].lower()}" == model and len(fields) == 4


@pytest.mark.parametrize("ohm", [2, 8, 50])
def test_its_output_lies_on_the_published_curve(emulate, model, ohm):
    sas = array(emulate, model, "-o", f"load_ohm={ohm}")
    sas.tell("CURR:MODE SAS")
    sas.curve(*CURVE)
    sas.tell("OUTP ON")
    assert sas.error() == 0
    assert sas.points() == pytest.approx(CURVE)
    time.sleep(0.4)
    volts, amps = float(sas.ask("MEAS:VOLT?")), float(sas.ask("MEAS:CURR?"))
    assert volts / amps == pytest.approx(ohm, rel=0.01)
    # Where the curve falls steeply, a step of the converter in current is volts.
    low, high = 0, CURVE[0]
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if volts_at(middle, *CURVE) > volts else (low, middle)
    assert amps == pytest.approx(low, abs=0.03)


def test_impossible_curves_leave_the_last_one(emulate, model):
    modular = model == "keysight-e4360a"
    sas = array(emulate, model)
    sas.curve(*CURVE)
    for wrong, code in [
        ((4.6, 4.2, 32, 32), 320 if modular else -221),
        ((4.2, 4.6, 32, 28), 321 if modular else -221),
        ((9, 4.2, 32, 28), -222),
        ((4.6, 4.2, 70, 28), -222),
    ]:
        sas.curve(*wrong)
        assert sas.error() == code
        assert sas.error() == 0
        assert sas.points() == pytest.approx(CURVE)
    sas.tell("CURR:MODE SAS")
    sas.tell("VOLT 10")
    assert sas.error() == (315 if modular else -221)


def test_tables_are_loaded_as_public_drivers_do(emulate, model):
    """A hundred points at a time; a table is deleted before it is written anew (-141: none)."""
    sas = array(emulate, model, "-o", "load_ohm=10")
    sas.visa.write("MEM:TABL:SEL other")
    sas.visa.write("MEM:DEL:NAME frompython")
    assert sas.error() == -141
    sas.visa.write("MEM:TABL:SEL frompython")
    points = [(0.2 * n, 3.0 - 3.0 * (n / 150) ** 4) for n in range(151)]
    for start in range(0, len(points), 100):
        part = points[start : start + 100]
        sas.visa.write("MEM:TABL:VOLT " + ",".join(f"{volts:.3f}" for volts, _ in part))
        sas.visa.write("MEM:TABL:CURR " + ",".join(f"{amps:.3f}" for _, amps in part))
    assert sas.visa.query("MEM:TABL:VOLT:POIN?") == "151"
    sas.tell("CURR:TABL:NAME frompython")
    sas.tell("CURR:MODE TABL")
    sas.tell("OUTP ON")
    assert sas.error() == 0
    time.sleep(0.4)
    volts, amps = float(sas.ask("MEAS:VOLT?")), float(sas.ask("MEAS:CURR?"))
    assert amps == pytest.approx(3.0 - 3.0 * (volts / 30) ** 4, abs=0.02)


def test_it_is_reached_behind_a_prologix_controller(emulate):
    port = emulate.port("keysight-e4350b", "-o", 'adapter="prologix"', "-o", "gpib_address=7")
    with serial.Serial(port, 9600, timeout=1) as line:
        line.write(b"*IDN?\n")
        line.timeout = 0.2
        assert line.readline() == b""
        line.timeout = 1
        line.write(b"++mode 1\n++addr 7\n++auto 1\n++eoi 1\n++eos 3\n*IDN?\n")
        assert line.readline().startswith(b"HEWLETT-PACKARD,E4350B,")
