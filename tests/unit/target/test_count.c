/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "target/count.h"

static void test_paths_beyond_the_limit_are_added_up(void **state)
{
    struct acr_target_counts counts;
    char path[32];
    (void)state;
    acr_target_counts_init(&counts, false);
    for (int i = 0; i < ACR_TARGET_PATHS_MAX + 5; i++) {
        int size = snprintf(path, sizeof path, "/%d", i);
        acr_target_counts_path(&counts, (struct acr_str){path, (size_t)size})->answers++;
    }
    assert_int_equal(counts.paths.live, ACR_TARGET_PATHS_MAX);
    assert_int_equal(counts.other_paths.answers, 5);
    assert_int_equal(acr_target_counts_path(&counts, ACR_STR("/17"))->answers, 1);
    acr_target_counts_done(&counts);
}

static void test_sums_of_threads_and_reset(void **state)
{
    struct acr_target_counts sum, parts[2];
    struct acr_buffer out = {0};
    (void)state;
    acr_target_counts_init(&sum, false);
    for (int i = 0; i < 2; i++) {
        acr_target_counts_init(&parts[i], true);
        parts[i].answers = 3;
        parts[i].by_status[200] = 2;
        parts[i].by_status[404] = 1;
        parts[i].connections_open = 1;
        acr_target_counts_path(&parts[i], ACR_STR("/a\"b"))->answers = 3;
        acr_target_counts_path(&parts[i], ACR_STR("/never"));
        acr_target_counts_add(&sum, &parts[i]);
    }
    acr_target_counts_json(&sum, &out);
    static const char expected[] = "{\"requests\":6,\"unanswered\":0,\"by_path\":{\"/a\\\"b\":6},"
                                   "\"by_status\":{\"200\":4,\"404\":2},\"connections\":{\"accepted\":0,\"open\":2},"
                                   "\"bytes\":{\"received\":0,\"sent\":0}}";
    assert_int_equal(out.size, sizeof expected - 1);
    assert_memory_equal(out.data, expected, out.size);
    acr_target_counts_reset(&parts[0]);
    assert_int_equal(parts[0].answers, 0);
    assert_int_equal(parts[0].by_status[404], 0);
    assert_int_equal(parts[0].connections_open, 1);
    assert_int_equal(acr_target_counts_path(&parts[0], ACR_STR("/a\"b"))->answers, 0);
    acr_buffer_done(&out);
    acr_target_counts_done(&parts[0]);
    acr_target_counts_done(&parts[1]);
    acr_target_counts_done(&sum);
}
