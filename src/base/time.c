/* SPDX-License-Identifier: MIT */
/* time - the system's clocks and the fake one. */
#include "base/time.h"

#include <time.h>

static acr_nanos read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (acr_nanos)now.tv_sec * ACR_NANOS_PER_SECOND + now.tv_nsec;
}

static acr_nanos system_monotonic(const struct acr_clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_MONOTONIC);
}

static acr_nanos system_wall(const struct acr_clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

const struct acr_clock *acr_clock_system(void)
{
    static const struct acr_clock clock = {system_monotonic, system_wall};
    return &clock;
}

static acr_nanos fake_monotonic(const struct acr_clock *clock)
{
    return ((const struct acr_clock_fake *)clock)->monotonic_now;
}

static acr_nanos fake_wall(const struct acr_clock *clock)
{
    return ((const struct acr_clock_fake *)clock)->wall_now;
}

void acr_clock_fake_init(struct acr_clock_fake *fake, acr_nanos monotonic_now, acr_nanos wall_now)
{
    fake->clock = (struct acr_clock){fake_monotonic, fake_wall};
    fake->monotonic_now = monotonic_now;
    fake->wall_now = wall_now;
}

acr_nanos acr_nanos_from_seconds(double seconds)
{
    if (!(seconds > 0))
        return 0;
    if (seconds >= 9.2e9)
        return ACR_NEVER;
    return (acr_nanos)(seconds * 1e9);
}
