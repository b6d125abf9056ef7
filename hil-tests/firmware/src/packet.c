/* Packets: CCSDS space packets (133.0-B-2) with the headers of ECSS-E-ST-70-41C, stuffed with COBS
 * (Cheshire and Baker 1999), a zero behind each.
 */
#include "board.h"

#define TM_HEADERS 20u /* six octets of primary and fourteen of secondary header */

static uint16_t count;
static struct {
    uint8_t service, subtype;
    uint16_t next;
} kinds[16];

/* CRC-16/IBM-3740, as CCSDS 132.0-B-3 has it. */
uint16_t crc16(const uint8_t *octets, size_t length)
{
    uint32_t crc = 0xffff;
    while (length--) {
        crc ^= (uint32_t)*octets++ << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
    }
    return (uint16_t)crc;
}

/* CRC-32 of zip and Ethernet. */
uint32_t crc32(const uint8_t *octets, size_t length)
{
    uint32_t crc = 0xffffffff;
    while (length--) {
        crc ^= *octets++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

size_t cobs_decode(uint8_t *frame, size_t length)
{
    size_t in = 0, out = 0;
    while (in < length) {
        uint8_t code = frame[in++];
        if (code == 0 || in + code - 1 > length)
            return 0;
        for (uint8_t octet = 1; octet < code; octet++)
            frame[out++] = frame[in++];
        if (code != 0xff && in < length)
            frame[out++] = 0;
    }
    return out;
}

static void cobs_send(const uint8_t *packet, size_t length)
{
    static uint8_t chunk[PACKET_LIMIT + PACKET_LIMIT / 254 + 2];
    size_t code_at = 0, out = 1;
    uint8_t code = 1;
    for (size_t in = 0; in < length; in++) {
        if (packet[in] != 0) {
            chunk[out++] = packet[in];
            code++;
        }
        if (packet[in] == 0 || (code == 0xff && in + 1 < length)) {
            chunk[code_at] = code;
            code_at = out++;
            code = 1;
        }
    }
    chunk[code_at] = code;
    chunk[out++] = 0;
    port_write(chunk, out);
}

bool packet_read(const uint8_t *packet, size_t length, struct telecommand *out)
{
    if (length < 13 || crc16(packet, length - 2) != get16(packet + length - 2))
        return false;
    out->identification = get16(packet);
    out->sequence = get16(packet + 2);
    /* Version 0, a telecommand with a secondary header, of the length that it says; PUS version 2. */
    if ((out->identification & 0xf800) != 0x1800 || get16(packet + 4) + 7u != length ||
        packet[6] >> 4 != 2)
        return false;
    out->service = packet[7];
    out->subtype = packet[8];
    out->application = packet + 11;
    out->length = length - 13;
    return true;
}

void packet_forget(void)
{
    count = 0;
    memset(kinds, 0, sizeof kinds);
}

static uint16_t number(uint8_t service, uint8_t subtype)
{
    for (size_t at = 0; at < sizeof kinds / sizeof kinds[0]; at++) {
        if (kinds[at].service == 0) {
            kinds[at].service = service;
            kinds[at].subtype = subtype;
        }
        if (kinds[at].service == service && kinds[at].subtype == subtype)
            return kinds[at].next++;
    }
    return 0;
}

void packet_send(uint8_t service, uint8_t subtype, const uint8_t *source, size_t length)
{
    static uint8_t packet[PACKET_LIMIT];
    uint32_t millis = (uint32_t)(micros() / 1000);
    uint8_t *at = packet;

    at = put16(at, 0x0800 | APID);
    at = put16(at, 0xc000 | count);
    at = put16(at, (uint32_t)(TM_HEADERS + length + 2 - 7));
    *at++ = 0x20;
    *at++ = service;
    *at++ = subtype;
    at = put16(at, number(service, subtype));
    at = put16(at, 0);
    *at++ = 0x40; /* CCSDS 301.0-B-4: day segmented, since the board started */
    at = put16(at, millis / 86400000u);
    at = put32(at, millis % 86400000u);
    memcpy(at, source, length);
    at += length;
    at = put16(at, crc16(packet, (size_t)(at - packet)));
#ifdef FAULT_PACKET
    static uint32_t told;
    if (++told % 10000 == 0)
        packet[TM_HEADERS] ^= 0x10;
#endif
    count = (count + 1) & 0x3fff;
    cobs_send(packet, (size_t)(at - packet));
}
