/* SPDX-License-Identifier: MIT */
/* json - a check of the whole text, and walks through texts that passed it; the zero byte at the end stops both. */
#include "capi/json.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Of so many characters, no number without an exponent is too large for Jansson: it takes 64 bits. */
#define SAFE_NUMBER_SIZE 18

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
        at++;
    return at;
}

/* ---- the check: each function returns where it got, or NULL when it met what is no JSON */

static const char *check_utf8(const char *at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)*at;
    if (first < 0xc2 || first > 0xf4)
        return NULL;
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t value = first & (0x3f >> more);
    for (int i = 1; i <= more; i++) {
        if (((unsigned char)at[i] & 0xc0) != 0x80)
            return NULL;
        value = value << 6 | ((unsigned char)at[i] & 0x3f);
    }
    bool surrogate = value >= 0xd800 && value <= 0xdfff;
    return value >= least[more] && value <= 0x10ffff && !surrogate ? at + more + 1 : NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Of "\u12ab", -1 when it is none. */
static int code_unit(const char *at)
{
    if (at[0] != '\\' || at[1] != 'u')
        return -1;
    int value = 0;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static bool is_low_surrogate(int unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* A zero byte is none of a string's, and halves of a character come in pairs. */
static const char *check_escape(const char *at)
{
    if (at[1] != 'u')
        return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? at + 2 : NULL;
    int unit = code_unit(at);
    if (unit <= 0 || is_low_surrogate(unit))
        return NULL;
    if (unit < 0xd800 || unit > 0xdbff)
        return at + 6;
    return is_low_surrogate(code_unit(at + 6)) ? at + 12 : NULL;
}

/* From behind the quote to behind the other one. */
static const char *check_string(const char *at)
{
    while (at != NULL && *at != '"') {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x20)
            return NULL;
        if (byte == '\\')
            at = check_escape(at);
        else
            at = byte < 0x80 ? at + 1 : check_utf8(at);
    }
    return at != NULL ? at + 1 : NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at)
{
    while (is_digit(*at))
        at++;
    return at;
}

static bool jansson_takes(const char *begin, const char *end)
{
    json_t *value = json_loadb(begin, (size_t)(end - begin), JSON_DECODE_ANY, NULL);
    json_decref(value);
    return value != NULL;
}

/* What may stand behind a number's whole part; NULL when there is a '.' or an 'e' without digits. */
static const char *check_fraction(const char *at)
{
    if (*at == '.') {
        if (!is_digit(at[1]))
            return NULL;
        at = skip_digits(at + 1);
    }
    if (*at != 'e' && *at != 'E')
        return at;
    at += at[1] == '+' || at[1] == '-' ? 2 : 1;
    return is_digit(*at) ? skip_digits(at) : NULL;
}

static const char *check_number(const char *begin)
{
    const char *whole = begin + (*begin == '-');
    if (!is_digit(*whole))
        return NULL;
    const char *end = check_fraction(*whole == '0' ? whole + 1 : skip_digits(whole));
    if (end == NULL)
        return NULL;
    size_t size = (size_t)(end - begin);
    bool safe = size <= SAFE_NUMBER_SIZE && memchr(begin, 'e', size) == NULL && memchr(begin, 'E', size) == NULL;
    return safe || jansson_takes(begin, end) ? end : NULL;
}

static const char *check_word(const char *at, const char *word)
{
    size_t size = strlen(word);
    return strncmp(at, word, size) == 0 ? at + size : NULL;
}

static const char *check_scalar(const char *at)
{
    switch (*at) {
    case '"':
        return check_string(at + 1);
    case 't':
        return check_word(at, "true");
    case 'f':
        return check_word(at, "false");
    case 'n':
        return check_word(at, "null");
    default:
        return check_number(at);
    }
}

/* A member's name, to where its value begins. */
static const char *check_name(const char *at)
{
    at = *at == '"' ? check_string(at + 1) : NULL;
    if (at == NULL)
        return NULL;
    at = skip_blanks(at);
    return *at == ':' ? skip_blanks(at + 1) : NULL;
}

/* Where the check is: a bit for each open bracket says whether it is a brace, the innermost being the lowest. */
struct place {
    uint64_t braces;
    int depth;
};

static bool in_object(const struct place *place)
{
    return (place->braces & 1) != 0;
}

static bool closes(const struct place *place, char c)
{
    return place->depth > 0 && c == (in_object(place) ? '}' : ']');
}

/* Over brackets that open, to a scalar or to a bracket that closes at once. */
static const char *check_opening(struct place *place, const char *at)
{
    while (at != NULL && (*at == '{' || *at == '[')) {
        if (place->depth == ACR_CAPI_JSON_DEPTH_MAX)
            return NULL;
        place->depth++;
        place->braces = place->braces << 1 | (*at == '{');
        at = skip_blanks(at + 1);
        if (closes(place, *at))
            return at;
        if (in_object(place))
            at = check_name(at);
    }
    return at != NULL ? check_scalar(at) : NULL;
}

static const char *check_closing(struct place *place, const char *at)
{
    at = skip_blanks(at);
    while (closes(place, *at)) {
        place->depth--;
        place->braces >>= 1;
        at = skip_blanks(at + 1);
    }
    return at;
}

bool acr_capi_json_check(struct acr_str text)
{
    struct place place = {0};
    const char *at = skip_blanks(text.data);
    while ((at = check_opening(&place, at)) != NULL) {
        at = check_closing(&place, at);
        if (place.depth == 0)
            return at == text.data + text.size;
        if (*at != ',')
            return false;
        at = skip_blanks(at + 1);
        if (in_object(&place))
            at = check_name(at);
    }
    return false;
}

/* ---- walks through what was checked */

/* From behind the quote to the other one. */
static const char *string_end(const char *at)
{
    while (*at != '"')
        at += *at == '\\' ? 2 : 1;
    return at;
}

static const char *skip_brackets(const char *at)
{
    int depth = 0;
    do {
        if (*at == '"')
            at = string_end(at + 1);
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
    } while (depth > 0);
    return at;
}

static const char *skip_value(const char *at)
{
    if (*at == '"')
        return string_end(at + 1) + 1;
    if (*at == '{' || *at == '[')
        return skip_brackets(at);
    return at + strcspn(at, ",]} \t\r\n");
}

/* Behind a value and the comma after it. */
static const char *skip_item(const char *at)
{
    at = skip_blanks(skip_value(at));
    return *at == ',' ? skip_blanks(at + 1) : at;
}

char *acr_capi_json_unescape(const char *begin, const char *end)
{
    char *part = acr_strndup(begin, (size_t)(end - begin)), *out = part;
    for (const char *in = part; *in != '\0'; in++, out++) {
        bool escape = in[0] == '~' && (in[1] == '0' || in[1] == '1');
        *out = escape ? (in[1] == '0' ? '~' : '/') : *in;
        in += escape;
    }
    *out = '\0';
    return part;
}

/* Is the name, which has escapes, the wanted one? */
static bool is_escaped_name(struct acr_str quoted, struct acr_str wanted)
{
    json_t *name = json_loadb(quoted.data, quoted.size, JSON_DECODE_ANY, NULL);
    bool same =
        name != NULL && acr_str_equal((struct acr_str){json_string_value(name), json_string_length(name)}, wanted);
    json_decref(name);
    return same;
}

static bool is_name(const char *begin, const char *end, struct acr_str wanted)
{
    struct acr_str name = {begin, (size_t)(end - begin)};
    if (acr_str_find_char(name, '\\') < 0)
        return acr_str_equal(name, wanted);
    return is_escaped_name((struct acr_str){begin - 1, name.size + 2}, wanted);
}

/* The last member of that name in the object at `at`, or NULL. */
static const char *find_member(const char *at, struct acr_str wanted)
{
    const char *found = NULL;
    at = skip_blanks(at + 1);
    while (*at == '"') {
        const char *name = at + 1, *end = string_end(name);
        at = skip_blanks(skip_blanks(end + 1) + 1);
        if (is_name(name, end, wanted))
            found = at;
        at = skip_item(at);
    }
    return found;
}

static const char *find_member_by_part(const char *at, const char *part, const char *end)
{
    struct acr_str wanted = {part, (size_t)(end - part)};
    if (acr_str_find_char(wanted, '~') < 0)
        return find_member(at, wanted);
    char *plain = acr_capi_json_unescape(part, end);
    const char *found = find_member(at, acr_str_of(plain));
    acr_free(plain);
    return found;
}

static const char *find_element(const char *at, const char *part, const char *end)
{
    char *rest;
    unsigned long index = strtoul(part, &rest, 10);
    if (part == end || rest != end)
        return NULL;
    at = skip_blanks(at + 1);
    for (; index > 0 && *at != ']'; index--)
        at = skip_item(at);
    return *at != ']' ? at : NULL;
}

static const char *step(const char *at, const char *part, const char *end)
{
    if (*at == '{')
        return find_member_by_part(at, part, end);
    return *at == '[' ? find_element(at, part, end) : NULL;
}

struct acr_str acr_capi_json_find(struct acr_str text, const char *pointer)
{
    const char *at = skip_blanks(text.data);
    while (at != NULL && *pointer == '/') {
        const char *part = pointer + 1;
        pointer = strchrnul(part, '/');
        at = step(at, part, pointer);
    }
    if (at == NULL || *pointer != '\0')
        return (struct acr_str){NULL, 0};
    return (struct acr_str){at, (size_t)(skip_value(at) - at)};
}

bool acr_capi_json_is_plain(struct acr_str value)
{
    switch (value.data[0]) {
    case '"':
        return acr_str_find_char(value, '\\') < 0;
    case '{':
    case '[':
        return false;
    case '-':
        if (value.data[1] == '0')
            return false; /* Jansson's integer has no sign then */
        break;
    default:
        break;
    }
    bool number = value.data[0] == '-' || is_digit(value.data[0]);
    return !number || skip_digits(value.data + 1) == value.data + value.size;
}
