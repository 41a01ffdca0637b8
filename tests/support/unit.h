/* SPDX-License-Identifier: MIT */
/*
 * unit - what every unit test includes: cmocka with its prerequisites, in the order it wants them.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
