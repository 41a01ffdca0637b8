/* SPDX-License-Identifier: MIT */
/* roster - a table of users with a list through it per class, and one of free places. */
#include "run/roster.h"

#include "base/memory.h"

#define NOBODY UINT32_MAX

enum presence {
    FREE,
    STAYS,
    LEAVES,
};

struct acr_roster_user {
    enum presence presence;
    uint32_t class_number;
    uint32_t older; /* of the same class; among the free, the next one */
    uint32_t newer;
};

void acr_roster_init(struct acr_roster *roster, size_t class_count)
{
    *roster = (struct acr_roster){.free = NOBODY, .class_count = class_count};
    roster->newest = acr_alloc((class_count + 1) * sizeof *roster->newest);
    roster->staying = acr_alloc_zero((class_count + 1) * sizeof *roster->staying);
    for (size_t i = 0; i < class_count; i++)
        roster->newest[i] = NOBODY;
}

void acr_roster_done(struct acr_roster *roster)
{
    acr_free(roster->users);
    acr_free(roster->newest);
    acr_free(roster->staying);
}

static void grow(struct acr_roster *roster)
{
    size_t capacity = roster->capacity == 0 ? 64 : 2 * roster->capacity;
    roster->users = acr_realloc(roster->users, capacity * sizeof *roster->users);
    for (size_t i = capacity; i > roster->capacity; i--) {
        roster->users[i - 1] = (struct acr_roster_user){.presence = FREE, .older = roster->free};
        roster->free = (uint32_t)(i - 1);
    }
    roster->capacity = capacity;
}

uint64_t acr_roster_add(struct acr_roster *roster, size_t class_number)
{
    if (roster->free == NOBODY)
        grow(roster);
    uint32_t number = roster->free, older = roster->newest[class_number];
    struct acr_roster_user *user = &roster->users[number];
    roster->free = user->older;
    *user = (struct acr_roster_user){
        .presence = STAYS, .class_number = (uint32_t)class_number, .older = older, .newer = NOBODY};
    if (older != NOBODY)
        roster->users[older].newer = number;
    roster->newest[class_number] = number;
    roster->staying[class_number]++;
    roster->count++;
    return number;
}

/* Takes a user that stays out of the list of its class. */
static void unlink_user(struct acr_roster *roster, const struct acr_roster_user *user)
{
    if (user->older != NOBODY)
        roster->users[user->older].newer = user->newer;
    if (user->newer != NOBODY)
        roster->users[user->newer].older = user->older;
    else
        roster->newest[user->class_number] = user->older;
    roster->staying[user->class_number]--;
}

bool acr_roster_remove(struct acr_roster *roster, uint64_t number)
{
    if (number >= roster->capacity || roster->users[number].presence == FREE)
        return false;
    struct acr_roster_user *user = &roster->users[number];
    if (user->presence == STAYS)
        unlink_user(roster, user);
    else
        roster->leaving--;
    *user = (struct acr_roster_user){.presence = FREE, .older = roster->free};
    roster->free = (uint32_t)number;
    roster->count--;
    return true;
}

size_t acr_roster_staying(const struct acr_roster *roster, size_t class_number)
{
    return roster->staying[class_number];
}

bool acr_roster_dismiss(struct acr_roster *roster, size_t class_number, uint64_t *ret_number)
{
    uint32_t number = roster->newest[class_number];
    if (number == NOBODY)
        return false;
    unlink_user(roster, &roster->users[number]);
    roster->users[number].presence = LEAVES;
    roster->leaving++;
    *ret_number = number;
    return true;
}

bool acr_roster_dismiss_any(struct acr_roster *roster, uint64_t *ret_number)
{
    for (size_t i = 0; i < roster->class_count; i++)
        if (acr_roster_dismiss(roster, i, ret_number))
            return true;
    return false;
}
