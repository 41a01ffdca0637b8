/* SPDX-License-Identifier: MIT */
/* switch_aarch64 - the stack switch for AAPCS64 (6.1: x19-x30 and the lower halves of v8-v15 are the callee's to save).
 *
 * A stack that was left, upwards from where `state` points:
 *
 *     0 x19 x20   16 x21 x22   32 x23 x24   48 x25 x26   64 x27 x28   80 x29 x30
 *     96 d8 d9   112 d10 d11   128 d12 d13   144 d14 d15   160 FPCR, unused
 */
    .text

/* void acr_switch_to(struct acr_switch *from (x0), struct acr_switch *to (x1)) */
    .globl acr_switch_to
    .type acr_switch_to, %function
    .balign 16
acr_switch_to:
    .cfi_startproc
    sub sp, sp, #176
    .cfi_def_cfa_offset 176
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mrs x9, fpcr
    str x9, [sp, #160]
    mov x10, sp
    str x10, [x0]
    ldr x10, [x1]
    mov sp, x10
    ldr x11, [sp, #160]
    /* Writing FPCR may drain the pipeline; it rarely differs. */
    cmp x9, x11
    b.eq 1f
    msr fpcr, x11
1:
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #176
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size acr_switch_to, . - acr_switch_to

/* void acr_switch_init(struct acr_switch *target (x0), void *low (x1), size_t size (x2), entry (x3), context (x4)) */
    .globl acr_switch_init
    .type acr_switch_init, %function
    .balign 16
acr_switch_init:
    .cfi_startproc
    add x9, x1, x2
    and x9, x9, #-16
    sub x9, x9, #176
    adrp x10, first_switch
    add x10, x10, :lo12:first_switch
    stp x3, x4, [x9, #0]
    stp xzr, x10, [x9, #80]
    mrs x11, fpcr
    str x11, [x9, #160]
    str x9, [x0]
    ret
    .cfi_endproc
    .size acr_switch_init, . - acr_switch_init

/* The outermost frame: x19 the entry, x20 its argument. */
    .type first_switch, %function
    .balign 16
first_switch:
    .cfi_startproc
    .cfi_undefined x30
    mov x0, x20
    blr x19
    brk #1
    .cfi_endproc
    .size first_switch, . - first_switch

    .section .note.GNU-stack, "", %progbits
