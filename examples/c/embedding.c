/*
 * A program with a main of its own that becomes a load generator: it is linked with libacrida.
 *
 *     cc -O2 -o embedding examples/c/embedding.c $(pkg-config --cflags --libs acrida)
 *     ./embedding -c 10 -r 10 -t 10s -H http://127.0.0.1:8000
 *
 * It has the options of `acrida` and takes names of classes: try ./embedding --help, ./embedding --list, or
 * ./embedding -t 10s -H http://127.0.0.1:8000 visitor.
 */
#include <acrida.h>
#include <stdio.h>
#include <stdlib.h>

static void index_page(acr_user *user)
{
    acr_get(user, "/");
}

static void profile(acr_user *user)
{
    acr_get(user, "/profile");
}

/* Known when the program is built: registered by itself. */
ACR_USER(visitor, .wait = acr_between(0.1, 0.3), .tasks = {ACR_TASK(index_page, .weight = 2), ACR_TASK(profile)});

static void look_again(acr_user *user)
{
    acr_get(user, acr_format(user, "/items/%d.json", (int)acr_random_int(user, 1, 100)),
            .name = "/items/[number].json");
}

int main(int argc, char **argv)
{
    /* Known when it runs: the environment says what this class is like. */
    static acr_user_definition robot;
    const char *pause = getenv("ROBOT_PAUSE");
    const acr_wait_time wait = acr_constant(pause != NULL ? strtod(pause, NULL) : 0.2);
    robot.name = "robot";
    robot.weight = 0.5;
    robot.wait = wait;
    robot.tasks[0].run = look_again;
    robot.tasks[0].name = "look again";
    acr_register_user(ACR_ABI, &robot);

    int code = acr_run(argc, argv);
    printf("%s\n", code == 0 ? "all requests succeeded" : "something failed");
    return code;
}
