/* SPDX-License-Identifier: MIT */
/* own_options - checks declarations, reads values, shows the help. */
#include "capi/own_options.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/columns.h"
#include "base/memory.h"
#include "capi/registry.h"

static bool is_flag(const acr_own_option *option)
{
    return option->kind == ACR_FLAG;
}

/* ---- declarations */

static bool is_name(const char *name)
{
    return name != NULL && strncmp(name, "--", 2) == 0 && isalnum((unsigned char)name[2]) &&
           strspn(name + 2, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(name + 2);
}

static bool read_number(const char *text, double *ret)
{
    char *end;
    *ret = strtod(text, &end);
    return text[0] != '\0' && *end == '\0' && isfinite(*ret);
}

/* An option of the same name that was declared before this one, in whatever file; NULL. */
static const struct acr_registered_option *find_before(const struct acr_registered_option *one)
{
    const struct acr_registered_option *options = acr_registry()->options;
    for (const struct acr_registered_option *other = options; other < one; other++)
        if (strcmp(other->option->name, one->option->name) == 0)
            return other;
    return NULL;
}

static int check_kind(const struct acr_registered_option *one, struct acr_error *error)
{
    const acr_own_option *option = one->option;
    const struct acr_registered_option *before = find_before(one);
    double number;
    if (option->kind < ACR_TEXT || option->kind > ACR_FLAG)
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s: .kind is ACR_TEXT, ACR_NUMBER or ACR_FLAG", option->name);
    if (is_flag(option) && option->otherwise != NULL)
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s is a flag: it has no value, so no .otherwise", option->name);
    if (option->kind == ACR_NUMBER && option->otherwise != NULL && !read_number(option->otherwise, &number))
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s: .otherwise is not a number: '%s'", option->name,
                             option->otherwise);
    if (before != NULL && before->option->kind != option->kind)
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s is of another kind in %s than in %s", option->name,
                             before->file, one->file);
    return 0;
}

static int check(const struct acr_scenario_request *request, const struct acr_registered_option *one,
                 struct acr_error *error)
{
    const char *name = one->option->name;
    if (!is_name(name))
        return acr_error_set(error, ACR_ERR_SCRIPT,
                             "ACR_OPTION \"%s\": a name is like --depth, of letters, digits, '-', '_' and '.'",
                             name != NULL ? name : "");
    if (request->has_option != NULL && request->has_option(name))
        return acr_error_set(error, ACR_ERR_USAGE, "%s is an option of the program: %s must call its own otherwise",
                             name, one->file);
    return check_kind(one, error);
}

/* ---- values */

/* `source`: what to name in the error, as in "option --depth". */
static int check_value(const acr_own_option *option, const char *source, const char *value, struct acr_error *error)
{
    double number;
    if (option->kind != ACR_NUMBER || read_number(value, &number))
        return 0;
    return acr_error_set(error, ACR_ERR_USAGE, "%s %s: not a number: '%s'", source, option->name, value);
}

/* To every option of that name: files may share one. */
static void give(const char *name, const char *value)
{
    const struct acr_registry *registry = acr_registry();
    for (size_t i = 0; i < registry->option_count; i++) {
        acr_own_option *option = registry->options[i].option;
        if (strcmp(option->name, name) != 0)
            continue;
        acr_free((char *)option->value_);
        option->value_ = acr_strdup(value);
        option->given_ = true;
    }
}

static const acr_own_option *find(struct acr_str name)
{
    const struct acr_registry *registry = acr_registry();
    for (size_t i = 0; i < registry->option_count; i++)
        if (acr_str_equal(acr_str_of(registry->options[i].option->name), name))
            return registry->options[i].option;
    return NULL;
}

static struct acr_str name_of(const char *word)
{
    return (struct acr_str){word, word[1] == '-' ? strcspn(word, "=") : 2};
}

/* Did the word behind this one stand there on the command line, too, and not an option of the program between them? */
static bool is_followed(const struct acr_scenario_request *request, size_t at)
{
    if (at + 1 >= request->rest_count)
        return false;
    for (int i = 0; i + 1 < request->argc; i++)
        if (request->argv[i] == request->rest[at])
            return request->argv[i + 1] == request->rest[at + 1];
    return true;
}

/* The value behind "=", or the next word, which *used counts then; NULL: there is none. */
static const char *value_of(const struct acr_scenario_request *request, size_t at, size_t *used)
{
    const char *equals = strchr(request->rest[at], '=');
    if (equals != NULL)
        return equals + 1;
    if (!is_followed(request, at) || find(name_of(request->rest[at + 1])) != NULL)
        return NULL;
    *used = 2;
    return request->rest[at + 1];
}

/* One option and its value; returns how many words it took. */
static int take(const struct acr_scenario_request *request, size_t at, struct acr_error *error)
{
    struct acr_str name = name_of(request->rest[at]);
    const acr_own_option *option = find(name);
    size_t used = 1;
    if (option == NULL)
        return acr_error_set(error, ACR_ERR_USAGE, "no such option: %.*s", ACR_STR_ARGS(name));
    if (is_flag(option) && request->rest[at][name.size] == '=')
        return acr_error_set(error, ACR_ERR_USAGE, "%s option does not take a value", option->name);
    const char *value = is_flag(option) ? "" : value_of(request, at, &used);
    if (value == NULL)
        return acr_error_set(error, ACR_ERR_USAGE, "%s option requires 1 argument", option->name);
    int rc = check_value(option, "option", value, error);
    if (rc < 0)
        return rc;
    give(option->name, value);
    return (int)used;
}

/* The words by which an environment variable sets a flag, or leaves it: 1, 0; -1 for other words. */
static int truth_of(const char *value)
{
    static const char *const words[][5] = {{"0", "false", "no", "off", ""}, {"1", "true", "yes", "on", "t"}};
    for (int truth = 0; truth < 2; truth++)
        for (size_t i = 0; i < ACR_ARRAY_SIZE(words[truth]); i++)
            if (strcasecmp(value, words[truth][i]) == 0)
                return truth;
    return -1;
}

static int read_environment(const acr_own_option *option, struct acr_error *error)
{
    const char *value = option->environment != NULL ? getenv(option->environment) : NULL;
    if (value == NULL || option->given_)
        return 0;
    if (is_flag(option) && truth_of(value) < 0)
        return acr_error_set(error, ACR_ERR_USAGE, "%s for the flag %s: true or false, not '%s'", option->environment,
                             option->name, value);
    int rc = check_value(option, option->environment, value, error);
    if (rc == 0 && !(is_flag(option) && truth_of(value) == 0))
        give(option->name, is_flag(option) ? "" : value);
    return rc;
}

static int read_words(const struct acr_scenario_request *request, struct acr_capi_words *words, struct acr_error *error)
{
    for (size_t i = 0; i < request->rest_count;) {
        const char *word = request->rest[i];
        bool is_option = word[0] == '-' && word[1] != '\0';
        int used = is_option ? take(request, i, error) : 1;
        if (used < 0)
            return used;
        if (!is_option)
            words->items[words->count++] = word;
        i += (size_t)used;
    }
    return 0;
}

int acr_capi_options_read(const struct acr_scenario_request *request, struct acr_capi_words *words,
                          struct acr_error *error)
{
    const struct acr_registry *registry = acr_registry();
    int rc = 0;
    words->items = acr_alloc_zero((request->rest_count + 1) * sizeof *words->items);
    for (size_t i = 0; rc == 0 && i < registry->option_count; i++)
        rc = check(request, &registry->options[i], error);
    if (rc < 0 || request->may_be_empty)
        return rc;
    rc = read_words(request, words, error);
    for (size_t i = 0; rc == 0 && i < registry->option_count; i++)
        rc = read_environment(registry->options[i].option, error);
    return rc;
}

void acr_capi_options_forget(void)
{
    const struct acr_registry *registry = acr_registry();
    for (size_t i = 0; i < registry->option_count; i++) {
        acr_own_option *option = registry->options[i].option;
        acr_free((char *)option->value_);
        option->value_ = NULL;
        option->given_ = false;
    }
}

/* ---- --help */

/* "  --depth=N"; without .metavar the name in capitals, as optparse does. */
static int append_names(struct acr_buffer *out, const acr_own_option *option)
{
    int rc = acr_buffer_append_format(out, "  %s", option->name);
    if (is_flag(option) || rc < 0)
        return rc;
    if (option->metavar != NULL)
        return acr_buffer_append_format(out, "=%s", option->metavar);
    rc = acr_buffer_append_format(out, "=%s", option->name + 2);
    for (char *letter = out->data + out->size - strlen(option->name + 2); letter < out->data + out->size; letter++)
        *letter = *letter == '-' ? '_' : (char)toupper((unsigned char)*letter);
    return rc;
}

/* The help, and what stands for the option: "how deep to go [3; SHOP_DEPTH]". */
static int append_text(struct acr_buffer *out, const acr_own_option *option)
{
    bool has_otherwise = option->otherwise != NULL, has_variable = option->environment != NULL;
    int rc = acr_buffer_append_format(out, "%s", option->help != NULL ? option->help : "");
    if (rc == 0 && (has_otherwise || has_variable))
        rc = acr_buffer_append_format(out, "%s[%s%s%s]", out->size > 0 ? " " : "",
                                      has_otherwise ? option->otherwise : "", has_otherwise && has_variable ? "; " : "",
                                      has_variable ? option->environment : "");
    return rc < 0 ? rc : acr_buffer_append(out, "", 1);
}

void acr_capi_options_help(struct acr_buffer *out)
{
    const struct acr_registry *registry = acr_registry();
    int rc = registry->option_count > 0 ? acr_buffer_append_format(out, "\nOptions of the scenario:\n") : 0;
    for (size_t i = 0; i < registry->option_count && rc == 0; i++) {
        struct acr_buffer names = {0}, text = {0};
        if (find_before(&registry->options[i]) != NULL)
            continue;
        rc = append_names(&names, registry->options[i].option);
        rc = rc < 0 ? rc : append_text(&text, registry->options[i].option);
        if (rc == 0)
            acr_columns_append(out, acr_buffer_str(&names), text.data);
        acr_buffer_done(&names);
        acr_buffer_done(&text);
    }
}

/* ---- what scenarios ask for */

const char *acr_option_text(const acr_own_option *option)
{
    return option->value_ != NULL ? option->value_ : option->otherwise;
}

double acr_option_number(const acr_own_option *option)
{
    const char *text = acr_option_text(option);
    return text != NULL ? strtod(text, NULL) : 0;
}

bool acr_option_given(const acr_own_option *option)
{
    return option->given_;
}
