/* SPDX-License-Identifier: MIT */
/*
 * list - an intrusive, circular, doubly linked list.
 *
 * The head is a link that stands for the list itself. A link that is in no list points to itself, so
 * acr_list_remove() is safe on it and acr_list_linked() is a question that can always be asked.
 */
#pragma once

#include <stdbool.h>

#include "base/memory.h"

struct acr_list {
    struct acr_list *next;
    struct acr_list *previous;
};

#define ACR_LIST_ENTRY(link, type, member) ACR_CONTAINER_OF(link, type, member)

static inline void acr_list_init(struct acr_list *list)
{
    list->next = list;
    list->previous = list;
}

/* For a head: is the list empty? */
static inline bool acr_list_empty(const struct acr_list *list)
{
    return list->next == list;
}

/* For a link: is it in some list? */
static inline bool acr_list_linked(const struct acr_list *link)
{
    return link->next != link;
}

/* Adds at the end. `link` must not be in a list. */
static inline void acr_list_append(struct acr_list *list, struct acr_list *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

static inline void acr_list_remove(struct acr_list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    acr_list_init(link);
}

/* Takes the first link off the list; NULL when it is empty. */
static inline struct acr_list *acr_list_take_first(struct acr_list *list)
{
    struct acr_list *first = list->next;
    if (first == list)
        return NULL;
    acr_list_remove(first);
    return first;
}

/* Moves everything from `from` to the empty, initialised `to`; `from` is empty afterwards. */
static inline void acr_list_move(struct acr_list *from, struct acr_list *to)
{
    if (acr_list_empty(from))
        return;
    to->next = from->next;
    to->previous = from->previous;
    to->next->previous = to;
    to->previous->next = to;
    acr_list_init(from);
}

/* Adds everything from `from` behind the last of `to`; `from` is empty afterwards. */
static inline void acr_list_splice(struct acr_list *from, struct acr_list *to)
{
    if (acr_list_empty(from))
        return;
    from->next->previous = to->previous;
    from->previous->next = to;
    to->previous->next = from->next;
    to->previous = from->previous;
    acr_list_init(from);
}
