/* SPDX-License-Identifier: MIT */
/* registry - two arrays, filled in by the constructors of what is loaded. */
#include "capi/registry.h"

#include "base/memory.h"

static struct {
    const acr_user_definition **users;
    size_t user_count;
    const acr_test_definition **tests;
    size_t test_count;
    unsigned foreign_abi; /* of something that does not fit; 0: all do */
} registry;

static void add(const void ***array, size_t *count, const void *definition)
{
    *array = acr_realloc(*array, (*count + 1) * sizeof **array);
    (*array)[(*count)++] = definition;
}

/* What does not fit is not even looked at. */
static bool fits(unsigned abi)
{
    if (abi != ACR_ABI)
        registry.foreign_abi = abi;
    return abi == ACR_ABI;
}

void acr_register_user(unsigned abi, const acr_user_definition *definition)
{
    if (fits(abi))
        add((const void ***)&registry.users, &registry.user_count, definition);
}

void acr_register_test(unsigned abi, const acr_test_definition *definition)
{
    if (fits(abi))
        add((const void ***)&registry.tests, &registry.test_count, definition);
}

int acr_registry_check(struct acr_error *error)
{
    if (registry.foreign_abi == 0)
        return 0;
    return acr_error_set(error, ACR_ERR_SCRIPT,
                         "the scenario was compiled for version %u of acrida.h, this is version %d: compile it again",
                         registry.foreign_abi, ACR_ABI);
}

const acr_user_definition *const *acr_registry_users(size_t *ret_count)
{
    *ret_count = registry.user_count;
    return registry.users;
}

const acr_test_definition *const *acr_registry_tests(size_t *ret_count)
{
    *ret_count = registry.test_count;
    return registry.tests;
}

void acr_registry_clear(void)
{
    acr_free(registry.users);
    acr_free(registry.tests);
    registry.users = NULL;
    registry.tests = NULL;
    registry.user_count = registry.test_count = 0;
    registry.foreign_abi = 0;
}
