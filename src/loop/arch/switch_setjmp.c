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

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NO_SANITIZER __attribute__((no_sanitize("address", "undefined")))
#endif
#endif
#ifndef NO_SANITIZER
#define NO_SANITIZER __attribute__((no_sanitize_address, no_sanitize_undefined))
#endif

/* Lies on the stack that was left. */
struct left_behind {
    jmp_buf registers;
    fenv_t floating_point;
};

/* Lives while acr_switch_init runs. */
struct start {
    struct acr_switch *target;
    acr_switch_entry *entry;
    void *context;
    ucontext_t back;
    ucontext_t there;
};

/* makecontext passes ints only, so the pointer comes in two halves. */
static NO_SANITIZER void first_frame(unsigned high, unsigned low)
{
    struct start *start = (struct start *)(uintptr_t)((uint64_t)high << 32 | low);
    acr_switch_entry *volatile entry = start->entry;
    void *volatile context = start->context;
    struct left_behind here;
    fegetenv(&here.floating_point);
    start->target->state = &here;
    if (_setjmp(here.registers) == 0)
        setcontext(&start->back);
    fesetenv(&here.floating_point);
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
    fegetenv(&here.floating_point);
    from->state = &here;
    struct left_behind *there = to->state;
    if (_setjmp(here.registers) == 0)
        _longjmp(there->registers, 1);
    fesetenv(&here.floating_point);
}
