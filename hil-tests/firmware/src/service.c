/* What the board does when it is told: services of ECSS-E-ST-70-41C, and its own service 129. */
#include "board.h"

enum refusal {
    FINE = 0,
    UNKNOWN = 1,
    MALFORMED = 2,
    NO_SUCH_SLOT = 3,
    OUT_OF_BOUNDS = 4,
    BUSY = 5,
    NO_INPUT = 6,
    NO_OUTPUT = 7,
    OVERHEATED = 8,
    LATER = 0xffff, /* accepted, and completed by itself */
};

#define SLOTS 64u
#define INPUT_MEMORY 0x1000u
#define OUTPUT_MEMORY 0x2000u
#define MEMORY_KIND 0xf000u
#ifndef TELEMETRY_MILLIS
#define TELEMETRY_MILLIS 20u
#endif
/* Above this junction temperature it works half of the time; above the second not at all; below
 * the last both end. In 0.01 degrees, as industrial parts are specified. */
#define THROTTLE_ABOVE 8500
#define SHUT_DOWN_ABOVE 10500
#define RECOVER_BELOW 7800
#define CLOCK_TENTHS 250u /* 25.0 MHz */

struct request {
    uint16_t identification, sequence;
};

static struct {
    uint8_t input[INPUT_OCTETS];
    uint8_t loaded[(INPUT_OCTETS + 7) / 8];
    uint32_t missing;
    bool has_output;
    int8_t output[OUTPUT_OCTETS];
} slots[SLOTS];

static struct {
    bool is_due, stopped;
    struct request request;
    uint32_t query;
    uint16_t slot;
} job;

static bool reduced, throttled, overheated, computing;
static uint32_t inferences, rejected;
static uint64_t next_report, work_since;

static void verify(struct request request, uint8_t subtype, uint32_t code)
{
    uint8_t source[6], *at = source;
    at = put16(at, request.identification);
    at = put16(at, request.sequence);
    if (subtype == 2 || subtype == 8)
        at = put16(at, code);
    packet_send(1, subtype, source, (size_t)(at - source));
}

void service_start(enum cause cause)
{
    uint8_t source[3];
    packet_forget();
    for (size_t slot = 0; slot < SLOTS; slot++)
        slots[slot].missing = INPUT_OCTETS;
    put16(source, 1);
    source[2] = (uint8_t)cause;
    packet_send(5, 1, source, sizeof source);
    next_report = micros() + TELEMETRY_MILLIS * 1000u;
}

static void look_at_heat(void)
{
    int16_t junction = sensors().junction_centi;
    if (junction == SENSOR_NONE)
        return; /* a broken wire is no heat */
    if (junction < RECOVER_BELOW) {
        throttled = overheated = false;
    } else {
        throttled |= junction > THROTTLE_ABOVE;
        overheated |= junction > SHUT_DOWN_ABOVE;
    }
}

static void report(void)
{
    uint8_t source[29], *at = source;
    struct sensors now = sensors();
    uint32_t clock = CLOCK_TENTHS;
    uint32_t state = overheated ? 4 : computing ? 3 : 2;

    if (reduced)
        clock = clock * 55 / 100;
    if (throttled)
        clock /= 2;
    at = put16(at, 1);
    at = put16(at, now.bus_millivolts);
    at = put16(at, (uint16_t)now.bus_milliamps);
    at = put16(at, (uint16_t)now.board_centi);
    at = put16(at, (uint16_t)now.junction_centi);
    at = put16(at, clock);
    *at++ = (uint8_t)((reduced ? 0x80u : 0) | state << 4 | (throttled ? 0x08u : 0));
    at = put32(at, inferences);
    at = put16(at, 0); /* no memory here corrects itself */
    at = put16(at, rejected > 0xffff ? 0xffff : rejected);
    at = put32(at, (uint32_t)(micros() / 1000));
    packet_send(3, 25, source, (size_t)(at - source));
}

static void report_if_due(void)
{
    uint64_t now = micros();
    if (now < next_report)
        return;
    while (next_report <= now)
        next_report += TELEMETRY_MILLIS * 1000u;
    report();
}

/* Part of an input comes. */
static enum refusal load(const uint8_t *data, size_t length)
{
    uint32_t start, octets, slot;
    if (length < 13 || data[2] != 1 || get32(data + 7) != length - 13)
        return MALFORMED;
    start = get32(data + 3);
    octets = (uint32_t)length - 13;
    if (crc16(data + 11, octets) != get16(data + 11 + octets))
        return MALFORMED;
    if ((get16(data) & MEMORY_KIND) != INPUT_MEMORY)
        return OUT_OF_BOUNDS;
    slot = get16(data) & ~MEMORY_KIND;
    if (slot >= SLOTS)
        return NO_SUCH_SLOT;
    if (start > INPUT_OCTETS || octets > INPUT_OCTETS - start)
        return OUT_OF_BOUNDS;
    for (uint32_t at = start; at < start + octets; at++) {
        uint8_t bit = (uint8_t)(1u << (at & 7));
        slots[slot].input[at] = data[11 + at - start];
        if (!(slots[slot].loaded[at >> 3] & bit)) {
            slots[slot].loaded[at >> 3] |= bit;
            slots[slot].missing--;
        }
    }
    slots[slot].has_output = false; /* an output is of the input that gave it */
    return FINE;
}

/* Sends part of an output. */
static enum refusal dump(const uint8_t *data, size_t length)
{
    uint8_t source[13 + OUTPUT_OCTETS], *at = source;
    uint32_t start, octets, slot;
    if (length != 11 || data[2] != 1)
        return MALFORMED;
    start = get32(data + 3);
    octets = get32(data + 7);
    if ((get16(data) & MEMORY_KIND) != OUTPUT_MEMORY)
        return OUT_OF_BOUNDS;
    slot = get16(data) & ~MEMORY_KIND;
    if (slot >= SLOTS || !slots[slot].has_output)
        return NO_OUTPUT;
    if (start > OUTPUT_OCTETS)
        return OUT_OF_BOUNDS;
    if (octets > OUTPUT_OCTETS - start)
        octets = OUTPUT_OCTETS - start;
    at = put16(at, get16(data));
    *at++ = 1;
    at = put32(at, start);
    at = put32(at, octets);
    memcpy(at, slots[slot].output + start, octets);
    at += octets;
    at = put16(at, crc16((uint8_t *)slots[slot].output + start, octets));
    packet_send(6, 6, source, (size_t)(at - source));
    return FINE;
}

static void identify(void)
{
    static const uint8_t source[] = "\x05" "Bench" "\x07" "REF-EO1" "\x04" "0001" "\x05" "1.0.0";
    packet_send(129, 2, source, sizeof source - 1);
}

static bool argument(const uint8_t *data, uint8_t wanted, uint32_t *value)
{
    for (uint8_t at = 0; at < data[8]; at++) {
        if (data[9 + 5 * at] == wanted) {
            *value = get32(data + 10 + 5 * at);
            return true;
        }
    }
    return false;
}

static bool is_named(const uint8_t *data, const char *name)
{
    for (int at = 0; at < 8; at++)
        if (data[at] != (uint8_t)name[at])
            return false;
    return true;
}

static enum refusal infer(struct request request, uint32_t query, uint32_t slot)
{
    if (slot >= SLOTS)
        return slot > 0xffff ? NO_SUCH_SLOT : NO_INPUT;
    if (job.is_due || computing)
        return BUSY;
    if (overheated)
        return OVERHEATED;
    if (slots[slot].missing > 0)
        return NO_INPUT;
    job.is_due = true;
    job.stopped = false;
    job.request = request;
    job.query = query;
    job.slot = (uint16_t)slot;
    return LATER;
}

static enum refusal perform(struct request request, const uint8_t *data, size_t length)
{
    uint32_t first, second;
    if (length < 9 || length != 9u + 5u * data[8])
        return MALFORMED;
    if (is_named(data, "IDENTIFY")) {
        identify();
        return FINE;
    }
    if (is_named(data, "INFER   ") && argument(data, 1, &first) && argument(data, 2, &second))
        return infer(request, first, second);
    if (is_named(data, "MODE    ") && argument(data, 1, &first) && first <= 1) {
        reduced = first == 1;
        return FINE;
    }
    if (is_named(data, "STOP    ")) {
        job.is_due = false;
        job.stopped = true;
        return FINE;
    }
    return UNKNOWN;
}

static void hear_frame(uint8_t *frame, size_t length)
{
    struct telecommand tc;
    struct request request;
    enum refusal refusal = FINE;

    length = cobs_decode(frame, length);
    /* What does not check is not known to be a telecommand; it is only counted. */
    if (length == 0 || !packet_read(frame, length, &tc)) {
        rejected++;
        return;
    }
    request.identification = tc.identification;
    request.sequence = tc.sequence;
    if (!((tc.service == 17 && tc.subtype == 1) || (tc.service == 6 && tc.subtype == 2) ||
          (tc.service == 6 && tc.subtype == 5) || (tc.service == 8 && tc.subtype == 1))) {
        rejected++;
        verify(request, 2, UNKNOWN);
        return;
    }
    verify(request, 1, 0);
    if (tc.service == 17)
        packet_send(17, 2, NULL, 0);
    else if (tc.service == 8)
        refusal = perform(request, tc.application, tc.length);
    else if (tc.subtype == 2)
        refusal = load(tc.application, tc.length);
    else
        refusal = dump(tc.application, tc.length);
    if (refusal == FINE) {
        verify(request, 7, 0);
    } else if (refusal != LATER) {
        rejected++;
        verify(request, 8, refusal);
    }
}

void service_hear(void)
{
    static uint8_t frame[PACKET_LIMIT + 16];
    static size_t length;
    static bool is_too_long;
    uint8_t octet;

    while (port_read(&octet)) {
        if (octet == 0) {
            if (is_too_long)
                rejected++;
            else if (length > 0)
                hear_frame(frame, length);
            length = 0;
            is_too_long = false;
        } else if (length < sizeof frame) {
            frame[length++] = octet;
        } else {
            is_too_long = true; /* skipped up to its end */
        }
    }
}

/* Between pieces of an inference: what cannot wait, and the pauses of a slower clock. */
static bool rest(void)
{
    uint64_t worked = micros() - work_since;
    uint64_t pause = 0;
    watchdog_kick();
    service_hear();
    look_at_heat();
    report_if_due();
    if (reduced)
        pause += worked * 45 / 55;
    if (throttled)
        pause += worked + pause;
#ifdef FAULT_SLOW
    pause += worked / 5;
#endif
    for (uint64_t until = micros() + pause; micros() < until;)
        ;
    work_since = micros();
    return !overheated && !job.stopped;
}

static void compute(void)
{
    static uint8_t input[INPUT_OCTETS];
    static int8_t output[OUTPUT_OCTETS];
    uint8_t source[18], *at = source;
    uint64_t begun = micros();
    uint32_t latency;
    bool done;

    job.is_due = false;
    computing = true;
    port_busy(true);
    work_since = begun;
    /* Of a copy: the slot may be loaded anew meanwhile. */
    memcpy(input, slots[job.slot].input, INPUT_OCTETS);
    done = network_infer((const int8_t *)input, output, rest);
    latency = (uint32_t)(micros() - begun);
    port_busy(false);
    computing = false;
    if (!done) {
        if (!job.stopped) {
            rejected++;
            verify(job.request, 8, OVERHEATED);
        }
        return;
    }
    inferences++;
    memcpy(slots[job.slot].output, output, OUTPUT_OCTETS);
    slots[job.slot].has_output = true;
    at = put32(at, job.query);
    at = put16(at, job.slot);
    at = put32(at, latency);
    at = put32(at, crc32((const uint8_t *)output, OUTPUT_OCTETS));
    at = put32(at, OUTPUT_OCTETS);
    packet_send(129, 1, source, (size_t)(at - source));
    verify(job.request, 7, 0);
}

void service_work(void)
{
    look_at_heat();
    report_if_due();
    if (job.is_due)
        compute();
}
