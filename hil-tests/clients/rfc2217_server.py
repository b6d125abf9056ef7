"""pyserial's RFC 2217 server for one client: `rfc2217_server.py PORT`.

Prints its TCP port; when the client goes, prints the settings that the serial port was left with.
"""

import socket
import sys
import threading

import serial
import serial.rfc2217


class Connection:
    """What the port manager writes its answers to."""

    def __init__(self, client):
        self.client = client
        self.lock = threading.Lock()

    def write(self, data):
        with self.lock:
            self.client.sendall(data)


class Manager(serial.rfc2217.PortManager):
    """For a pseudo-terminal, which has no modem lines."""

    def check_modem_lines(self, force_notification=False):
        pass


def main():
    port = serial.Serial(sys.argv[1], 115200, timeout=0.02)
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        client, _ = server.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = Connection(client)
    manager = Manager(port, connection)

    def answers():
        while True:
            data = port.read(port.in_waiting or 1)
            if data:
                connection.write(b"".join(manager.escape(data)))

    threading.Thread(target=answers, daemon=True).start()
    while data := client.recv(1024):
        port.write(b"".join(manager.filter(data)))
    print(f"{port.baudrate} {port.bytesize}{port.parity}{port.stopbits}", flush=True)
    sys.stdin.read()


main()
