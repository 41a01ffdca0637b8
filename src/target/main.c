/* SPDX-License-Identifier: MIT */
/* main - the target as a program of its own. */
#include "target/target.h"

int main(int argc, char **argv)
{
    return acr_target_main(argc, argv);
}
