/* SPDX-License-Identifier: MIT */
/* engine - opens and closes what one load thread runs on. */
#include "run/engine.h"

#include "base/memory.h"

int acr_engine_open(const struct acr_clock *clock, struct acr_engine **ret_engine, struct acr_error *error)
{
    struct acr_engine *engine = acr_alloc_zero(sizeof *engine);
    engine->clock = clock;
    acr_random_init(&engine->random, acr_random_seed());
    int rc = acr_loop_open(clock, &engine->loop, error);
    if (rc == 0)
        rc = acr_net_open(engine->loop, NULL, &engine->net, error);
    if (rc < 0) {
        acr_engine_close(engine);
        return rc;
    }
    engine->http = acr_http_new(engine->net);
    engine->stats = acr_stats_new(clock);
    *ret_engine = engine;
    return 0;
}

void acr_engine_close(struct acr_engine *engine)
{
    if (engine == NULL)
        return;
    if (engine->stats != NULL)
        acr_stats_free(engine->stats);
    acr_http_free(engine->http);
    acr_net_close(engine->net);
    acr_loop_close(engine->loop);
    acr_free(engine);
}
