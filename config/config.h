/*
 * The configuration file: YAML 1.1 (JSON is accepted) into definitions, with every mistake of the file in one go as
 * FILE:LINE:COLUMN.  A scalar is read by its setting's type, never by YAML's guess.
 */
#ifndef EMAILMON_CONFIG_H
#define EMAILMON_CONFIG_H

#include "edit.h"

/**
 * What is not about one monitor.  Texts are owned by the config; "" when not given and there is no default.  Paths
 * stand as they are written: relative ones are relative to where emailmon was started.
 */
struct config_general {
    char *agentx;       /* "unix:/PATH" or "tcp:HOST:PORT"; unix:/var/agentx/master */
    char *state;        /* /var/lib/emailmon/state.db */
    char *key_file;     /* state + ".key" */
    char *dns;          /* "127.0.0.1:5353,[::1]:53,::1", no blanks in it; "": the system's */
    char *ca_file;      /* "": the system's */
    uint32_t workers;   /* 1..64, 1: threads that poll */
    uint32_t in_flight; /* 1..100000, 1000: polls at work at once */
    uint32_t per_host;  /* 1..10000, 10: connections to one address and port at once */
    uint32_t history_s; /* 0..316224000 (ten years), 604800; 0: none is kept */
};

/** Where a leg's password comes from, when it is not in the file itself. */
struct secret_source {
    size_t monitor; /* index into wanted[] */
    enum leg leg;
    char *file;     /* password_file, or NULL */
    char **command; /* password_command: NULL-terminated argument list, or NULL */
};

struct config {
    struct config_general general;
    /* One a monitor, in the file's order; devices are expanded.  Secrets from files and commands are not yet read:
     * those legs are SECRET_WAITING. */
    struct wanted *wanted;
    size_t wanted_count;
    struct secret_source *sources;
    size_t source_count;
    bool has_password; /* one stands in the file itself; of config_read() */
};

/** One line for a person: "emailmon.yaml:12:7: smtp.port: 70000 is out of range; a number from 1 to 65535 is right". */
typedef void config_complaint(void *owner, bool is_warning, const char *line);

/**
 * config_read(path, complain, owner): Read and check the whole file; runs and reads nothing that it names.  NULL
 * when there is any mistake (each was complained of) or memory is short.  Warnings (a file with a password that
 * others may read) do not refuse.
 * config_free(c): wipes secrets.
 */
struct config *config_read(const char *path, config_complaint *complain, void *owner);
void config_free(struct config *c);

#endif
