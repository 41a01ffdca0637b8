/* SPDX-License-Identifier: MIT */
/* ramp - compares live users with the shares of a new number. */
#include "run/ramp.h"

#include "base/memory.h"
#include "run/hatch.h"

static void line_reset(struct acr_ramp_line *line)
{
    acr_free(line->class_numbers);
    *line = (struct acr_ramp_line){0};
}

static void line_fill(struct acr_ramp_line *line, const size_t *counts, size_t class_count, struct acr_random *random)
{
    for (size_t i = 0; i < class_count; i++)
        line->count += counts[i];
    line->class_numbers = acr_alloc((line->count + 1) * sizeof *line->class_numbers);
    acr_user_start_order(counts, class_count, random, line->class_numbers);
}

static void line_pace(struct acr_ramp_line *line, size_t at_once, double rate)
{
    line->at_once = at_once;
    line->rate = at_once < line->count ? rate : 0;
}

/* Turns shares and live users into what is to be added and taken away, in place. */
static void differ(size_t *shares_to_starts, size_t *live_to_ends, size_t class_count)
{
    for (size_t i = 0; i < class_count; i++) {
        size_t both = shares_to_starts[i] < live_to_ends[i] ? shares_to_starts[i] : live_to_ends[i];
        shares_to_starts[i] -= both;
        live_to_ends[i] -= both;
    }
}

void acr_ramp_plan(struct acr_ramp *ramp, const struct acr_user_class *classes, size_t class_count, const size_t *live,
                   size_t target, double rate, bool ends_by_rate, struct acr_random *random)
{
    size_t *starts = acr_alloc_zero((class_count + 1) * sizeof *starts);
    size_t *ends = acr_alloc_zero((class_count + 1) * sizeof *ends);
    acr_ramp_done(ramp);
    acr_user_shares(classes, class_count, target, starts);
    for (size_t i = 0; i < class_count; i++) {
        ends[i] = live[i];
        ramp->target += starts[i];
    }
    differ(starts, ends, class_count);
    line_fill(&ramp->starts, starts, class_count, random);
    line_fill(&ramp->ends, ends, class_count, random);
    size_t exchanged = ramp->starts.count < ramp->ends.count ? ramp->starts.count : ramp->ends.count;
    line_pace(&ramp->starts, exchanged, rate);
    line_pace(&ramp->ends, ends_by_rate ? exchanged : ramp->ends.count, rate);
    acr_free(starts);
    acr_free(ends);
}

void acr_ramp_done(struct acr_ramp *ramp)
{
    line_reset(&ramp->starts);
    line_reset(&ramp->ends);
    ramp->target = 0;
}

size_t acr_ramp_due(const struct acr_ramp_line *line, acr_nanos elapsed)
{
    if (line->rate == 0)
        return line->count;
    return line->at_once + acr_hatch_due(line->rate, elapsed, line->count - line->at_once);
}

/* When the next of the line has its turn. */
static acr_nanos next_of(const struct acr_ramp_line *line)
{
    if (line->rate == 0 || line->handed < line->at_once)
        return 0;
    return acr_hatch_time(line->rate, line->handed - line->at_once);
}

bool acr_ramp_is_handed(const struct acr_ramp *ramp)
{
    return ramp->starts.handed == ramp->starts.count && ramp->ends.handed == ramp->ends.count;
}

acr_nanos acr_ramp_next(const struct acr_ramp *ramp)
{
    if (ramp->ends.handed < ramp->ends.count)
        return next_of(&ramp->ends);
    return next_of(&ramp->starts);
}

size_t acr_ramp_starts_of(const struct acr_ramp *ramp, size_t class_number)
{
    size_t count = 0;
    for (size_t i = 0; i < ramp->starts.count; i++)
        count += ramp->starts.class_numbers[i] == class_number;
    return count;
}
