/* SPDX-License-Identifier: MIT */
/*
 * exceptions - lets scenarios in C++ wait while they handle an exception.
 */
#pragma once

struct acr_coroutine_pool;

/* To be called on the thread of the pool when everything has been loaded. Without C++ in the process it does nothing.
 */
void acr_capi_keep_exceptions(struct acr_coroutine_pool *pool);
