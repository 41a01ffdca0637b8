/* SPDX-License-Identifier: MIT */
/*
 * pages - what the tables of routes are written with.
 */
#pragma once

#include "target/route.h"

#define ACR_PAGE_HTML "text/html; charset=utf-8"
#define ACR_PAGE_TEXT "text/plain; charset=utf-8"
#define ACR_PAGE_JSON "application/json"

/* For static tables, where ACR_STR() is no constant. */
#define ACR_PAGE_STR(literal)          \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
#define ACR_PAGE(type, literal)                  \
    {                                            \
        200, (type), NULL, ACR_PAGE_STR(literal) \
    }
