/*
 * A report as one page: HTML with its styles and pictures in it, which needs nothing from elsewhere and runs no script.
 */
#ifndef EMAILMON_REPORT_PAGE_H
#define EMAILMON_REPORT_PAGE_H

#include "report_data.h"

/** report_print(out, report): The whole page; whether it could be written the stream knows. */
void report_print(FILE *out, const struct report_data *report);

/** report_css: what report.css says. */
extern const char report_css[];

#endif
