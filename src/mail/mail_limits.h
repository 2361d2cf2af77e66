/* What a server may send before it is cut off: all caps of the protocol machines in one place. */
#ifndef EMAILMON_MAIL_LIMITS_H
#define EMAILMON_MAIL_LIMITS_H

enum {
    LIMIT_LINE_BYTES = 4096, /* an SMTP or POP3 reply line (RFC 5321 s. 4.5.3.1.5 says 512; real servers exceed it) */
    LIMIT_IMAP_LINE_BYTES = 65536,     /* an IMAP line without its literals */
    LIMIT_IMAP_SEARCH_BYTES = 1048576, /* a SEARCH line: tokenised as a stream */
    LIMIT_IMAP_DEPTH = 16,             /* parentheses */
    LIMIT_LITERAL_SCAN_BYTES = 65536,  /* of an IMAP literal; what follows is dropped */
    LIMIT_REPLY_LINES = 128,           /* of one SMTP reply, of a CAPA list */
    LIMIT_UIDL_ENTRIES = 1000000,
    LIMIT_UNTAGGED_BASE = 1000, /* untagged responses a command: min(2 x EXISTS, LIMIT_UNTAGGED_MAX) + base */
    LIMIT_UNTAGGED_MAX = 200000,
    LIMIT_SESSION_BYTES = 64 * 1024 * 1024,
    LIMIT_BEFORE_LOGIN_BYTES = 256 * 1024
};

#endif
