/* SPDX-License-Identifier: MIT */
/*
 * client - requests per second and CPU per request of coroutines that GET one URL over and over.
 *
 *     taskset -c 0 acrida-target --port 8000 --quiet &
 *     taskset -c 1 bench_client http://127.0.0.1:8000/ [USERS [SECONDS]]
 *
 * prints "requests/s, user+system CPU microseconds per request"; beside it, wrk -t1 -c USERS says what is usual.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "http/client.h"
#include "loop/coroutine.h"
#include "net/net.h"

struct bench {
    struct acr_loop *loop;
    struct acr_http *http;
    struct acr_url url;
    acr_nanos end;
    uint64_t requests;
    uint64_t failures;
    size_t running;
};

static void check(int code, const struct acr_error *error)
{
    if (code == 0)
        return;
    fprintf(stderr, "%s: %s\n", acr_error_text(code), error->detail);
    exit(1);
}

static void run_user(struct acr_coroutine *coroutine, void *context)
{
    struct bench *bench = context;
    struct acr_client *client = acr_client_new(bench->http);
    struct acr_error error = {0};
    struct acr_request request = {.method = ACR_STR("GET"), .url = &bench->url, .follow_redirects = true};
    while (acr_loop_now(bench->loop) < bench->end) {
        struct acr_response *response;
        int code = acr_client_request(client, acr_coroutine_fiber(coroutine), &request, &response, &error);
        bench->requests++;
        bench->failures += code != 0 || response->status != 200;
        if (code == 0)
            acr_response_unref(response);
        else
            check(code, &error);
    }
    acr_client_free(client);
    if (--bench->running == 0)
        acr_loop_stop(bench->loop);
}

static double seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void report(const struct bench *bench, acr_nanos duration)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double user = seconds(&usage.ru_utime), system = seconds(&usage.ru_stime);
    double requests = (double)bench->requests;
    printf("%.0f requests/s, %.3f us CPU per request (user %.3f, system %.3f), %llu failures\n",
           requests / acr_nanos_to_seconds(duration), (user + system) * 1e6 / requests, user * 1e6 / requests,
           system * 1e6 / requests, (unsigned long long)bench->failures);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s URL [USERS [SECONDS]]\n", argv[0]);
        return 2;
    }
    struct bench bench = {0};
    struct acr_error error = {0};
    struct acr_net *net;
    struct acr_coroutine_pool *pool;
    bench.running = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
    acr_nanos duration = acr_nanos_from_seconds(argc > 3 ? strtod(argv[3], NULL) : 3);
    check(acr_url_parse(acr_str_of(argv[1]), &bench.url, &error), &error);
    check(acr_loop_open(acr_clock_system(), &bench.loop, &error), &error);
    check(acr_net_open(bench.loop, NULL, &net, &error), &error);
    check(acr_coroutine_pool_open(bench.loop, NULL, &pool, &error), &error);
    bench.http = acr_http_new(net);
    acr_nanos start = acr_loop_refresh_now(bench.loop);
    bench.end = start + duration;
    for (size_t i = bench.running; i > 0; i--)
        check(acr_coroutine_start(pool, run_user, NULL, &bench, NULL), &error);
    check(acr_loop_run(bench.loop), &error);
    report(&bench, acr_loop_refresh_now(bench.loop) - start);
    acr_http_free(bench.http);
    acr_coroutine_pool_close(pool);
    acr_net_close(net);
    acr_loop_close(bench.loop);
    acr_url_done(&bench.url);
    return 0;
}
