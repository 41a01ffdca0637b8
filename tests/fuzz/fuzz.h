/* SPDX-License-Identifier: MIT */
/*
 * fuzz - the one function of a fuzz target; libFuzzer calls it, or replay.c with the inputs of a corpus.
 *
 * It aborts (assert, sanitizer) on a bug and returns 0. `data` is not terminated and ends where `size` says.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
