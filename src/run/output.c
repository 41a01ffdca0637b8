/* SPDX-License-Identifier: MIT */
/* output - formats a snapshot and hands it to console and files. */
#include "run/output.h"

#include "base/log.h"
#include "report/console.h"
#include "report/csv.h"

static void flush(struct acr_output *output)
{
    if (output->text.size > 0 && acr_log_level() <= ACR_LOG_INFO)
        output->print(output->context, acr_buffer_str(&output->text));
    acr_buffer_reset(&output->text);
}

void acr_output_done(struct acr_output *output)
{
    acr_buffer_done(&output->text);
}

void acr_output_table(struct acr_output *output, const struct acr_snapshot *snapshot, acr_nanos now_wall)
{
    acr_console_requests(snapshot, now_wall, output->name_width, &output->text);
    flush(output);
}

void acr_output_csv(struct acr_output *output, const struct acr_snapshot *snapshot)
{
    if (output->csv_base == NULL)
        return;
    struct acr_error error = {0};
    bool failed = acr_csv_write(snapshot, output->csv_base, &error) < 0;
    if (failed && !output->csv_failed) {
        char text[ACR_ERROR_DETAIL_MAX + 64];
        acr_error_format(&error, text, sizeof text);
        acr_log(ACR_LOG_ERROR, "locust.runners", "CSV files: %s", text);
    }
    output->csv_failed = failed;
}

void acr_output_final(struct acr_output *output, const struct acr_snapshot *snapshot, acr_nanos now_wall)
{
    acr_console_requests(snapshot, now_wall, output->name_width, &output->text);
    acr_console_percentiles(snapshot, output->name_width, &output->text);
    acr_console_errors(snapshot->errors, snapshot->error_count, output->name_width, &output->text);
    flush(output);
}
