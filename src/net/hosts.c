/* SPDX-License-Identifier: MIT */
/* hosts - the names of /etc/hosts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/memory.h"
#include "net/internal.h"

#define LOOK_AGAIN_AFTER ACR_NANOS_PER_SECOND

struct host {
    size_t count;
    struct acr_net_address list[];
};

struct acr_hosts {
    char *path;
    struct acr_map names; /* lower-case name to struct host */
    acr_nanos look_again; /* when to ask for the file's state next */
    bool looked;
    struct stat state; /* zeroed: no file */
};

struct acr_hosts *acr_hosts_new(const char *path)
{
    struct acr_hosts *hosts = acr_alloc_zero(sizeof *hosts);
    hosts->path = acr_strdup(path);
    acr_map_init(&hosts->names);
    return hosts;
}

static void forget_all(struct acr_hosts *hosts)
{
    const struct acr_map_slot *slot;
    for (size_t position = 0; (slot = acr_map_next(&hosts->names, &position)) != NULL;)
        acr_free(slot->value);
    acr_map_done(&hosts->names);
    acr_map_init(&hosts->names);
}

void acr_hosts_free(struct acr_hosts *hosts)
{
    if (hosts == NULL)
        return;
    forget_all(hosts);
    acr_map_done(&hosts->names);
    acr_free(hosts->path);
    acr_free(hosts);
}

static void add(struct acr_hosts *hosts, struct acr_str name, const struct acr_net_address *address)
{
    struct host *host = acr_map_find(&hosts->names, name);
    size_t count = host != NULL ? host->count : 0;
    for (size_t i = 0; i < count; i++)
        if (acr_address_equal(&host->list[i], address))
            return;
    if (count == ACR_NET_ADDRESSES_MAX)
        return;
    host = acr_realloc(host, sizeof *host + (count + 1) * sizeof host->list[0]);
    host->list[count] = *address;
    host->count = count + 1;
    acr_map_set(&hosts->names, name, host);
}

/* "127.0.0.1  localhost loghost  # comment" */
static void parse_line(struct acr_hosts *hosts, char *line)
{
    static const char space[] = " \t\r\n\v\f";
    struct acr_net_address address;
    char *rest;
    line[strcspn(line, "#")] = '\0';
    char *word = strtok_r(line, space, &rest);
    if (word == NULL || !acr_address_parse(acr_str_of(word), &address))
        return;
    while ((word = strtok_r(NULL, space, &rest)) != NULL) {
        for (char *c = word; *c != '\0'; c++)
            *c = acr_char_lower(*c);
        add(hosts, acr_str_of(word), &address);
    }
}

static void read_file(struct acr_hosts *hosts)
{
    FILE *file = fopen(hosts->path, "re");
    if (file == NULL)
        return;
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, file) >= 0)
        parse_line(hosts, line);
    free(line);
    fclose(file);
    const struct acr_map_slot *slot;
    for (size_t position = 0; (slot = acr_map_next(&hosts->names, &position)) != NULL;) {
        struct host *host = slot->value;
        acr_addresses_interleave(host->list, host->count);
    }
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_size == b->st_size && a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static void refresh(struct acr_hosts *hosts, acr_nanos now)
{
    if (hosts->looked && now < hosts->look_again)
        return;
    hosts->looked = true;
    hosts->look_again = acr_deadline_after(now, LOOK_AGAIN_AFTER);
    struct stat state;
    if (stat(hosts->path, &state) != 0)
        memset(&state, 0, sizeof state);
    if (same_file(&state, &hosts->state))
        return;
    hosts->state = state;
    forget_all(hosts);
    read_file(hosts);
}

bool acr_hosts_find(struct acr_hosts *hosts, acr_nanos now, struct acr_str name,
                    struct acr_net_addresses *ret_addresses)
{
    refresh(hosts, now);
    const struct host *host = acr_map_find(&hosts->names, name);
    if (host == NULL)
        return false;
    ret_addresses->count = host->count;
    memcpy(ret_addresses->list, host->list, host->count * sizeof host->list[0]);
    return true;
}

void acr_hosts_prefer(struct acr_hosts *hosts, struct acr_str name, const struct acr_net_address *winner)
{
    struct host *host = acr_map_find(&hosts->names, name);
    if (host != NULL)
        acr_addresses_prefer(host->list, host->count, winner);
}
