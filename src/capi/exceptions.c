/* SPDX-License-Identifier: MIT */
/* exceptions - finds where the C++ library has a thread's exceptions. */
#include "capi/exceptions.h"

#include <dlfcn.h>
#include <string.h>

#include "base/memory.h"
#include "loop/coroutine.h"

/* Itanium C++ ABI, 2.2.2: a pointer to the stack of exceptions that are being handled, and a count of those in flight.
 * With several users on one thread, one would otherwise end the exception of another. */
#define ACCESS "__cxa_get_globals"

typedef void *access_fn(void);

static void *find_access(void)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1"};
    void *symbol = dlsym(RTLD_DEFAULT, ACCESS);
    for (size_t i = 0; symbol == NULL && i < ACR_ARRAY_SIZE(libraries); i++) {
        /* Only if a scenario has loaded it; the scenario keeps it. */
        void *library = dlopen(libraries[i], RTLD_NOW | RTLD_NOLOAD);
        if (library == NULL)
            continue;
        symbol = dlsym(library, ACCESS);
        dlclose(library);
    }
    return symbol;
}

void acr_capi_keep_exceptions(struct acr_coroutine_pool *pool)
{
    access_fn *access;
    void *symbol = find_access();
    if (symbol == NULL)
        return;
    /* ISO C has no cast from an object's pointer to a function's; POSIX promises that their bytes agree. */
    memcpy(&access, &symbol, sizeof access);
    acr_coroutine_pool_keep(pool, access());
}
