/* The reference board: waits for what comes, and works on what is due. */
#include "board.h"

int main(void)
{
    if (!network_is_whole())
        return 103;
    watchdog_start();
    service_start(start_cause());
    for (;;) {
        watchdog_kick();
        service_hear();
        service_work();
        wait_unless(port_has_heard);
    }
}
