/* SPDX-License-Identifier: MIT */
/* cookie_date - dates as servers write them in Expires (RFC 6265 5.1.1). */
#include "http/cookies.h"

struct date {
    int year, month, day, hour, minute, second;
    bool has_year, has_month, has_day, has_time;
};

static bool is_delimiter(char c)
{
    return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

/* Takes `least` to `most` digits off the front; false, and nothing taken, when there are not that many. */
static bool take_number(struct acr_str *text, size_t least, size_t most, int *ret_number)
{
    size_t size = 0;
    int number = 0;
    while (size < text->size && text->data[size] >= '0' && text->data[size] <= '9') {
        if (size == most)
            return false;
        number = number * 10 + (text->data[size++] - '0');
    }
    if (size < least)
        return false;
    *text = (struct acr_str){text->data + size, text->size - size};
    *ret_number = number;
    return true;
}

static bool take_colon(struct acr_str *text)
{
    if (text->size == 0 || text->data[0] != ':')
        return false;
    *text = (struct acr_str){text->data + 1, text->size - 1};
    return true;
}

static bool read_time(struct acr_str token, struct date *date)
{
    struct date read = *date;
    if (!take_number(&token, 1, 2, &read.hour) || !take_colon(&token) || !take_number(&token, 1, 2, &read.minute) ||
        !take_colon(&token) || !take_number(&token, 1, 2, &read.second))
        return false;
    *date = read;
    return date->has_time = true;
}

static bool read_month(struct acr_str token, struct date *date)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int month = 0; month < 12; month++)
        if (acr_str_starts_nocase(token, (struct acr_str){names + 3 * month, 3})) {
            date->month = month + 1;
            return date->has_month = true;
        }
    return false;
}

/* The first token that looks like a part is that part. */
static void read_token(struct acr_str token, struct date *date)
{
    if (!date->has_time && read_time(token, date))
        return;
    if (!date->has_day && take_number(&token, 1, 2, &date->day)) {
        date->has_day = true;
        return;
    }
    if (!date->has_month && read_month(token, date))
        return;
    if (!date->has_year && take_number(&token, 2, 4, &date->year))
        date->has_year = true;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool exists(const struct date *date)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!date->has_year || !date->has_month || !date->has_day || !date->has_time || date->year < 1601)
        return false;
    int month_days = days[date->month - 1] + (date->month == 2 && is_leap(date->year));
    return date->day >= 1 && date->day <= month_days && date->hour <= 23 && date->minute <= 59 && date->second <= 59;
}

/* Days from the Unix epoch, negative before it. Years are counted from March, so that the leap day is the last. */
static int64_t days_since_epoch(const struct date *date)
{
    int64_t year = date->month <= 2 ? date->year - 1 : date->year;
    int64_t month = (date->month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + date->day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

bool acr_cookie_date(struct acr_str text, int64_t *ret_unix_seconds)
{
    struct date date = {0};
    size_t at = 0;
    while (at < text.size) {
        size_t start = at;
        while (at < text.size && !is_delimiter(text.data[at]))
            at++;
        if (at > start)
            read_token((struct acr_str){text.data + start, at - start}, &date);
        else
            at++;
    }
    if (date.has_year && date.year < 100)
        date.year += date.year >= 70 ? 1900 : 2000;
    if (!exists(&date))
        return false;
    *ret_unix_seconds = days_since_epoch(&date) * 86400 + date.hour * 3600 + date.minute * 60 + date.second;
    return true;
}
