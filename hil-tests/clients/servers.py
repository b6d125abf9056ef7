"""Other people's servers, dressed up as our instruments: `servers.py supply` or `chamber`.

Each prints its TCP port, and serves until its input closes.
"""

import asyncio
import socket
import sys
import threading
import time

from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from scpipy.server import Context, Router, Server

HOST = "127.0.0.1"


def chamber():
    """pymodbus' simulator with the registers of a Watlow F4, on RTU frames."""
    registers = {
        0: [5270],
        100: [231],
        103: [0],
        107: [0],
        200: [0],
        300: [230],
        319: [230],
        602: [(-730) & 0xFFFF, 1900],
        606: [1],
        901: [1],
    }
    data = [
        SimData(address, values=values, datatype=DataType.REGISTERS)
        for address, values in registers.items()
    ]
    device = SimDevice(id=1, simdata=data)
    return ModbusTcpServer(device, framer=FramerType.RTU, address=(HOST, 0))


def supply(port):
    """scpipy's server with the words that the driver of the 6633B uses."""
    router = Router()
    state = {"VOLT": 0.0, "CURR": 0.2, "PROT": 55.0, "OCP": 0, "OUTP": 0}

    def setting(pattern, key, kind):
        def read(context: Context) -> str:
            return f"{state[key]:.8E}" if kind is float else str(state[key])

        def write(context: Context, value: str):
            state[key] = kind(value)
            running = 256 if state["OUTP"] else 0
            context.status.operation.set_condition(running)

        router.add_route(pattern + "?", read)
        router.add_route(pattern + " <value>", write)

    def word(pattern, answer):
        def carry_out(context: Context):
            return answer()

        router.add_route(pattern, carry_out)

    setting("VOLTage[:LEVel][:IMMediate][:AMPLitude]", "VOLT", float)
    setting("CURRent[:LEVel][:IMMediate][:AMPLitude]", "CURR", float)
    setting("VOLTage:PROTection[:LEVel]", "PROT", float)
    setting("CURRent:PROTection:STATe", "OCP", int)
    setting("OUTPut[:STATe]", "OUTP", int)
    word("*IDN?", lambda: "HEWLETT-PACKARD,6633B,0,A.00.01")
    word("OUTPut:PROTection:CLEar", lambda: None)
    word("SYSTem:REMote", lambda: None)
    word("MEASure[:SCALar]:VOLTage[:DC]?", lambda: state["VOLT"] * state["OUTP"])
    word("MEASure[:SCALar]:CURRent[:DC]?", lambda: 0.0)
    server = Server(HOST, port, terminator="\r\n", shared_context=True)
    server.include_router(router)
    return server


async def serve_chamber():
    server = chamber()
    await server.serve_forever(background=True)
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def serve_supply():
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    threading.Thread(target=supply(port).run, daemon=True).start()
    for _ in range(100):
        try:
            socket.create_connection((HOST, port)).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    print(port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "chamber":
        asyncio.run(serve_chamber())
    else:
        serve_supply()
