/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/target.h"

struct command {
    pid_t pid;
    FILE *output; /* stdout and stderr */
};

static void start(struct command *command, const char *const *words)
{
    int ends[2];
    int argc = 0;
    char *argv[8] = {NULL};
    for (; words[argc] != NULL; argc++)
        argv[argc] = acr_strdup(words[argc]);
    assert_int_equal(pipe(ends), 0);
    command->pid = fork();
    assert_true(command->pid >= 0);
    if (command->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        int code = acr_target_main(argc, argv);
        fflush(NULL);
        _exit(code);
    }
    while (argc > 0)
        acr_free(argv[--argc]);
    close(ends[1]);
    command->output = fdopen(ends[0], "r");
}

static int finish(struct command *command)
{
    int status;
    fclose(command->output);
    assert_int_equal(waitpid(command->pid, &status, 0), command->pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_wrong_usage_says_what_is_wrong_and_exits_with_2(void **state)
{
    static const char *const rows[][2] = {
        {"--port=65536", "invalid value for --port: '65536'"},
        {"--port=", "invalid value for --port"},
        {"--threads=0", "invalid value for --threads"},
        {"--threads=65", "invalid value for --threads"},
        {"--delay=5-1", "invalid value for --delay"},
        {"--delay=-5", "invalid value for --delay"},
        {"--error-rate=1.01", "invalid value for --error-rate"},
        {"--error-rate=nan", "invalid value for --error-rate"},
        {"--stall-rate=x", "invalid value for --stall-rate"},
        {"--stall-after=0", "invalid value for --stall-after"},
        {"--seed=x", "invalid value for --seed"},
        {"--host=", "invalid value for --host"},
        {"--nonsense", "nonsense"},
        {"nonsense", "unexpected argument 'nonsense'"},
    };
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(rows); i++) {
        struct command command;
        char text[512] = "";
        start(&command, (const char *[]){"target", rows[i][0], NULL});
        assert_non_null(fgets(text, sizeof text, command.output));
        if (strstr(text, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], text);
        while (fgets(text, sizeof text, command.output) != NULL)
            ;
        assert_int_equal(finish(&command), 2);
    }
}

static void test_help_names_every_option(void **state)
{
    static const char *const names[] = {"--host",       "--port",        "--threads",       "--delay", "--error-rate",
                                        "--stall-rate", "--stall-after", "--require-login", "--seed",  "--quiet"};
    struct command command;
    static char text[8192];
    (void)state;
    start(&command, (const char *[]){"target", "--help", NULL});
    text[fread(text, 1, sizeof text - 1, command.output)] = '\0';
    for (size_t i = 0; i < ACR_ARRAY_SIZE(names); i++)
        assert_non_null(strstr(text, names[i]));
    assert_int_equal(finish(&command), 0);
}

static void ends_well_on(int signal_number, const char *threads, const char *quiet)
{
    struct command command;
    char line[256];
    unsigned port = 0;
    start(&command, (const char *[]){"target", "--port=0", "--delay=1-2.5", threads, quiet, NULL});
    assert_non_null(fgets(line, sizeof line, command.output));
    assert_int_equal(sscanf(line, "target listening on http://127.0.0.1:%u\n", &port), 1);
    assert_in_range(port, 1, 65535);
    kill(command.pid, signal_number);
    if (quiet != NULL) {
        assert_null(fgets(line, sizeof line, command.output));
    } else {
        assert_non_null(fgets(line, sizeof line, command.output));
        assert_string_equal(line, "target answered 0 requests\n");
    }
    assert_int_equal(finish(&command), 0);
}

static void test_serves_until_a_signal_and_exits_with_0(void **state)
{
    (void)state;
    ends_well_on(SIGTERM, "--threads=1", NULL);
    ends_well_on(SIGINT, "--threads=3", NULL);
    ends_well_on(SIGTERM, "--threads=2", "--quiet");
}

static void test_an_address_of_another_machine_exits_with_1(void **state)
{
    struct command command;
    char line[256];
    (void)state;
    start(&command, (const char *[]){"target", "--port=0", "--host=192.0.2.1", NULL});
    assert_non_null(fgets(line, sizeof line, command.output));
    assert_non_null(strstr(line, "cannot listen on 192.0.2.1:0"));
    assert_int_equal(finish(&command), 1);
}
