/* SPDX-License-Identifier: MIT */
/* backtrace - has libdw unwind a stack of this process and name what it finds. */
#include "run/backtrace.h"

#include <stdint.h>

/* 0: not known on this machine. */
static uintptr_t program_counter(const struct acr_backtrace_start *start)
{
#if defined(__x86_64__)
    return (uintptr_t)start->machine.uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)start->machine.uc_mcontext.pc;
#else
    (void)start;
    return 0;
#endif
}

#ifdef ACR_WITH_LIBDW

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Calls that are looked at, as after an endless recursion; and those that are shown of them. */
#define CALLS_MAX 4096
#define SHOWN_MAX 10

struct walk {
    const struct acr_backtrace_start *start;
    pid_t process;
    int memory; /* /proc/self/mem: an address that is none is an error there and not another crash */
    Dwfl *dwfl;
    Dwfl_Module *own; /* this library */
    struct acr_buffer *out;
    struct acr_buffer line, last; /* the call at hand, and the one shown before it */
    size_t seen;                  /* calls */
    size_t told, shown, repeated; /* lines */
    size_t kept;                  /* bytes of `out` up to the outermost call that is not of this library */
    int code;
};

/* ---- what libdw asks for */

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread_context)
{
    struct walk *walk = context;
    (void)dwfl;
    bool first = *thread_context == NULL;
    *thread_context = walk;
    return first ? walk->process : 0;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *result, void *context)
{
    struct walk *walk = context;
    const struct acr_backtrace_start *start = walk->start;
    (void)dwfl;
    if (address >= start->stack && address + sizeof *result <= start->stack + start->copy_size) {
        memcpy(result, start->copy + (address - start->stack), sizeof *result);
        return true;
    }
    return pread(walk->memory, result, sizeof *result, (off_t)address) == (ssize_t)sizeof *result;
}

/* By their numbers in DWARF, which are those of the machine's ABI. A call through a pointer that is none leads nowhere:
 * then the walk begins with the caller. */
static bool set_registers(Dwfl_Thread *thread, void *context)
{
    struct walk *walk = context;
    Dwarf_Addr address = program_counter(walk->start);
    bool is_nowhere = dwfl_addrmodule(walk->dwfl, address) == NULL;
#if defined(__x86_64__)
    static const int order[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    Dwarf_Word words[sizeof order / sizeof order[0]];
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        words[i] = (Dwarf_Word)walk->start->machine.uc_mcontext.gregs[order[i]];
    if (is_nowhere && read_word(walk->dwfl, words[7], &address, walk)) {
        address--;
        words[7] += sizeof(Dwarf_Word);
    }
    dwfl_thread_state_register_pc(thread, address);
    return dwfl_thread_state_registers(thread, 0, sizeof order / sizeof order[0], words);
#elif defined(__aarch64__)
    Dwarf_Word words[32];
    for (size_t i = 0; i < 31; i++)
        words[i] = walk->start->machine.uc_mcontext.regs[i];
    words[31] = walk->start->machine.uc_mcontext.sp;
    dwfl_thread_state_register_pc(thread, is_nowhere ? words[30] - 1 : address);
    return dwfl_thread_state_registers(thread, 0, 32, words);
#else
    (void)thread;
    (void)is_nowhere;
    return false;
#endif
}

/* Only what stands in the objects themselves: nothing is fetched from anywhere. */
static int find_no_debuginfo(Dwfl_Module *module, void **context, const char *name, Dwarf_Addr base, const char *file,
                             const char *link, GElf_Word checksum, char **ret_file)
{
    (void)module;
    (void)context;
    (void)name;
    (void)base;
    (void)file;
    (void)link;
    (void)checksum;
    (void)ret_file;
    return -1;
}

static const Dwfl_Callbacks files = {.find_elf = dwfl_linux_proc_find_elf, .find_debuginfo = find_no_debuginfo};
static const Dwfl_Thread_Callbacks threads = {
    .next_thread = next_thread, .memory_read = read_word, .set_initial_registers = set_registers};

/* ---- what is shown */

static int show_repeated(struct walk *walk)
{
    if (walk->repeated == 0)
        return 0;
    bool is_kept = walk->kept == walk->out->size;
    int rc = acr_buffer_append_format(walk->out, " (%zu times)", walk->repeated + 1);
    walk->repeated = 0;
    if (is_kept)
        walk->kept = walk->out->size;
    return rc;
}

/* Shows walk->line, unless it is what was shown last. */
static int show_line(struct walk *walk, bool is_own)
{
    walk->told++;
    if (walk->shown > 0 && acr_str_equal(acr_buffer_str(&walk->line), acr_buffer_str(&walk->last))) {
        walk->repeated++;
        return 0;
    }
    int rc = show_repeated(walk);
    if (walk->shown++ >= SHOWN_MAX)
        return rc;
    rc = rc < 0 ? rc : acr_buffer_append_str(walk->out, acr_buffer_str(&walk->line));
    acr_buffer_reset(&walk->last);
    rc = rc < 0 ? rc : acr_buffer_append_str(&walk->last, acr_buffer_str(&walk->line));
    if (!is_own)
        walk->kept = walk->out->size;
    return rc;
}

static const char *file_name(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL ? slash + 1 : path != NULL ? path : "?";
}

/* One of which only the object is known, and perhaps the name. */
static int show_bare(struct walk *walk, Dwfl_Module *module, Dwarf_Addr address)
{
    const char *name = dwfl_module_addrname(module, address);
    const char *object = file_name(dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    acr_buffer_reset(&walk->line);
    int rc = acr_buffer_append_format(&walk->line, "\n    %s in %s", name != NULL ? name : "?", object);
    return rc < 0 ? rc : show_line(walk, module == walk->own);
}

struct source {
    const char *path;
    int line;
};

static int show_source(struct walk *walk, const char *name, const struct source *source, bool is_own)
{
    acr_buffer_reset(&walk->line);
    int rc = acr_buffer_append_format(&walk->line, "\n    %s at %s:%d", name != NULL ? name : "?",
                                      source->path != NULL ? source->path : "?", source->line);
    return rc < 0 ? rc : show_line(walk, is_own);
}

/* Where the compiler put a function into another one. */
static struct source call_of(Dwarf_Die *inlined, Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    Dwarf_Files *sources;
    Dwarf_Word number = 0, line = 0;
    size_t count;
    const char *path = NULL;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &number) == 0 &&
        dwarf_getsrcfiles(unit, &sources, &count) == 0)
        path = dwarf_filesrc(sources, number, NULL, NULL);
    dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line);
    return (struct source){path, (int)line};
}

static bool is_function(Dwarf_Die *scope)
{
    return dwarf_tag(scope) == DW_TAG_subprogram || dwarf_tag(scope) == DW_TAG_inlined_subroutine;
}

/* The function at an address, and all scopes it is nested in; returns how many. Free with free(). */
static int find_scopes(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die **ret_scopes)
{
    Dwarf_Die *scopes = NULL;
    int count = dwarf_getscopes(unit, address, &scopes), nested = 0;
    for (int i = 0; i < count && nested == 0; i++)
        if (is_function(&scopes[i]))
            nested = dwarf_getscopes_die(&scopes[i], ret_scopes);
    free(scopes);
    return nested;
}

/* The function at an address and those that it was put into, with the line each is at. */
static int show_sources(struct walk *walk, Dwarf_Die *unit, Dwarf_Addr address, struct source source, bool is_own)
{
    Dwarf_Die *scopes = NULL;
    int count = find_scopes(unit, address, &scopes), rc = 0;
    bool whole = false;
    for (int i = 0; i < count && rc == 0 && !whole; i++) {
        if (!is_function(&scopes[i]))
            continue;
        rc = show_source(walk, dwarf_diename(&scopes[i]), &source, is_own);
        whole = dwarf_tag(&scopes[i]) == DW_TAG_subprogram;
        if (!whole)
            source = call_of(&scopes[i], unit);
    }
    free(scopes);
    return rc;
}

static int show(struct walk *walk, Dwfl_Module *module, Dwarf_Addr address)
{
    struct source source = {NULL, 0};
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias);
    Dwfl_Line *line = dwfl_module_getsrc(module, address);
    size_t before = walk->told;
    if (unit == NULL || line == NULL)
        return show_bare(walk, module, address);
    source.path = dwfl_lineinfo(line, NULL, &source.line, NULL, NULL, NULL);
    int rc = show_sources(walk, unit, address - bias, source, module == walk->own);
    return rc < 0 || walk->told != before ? rc : show_bare(walk, module, address);
}

/* ---- the walk */

static int on_frame(Dwfl_Frame *frame, void *context)
{
    struct walk *walk = context;
    Dwarf_Addr address;
    bool interrupted = false;
    if (!dwfl_frame_pc(frame, &address, &interrupted) || ++walk->seen > CALLS_MAX)
        return DWARF_CB_ABORT;
    /* A return address may be of the next line, or even of the next function. */
    address -= interrupted ? 0 : 1;
    Dwfl_Module *module = dwfl_addrmodule(walk->dwfl, address);
    if (module == NULL)
        return DWARF_CB_ABORT;
    walk->code = show(walk, module, address);
    return walk->code < 0 || walk->shown >= SHOWN_MAX ? DWARF_CB_ABORT : DWARF_CB_OK;
}

static int walk_stack(struct walk *walk)
{
    walk->own = dwfl_addrmodule(walk->dwfl, (Dwarf_Addr)(uintptr_t)acr_backtrace);
    if (!dwfl_attach_state(walk->dwfl, NULL, walk->process, &threads, walk))
        return 0;
    dwfl_getthread_frames(walk->dwfl, walk->process, on_frame, walk);
    int rc = walk->code < 0 ? walk->code : show_repeated(walk);
    if (walk->kept > 0 && walk->kept < walk->out->size)
        walk->out->size = walk->kept;
    return rc;
}

int acr_backtrace(const struct acr_backtrace_start *start, struct acr_buffer *out)
{
    struct walk walk = {.start = start, .process = getpid(), .out = out};
    walk.memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    walk.dwfl = dwfl_begin(&files);
    int rc = 0;
    if (walk.memory >= 0 && walk.dwfl != NULL && dwfl_linux_proc_report(walk.dwfl, walk.process) == 0 &&
        dwfl_report_end(walk.dwfl, NULL, NULL) == 0)
        rc = walk_stack(&walk);
    if (walk.dwfl != NULL)
        dwfl_end(walk.dwfl);
    if (walk.memory >= 0)
        close(walk.memory);
    acr_buffer_done(&walk.line);
    acr_buffer_done(&walk.last);
    return rc;
}

#else

#include <dlfcn.h>
#include <stdbool.h>

int acr_backtrace(const struct acr_backtrace_start *start, struct acr_buffer *out)
{
    Dl_info info;
    uintptr_t address = program_counter(start);
    if (dladdr((const void *)address, &info) == 0)
        return 0;
    bool has_name = info.dli_sname != NULL;
    uintptr_t base = (uintptr_t)(has_name ? info.dli_saddr : info.dli_fbase);
    return acr_buffer_append_format(out, "\n    %s+0x%zx in %s", has_name ? info.dli_sname : "",
                                    (size_t)(address - base), info.dli_fname);
}

#endif
