/* SPDX-License-Identifier: MIT */
/* class - shares users among classes and shuffles their start. */
#include "user/class.h"

/* Quotas are sums of doubles; remainders nearer than this are a tie and not the noise of a division. */
#define REMAINDER_NOISE 1e-9

static size_t share_fixed(const struct acr_user_class *classes, size_t class_count, size_t amount, size_t *counts)
{
    for (size_t i = 0; i < class_count; i++) {
        counts[i] = classes[i].fixed_count < amount ? classes[i].fixed_count : amount;
        amount -= counts[i];
    }
    return amount;
}

/* 0 for a class that takes no part in the sharing by weight. */
static double weight_of(const struct acr_user_class *class)
{
    return class->fixed_count == 0 && class->weight > 0 ? class->weight : 0;
}

static double weight_sum(const struct acr_user_class *classes, size_t class_count)
{
    double sum = 0;
    for (size_t i = 0; i < class_count; i++)
        sum += weight_of(&classes[i]);
    return sum;
}

/* The class that has waited longest for a whole user: the largest part of its quota not yet covered. */
static size_t largest_remainder(const struct acr_user_class *classes, size_t class_count, const size_t *counts,
                                double per_weight)
{
    size_t best = class_count;
    double best_remainder = 0;
    for (size_t i = 0; i < class_count; i++) {
        double weight = weight_of(&classes[i]);
        double remainder = weight * per_weight - (double)counts[i];
        if (weight > 0 && (best == class_count || remainder > best_remainder + REMAINDER_NOISE)) {
            best = i;
            best_remainder = remainder;
        }
    }
    return best;
}

static void share_by_weight(const struct acr_user_class *classes, size_t class_count, size_t amount, size_t *counts)
{
    double sum = weight_sum(classes, class_count);
    if (!(sum > 0))
        return;
    double per_weight = (double)amount / sum;
    size_t left = amount;
    for (size_t i = 0; i < class_count; i++) {
        double weight = weight_of(&classes[i]);
        if (weight == 0)
            continue;
        double quota = weight * per_weight; /* of absurd weights infinite, or not a number */
        counts[i] = quota < (double)left ? (size_t)quota : left;
        left -= counts[i];
    }
    for (; left > 0; left--)
        counts[largest_remainder(classes, class_count, counts, per_weight)]++;
}

void acr_user_shares(const struct acr_user_class *classes, size_t class_count, size_t amount, size_t *ret_counts)
{
    size_t rest = share_fixed(classes, class_count, amount, ret_counts);
    share_by_weight(classes, class_count, rest, ret_counts);
}

void acr_user_start_order(const size_t *counts, size_t class_count, struct acr_random *random, size_t *ret_order)
{
    size_t total = 0;
    for (size_t i = 0; i < class_count; i++)
        for (size_t k = 0; k < counts[i]; k++)
            ret_order[total++] = i;
    /* Fisher and Yates: every order is equally likely. */
    for (size_t i = total; i > 1; i--) {
        size_t other = (size_t)acr_random_below(random, i);
        size_t moved = ret_order[i - 1];
        ret_order[i - 1] = ret_order[other];
        ret_order[other] = moved;
    }
}
