/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loop/stacks.h"

#define USABLE ((size_t)15 * 4096)

static struct acr_stacks stacks;

static int setup(void **state)
{
    (void)state;
    return acr_stacks_open(&stacks, USABLE, 4000, false, NULL);
}

static int teardown(void **state)
{
    (void)state;
    acr_stacks_close(&stacks);
    return 0;
}

static size_t resident_pages(const void *low)
{
    unsigned char pages[64];
    size_t count = acr_stacks_usable(&stacks) / stacks.page_bytes;
    assert_int_equal(mincore((void *)(uintptr_t)low, acr_stacks_usable(&stacks), pages), 0);
    size_t resident = 0;
    for (size_t i = 0; i < count; i++)
        resident += pages[i] & 1;
    return resident;
}

static void test_slots_do_not_overlap_and_come_back_last_in_first_out(void **state)
{
    (void)state;
    assert_int_equal(acr_stacks_usable(&stacks), USABLE);
    char *one = acr_stacks_take(&stacks);
    char *two = acr_stacks_take(&stacks);
    assert_true((size_t)(two - one) > USABLE);
    acr_stacks_give(&stacks, one);
    acr_stacks_give(&stacks, two);
    assert_ptr_equal(acr_stacks_take(&stacks), two);
    assert_ptr_equal(acr_stacks_take(&stacks), one);
}

static void test_when_many_are_free_the_coldest_give_their_pages_back(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    char **slots = acr_alloc_zero(COUNT * sizeof *slots);
    for (int i = 0; i < COUNT; i++) {
        slots[i] = acr_stacks_take(&stacks);
        memset(slots[i] + USABLE - 5000, 1, 5000);
    }
    assert_int_equal(resident_pages(slots[0]), 2);
    for (int i = 0; i < COUNT; i++)
        acr_stacks_give(&stacks, slots[i]);
    size_t resident = 0;
    for (int i = 0; i < COUNT; i++)
        resident += resident_pages(slots[i]);
    assert_in_range(resident, 1, 2 * 1025);
    assert_int_equal(resident_pages(slots[0]), 0);
    assert_int_equal(resident_pages(slots[COUNT - 1]), 2);
    assert_int_equal(acr_stacks_high_water(&stacks), 8192);
    for (int i = COUNT - 1; i >= 0; i--) {
        char *slot = acr_stacks_take(&stacks);
        assert_non_null(slot);
        slot[0] = 1;
    }
    assert_int_equal(acr_stacks_high_water(&stacks), USABLE);
    acr_free(slots);
}

static void test_a_kernel_without_guard_markers_gets_protected_pages_up_to_a_limit(void **state)
{
    (void)state;
    acr_stacks_close(&stacks);
    assert_int_equal(acr_stacks_open(&stacks, 4096, 31000, false, NULL), 0);
    stacks.guard = ACR_STACKS_GUARD_PROTECT;
    for (int i = 0; i < 30000; i++)
        assert_non_null(acr_stacks_take(&stacks));
    assert_false(stacks.unguarded);
    assert_non_null(acr_stacks_take(&stacks));
    assert_true(stacks.unguarded);
}

static void test_slots_run_out(void **state)
{
    (void)state;
    acr_stacks_close(&stacks);
    assert_int_equal(acr_stacks_open(&stacks, 1, 2, false, NULL), 0);
    char *one = acr_stacks_take(&stacks);
    assert_non_null(acr_stacks_take(&stacks));
    assert_null(acr_stacks_take(&stacks));
    acr_stacks_give(&stacks, one);
    assert_ptr_equal(acr_stacks_take(&stacks), one);
}
