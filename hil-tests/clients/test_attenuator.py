"""The attenuator, driven by mobly's class of Mini-Circuits' RCDAT as it is, and by hand."""

import socket

import pytest
from mobly.controllers import attenuator
from mobly.controllers.attenuator_lib import minicircuits


@pytest.fixture(params=[("mini-circuits-rcdat-6000-60", 60), ("mini-circuits-rcdat-8000-90", 90)])
def unit(request, emulate):
    model, most = request.param
    host, port = emulate.socket(model)
    device = minicircuits.AttenuatorDevice(path_count=1)
    device.open(host, port)
    yield device, most
    device.close()


def test_mobly_knows_what_it_is(unit):
    device, most = unit
    assert device.properties["model"] == "RCDAT"
    assert device.max_atten == most


def test_mobly_sets_and_reads_back(unit):
    device, most = unit
    assert device.get_atten(0) == most, "as it is switched on"
    for db in [0, 12.75, 33, most]:
        device.set_atten(0, db)
        assert device.get_atten(0) == db
    device.set_atten(0, 7.6)
    assert device.get_atten(0) == 7.5, "a quarter of a decibel a step"
    with pytest.raises(ValueError):
        device.set_atten(0, most + 1)


def test_mobly_makes_it_by_its_configuration(emulate):
    host, port = emulate.socket("mini-circuits-rcdat-6000-60")
    config = {"address": host, "port": port, "model": "minicircuits", "paths": ["crosslink"]}
    paths = attenuator.create([config])
    paths[0].set_atten(20)
    assert paths[0].get_atten() == 20
    assert paths[0].get_max_atten() == 60
    attenuator.destroy(paths)


def test_codes_of_answers(emulate):
    host, port = emulate.socket("mini-circuits-rcdat-6000-60")
    with socket.create_connection((host, port), 2) as line:
        words = line.makefile("rw", newline="")

        def ask(question):
            words.write(question + "\r\n")
            words.flush()
            return words.readline()

        assert ask(":MN?") == "MN=RCDAT-6000-60\r\n"
        assert ask(":SETATT=12.75") == "1\r\n"
        assert ask(":SETATT=-1") == "0\r\n"
        assert ask(":SETATT=75") == "2\r\n", "more than it has: it takes what it has"
        assert ask(":ATT?") == "60.00\r\n"
        assert ask("NONSENSE") == "0\r\n"
