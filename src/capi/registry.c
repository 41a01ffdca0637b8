/* SPDX-License-Identifier: MIT */
/* registry - arrays, filled in by the constructors of what is loaded. */
#include "capi/registry.h"

#include <string.h>

#include "base/memory.h"

#define THE_PROGRAM "the program"

static struct {
    struct acr_registry all;
    const char *file;         /* whose constructors run; NULL: the program's own */
    const char *foreign_file; /* of something that does not fit; NULL: all do */
    unsigned foreign_abi;
} registry;

static const char *current_file(void)
{
    return registry.file != NULL ? registry.file : THE_PROGRAM;
}

/* What does not fit is not even looked at. */
static bool fits(unsigned abi)
{
    if (abi == ACR_ABI)
        return true;
    registry.foreign_abi = abi;
    registry.foreign_file = current_file();
    return false;
}

/* A program may register its class before each of its runs. */
static bool is_registered(const acr_user_definition *definition)
{
    for (size_t i = 0; i < registry.all.user_count; i++)
        if (registry.all.users[i].definition == definition)
            return true;
    return false;
}

/* Makes room for one more. */
#define GROW(array, count) ((array) = acr_realloc((array), ((count) + 1) * sizeof *(array)))

void acr_register_user(unsigned abi, const acr_user_definition *definition)
{
    struct acr_registry *all = &registry.all;
    if (!fits(abi) || is_registered(definition))
        return;
    GROW(all->users, all->user_count);
    all->users[all->user_count++] = (struct acr_registered_user){definition, current_file()};
}

void acr_register_test(unsigned abi, const acr_test_definition *definition)
{
    struct acr_registry *all = &registry.all;
    if (!fits(abi))
        return;
    GROW(all->tests, all->test_count);
    all->tests[all->test_count++] = definition;
}

void acr_register_listener(unsigned abi, const char *event, acr_listener_fn *fn)
{
    struct acr_registry *all = &registry.all;
    if (!fits(abi))
        return;
    GROW(all->listeners, all->listener_count);
    all->listeners[all->listener_count++] = (struct acr_registered_listener){event, fn};
}

void acr_register_option(unsigned abi, acr_own_option *option)
{
    struct acr_registry *all = &registry.all;
    if (!fits(abi))
        return;
    GROW(all->options, all->option_count);
    all->options[all->option_count++] = (struct acr_registered_option){option, current_file()};
}

void acr_register_feeder(unsigned abi, acr_feeder *feeder)
{
    struct acr_registry *all = &registry.all;
    if (!fits(abi))
        return;
    GROW(all->feeders, all->feeder_count);
    all->feeders[all->feeder_count++] = (struct acr_registered_feeder){feeder, registry.file};
}

void acr_register_rendezvous(unsigned abi, acr_rendezvous *rendezvous)
{
    struct acr_registry *all = &registry.all;
    if (!fits(abi))
        return;
    GROW(all->rendezvous, all->rendezvous_count);
    all->rendezvous[all->rendezvous_count++] = rendezvous;
}

const struct acr_registry *acr_registry(void)
{
    return &registry.all;
}

void acr_registry_begin_file(const char *file)
{
    registry.file = file;
}

/* The class that has the name of the one at `number`, among those before it; NULL. */
static const struct acr_registered_user *find_namesake(size_t number)
{
    const struct acr_registered_user *users = registry.all.users;
    for (size_t i = 0; i < number; i++)
        if (strcmp(users[i].definition->name, users[number].definition->name) == 0)
            return &users[i];
    return NULL;
}

static int check_names(struct acr_error *error)
{
    for (size_t i = 0; i < registry.all.user_count; i++)
        if (registry.all.users[i].definition == NULL || registry.all.users[i].definition->name == NULL)
            return acr_error_set(error, ACR_ERR_SCRIPT, "a user class in %s has no .name", registry.all.users[i].file);
    for (size_t i = 1; i < registry.all.user_count; i++) {
        const struct acr_registered_user *user = &registry.all.users[i], *first = find_namesake(i);
        if (first != NULL)
            return acr_error_set(error, ACR_ERR_SCRIPT, "two user classes are called %s, in %s and in %s: rename one",
                                 user->definition->name, first->file, user->file);
    }
    return 0;
}

static int check_listeners(struct acr_error *error)
{
    for (size_t i = 0; i < registry.all.listener_count; i++)
        if (registry.all.listeners[i].event == NULL || registry.all.listeners[i].fn == NULL)
            return acr_error_set(error, ACR_ERR_SCRIPT, "ACR_LISTENER: name an event and a function, not NULL");
    return 0;
}

int acr_registry_check(struct acr_error *error)
{
    if (registry.foreign_file == NULL) {
        int rc = check_listeners(error);
        return rc < 0 ? rc : check_names(error);
    }
    return acr_error_set(error, ACR_ERR_SCRIPT,
                         "%s was compiled for version %u of acrida.h, this is version %d: compile it again",
                         registry.foreign_file, registry.foreign_abi, ACR_ABI);
}

void acr_registry_clear(void)
{
    acr_free(registry.all.users);
    acr_free(registry.all.tests);
    acr_free(registry.all.listeners);
    acr_free(registry.all.options);
    acr_free(registry.all.feeders);
    acr_free(registry.all.rendezvous);
    memset(&registry, 0, sizeof registry);
}
