/* The serial line. It leads over UART0; or, where the file `lockstep.in` is there at start, through
 * two FIFOs of the host, in step with a plant: once a control period the board tells what it sent
 * and how busy it was, and waits until it is told what it hears and what its sensors say. While it
 * waits its clock stands still, so the same plant gives the same octets.
 *
 * Records are little-endian; see docs/firmware.md.
 */
#include "board.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define UART_DATA REG(0x40004000)
#define UART_STATE REG(0x40004004) /* bit 0: transmitter full, bit 1: something was heard */
#define UART_CTRL REG(0x40004008)  /* 1 transmits, 2 receives, 8 interrupts when something is heard */
#define UART_INT REG(0x4000400c)   /* 2 clears */
#define UART_BAUD REG(0x40004010)

#define RING 8192u /* a power of two; more than a control period brings at 3 MBd */

struct ring {
    volatile uint32_t head, tail;
    uint8_t octets[RING];
};

static struct ring heard, sent;
static struct sensors latest = {0, 0, SENSOR_NONE, SENSOR_NONE};
static int inbound = -1, outbound = -1;
static uint32_t sequence;
static volatile bool is_busy;
static uint64_t busy_since;
static uint32_t busy_micros;

/* What goes to the plant, and what comes from it, in front of the octets of the line. */
struct told {
    uint32_t sequence;
    uint32_t busy_micros; /* of this control period */
    uint32_t length;
};
struct hears {
    uint32_t sequence;
    uint16_t bus_millivolts;
    int16_t bus_milliamps;
    int16_t board_centi;
    int16_t junction_centi;
    uint32_t length;
};

static bool put(struct ring *ring, uint8_t octet)
{
    uint32_t next = (ring->head + 1) % RING;
    if (next == ring->tail)
        return false;
    ring->octets[ring->head] = octet;
    ring->head = next;
    return true;
}

static bool get(struct ring *ring, uint8_t *octet)
{
    if (ring->tail == ring->head)
        return false;
    *octet = ring->octets[ring->tail];
    ring->tail = (ring->tail + 1) % RING;
    return true;
}

static int open_file(const char *name, uint32_t length, uint32_t mode)
{
    const uint32_t arguments[3] = {(uint32_t)name, mode, length};
    return semihosting(0x01, arguments);
}

static bool transfer(int operation, int file, void *octets, uint32_t length)
{
    uint8_t *at = octets;
    while (length > 0) {
        const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)at, length};
        uint32_t left = (uint32_t)semihosting(operation, arguments);
        if (left >= length) /* nothing went: the far end is gone */
            return false;
        at += length - left;
        length = left;
    }
    return true;
}

/* Has told, and is not answered yet: here a debugger stops the board once a control period, where
 * its memory is to be upset (docs/firmware.md). */
__attribute__((noinline)) void lockstep_wait(void) { __asm__ volatile("nop" ::: "memory"); }

static void take_sensors(const struct hears *hears)
{
    latest.bus_millivolts = hears->bus_millivolts;
    latest.bus_milliamps = hears->bus_milliamps;
    latest.board_centi = hears->board_centi;
    latest.junction_centi = hears->junction_centi;
}

void port_start(void)
{
    UART_BAUD = 16;
    UART_CTRL = 1 | 2 | 8;
    /* For reading first: a file that is opened for writing would be made. */
    inbound = open_file("lockstep.in", 11, 1);
    if (inbound >= 0) {
        outbound = open_file("lockstep.out", 12, 5);
    } else {
        /* Nobody keeps step: what the sensors say is told once, if at all. */
        int file = open_file("sensors", 7, 1);
        struct hears hears;
        if (file >= 0 && transfer(0x06, file, &hears, sizeof hears))
            take_sensors(&hears);
    }
}

bool port_is_locked(void) { return outbound >= 0; }

bool port_read(uint8_t *octet) { return get(&heard, octet); }

bool port_has_heard(void) { return heard.tail != heard.head; }

void port_write(const uint8_t *octets, size_t length)
{
    for (size_t at = 0; at < length; at++) {
        if (port_is_locked()) {
            /* Full: the line takes the rest in the next control period. */
            while (!put(&sent, octets[at]))
                wait_for_interrupt();
        } else {
            while (UART_STATE & 1u)
                ;
            UART_DATA = octets[at];
        }
    }
}

void port_interrupt(void)
{
    /* Cleared before it is drained: what comes in between interrupts again. */
    UART_INT = 2;
    while (UART_STATE & 2u) {
        uint8_t octet = (uint8_t)UART_DATA;
        put(&heard, octet);
    }
}

void port_busy(bool busy)
{
    uint64_t now = micros();
    if (is_busy && !busy)
        busy_micros += (uint32_t)(now - busy_since);
    if (!is_busy && busy)
        busy_since = now;
    is_busy = busy;
}

void port_tick(void)
{
    static uint8_t octets[RING];
    struct told told;
    struct hears hears;
    uint64_t now;

    if (!port_is_locked())
        return;
    now = micros();
    if (is_busy) {
        busy_micros += (uint32_t)(now - busy_since);
        busy_since = now;
    }
    told.sequence = ++sequence;
    told.busy_micros = busy_micros;
    told.length = 0;
    busy_micros = 0;
    while (get(&sent, &octets[told.length]))
        told.length++;
    if (!transfer(0x05, outbound, &told, sizeof told) ||
        !transfer(0x05, outbound, octets, told.length))
        return;
    lockstep_wait();
    do {
        /* An answer to what was told before a reset is no answer. */
        if (!transfer(0x06, inbound, &hears, sizeof hears) || hears.length > RING ||
            !transfer(0x06, inbound, octets, hears.length))
            return;
    } while (hears.sequence != sequence);
    for (uint32_t at = 0; at < hears.length; at++)
        put(&heard, octets[at]);
    take_sensors(&hears);
}

struct sensors sensors(void)
{
    struct sensors now;
    __asm__ volatile("cpsid i" ::: "memory");
    now = latest;
    __asm__ volatile("cpsie i" ::: "memory");
    return now;
}
