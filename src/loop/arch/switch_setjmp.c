/* SPDX-License-Identifier: MIT */
/* switch_setjmp - the stack switch for machines without one in assembly: makecontext enters a stack for the first time,
 * _setjmp and _longjmp do the rest, because swapcontext costs two system calls. */
/* The checked longjmp aborts on a jump to another stack. */
#undef _FORTIFY_SOURCE
#include "loop/switch.h"

#include <fenv.h>
#include <setjmp.h>
#include <stdint.h>
#include <ucontext.h>

/* These run on a stack that the address sanitizer was not told of yet. */
#define NO_SANITIZER __attribute__((no_sanitize_address))

/* Lies on the stack that was left. */
struct left_behind {
    jmp_buf registers;
    int rounding; /* the rest of the floating-point environment costs 60 ns more */
};

/* Lives while acr_switch_init runs. */
struct start {
    struct acr_switch *target;
    acr_switch_entry *entry;
    void *context;
    ucontext_t back;
    ucontext_t there;
};

static void restore_rounding(int rounding)
{
    if (fegetround() != rounding)
        fesetround(rounding);
}

/* makecontext passes ints only, so the pointer comes in two halves. */
static NO_SANITIZER void first_frame(unsigned high, unsigned low)
{
    struct start *start = (struct start *)(uintptr_t)((uint64_t)high << 32 | low);
    acr_switch_entry *volatile entry = start->entry;
    void *volatile context = start->context;
    struct left_behind here;
    here.rounding = fegetround();
    start->target->state = &here;
    if (_setjmp(here.registers) == 0)
        setcontext(&start->back);
    restore_rounding(here.rounding);
    entry(context);
    __builtin_trap();
}

NO_SANITIZER void acr_switch_init(struct acr_switch *target, void *low, size_t size, acr_switch_entry *entry,
                                  void *context)
{
    struct start start = {.target = target, .entry = entry, .context = context};
    getcontext(&start.there);
    start.there.uc_stack.ss_sp = low;
    start.there.uc_stack.ss_size = size;
    start.there.uc_link = NULL;
    uint64_t address = (uintptr_t)&start;
    makecontext(&start.there, (void (*)(void))first_frame, 2, (unsigned)(address >> 32), (unsigned)address);
    swapcontext(&start.back, &start.there);
}

NO_SANITIZER void acr_switch_to(struct acr_switch *from, struct acr_switch *to)
{
    struct left_behind here;
    here.rounding = fegetround();
    from->state = &here;
    struct left_behind *there = to->state;
    if (_setjmp(here.registers) == 0)
        _longjmp(there->registers, 1);
    restore_rounding(here.rounding);
}
