/* SPDX-License-Identifier: MIT */
/* program - reads the command line, loads the locustfile, holds the run. */
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/descriptors.h"
#include "cli/frontend.h"
#include "cli/locustfile.h"
#include "cli/options.h"
#include "run/local.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2
/* As many from one address to one port are made at full speed. */
#define FAST_CONNECTIONS 14000

static const char *program_name(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL ? slash + 1 : path != NULL ? path : "acrida";
}

static int fail(const struct acr_error *error)
{
    char text[ACR_ERROR_DETAIL_MAX + 64];
    acr_error_format(error, text, sizeof text);
    acr_log(ACR_LOG_ERROR, "locust.main", "%s", error->detail[0] != '\0' ? error->detail : text);
    return EXIT_FAILED;
}

static int fail_usage(const char *program, struct acr_buffer *reason)
{
    struct acr_buffer usage = {0};
    acr_options_usage(program, &usage);
    fprintf(stderr, "%.*s\n%s: error: %.*s\n", ACR_STR_ARGS(acr_buffer_str(&usage)), program,
            ACR_STR_ARGS(acr_buffer_str(reason)));
    acr_buffer_done(&usage);
    acr_buffer_done(reason);
    return EXIT_USAGE;
}

/* Standard output that cannot be written is an error like any other. */
static int print_result(void)
{
    return fflush(stdout) == 0 ? 0 : EXIT_FAILED;
}

static int show_version(void)
{
    puts("Acrida " ACR_VERSION);
    return print_result();
}

static int show_classes(const struct acr_scenario *scenario)
{
    puts("Available Locusts:");
    for (size_t i = 0; i < scenario->class_count; i++)
        printf("    %s\n", scenario->classes[i].name);
    return print_result();
}

static int show_task_ratio(struct acr_scenario *scenario, bool as_json)
{
    struct acr_error error = {0};
    struct acr_buffer text = {0};
    int rc = scenario->ops->task_ratio(scenario, as_json, &text, &error);
    if (rc == 0)
        fwrite(text.data, 1, text.size, stdout);
    acr_buffer_done(&text);
    return rc < 0 ? fail(&error) : print_result();
}

/* The options that only look at a locustfile; the first of them counts. */
static int show(const struct acr_options *options, struct acr_scenario *scenario)
{
    return options->list ? show_classes(scenario) : show_task_ratio(scenario, !options->show_task_ratio);
}

/* Records go to the file from here on; tables stay on standard error. */
static int set_up_log(const struct acr_options *options, struct acr_error *error)
{
    acr_log_set_level(options->log_level);
    if (options->log_file == NULL)
        return 0;
    int fd = open(options->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "log file %s", options->log_file);
    acr_log_set_fd(fd);
    return 0;
}

/* The kernel looks for a free port among all there are, and needs ever longer (bench/connections.py). */
static void advise_on_sources(const struct acr_options *options)
{
    if (options->users > FAST_CONNECTIONS && options->source_ips == NULL)
        acr_log(ACR_LOG_INFO, "locust.main",
                "More than %d connections to one port are slow to make from one address of this machine: --source-ips "
                "spreads them over several.",
                FAST_CONNECTIONS);
}

static int check_machine(const struct acr_options *options, struct acr_error *error)
{
    uint64_t files;
    int rc = acr_descriptors_raise(&files, error);
    struct acr_error few = {0};
    if (rc == 0 && !acr_options_only_show(options) && acr_descriptors_check(files, (size_t)options->users, &few) < 0)
        acr_log(ACR_LOG_WARNING, "locust.main", "%s", few.detail);
    if (rc == 0 && !acr_options_only_show(options))
        advise_on_sources(options);
    return rc;
}

static int load_scenario(const struct acr_options *options, int argc, char **argv, const char *path,
                         struct acr_scenario **ret_scenario, struct acr_error *error)
{
    struct acr_scenario_request request = {
        .path = path,
        .host = options->host,
        .known = options->known,
        .known_count = options->known_count,
        .rest = options->rest,
        .rest_count = options->rest_count,
        .has_option = acr_options_has,
        .has_tags = options->has_tags,
        .limits = options->limits,
        .may_be_empty = options->list || options->help,
        .log_level = options->log_level,
        .log_file = options->log_file,
        .argc = argc,
        .argv = argv,
    };
    return acr_frontend_load(&request, ret_scenario, error);
}

static int use_source_ips(const struct acr_options *options, struct acr_scenario *scenario, struct acr_error *error)
{
    struct acr_error why = {0};
    if (options->source_ips == NULL || acr_net_connect_from(scenario->engine->net, options->source_ips, &why) == 0)
        return 0;
    return acr_error_set(error, why.code, "option --source-ips: %s", why.detail);
}

static int hold_run(const struct acr_options *options, struct acr_scenario *scenario)
{
    struct acr_run_options run = {
        .users = (size_t)options->users,
        .spawn_rate = options->spawn_rate,
        .run_time = options->run_time,
        .request_limit = (uint64_t)options->request_limit,
        .stop_timeout = options->stop_timeout,
        .csv_base = options->csv_base,
        .csv_interval = scenario->report.csv_interval,
        .table_interval = scenario->report.table_interval,
        .name_width = scenario->report.name_width,
        .print_tables = !options->only_summary,
        .reset_stats = options->reset_stats,
        .error_exit_code = (int)options->error_exit_code,
    };
    struct acr_error error = {0};
    int result = use_source_ips(options, scenario, &error);
    if (result == 0)
        result = acr_run_local(scenario, &run, &error);
    return result < 0 ? fail(&error) : result;
}

/* The options that the locustfile adds, if -f names one. */
static int add_own_options(const struct acr_options *options, int argc, char **argv, struct acr_buffer *text)
{
    struct acr_error error = {0};
    struct acr_scenario *scenario = NULL;
    char *path = NULL;
    int rc = acr_locustfile_find(options->locustfile, &path, &error);
    if (rc == 0)
        rc = load_scenario(options, argc, argv, path, &scenario, &error);
    if (rc == 0 && scenario->ops->options_help != NULL)
        rc = scenario->ops->options_help(scenario, text, &error);
    if (scenario != NULL)
        scenario->ops->close(scenario);
    acr_free(path);
    return rc == 0 ? 0 : fail(&error);
}

static int show_help(const char *program, const struct acr_options *options, int argc, char **argv)
{
    struct acr_buffer text = {0};
    acr_options_help(program, &text);
    int result = options->locustfile_given ? add_own_options(options, argc, argv, &text) : 0;
    fwrite(text.data, 1, text.size, stdout);
    acr_buffer_done(&text);
    return result != 0 ? result : print_result();
}

/* Options that were unknown until the locustfile was there: what else is wrong with the command line is said now. */
static int check_late(struct acr_options *options, struct acr_error *error)
{
    struct acr_buffer reason = {0};
    int rc = options->unknown != NULL ? acr_options_check(options, &reason) : 0;
    if (rc < 0)
        acr_error_set(error, rc, "%.*s", ACR_STR_ARGS(acr_buffer_str(&reason)));
    acr_buffer_done(&reason);
    return rc;
}

static int find_locustfile(const struct acr_options *options, char **ret_path, struct acr_error *error)
{
    int rc = acr_locustfile_find(options->locustfile, ret_path, error);
    if (rc == 0 || options->unknown == NULL)
        return rc;
    struct acr_buffer reason = {0};
    rc = acr_options_refuse_unknown(options, &reason);
    acr_error_set(error, rc, "%.*s", ACR_STR_ARGS(acr_buffer_str(&reason)));
    acr_buffer_done(&reason);
    return rc;
}

static int fail_script(const char *program, const struct acr_error *error)
{
    struct acr_buffer reason = {0};
    if (error->code != ACR_ERR_USAGE || acr_buffer_append_str(&reason, acr_str_of(error->detail)) != 0)
        return fail(error);
    return fail_usage(program, &reason);
}

/* From the options to the exit code. */
static int run(const char *program, struct acr_options *options, int argc, char **argv)
{
    struct acr_error error = {0};
    struct acr_scenario *scenario = NULL;
    char *path = NULL;
    int rc = acr_options_interpret(options, &error);
    if (rc == 0)
        rc = set_up_log(options, &error);
    if (rc == 0 && options->locustfile_left_out)
        acr_log(ACR_LOG_WARNING, "locust.main", "-f has no value; taking the default locustfile.");
    if (rc == 0)
        rc = find_locustfile(options, &path, &error);
    if (rc == 0)
        rc = check_machine(options, &error);
    if (rc == 0)
        rc = load_scenario(options, argc, argv, path, &scenario, &error);
    if (rc == 0)
        rc = check_late(options, &error);
    int result = rc != 0                          ? fail_script(program, &error)
                 : acr_options_only_show(options) ? show(options, scenario)
                                                  : hold_run(options, scenario);
    if (scenario != NULL)
        scenario->ops->close(scenario);
    acr_free(path);
    return result;
}

int acr_program_run(int argc, char **argv)
{
    const char *program = program_name(argv[0]);
    struct acr_options options;
    struct acr_buffer reason = {0};
    int rc = acr_options_parse(argc, argv, &options, &reason);
    int result = 0;
    if (rc == 0 && options.help)
        result = show_help(program, &options, argc, argv);
    else if (rc == 0 && options.version)
        result = show_version();
    else if (rc < 0 || (options.unknown == NULL && acr_options_check(&options, &reason) < 0))
        result = fail_usage(program, &reason);
    else
        result = run(program, &options, argc, argv);
    acr_options_done(&options);
    return result;
}
