"""The figures to reach: one line each.  A bench measures some of them and says so with `out.figure(KEY, VALUE)`."""

import collections

Figure = collections.namedtuple("Figure", "what sense limit unit")

AT_MOST, AT_LEAST, BELOW = "≤", "≥", "<"

FIGURES = {
    # 100,000 rows
    "plain_skipped": Figure("100,000 rows at 300 s, no TLS, ten minutes: starts skipped", AT_MOST, 0, ""),
    "plain_lag": Figure("... greatest lag", AT_MOST, 1000, "ms"),
    "plain_false": Figure("... rows down or unknown", AT_MOST, 0, ""),
    "tls_skipped": Figure("100,000 rows at 600 s, TLS on both legs: starts skipped", AT_MOST, 0, ""),
    "tls_lag": Figure("... greatest lag", AT_MOST, 1000, "ms"),
    "tls_false": Figure("... rows down or unknown", AT_MOST, 0, ""),
    "growth": Figure("processor time of a poll at 100,000 rows, beside that at 1,000", AT_MOST, 1.1, "×"),
    "fair_lag": Figure("1,000 rows before a silent server: greatest lag of 1,000 others, beside theirs without", AT_MOST,
                       1000, "ms more"),
    "fair_down": Figure("... the silent server's rows are all down after", AT_MOST, 2, "intervals"),
    # memory
    "rest": Figure("memory at rest, a row of 100,000", AT_MOST, 2048, "octets"),
    "down": Figure("... when all are down with replies of 80 octets", AT_MOST, 3072, "octets"),
    "in_flight": Figure("memory of a TLS connection in flight, of 1,000", AT_MOST, 48, "KiB"),
    # what a poll costs
    "tls_poll": Figure("processor time of a poll, TLS on both legs, beside two bare handshakes", AT_MOST, 1.4, "×"),
    "event_imap": Figure("... without TLS at 400 a second, beside an event-driven client's, IMAP", AT_MOST, 2, "×"),
    "event_pop3": Figure("... POP3", AT_MOST, 2, "×"),
    "libcurl": Figure("... beside libcurl's, the multi interface, IMAP", AT_MOST, 0.75, "×"),
    "plugin_plain": Figure("... beside check_email_delivery, plain", AT_MOST, 0.01, "×"),
    "plugin_tls": Figure("... TLS", AT_MOST, 0.01, "×"),
    # SNMP
    "get_median": Figure("GET while 1,000 polls are in flight: median over a bare scalar's", AT_MOST, 1, "ms more"),
    "get_99th": Figure("... 99th percentile over the scalar's", AT_MOST, 10, "ms more"),
    "walk_growth": Figure("walk of all columns, a row of 100,000 beside one of 1,000", AT_MOST, 1.5, "×"),
    "getbulk": Figure("GETBULK of 20 columns at 100,000 rows while polls go on, beside a bare handler", AT_LEAST, 0.6,
                      "×"),
    "set_one": Figure("SET of one row a PDU, on disk, beside 1/(1/S + 1/B)", AT_LEAST, 0.5, "×"),
    "set_fifty": Figure("SET of 50 rows a PDU", AT_LEAST, 3000, "rows/s"),
    "storm_lost": Figure("2,000 rows down and up, snmpd restarted: notifications lost", AT_MOST, 0, ""),
    "storm_twice": Figure("... twice", AT_MOST, 0, ""),
    "storm_last": Figure("... the last one after snmpd is back", AT_MOST, 10, "s"),
    # start, mailboxes
    "start_state": Figure("start with 100,000 rows of the state", BELOW, 5, "s"),
    "start_file": Figure("start with 100,000 rows of a file", BELOW, 5, "s"),
    "imap_octets": Figure("a look with 100,000 foreign mails beside one with 100, IMAP: octets", AT_MOST, 1.2, "×"),
    "imap_time": Figure("... processor time", AT_MOST, 1.2, "×"),
    "pop3_top": Figure("... POP3: mails read that had been seen before", AT_MOST, 0, ""),
}


def reached(figure, value):
    """Whether a value is what it should be."""
    return {AT_MOST: value <= figure.limit, AT_LEAST: value >= figure.limit, BELOW: value < figure.limit}[figure.sense]


def number(value):
    """Three digits that count, for people."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
