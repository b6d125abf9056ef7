/* Start, time, watchdog and the end of the reference board, on mps2-an385.
 *
 * Sources: Arm AN385 (memory map, interrupts), Cortex-M System Design Kit TRM (APB timer, APB
 * watchdog), "Semihosting for AArch32 and AArch64" (operations).
 */
#include "board.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define TIMER_CTRL REG(0x40000000)     /* bit 0 runs, bit 3 interrupts */
#define TIMER_VALUE REG(0x40000004)    /* counts down at 25 MHz */
#define TIMER_RELOAD REG(0x40000008)
#define TIMER_INT REG(0x4000000c)      /* read: pending; write 1: clear */
#define WATCHDOG_LOAD REG(0x40008000)
#define WATCHDOG_CTRL REG(0x40008008)  /* bit 0 counts, bit 1 resets at the second time-out */
#define WATCHDOG_CLEAR REG(0x4000800c)
#define WATCHDOG_LOCK REG(0x40008c00)
#define WATCHDOG_KEY 0x1acce551u
#define NVIC_ENABLE REG(0xe000e100)
#define FAULT_STATUS REG(0xe000ed28)

#define CLOCK_MHZ 25u
#define TIMER_IRQ 8u
#define UART0_RX_IRQ 0u
/* The board is reset at the second time-out, so each is half of 1.6 s (as a MAX706 waits). */
#define WATCHDOG_TICKS (CLOCK_MHZ * 800000u)
#define MARK 0x57a27ed1u

int main(void);

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

static volatile uint32_t ticks;
/* Is there after a reset, and random when power comes. */
static uint32_t started __attribute__((section(".noinit")));

void *memcpy(void *to, const void *from, size_t length)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    while (length--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int octet, size_t length)
{
    uint8_t *t = to;
    while (length--)
        *t++ = (uint8_t)octet;
    return to;
}

int semihosting(int operation, const void *arguments)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void finish(uint32_t status)
{
    const uint32_t arguments[2] = {0x20026, status};
    semihosting(0x20, arguments);
    for (;;)
        wait_for_interrupt();
}

void wait_for_interrupt(void) { __asm__ volatile("wfi"); }

void wait_unless(bool (*there)(void))
{
    /* An interrupt that is pending ends the wait although it is held back: none is missed. */
    __asm__ volatile("cpsid i" ::: "memory");
    if (!there())
        wait_for_interrupt();
    __asm__ volatile("cpsie i" ::: "memory");
}

uint64_t micros(void)
{
    uint32_t before, count, value;
    bool pending;
    do {
        before = ticks;
        pending = TIMER_INT & 1u;
        value = TIMER_VALUE;
        count = before;
        /* It began anew, and its interrupt is still to come. */
        if (pending && value > CLOCK_MHZ * TICK_MICROS / 2)
            count++;
    } while (ticks != before);
    return (uint64_t)count * TICK_MICROS + (TICK_MICROS - 1 - value / CLOCK_MHZ);
}

void watchdog_start(void)
{
    WATCHDOG_LOCK = WATCHDOG_KEY;
    WATCHDOG_LOAD = WATCHDOG_TICKS;
    WATCHDOG_CTRL = 3;
    WATCHDOG_LOCK = 0;
}

void watchdog_kick(void)
{
#ifndef FAULT_WATCHDOG
    WATCHDOG_LOCK = WATCHDOG_KEY;
    WATCHDOG_LOAD = WATCHDOG_TICKS;
    WATCHDOG_CLEAR = 1;
    WATCHDOG_LOCK = 0;
#endif
}

enum cause start_cause(void)
{
    enum cause cause = started == MARK ? CAUSE_WATCHDOG : CAUSE_POWER;
    started = MARK;
    return cause;
}

void reset(void)
{
    for (uint32_t *from = data_load, *to = data_start; to < data_end;)
        *to++ = *from++;
    for (uint32_t *to = bss_start; to < bss_end;)
        *to++ = 0;
    TIMER_RELOAD = CLOCK_MHZ * TICK_MICROS - 1;
    TIMER_VALUE = CLOCK_MHZ * TICK_MICROS - 1;
    TIMER_CTRL = 9;
    port_start();
    NVIC_ENABLE = 1u << TIMER_IRQ | 1u << UART0_RX_IRQ;
    finish((uint32_t)main());
}

static void timer(void)
{
    TIMER_INT = 1;
    ticks++;
    port_tick();
}

void port_interrupt(void);

/* Tells where it crashed, on the host's console, and ends: a crash is no silence. */
static void write_text(const char *text) { semihosting(0x04, text); }

static void write_number(uint32_t value)
{
    char text[11] = "0x";
    for (int digit = 0; digit < 8; digit++)
        text[2 + digit] = "0123456789abcdef"[value >> (28 - 4 * digit) & 15];
    text[10] = 0;
    write_text(text);
}

void crashed(const uint32_t *frame)
{
    write_text("fault at ");
    write_number(frame[6]);
    write_text(", status ");
    write_number(FAULT_STATUS);
    write_text("\n");
    finish(101);
}

__attribute__((naked)) static void fault(void)
{
    __asm__ volatile("mrs r0, msp\n b crashed");
}

static void unexpected(void) { finish(102); }

/* The watchdog's first time-out warns; the board has nothing to save. */
static void warned(void) {}

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + 32])(void) = {
    (void (*)(void))stack_top,
    reset,
    [2] = warned, /* NMI */
    [3] = fault,
    [4] = fault,
    [5] = fault,
    [6] = fault,
    [11] = unexpected,
    [16 + UART0_RX_IRQ] = port_interrupt,
    [16 + TIMER_IRQ] = timer,
};
