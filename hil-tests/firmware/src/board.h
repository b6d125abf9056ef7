/* The reference board: what its parts have of each other. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* start.c: time, watchdog, semihosting, the end. */
enum cause { CAUSE_POWER = 0, CAUSE_RESET = 1, CAUSE_WATCHDOG = 2 };

#define TICK_MICROS 10000u /* one control period */

uint64_t micros(void);             /* since the board started, of the timer */
void wait_for_interrupt(void);
void wait_unless(bool (*there)(void));
void watchdog_start(void);         /* resets the board 1.6 s after the last kick */
void watchdog_kick(void);
int semihosting(int operation, const void *arguments);
enum cause start_cause(void);
void write_text(const char *text); /* on the host's console */
void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int octet, size_t length);

/* port.c: the serial line, over UART0 or in lock-step with a plant. */
void port_start(void);
bool port_is_locked(void);         /* whether a plant keeps step with the board */
bool port_read(uint8_t *octet);
bool port_has_heard(void);
void port_write(const uint8_t *octets, size_t length);
void port_tick(void);              /* once a control period, from the timer's interrupt */
void lockstep_wait(void);          /* called between telling and hearing */
void port_busy(bool busy);         /* whether the accelerator takes power */

/* What the board's sensors say; a broken wire reads SENSOR_NONE. */
#define SENSOR_NONE INT16_MIN
struct sensors {
    uint16_t bus_millivolts;
    int16_t bus_milliamps;
    int16_t board_centi;           /* 0.01 degrees Celsius */
    int16_t junction_centi;
};
struct sensors sensors(void);

/* packet.c: frames, packets and checksums. */
#define PACKET_LIMIT 1100u
#define SEGMENT 1024u
#define APID 0x42u

struct telecommand {
    uint16_t identification, sequence; /* the first four octets: which request this is */
    uint8_t service, subtype;
    const uint8_t *application;
    size_t length;
};

uint16_t crc16(const uint8_t *octets, size_t length);
uint32_t crc32(const uint8_t *octets, size_t length);
size_t cobs_decode(uint8_t *frame, size_t length);      /* in place; 0 if it is none */
bool packet_read(const uint8_t *packet, size_t length, struct telecommand *out);
void packet_forget(void);                               /* counts anew, as after a start */
void packet_send(uint8_t service, uint8_t subtype, const uint8_t *source, size_t length);

static inline uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t get32(const uint8_t *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }
static inline uint8_t *put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}
static inline uint8_t *put32(uint8_t *at, uint32_t value) { return put16(put16(at, value >> 16), value); }

/* network.c: the keyword network in int8. */
#define INPUT_OCTETS 490u
#define OUTPUT_OCTETS 12u

/* Infers. `rest` is called between pieces of work, and says whether to go on. */
bool network_infer(const int8_t *input, int8_t *output, bool (*rest)(void));
bool network_is_whole(void);       /* whether the weights are as they were built */

/* service.c: what the board does when it is told. */
void service_start(enum cause cause);
void service_hear(void);           /* what came on the line */
void service_work(void);           /* the inference and the report that are due */

#endif
