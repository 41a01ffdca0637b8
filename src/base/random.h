/* SPDX-License-Identifier: MIT */
/*
 * random - a small, fast, seedable source of random numbers (xoshiro256**, Blackman and Vigna, 2018).
 *
 * Not for secrets. Equal seeds give equal sequences on every machine. One thread per source.
 */
#pragma once

#include <stdint.h>

struct acr_random {
    uint64_t state[4];
};

void acr_random_init(struct acr_random *random, uint64_t seed);

/* A seed nobody can guess or repeat, from the kernel. */
uint64_t acr_random_seed(void);

uint64_t acr_random_u64(struct acr_random *random);

/* Uniform in 0 .. bound-1 without bias; `bound` > 0. */
uint64_t acr_random_below(struct acr_random *random, uint64_t bound);

/* Uniform in [0, 1). */
double acr_random_unit(struct acr_random *random);
