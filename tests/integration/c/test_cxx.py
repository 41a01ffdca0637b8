# SPDX-License-Identifier: MIT
"""What only scenarios in C++ have: exceptions."""
import pytest

from sanitizer import scenario_environment

HEAD = """
#include <acrida.h>
#include <stdexcept>
#include <string>
"""

# Users throw, and wait while they handle what they have thrown; so do others.
HANDLING = """
struct Waiting {
    acr_user *user;
    ~Waiting() { acr_sleep(user, acr_random_real(user) * 0.002); } // while the exception is on its way
};
static void fail(acr_user *user, int depth)
{
    Waiting waiting = {user};
    throw std::runtime_error("user " + std::to_string(acr_user_number(user)) + ", depth " + std::to_string(depth));
}
static void handle(acr_user *user, int depth)
{
    try {
        fail(user, depth);
    } catch (const std::exception &error) {
        const std::string before = error.what();
        if (depth > 0)
            handle(user, depth - 1);
        acr_sleep(user, acr_random_real(user) * 0.002);
        std::string after;
        try {
            throw;
        } catch (const std::exception &again) {
            after = again.what();
        }
        if (before == error.what() && before == after && std::uncaught_exceptions() == 0)
            acr_record_success(user, "T", "handled", 0, 0);
        else
            acr_record_failure(user, "T", "handled", 0, "another one's exception");
    }
}
static void task(acr_user *user) { handle(user, 2); }
"""


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_users_wait_while_they_handle_exceptions(play, script, acrida, compiler):
    environment = {**scenario_environment(acrida), "CXX": compiler}
    if compiler == "clang++":
        environment.pop("ACRIDA_CFLAGS", None)  # its sanitizers are not those of the program
    source = script(HEAD + HANDLING + "ACR_USER(thrower, .tasks = {ACR_TASK(task)});\n", "thrower.cpp")
    report = play(source, "-c", 20, "-n", 3000, "--only-summary", env=environment)
    assert report.total()[0] >= 3000 and report.total()[1] == 0


def test_a_program_may_hold_a_run_while_it_handles_an_exception(embed):
    program = embed(HEAD + HANDLING + """
        ACR_USER(thrower, .tasks = {ACR_TASK(task)});
        int main(int argc, char **argv)
        {
            try {
                throw std::runtime_error("mine");
            } catch (const std::exception &) {
                int code = acr_run(argc, argv);
                try {
                    throw;
                } catch (const std::exception &error) {
                    printf("%s\\n", error.what());
                    return code;
                }
            }
        }
    """, "g++ -std=c++20 -Wall -Wextra -Werror")
    report = program.run("-c", 20, "-r", 1000, "-n", 1000, "--only-summary")
    assert report.stdout == "mine\n" and report.total()[1] == 0
