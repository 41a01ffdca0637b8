/* SPDX-License-Identifier: MIT */
/* count - sums per path and status, and their JSON. */
#include "target/count.h"

#include "base/memory.h"
#include "target/text.h"

void acr_target_counts_init(struct acr_target_counts *counts, bool shared)
{
    *counts = (struct acr_target_counts){.shared = shared};
    pthread_mutex_init(&counts->lock, NULL);
    acr_map_init(&counts->paths);
}

void acr_target_counts_done(struct acr_target_counts *counts)
{
    size_t position = 0;
    const struct acr_map_slot *slot;
    while ((slot = acr_map_next(&counts->paths, &position)) != NULL)
        acr_free(slot->value);
    acr_map_done(&counts->paths);
    pthread_mutex_destroy(&counts->lock);
}

struct acr_target_path *acr_target_counts_path(struct acr_target_counts *counts, struct acr_str path)
{
    struct acr_target_path *entry = acr_map_find(&counts->paths, path);
    if (entry != NULL)
        return entry;
    if (counts->paths.live >= ACR_TARGET_PATHS_MAX)
        return &counts->other_paths;
    entry = acr_alloc_zero(sizeof *entry);
    acr_map_set(&counts->paths, path, entry);
    return entry;
}

void acr_target_counts_add(struct acr_target_counts *to, struct acr_target_counts *from)
{
    acr_target_counts_lock(from);
    to->answers += from->answers;
    to->unanswered += from->unanswered;
    to->connections_accepted += from->connections_accepted;
    to->connections_open += from->connections_open;
    to->bytes_received += from->bytes_received;
    to->bytes_sent += from->bytes_sent;
    for (size_t i = 0; i < ACR_TARGET_STATUS_MAX; i++)
        to->by_status[i] += from->by_status[i];
    size_t position = 0;
    const struct acr_map_slot *slot;
    while ((slot = acr_map_next(&from->paths, &position)) != NULL) {
        const struct acr_target_path *path = slot->value;
        if (path->answers > 0)
            acr_target_counts_path(to, slot->key)->answers += path->answers;
    }
    to->other_paths.answers += from->other_paths.answers;
    acr_target_counts_unlock(from);
}

void acr_target_counts_reset(struct acr_target_counts *counts)
{
    acr_target_counts_lock(counts);
    counts->answers = counts->unanswered = 0;
    counts->connections_accepted = 0;
    counts->bytes_received = counts->bytes_sent = 0;
    memset(counts->by_status, 0, sizeof counts->by_status);
    size_t position = 0;
    const struct acr_map_slot *slot;
    while ((slot = acr_map_next(&counts->paths, &position)) != NULL)
        *(struct acr_target_path *)slot->value = (struct acr_target_path){0};
    counts->other_paths = (struct acr_target_path){0};
    acr_target_counts_unlock(counts);
}

/* `"name":number`, with a comma in front unless it is the first member. */
static void put_member(struct acr_buffer *out, struct acr_str name, uint64_t number)
{
    if (out->data[out->size - 1] != '{')
        acr_text_put(out, ACR_STR(","));
    acr_text_put_json(out, name);
    acr_text_put(out, ACR_STR(":"));
    acr_text_put_u64(out, number);
}

static void put_paths(struct acr_target_counts *counts, struct acr_buffer *out)
{
    acr_text_put(out, ACR_STR(",\"by_path\":{"));
    size_t position = 0;
    const struct acr_map_slot *slot;
    while ((slot = acr_map_next(&counts->paths, &position)) != NULL) {
        const struct acr_target_path *path = slot->value;
        if (path->answers > 0)
            put_member(out, slot->key, path->answers);
    }
    if (counts->other_paths.answers > 0)
        put_member(out, ACR_STR("(others)"), counts->other_paths.answers);
    acr_text_put(out, ACR_STR("}"));
}

static void put_statuses(const struct acr_target_counts *counts, struct acr_buffer *out)
{
    acr_text_put(out, ACR_STR(",\"by_status\":{"));
    for (size_t i = 0; i < ACR_TARGET_STATUS_MAX; i++) {
        if (counts->by_status[i] == 0)
            continue;
        char name[] = {(char)('0' + i / 100), (char)('0' + i / 10 % 10), (char)('0' + i % 10)};
        put_member(out, (struct acr_str){name, sizeof name}, counts->by_status[i]);
    }
    acr_text_put(out, ACR_STR("}"));
}

void acr_target_counts_json(struct acr_target_counts *counts, struct acr_buffer *out)
{
    acr_text_put(out, ACR_STR("{"));
    put_member(out, ACR_STR("requests"), counts->answers);
    put_member(out, ACR_STR("unanswered"), counts->unanswered);
    put_paths(counts, out);
    put_statuses(counts, out);
    acr_text_put(out, ACR_STR(",\"connections\":{"));
    put_member(out, ACR_STR("accepted"), counts->connections_accepted);
    put_member(out, ACR_STR("open"), counts->connections_open);
    acr_text_put(out, ACR_STR("},\"bytes\":{"));
    put_member(out, ACR_STR("received"), counts->bytes_received);
    put_member(out, ACR_STR("sent"), counts->bytes_sent);
    acr_text_put(out, ACR_STR("}}"));
}
