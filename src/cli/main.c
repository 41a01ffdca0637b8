/* SPDX-License-Identifier: MIT */
/* main - the program `acrida`. */
#include <signal.h>
#include <string.h>

#include "cli/program.h"
#ifdef ACR_WITH_TARGET
#include "target/target.h"
#endif

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
#ifdef ACR_WITH_TARGET
    if (argc > 1 && strcmp(argv[1], "target") == 0)
        return acr_target_main(argc - 1, argv + 1);
#endif
    return acr_program_run(argc, argv);
}
