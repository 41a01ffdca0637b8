/*
 * A C++ program that looks for the number of users at which a site begins to fail: it holds one test after the other,
 * each with twice the users of the one before, until requests fail.
 *
 *     c++ -std=c++20 -O2 -o find_limit examples/c/embedding.cpp $(pkg-config --cflags --libs acrida)
 *     ./find_limit 32 -t 2s --only-summary -H http://127.0.0.1:8000
 *
 * The first argument is the most users to try; what follows are options as for `acrida`.
 */
#include <acrida.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

namespace
{

/* A task that has to be cut off (see acrida.h) does not run destructors: what has one belongs to the user, not to a
 * variable of the task. */
struct Reader {
    std::string page = "/";
    std::vector<size_t> sizes;
};

Reader &reader(acr_user *user)
{
    return **static_cast<Reader **>(acr_state(user));
}

void begin(acr_user *user)
{
    *static_cast<Reader **>(acr_state(user)) = new Reader;
}

void end(acr_user *user)
{
    const std::vector<size_t> &sizes = reader(user).sizes;
    const auto largest = std::max_element(sizes.begin(), sizes.end());
    if (largest != sizes.end())
        acr_log_info(user, "%zu pages, the largest of %zu bytes", sizes.size(), *largest);
    delete &reader(user);
}

void read_page(acr_user *user)
{
    acr_response *answer = acr_get(user, reader(user).page.c_str(), .catch_response = true);
    reader(user).sizes.push_back(acr_body_size(answer));
    if (acr_elapsed(answer) > 0.5)
        acr_failure(answer, "too slow");
    reader(user).page = reader(user).page == "/" ? "/profile" : "/";
}

ACR_USER(visitor, .wait = acr_constant(0.02), .tasks = {ACR_TASK(read_page)}, .on_start = begin, .on_stop = end,
         .state_size = sizeof(Reader *));

int run_with(size_t users, const std::vector<std::string> &options)
{
    std::vector<std::string> words = {"find_limit", "-c", std::to_string(users), "-r", "1000"};
    words.insert(words.end(), options.begin(), options.end());
    std::vector<char *> argv;
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    return acr_run(static_cast<int>(words.size()), argv.data());
}

} // namespace

int main(int argc, char **argv)
{
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (arguments.empty() || arguments.front().find_first_not_of("0123456789") != std::string::npos) {
        std::cerr << "usage: find_limit USERS [options of acrida]\n";
        return 2;
    }
    const std::vector<std::string> options(arguments.begin() + 1, arguments.end());
    const size_t most = std::stoul(arguments.front());
    for (size_t users = 8; users <= most; users *= 2) {
        if (const int code = run_with(users, options); code != 0) {
            std::cout << "with " << users << " users: exit code " << code << "\n";
            return code;
        }
        std::cout << "with " << users << " users: well\n";
    }
    return 0;
}
