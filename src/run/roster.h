/* SPDX-License-Identifier: MIT */
/*
 * roster - the live users of a run by number, and which of them have been told to end.
 *
 * Numbers are small and given anew when their user is gone. Users of a class are known in the order of their start, so
 * that the newest ends first. Adding and removing cost O(1). For the load thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acr_roster_user;

struct acr_roster { /* fields are private, but for the two counts */
    size_t count;   /* all that live */
    size_t leaving; /* those of them that have been told to end */
    struct acr_roster_user *users;
    size_t capacity;
    uint32_t free;    /* the first free number */
    uint32_t *newest; /* of each class, of those that stay */
    size_t *staying;  /* of each class */
    size_t class_count;
};

void acr_roster_init(struct acr_roster *roster, size_t class_count);
void acr_roster_done(struct acr_roster *roster);

/* A new user; returns its number. */
uint64_t acr_roster_add(struct acr_roster *roster, size_t class_number);

/* The user is gone. False when there is none of that number. */
bool acr_roster_remove(struct acr_roster *roster, uint64_t number);

/* How many of a class have not been told to end. */
size_t acr_roster_staying(const struct acr_roster *roster, size_t class_number);

/* Picks the newest of a class to be told to end; from then on it is leaving. False when none stays. */
bool acr_roster_dismiss(struct acr_roster *roster, size_t class_number, uint64_t *ret_number);

/* The same of whatever class. */
bool acr_roster_dismiss_any(struct acr_roster *roster, uint64_t *ret_number);
