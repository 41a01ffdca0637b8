/* SPDX-License-Identifier: MIT */
/* switch_x86_64 - the stack switch for the System V ABI (psABI 3.2.1: rbx, rbp, r12-r15, MXCSR and x87 control word).
 *
 * A stack that was left, upwards from where `state` points:
 *
 *     0 MXCSR (4 bytes), x87 control word   8 r15   16 r14   24 r13   32 r12   40 rbx   48 rbp   56 return address
 */
    .text

/* void acr_switch_to(struct acr_switch *from (rdi), struct acr_switch *to (rsi)) */
    .globl acr_switch_to
    .type acr_switch_to, @function
    .balign 16
acr_switch_to:
    .cfi_startproc
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq (%rsi), %rsp
    .cfi_def_cfa rsp, 64
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    .cfi_def_cfa rsp, 8
    /* Not ret: the return address is never the one the processor predicts. */
    popq %rcx
    jmpq *%rcx
    .cfi_endproc
    .size acr_switch_to, . - acr_switch_to

/* void acr_switch_init(struct acr_switch *target (rdi), void *low (rsi), size_t size (rdx), entry (rcx), context (r8)) */
    .globl acr_switch_init
    .type acr_switch_init, @function
    .balign 16
acr_switch_init:
    .cfi_startproc
    leaq (%rsi, %rdx), %rax
    andq $-16, %rax
    subq $64, %rax
    stmxcsr (%rax)
    fnstcw 4(%rax)
    movq %rcx, 32(%rax)
    movq %r8, 40(%rax)
    movq $0, 48(%rax)
    leaq first_switch(%rip), %rcx
    movq %rcx, 56(%rax)
    movq %rax, (%rdi)
    ret
    .cfi_endproc
    .size acr_switch_init, . - acr_switch_init

/* The outermost frame: r12 the entry, rbx its argument. */
    .type first_switch, @function
    .balign 16
first_switch:
    .cfi_startproc
    .cfi_undefined rip
    movq %rbx, %rdi
    callq *%r12
    ud2
    .cfi_endproc
    .size first_switch, . - first_switch

    .section .note.GNU-stack, "", @progbits
