/*
 * A YAML document as a tree that knows where everything stands.  Scalars are texts, whatever YAML would guess them to
 * be.  The tree is bounded in depth and in nodes, those that aliases repeat included, so that walking it whole is, too.
 */
#ifndef EMAILMON_YAML_TREE_H
#define EMAILMON_YAML_TREE_H

#include "complaints.h"

/* 100,000 monitors with every setting given are 8 million nodes. */
enum { TREE_NODES_MAX = 16 * 1000 * 1000, TREE_DEPTH_MAX = 16, TREE_ANCHORS_MAX = 256 };

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING, NODE_ALIAS };

struct node {
    const struct node *next; /* the one after it in its list; in a mapping keys and values take turns */
    const struct node *to;   /* LIST, MAPPING: the first inside; ALIAS: what it stands for */
    struct place at;
    uint32_t length; /* SCALAR: octets of text[], NUL not counted (there is none inside); LIST: items; MAPPING: pairs */
    uint8_t kind;    /* enum node_kind */
    bool plain;      /* SCALAR: neither quoted nor a block: nothing at all when length is 0 */
    char text[];     /* SCALAR: NUL-terminated UTF-8 */
};

struct tree;

/**
 * tree_read(bytes, n, c): The one document of ${bytes}; NULL, and what is wrong is in ${c}, when it is not YAML in
 * UTF-8, or over a bound.  tree_free(t): wipes it, as it may hold passwords; accepts NULL.
 * tree_root(t): never an alias; an empty plain scalar when there is no document.
 */
struct tree *tree_read(const char *bytes, size_t n, struct complaints *c);
void tree_free(struct tree *t);
const struct node *tree_root(const struct tree *t);

/** node_of(n): What ${n} stands for: itself, unless it is an alias.  node_is_nothing(n): Nothing was written. */
const struct node *node_of(const struct node *n);
bool node_is_nothing(const struct node *n);

#endif
