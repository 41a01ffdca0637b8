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
#include "capi/scenario.h"
#include "cli/descriptors.h"
#include "cli/frontend.h"
#include "cli/locustfile.h"
#include "cli/options.h"
#include "run/local.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2
/* As many from one address to one port are made at full speed. */
#define FAST_CONNECTIONS 14000

struct program {
    const char *name;
    int argc;
    char **argv;
    struct acr_options options;
    bool has_own; /* classes are in the process; there is no locustfile */
    const struct acr_user_definition *only;
    struct acr_error late; /* what is wrong with the options, if the locustfile knows those that the program does not */
    int log_fd;            /* -1: none */
};

static const char *program_name(int argc, char **argv)
{
    const char *path = argc > 0 ? argv[0] : NULL;
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

static int fail_script(const char *program, const struct acr_error *error)
{
    struct acr_buffer reason = {0};
    if (error->code != ACR_ERR_USAGE || acr_buffer_append_str(&reason, acr_str_of(error->detail)) != 0)
        return fail(error);
    return fail_usage(program, &reason);
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
static int set_up_log(struct program *program, struct acr_error *error)
{
    const char *path = program->options.log_file;
    acr_log_set_level(program->options.log_level);
    if (path == NULL)
        return 0;
    program->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (program->log_fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "log file %s", path);
    acr_log_set_fd(program->log_fd);
    return 0;
}

static void close_log(struct program *program)
{
    if (program->log_fd < 0)
        return;
    acr_log_set_fd(STDERR_FILENO);
    close(program->log_fd);
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

static int load_scenario(const struct program *program, const struct acr_locustfiles *files,
                         struct acr_scenario **ret_scenario, struct acr_error *error)
{
    const struct acr_options *options = &program->options;
    struct acr_scenario_request request = {
        .paths = (const char *const *)files->paths,
        .path_count = files->count,
        .host = options->host,
        .known = options->known,
        .known_count = options->known_count,
        .rest = options->rest,
        .rest_count = options->rest_count,
        .has_option = acr_options_has,
        .has_tags = options->has_tags,
        .limits = options->limits,
        .run_tasks = acr_options_only_show(options) || options->help ? NULL : options->run_tasks,
        .stack_size = options->stack_size,
        .may_be_empty = options->list || options->help,
        .log_level = options->log_level,
        .log_file = options->log_file,
        .argc = program->argc,
        .argv = program->argv,
    };
    return program->has_own ? acr_capi_load_own(&request, program->only, ret_scenario, error)
                            : acr_frontend_load(&request, ret_scenario, error);
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

/* None for classes that are in the process. */
static int find_locustfiles(const struct program *program, struct acr_locustfiles *files, struct acr_error *error)
{
    const struct acr_options *options = &program->options;
    *files = (struct acr_locustfiles){0};
    return program->has_own ? 0 : acr_locustfiles_find(options->locustfiles, options->locustfile_count, files, error);
}

/* The options that the scenario adds. */
static int add_own_options(const struct program *program, struct acr_buffer *text)
{
    struct acr_error error = {0};
    struct acr_scenario *scenario = NULL;
    struct acr_locustfiles files;
    int rc = find_locustfiles(program, &files, &error);
    if (rc == 0)
        rc = load_scenario(program, &files, &scenario, &error);
    if (rc == 0 && scenario->ops->options_help != NULL)
        rc = scenario->ops->options_help(scenario, text, &error);
    if (scenario != NULL)
        scenario->ops->close(scenario);
    acr_locustfiles_done(&files);
    return rc == 0 ? 0 : fail_script(program->name, &error);
}

static int show_help(const struct program *program)
{
    struct acr_buffer text = {0};
    acr_options_help(program->name, !program->has_own, &text);
    bool has_more = program->has_own || program->options.locustfile_given;
    int result = has_more ? add_own_options(program, &text) : 0;
    fwrite(text.data, 1, text.size, stdout);
    acr_buffer_done(&text);
    return result != 0 ? result : print_result();
}

/* Without a locustfile an unknown option is what is wrong. */
static int check_locustfiles(const struct program *program, struct acr_locustfiles *files, struct acr_error *error)
{
    int rc = find_locustfiles(program, files, error);
    if (rc == 0 || program->options.unknown == NULL)
        return rc;
    struct acr_buffer reason = {0};
    rc = acr_options_refuse_unknown(&program->options, &reason);
    acr_error_set(error, rc, "%.*s", ACR_STR_ARGS(acr_buffer_str(&reason)));
    acr_buffer_done(&reason);
    return rc;
}

/* From the options to the exit code. */
static int run(struct program *program)
{
    struct acr_options *options = &program->options;
    struct acr_error error = {0};
    struct acr_scenario *scenario = NULL;
    struct acr_locustfiles files = {0};
    int rc = acr_options_interpret(options, &error);
    if (rc == 0)
        rc = set_up_log(program, &error);
    if (rc == 0 && options->locustfile_left_out)
        acr_log(ACR_LOG_WARNING, "locust.main", "-f has no value; taking the default locustfile.");
    if (rc == 0)
        rc = check_locustfiles(program, &files, &error);
    if (rc == 0)
        rc = check_machine(options, &error);
    if (rc == 0)
        rc = load_scenario(program, &files, &scenario, &error);
    if (rc == 0)
        rc = acr_error_set(&error, program->late.code, "%s", program->late.detail);
    int result = rc != 0                          ? fail_script(program->name, &error)
                 : acr_options_only_show(options) ? show(options, scenario)
                                                  : hold_run(options, scenario);
    if (scenario != NULL)
        scenario->ops->close(scenario);
    acr_locustfiles_done(&files);
    close_log(program);
    return result;
}

/* A program with classes of its own has no locustfile, and no page to wait for. */
static int check_own(struct program *program, struct acr_buffer *reason)
{
    struct acr_options *options = &program->options;
    if (!program->has_own)
        return 0;
    options->no_web = true;
    if (!options->locustfile_given && !options->locustfile_left_out)
        return 0;
    int rc = acr_buffer_append_format(
        reason, "option -f: this program runs the user classes that it was built with; files are for acrida");
    return rc < 0 ? rc : ACR_ERR_USAGE;
}

/* While there are options that only the locustfile may know, what else is wrong is said later. */
static int check(struct program *program, struct acr_buffer *reason)
{
    int rc = acr_options_check(&program->options, reason);
    if (rc == 0 || program->options.unknown == NULL)
        return rc;
    acr_error_set(&program->late, rc, "%.*s", ACR_STR_ARGS(acr_buffer_str(reason)));
    acr_buffer_done(reason);
    return 0;
}

static int run_command_line(struct program *program)
{
    struct acr_options *options = &program->options;
    struct acr_buffer reason = {0};
    int rc = acr_options_parse(program->argc, program->argv, options, &reason);
    int result = 0;
    if (rc == 0)
        rc = check_own(program, &reason);
    if (rc == 0 && options->help)
        result = show_help(program);
    else if (rc == 0 && options->version)
        result = show_version();
    else if (rc < 0 || check(program, &reason) < 0)
        result = fail_usage(program->name, &reason);
    else
        result = run(program);
    acr_options_done(options);
    return result;
}

int acr_program_run(int argc, char **argv)
{
    struct program program = {.name = program_name(argc, argv), .argc = argc, .argv = argv, .log_fd = -1};
    return run_command_line(&program);
}

int acr_program_run_own(int argc, char **argv, const struct acr_user_definition *only)
{
    struct program program = {
        .name = program_name(argc, argv), .argc = argc, .argv = argv, .has_own = true, .only = only, .log_fd = -1};
    return run_command_line(&program);
}
