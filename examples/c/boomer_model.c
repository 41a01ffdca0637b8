/*
 * Boomer's model: no user class, only tasks, each a function with a weight, whose results the program counts itself. So
 * a program that has a client of its own makes load with it.
 *
 *     cc -O2 -o boomer_model examples/c/boomer_model.c $(pkg-config --cflags --libs acrida)
 *     ./boomer_model -c 10 -r 10 -t 10s -H http://127.0.0.1:8000
 *
 * ./boomer_model --run-tasks put,get runs these two once, to see whether they work. One key in ten is missing on
 * purpose: so there are failures, and the exit code is 1.
 */
#include <acrida.h>
#include <stdbool.h>
#include <stdio.h>

/* ---- the client there was before: here, of a store in memory */

#define KEYS 1000

static int store[KEYS];

static bool client_get(int key, int *value)
{
    *value = store[key];
    return key % 10 != 0;
}

static void client_put(int key, int value)
{
    store[key] = value;
}

/* ---- the tasks */

static void get(acr_user *user)
{
    int key = (int)acr_random_int(user, 0, KEYS - 1), value;
    double start = acr_now(user);
    if (client_get(key, &value))
        acr_record_success(user, "store", "get", acr_now(user) - start, sizeof value);
    else
        acr_record_failure(user, "store", "get", acr_now(user) - start, "no such key");
    acr_sleep(user, 0.01);
}

static void put(acr_user *user)
{
    double start = acr_now(user);
    client_put((int)acr_random_int(user, 0, KEYS - 1), 7);
    acr_record_success(user, "store", "put", acr_now(user) - start, 0);
    acr_sleep(user, 0.01);
}

/* One function for any number of tasks: what to do is the task's data. */
static void fetch(acr_user *user)
{
    acr_get(user, (const char *)acr_task_data(user));
}

int main(int argc, char **argv)
{
    char page[] = "/profile";
    const acr_task tasks[] = {
        ACR_TASK(get, .weight = 6),
        ACR_TASK(put, .weight = 3),
        ACR_TASK(fetch, .weight = 1, .name = "fetch profile", .data = page),
    };
    return acr_run_tasks(argc, argv, tasks, sizeof tasks / sizeof tasks[0]);
}
