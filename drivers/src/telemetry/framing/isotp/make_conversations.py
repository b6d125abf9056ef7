"""Writes conversations of two ends of can-isotp 2.0.7: `make_conversations.py > conversations.txt`."""

from collections import deque

import isotp

ADDRESSES = {
    "none": (
        isotp.Address(isotp.AddressingMode.Normal_11bits, txid=0x6A0, rxid=0x6A1),
        isotp.Address(isotp.AddressingMode.Normal_11bits, txid=0x6A1, rxid=0x6A0),
    ),
    "extended": (
        isotp.Address(
            isotp.AddressingMode.Extended_11bits,
            txid=0x6A0, rxid=0x6A1, target_address=0x55, source_address=0xAA,
        ),
        isotp.Address(
            isotp.AddressingMode.Extended_11bits,
            txid=0x6A1, rxid=0x6A0, target_address=0xAA, source_address=0x55,
        ),
    ),
    "mixed": (
        isotp.Address(
            isotp.AddressingMode.Mixed_11bits, txid=0x6A0, rxid=0x6A1, address_extension=0x99
        ),
        isotp.Address(
            isotp.AddressingMode.Mixed_11bits, txid=0x6A1, rxid=0x6A0, address_extension=0x99
        ),
    ),
}


def conversation(frame, address, block, stmin, length):
    near, far = ADDRESSES[address]
    there, back, told = deque(), deque(), []

    def sends(mark, queue):
        def send(message):
            told.append(f"{mark} {bytes(message.data).hex()}")
            queue.append(message)
        return send

    def hears(queue):
        return lambda timeout: queue.popleft() if queue else None

    params = {
        "tx_data_length": frame, "tx_data_min_length": 8, "tx_padding": 0xCC,
        "can_fd": frame > 8, "blocksize": block, "stmin": stmin, "max_frame_size": 1 << 16,
        "override_receiver_stmin": 0, "rx_consecutive_frame_timeout": 10_000,
    }
    one = isotp.TransportLayerLogic(hears(back), sends(">", there), near, params=params)
    two = isotp.TransportLayerLogic(hears(there), sends("<", back), far, params=params)
    content = bytes(n * 7 % 251 for n in range(length))
    one.send(content)
    for _ in range(100_000):
        one.process()
        two.process()
        if two.available():
            break
    assert bytes(two.recv()) == content
    print(f"case {frame} {address} {block} {stmin} {length}")
    print("\n".join(told))


for frame, lengths in [(8, [1, 6, 7, 8, 9, 100]), (24, [7, 8, 22, 23, 100]), (64, [7, 8, 61, 62, 63, 300])]:
    for address in ADDRESSES:
        for length in lengths:
            conversation(frame, address, 3, 0, length)
for address in ADDRESSES:
    conversation(64, address, 0, 0xF1, 4_096)
conversation(8, "none", 0, 127, 4_095)
