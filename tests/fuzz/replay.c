/* SPDX-License-Identifier: MIT */
/* replay - hands every file of the folders on the command line to a fuzz target, ended by an unreadable page. */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/guard.h"

/* Largest input; libFuzzer makes 4 KiB by default. */
#define INPUT_MAX (1u << 20)

static void fail(const char *path)
{
    perror(path);
    exit(1);
}

static void replay_file(const char *path)
{
    static char input[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail(path);
    size_t size = fread(input, 1, sizeof input, file);
    fclose(file);
    fprintf(stderr, "%s (%zu bytes)\n", path, size);
    struct guard guard = guard_copy(input, size);
    LLVMFuzzerTestOneInput((const uint8_t *)guard.data, size);
    guard_done(&guard);
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL)
        fail(folder);
    int count = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
            fail(entry->d_name);
        replay_file(path);
        count++;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += replay_folder(argv[i]);
    fprintf(stderr, "%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
