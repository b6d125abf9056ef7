"""The chamber, driven by pymodbus, by minimalmodbus and by the package `watlow-f4`, as they are."""

import time

import minimalmodbus
import pytest
import serial
from pymodbus import ExceptionResponse
from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusIOException
from watlow_f4 import WatlowF4

AIR, MODE, SET_POINT, LOW, HIGH, DECIMALS, EVENT, TERMINATE = 100, 200, 300, 602, 603, 606, 2000, 1217
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


def signed(word):
    return word - 0x10000 if word & 0x8000 else word


@pytest.fixture
def chamber(emulate):
    client = ModbusSerialClient(emulate.port("watlow-f4"), baudrate=19200, timeout=2, retries=0)
    assert client.connect()
    yield client
    client.close()


def read(chamber, register, count=1):
    answer = chamber.read_holding_registers(register, count=count)
    assert not answer.isError(), answer
    words = [signed(word) for word in answer.registers]
    return words[0] if count == 1 else words


def write(chamber, register, value):
    answer = chamber.write_register(register, value & 0xFFFF)
    assert not answer.isError(), answer


def code(answer):
    assert isinstance(answer, ExceptionResponse), answer
    return answer.exception_code


def test_it_is_at_room_temperature_in_tenths(chamber):
    assert read(chamber, 0) == 5270
    assert read(chamber, DECIMALS) == 1
    assert read(chamber, AIR) == pytest.approx(230, abs=2)
    assert read(chamber, MODE) == 0
    # Function 4 reads the same registers.
    assert not chamber.read_input_registers(AIR).isError()


@pytest.mark.parametrize("tenths", [250, 0, -1, -400])
def test_set_points_below_zero_are_kept(chamber, tenths):
    write(chamber, SET_POINT, tenths)
    assert read(chamber, SET_POINT) == tenths


def test_several_registers_are_read_and_written_at_once(chamber):
    assert not chamber.write_registers(LOW, [(-200) & 0xFFFF, 850]).isError()
    assert read(chamber, LOW, 2) == [-200, 850]
    # Limits take the set point along, and hold it.
    assert code(chamber.write_register(SET_POINT, 851)) == ILLEGAL_VALUE
    assert code(chamber.write_register(SET_POINT, (-201) & 0xFFFF)) == ILLEGAL_VALUE
    write(chamber, SET_POINT, -200)


def test_events_are_kept(chamber):
    for event in range(8):
        write(chamber, EVENT + 10 * event, 1)
        assert read(chamber, EVENT + 10 * event) == 1
    assert code(chamber.write_register(EVENT, 2)) == ILLEGAL_VALUE
    assert code(chamber.write_register(EVENT + 80, 1)) == ILLEGAL_ADDRESS


def test_decimals_change_what_registers_show(chamber):
    write(chamber, SET_POINT, -255)
    write(chamber, DECIMALS, 0)
    assert read(chamber, SET_POINT) in (-25, -26)
    write(chamber, SET_POINT, 30)
    write(chamber, DECIMALS, 1)
    assert read(chamber, SET_POINT) == 300


def test_what_cannot_be_is_an_exception(chamber):
    assert code(chamber.read_holding_registers(9_999)) == ILLEGAL_ADDRESS
    assert code(chamber.read_holding_registers(0xFFFF, count=2)) == ILLEGAL_ADDRESS
    assert code(chamber.write_register(AIR, 1)) == ILLEGAL_ADDRESS
    assert code(chamber.write_register(SET_POINT, 20_000)) == ILLEGAL_VALUE
    assert code(chamber.read_coils(0)) == ILLEGAL_FUNCTION
    assert code(chamber.write_coil(0, True)) == ILLEGAL_FUNCTION
    assert code(chamber.read_discrete_inputs(0)) == ILLEGAL_FUNCTION
    assert code(chamber.mask_write_register(address=SET_POINT, and_mask=0xFFFF, or_mask=0)) == ILLEGAL_FUNCTION
    # It goes on answering.
    assert read(chamber, DECIMALS) == 1


def test_others_and_broadcasts_are_not_answered(chamber):
    with pytest.raises(ModbusIOException):
        chamber.read_holding_registers(AIR, device_id=2)
    assert read(chamber, DECIMALS) == 1


def test_a_damaged_request_is_not_answered(emulate):
    with serial.Serial(emulate.port("watlow-f4"), 19200, timeout=0.2) as port:
        port.write(bytes.fromhex("01 03 00 64 00 01 C5 D4"))
        assert port.read(16) == b""
        # Printed in the maker's communications guide.
        port.write(bytes.fromhex("01 03 01 2C 00 01 44 3F"))
        assert len(port.read(7)) == 7
        port.write(bytes.fromhex("01 06 01 2C FE 70 08 7B"))
        assert port.read(8) == bytes.fromhex("01 06 01 2C FE 70 08 7B")
        port.write(bytes.fromhex("01 02 00 01 00 02 A8 0B"))
        assert port.read(5) == bytes.fromhex("01 82 01 81 60")


def test_the_air_goes_to_the_set_point_no_faster_than_it_can(chamber):
    write(chamber, SET_POINT, -400)
    started, before = time.monotonic(), read(chamber, AIR)
    time.sleep(4)
    fell = before - read(chamber, AIR)
    minutes = (time.monotonic() - started) / 60
    # Five kelvins a minute; the sensor is noisy by a tenth or two.
    assert 1 <= fell <= 50 * minutes + 3
    assert read(chamber, 107) == 10_000, "full cooling"
    assert read(chamber, 103) == 0, "no heat"


def test_another_address(emulate):
    port = emulate.port("watlow-f4", "-o", "address=17")
    client = ModbusSerialClient(port, baudrate=19200, timeout=2, retries=0)
    assert client.connect()
    assert client.read_holding_registers(DECIMALS, device_id=17).registers == [1]
    client.close()


def test_minimalmodbus_reads_and_writes(emulate):
    chamber = minimalmodbus.Instrument(emulate.port("watlow-f4"), 1)
    chamber.serial.baudrate = 19200
    chamber.serial.timeout = 0.5
    chamber.write_register(SET_POINT, -12.5, 1, signed=True)
    assert chamber.read_register(SET_POINT, 1, signed=True) == -12.5
    chamber.write_registers(LOW, [0, 500])
    assert chamber.read_registers(LOW, 2) == [0, 500]
    with pytest.raises(minimalmodbus.IllegalRequestError):
        chamber.read_register(9_999)
    with pytest.raises(minimalmodbus.ModbusException):
        chamber.write_register(SET_POINT, 600)


def test_watlow_f4_drives_the_chamber(emulate):
    chamber = WatlowF4(emulate.port("watlow-f4"), temp_limit=(-40, 100))
    assert chamber.temperature == pytest.approx(23, abs=0.3)
    for celsius in (60, -32.5, 0):
        chamber.temperature_setpoint = celsius
        assert chamber.temperature_setpoint == celsius
