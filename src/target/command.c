/* SPDX-License-Identifier: MIT */
/* command - `acrida target`: options, threads, signals. */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/str.h"
#include "loop/mailbox.h"
#include "target/target.h"
#include "target/text.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2

static const char usage[] =
    "usage: acrida target [OPTIONS]\n"
    "\n"
    "A small web site to aim a load test at: pages, JSON, login, cookies, redirects, and pages that are slow or broken "
    "on\n"
    "purpose. It answers far more requests per second than most sites, so it also shows what this machine can "
    "generate.\n"
    "\n"
    "options:\n"
    "  --host HOST          address to listen on (127.0.0.1)\n"
    "  --port PORT          port to listen on; 0 takes a free one (8000)\n"
    "  --threads N          threads that serve, each with its own part of the connections (1)\n"
    "  --delay MS|MIN-MAX   let every answer wait: always so long, or a random time in that range\n"
    "  --error-rate P       answer this share of requests, 0 to 1, with status 500\n"
    "  --stall-rate P       never answer this share of requests, 0 to 1\n"
    "  --stall-after N      answer N requests, then none any more\n"
    "  --require-login      /profile answers 403 without the cookie that /login gives\n"
    "  --tls-cert FILE      serve HTTPS with this certificate chain (PEM)\n"
    "  --tls-key FILE       its key, unless it is in the same file\n"
    "  --seed N             make everything random the same in every run\n"
    "  --quiet              no summary at the end\n"
    "  --help               this text\n"
    "\n"
    "pages:\n"
    "  /  /about/  /profile  /login  /logout  /order  /blog?id=N  /forum/  /threads/N  /items/N.json  /json\n"
    "  /echo                what was sent, as JSON; /post the same for POST; /upload counts the body\n"
    "  /status/NNN          that status           /redirect/N, /redirect-to?url=URL&status=NNN\n"
    "  /cookies             what was sent         /cookies/set?NAME=VALUE, /cookies/delete?NAME\n"
    "  /bytes/N             N bytes               /stream/N  N chunks     /chunked-trailers\n"
    "  /gzip /deflate /brotli /zstd               /basic-auth/USER/PASSWORD\n"
    "  /slow?ms=N           waits                 /random-delay?min=MS&max=MS\n"
    "  /drip?bytes=N&ms=MS  sends slowly          /error?rate=P  status 500, this share of requests\n"
    "  /close /until-close  ends the connection   /drop /reset  ends it without an answer\n"
    "  /stall /stall-body   never (fully) answers /half /garbage /huge-headers?bytes=N  breaks the protocol\n"
    "  /__stats__           what was answered, as JSON; POST /__stats__/reset zeroes it\n";

enum option_code {
    OPTION_HOST = 256,
    OPTION_PORT,
    OPTION_THREADS,
    OPTION_DELAY,
    OPTION_ERROR_RATE,
    OPTION_STALL_RATE,
    OPTION_STALL_AFTER,
    OPTION_REQUIRE_LOGIN,
    OPTION_SEED,
    OPTION_TLS_CERT,
    OPTION_TLS_KEY,
    OPTION_QUIET,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"host", required_argument, NULL, OPTION_HOST},
    {"port", required_argument, NULL, OPTION_PORT},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"delay", required_argument, NULL, OPTION_DELAY},
    {"error-rate", required_argument, NULL, OPTION_ERROR_RATE},
    {"stall-rate", required_argument, NULL, OPTION_STALL_RATE},
    {"stall-after", required_argument, NULL, OPTION_STALL_AFTER},
    {"require-login", no_argument, NULL, OPTION_REQUIRE_LOGIN},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"tls-cert", required_argument, NULL, OPTION_TLS_CERT},
    {"tls-key", required_argument, NULL, OPTION_TLS_KEY},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool read_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
    uint64_t number;
    if (acr_str_parse_u64(acr_str_of(text), &number) != 0 || number < min || number > max)
        return false;
    *ret_number = number;
    return true;
}

static bool read_rate(const char *text, double *ret_rate)
{
    double rate;
    if (!acr_text_double(acr_str_of(text), &rate) || !(rate <= 1))
        return false;
    *ret_rate = rate;
    return true;
}

/* "20" or "10-50", milliseconds; fractions are fine. */
static bool read_delay(const char *text, struct acr_target_options *options)
{
    struct acr_str whole = acr_str_of(text);
    ptrdiff_t dash = acr_str_find_char(whole, '-');
    size_t first_size = dash < 0 ? whole.size : (size_t)dash;
    double min, max;
    if (!acr_text_double((struct acr_str){text, first_size}, &min))
        return false;
    max = min;
    if (dash >= 0 && !acr_text_double(acr_str_of(text + dash + 1), &max))
        return false;
    if (max < min)
        return false;
    options->delay_min = acr_nanos_from_seconds(min / 1e3);
    options->delay_max = acr_nanos_from_seconds(max / 1e3);
    return true;
}

static bool read_option(int code, const char *value, struct acr_target_options *options)
{
    uint64_t number = 0;
    bool valid = true;
    switch (code) {
    case OPTION_HOST:
        options->host = value;
        return *value != '\0';
    case OPTION_PORT:
        valid = read_number(value, 0, UINT16_MAX, &number);
        options->port = (uint16_t)number;
        return valid;
    case OPTION_THREADS:
        valid = read_number(value, 1, ACR_TARGET_THREADS_MAX, &number);
        options->threads = (unsigned)number;
        return valid;
    case OPTION_DELAY:
        return read_delay(value, options);
    case OPTION_ERROR_RATE:
        return read_rate(value, &options->error_rate);
    case OPTION_STALL_RATE:
        return read_rate(value, &options->stall_rate);
    case OPTION_STALL_AFTER:
        return read_number(value, 1, UINT64_MAX, &options->stall_after);
    case OPTION_SEED:
        return read_number(value, 0, UINT64_MAX, &options->seed);
    case OPTION_TLS_CERT:
        options->tls_cert = value;
        return *value != '\0';
    case OPTION_TLS_KEY:
        options->tls_key = value;
        return *value != '\0';
    case OPTION_REQUIRE_LOGIN:
        options->require_login = true;
        return true;
    case OPTION_QUIET:
        options->quiet = true;
        return true;
    default:
        return false;
    }
}

static int usage_error(void)
{
    fputs("try 'acrida target --help'\n", stderr);
    return EXIT_USAGE;
}

/* -1: go on and serve; else the exit code. */
static int read_options(int argc, char **argv, struct acr_target_options *options)
{
    int code, index = 0;
    optind = 0; /* glibc: start over, whoever used getopt before */
    while ((code = getopt_long(argc, argv, "", long_options, &index)) != -1) {
        if (code == '?')
            return usage_error();
        if (code == OPTION_HELP) {
            fputs(usage, stdout);
            return 0;
        }
        if (!read_option(code, optarg, options)) {
            fprintf(stderr, "acrida target: invalid value for --%s: '%s'\n", long_options[index].name, optarg);
            return usage_error();
        }
    }
    if (optind < argc) {
        fprintf(stderr, "acrida target: unexpected argument '%s'\n", argv[optind]);
        return usage_error();
    }
    if (options->tls_key != NULL && options->tls_cert == NULL) {
        fputs("acrida target: --tls-key needs --tls-cert\n", stderr);
        return usage_error();
    }
    return -1;
}

/* A serving thread. The first one is the caller's own; the others are stopped by mail. */
struct server {
    struct acr_loop *loop;
    struct acr_target *target;
    struct acr_mailbox *mailbox;
    struct acr_mail stop;
    pthread_t thread;
    bool started;
};

struct command {
    struct acr_target_options options;
    struct server servers[ACR_TARGET_THREADS_MAX];
    struct acr_source signals;
    int signal_fd;
};

static void on_stop(struct acr_mail *mail, void *context)
{
    (void)mail;
    acr_loop_stop(context);
}

static void on_signal(struct acr_source *source, uint32_t events)
{
    struct signalfd_siginfo taken;
    (void)events;
    /* What is not taken off would strike when the signals are let through again. */
    while (read(source->fd, &taken, sizeof taken) > 0)
        ;
    acr_loop_stop(source->loop);
}

static void *serve(void *context)
{
    struct server *server = context;
    if (acr_loop_run(server->loop) != 0)
        fputs("acrida target: a serving thread failed\n", stderr);
    return NULL;
}

static int open_server(struct command *command, unsigned number, struct acr_error *error)
{
    struct server *server = &command->servers[number];
    int code = acr_loop_open(acr_clock_system(), &server->loop, error);
    if (code != 0)
        return code;
    if (number == 0)
        return acr_target_open(server->loop, &command->options, &server->target, error);
    code = acr_mailbox_open(server->loop, on_stop, server->loop, &server->mailbox, error);
    if (code != 0)
        return code;
    return acr_target_open_beside(command->servers[0].target, server->loop, &server->target, error);
}

static int open_servers(struct command *command, struct acr_error *error)
{
    int code = 0;
    for (unsigned i = 0; i < command->options.threads && code == 0; i++)
        code = open_server(command, i, error);
    return code;
}

static int start_threads(struct command *command, struct acr_error *error)
{
    for (unsigned i = 1; i < command->options.threads; i++) {
        struct server *server = &command->servers[i];
        int system = pthread_create(&server->thread, NULL, serve, server);
        if (system != 0)
            return acr_error_set_system(error, ACR_ERR_SYSTEM, system, "cannot start a thread");
        server->started = true;
    }
    return 0;
}

static void stop_threads(struct command *command)
{
    for (unsigned i = 1; i < command->options.threads; i++) {
        struct server *server = &command->servers[i];
        if (!server->started)
            continue;
        acr_mailbox_post(server->mailbox, &server->stop);
        pthread_join(server->thread, NULL);
    }
}

static void close_servers(struct command *command)
{
    for (unsigned i = command->options.threads; i-- > 0;) {
        struct server *server = &command->servers[i];
        acr_target_close(server->target);
        acr_mailbox_close(server->mailbox);
        acr_loop_close(server->loop);
    }
}

/* SIGINT and SIGTERM arrive on the first thread's loop. */
static int watch_signals(struct command *command, const sigset_t *ending, struct acr_error *error)
{
    command->signal_fd = signalfd(-1, ending, SFD_NONBLOCK | SFD_CLOEXEC);
    if (command->signal_fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "signalfd");
    return acr_source_add(&command->signals, command->servers[0].loop, command->signal_fd, on_signal);
}

static void forget_signals(struct command *command)
{
    if (command->signal_fd < 0)
        return;
    acr_source_remove(&command->signals);
    close(command->signal_fd);
}

static void announce(const struct command *command)
{
    const char *host = command->options.host;
    bool bare_v6 = strchr(host, ':') != NULL;
    const char *scheme = command->options.tls_cert != NULL ? "https" : "http";
    printf("target listening on %s://%s%s%s:%u\n", scheme, bare_v6 ? "[" : "", host, bare_v6 ? "]" : "",
           acr_target_port(command->servers[0].target));
    fflush(stdout);
}

static int run(struct command *command, const sigset_t *ending, struct acr_error *error)
{
    int code = open_servers(command, error);
    if (code == 0)
        code = watch_signals(command, ending, error);
    if (code == 0)
        code = start_threads(command, error);
    if (code == 0) {
        announce(command);
        code = acr_loop_run(command->servers[0].loop);
    }
    stop_threads(command);
    if (code == 0 && !command->options.quiet)
        printf("target answered %llu requests\n", (unsigned long long)acr_target_answers(command->servers[0].target));
    forget_signals(command);
    close_servers(command);
    return code;
}

/* Each client takes a descriptor. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int acr_target_main(int argc, char **argv)
{
    struct command *command = acr_alloc_zero(sizeof *command);
    struct acr_error error = {0};
    sigset_t ending, former;
    command->signal_fd = -1;
    acr_target_options_init(&command->options);
    int exit_code = read_options(argc, argv, &command->options);
    if (exit_code < 0) {
        sigemptyset(&ending);
        sigaddset(&ending, SIGINT);
        sigaddset(&ending, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &ending, &former);
        raise_descriptor_limit();
        int code = run(command, &ending, &error);
        pthread_sigmask(SIG_SETMASK, &former, NULL);
        if (code != 0) {
            char text[2 * ACR_ERROR_DETAIL_MAX];
            error.code = code;
            acr_error_format(&error, text, sizeof text);
            fprintf(stderr, "acrida target: %s\n", text);
        }
        exit_code = code == 0 ? 0 : EXIT_FAILED;
    }
    acr_free(command);
    return exit_code;
}
