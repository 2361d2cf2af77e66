#include "yaml_tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <yaml.h>

#include "yaml_json.h"

enum { CHUNK_BYTES = 1 << 20 };

/* Nodes live in chunks of their own pages: a big file's go back to the system at once. */
struct chunk {
    struct chunk *next;
    size_t bytes, used;
};

struct tree {
    struct chunk *chunks;
    const struct node *root;
};

struct anchor {
    char *name;
    const struct node *node;
    uint64_t weight; /* nodes in it, aliases followed */
};

/* A list or mapping that is being read. */
struct frame {
    struct node *node, *last;
    uint64_t weight;
    size_t children;
    char *anchor; /* its name, or NULL */
};

struct builder {
    yaml_parser_t parser;
    struct tree *tree;
    struct complaints *complaints;
    const char *bytes;
    size_t n;
    char *joined; /* a copy of the bytes, when they are JSON with pairs of escapes */
    struct frame frames[TREE_DEPTH_MAX];
    size_t depth;
    struct anchor anchors[TREE_ANCHORS_MAX];
    size_t anchor_count;
    uint64_t weight; /* of all */
};

/* --- memory --- */

static struct node *node_new(struct tree *t, size_t text_bytes)
{
    size_t bytes = (sizeof(struct node) + text_bytes + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
    if (t->chunks == NULL || t->chunks->bytes - t->chunks->used < bytes) {
        size_t need = bytes + sizeof(struct chunk);
        size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES;
        struct chunk *fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh == MAP_FAILED)
            return NULL;
        *fresh = (struct chunk){.next = t->chunks, .bytes = size, .used = sizeof *fresh};
        t->chunks = fresh;
    }
    struct node *made = (struct node *)(void *)((char *)t->chunks + t->chunks->used);
    t->chunks->used += bytes;
    return made; /* fresh pages are all zero */
}

void tree_free(struct tree *t)
{
    if (t == NULL)
        return;
    while (t->chunks != NULL) {
        struct chunk *first = t->chunks;
        size_t bytes = first->bytes;
        t->chunks = first->next;
        explicit_bzero(first, first->used);
        (void)munmap(first, bytes);
    }
    free(t);
}

/* --- mistakes --- */

static struct place place_of(yaml_mark_t mark)
{
    return (struct place){.line = (uint32_t)mark.line + 1, .column = (uint32_t)mark.column + 1};
}

/* Names of tags, anchors and aliases are not repeated: a password that begins with !, & or * looks like one. */
static bool refuse(struct builder *b, yaml_mark_t at, const char *text)
{
    complaints_add(b->complaints, place_of(at), "%s", text);
    return false;
}

static bool refuse_memory(struct builder *b)
{
    complaints_memory(b->complaints);
    return false;
}

/* The reader tells octets, not lines. */
static struct place place_at_octet(const struct builder *b, size_t offset)
{
    struct place at = {1, 1};
    for (size_t i = 0; i < offset && i < b->n; i++) {
        if (b->bytes[i] == '\n')
            at = (struct place){at.line + 1, 1};
        else if (((unsigned char)b->bytes[i] & 0xC0) != 0x80)
            at.column++;
    }
    return at;
}

static bool refuse_syntax(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    switch (p->error) {
    case YAML_READER_ERROR:
        complaints_add(b->complaints, place_at_octet(b, p->problem_offset),
                       "%s; UTF-8 without control characters is right", p->problem);
        return false;
    case YAML_SCANNER_ERROR:
    case YAML_PARSER_ERROR:
        if (p->context != NULL)
            complaints_add(b->complaints, place_of(p->problem_mark), "not YAML: %s (%s that began in line %zu)",
                           p->problem, p->context, p->context_mark.line + 1);
        else
            complaints_add(b->complaints, place_of(p->problem_mark), "not YAML: %s", p->problem);
        return false;
    case YAML_NO_ERROR:
    case YAML_MEMORY_ERROR:
    case YAML_COMPOSER_ERROR:
    case YAML_WRITER_ERROR:
    case YAML_EMITTER_ERROR:
        break;
    }
    return refuse_memory(b);
}

/* --- building --- */

static void keep_anchor(struct builder *b, char *name, const struct node *node, uint64_t weight)
{
    b->anchors[b->anchor_count++] = (struct anchor){.name = name, .node = node, .weight = weight};
}

static bool name_anchor(struct builder *b, yaml_mark_t at, const yaml_char_t *name, char **copy)
{
    *copy = NULL;
    if (name == NULL)
        return true;
    /* Those of open lists and mappings are kept when they end. */
    if (b->anchor_count + b->depth >= TREE_ANCHORS_MAX)
        return refuse(b, at, "too many anchors; fewer, or settings in defaults, are right");
    *copy = strdup((const char *)name);
    return *copy != NULL || refuse_memory(b);
}

/* Put ${node} where it belongs: it is the document, or the next of what is open. */
static bool attach(struct builder *b, yaml_mark_t at, struct node *node, uint64_t weight)
{
    node->at = place_of(at);
    b->weight += weight;
    if (b->weight > TREE_NODES_MAX)
        return refuse(b, at, "more values than a file may have, those that aliases repeat included; fewer are right");
    if (b->depth == 0) {
        b->tree->root = node;
        return true;
    }
    struct frame *f = &b->frames[b->depth - 1];
    if (f->last == NULL)
        f->node->to = node;
    else
        f->last->next = node;
    f->last = node;
    f->weight += weight;
    f->children++;
    return true;
}

/* A tag may name YAML's own plain types, which changes nothing here; any other would change what the value is. */
static bool check_tag(struct builder *b, yaml_mark_t at, const yaml_char_t *tag)
{
    static const char own[] = "tag:yaml.org,2002:";
    static const char *const types[] = {"str", "int", "float", "bool", "null", "seq", "map"};
    const char *written = (const char *)tag;
    if (written == NULL || strcmp(written, "!") == 0)
        return true;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strncmp(written, own, sizeof own - 1) == 0 && strcmp(written + sizeof own - 1, types[i]) == 0)
            return true;
    }
    return refuse(b, at, "a tag that means nothing here; none, or quotes around a text that begins with !, is right");
}

static bool on_scalar(struct builder *b, const yaml_event_t *e)
{
    const size_t n = e->data.scalar.length;
    char *anchor;
    if (!check_tag(b, e->start_mark, e->data.scalar.tag) ||
        !name_anchor(b, e->start_mark, e->data.scalar.anchor, &anchor))
        return false;
    struct node *node = node_new(b->tree, n + 1);
    if (node == NULL) {
        free(anchor);
        return refuse_memory(b);
    }
    if (anchor != NULL && n == 0 && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        free(anchor);
        return refuse(b, e->start_mark,
                      "an anchor of nothing; a value behind it, or quotes around a text that begins with &, is right");
    }
    memcpy(node->text, e->data.scalar.value, n);
    node->kind = NODE_SCALAR;
    node->length = (uint32_t)(b->joined != NULL ? json_drop_nuls(node->text, n) : n);
    node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (anchor != NULL)
        keep_anchor(b, anchor, node, 1);
    if (memchr(node->text, '\0', node->length) != NULL)
        return refuse(b, e->start_mark, "a NUL stands in the text; a text without control characters is right");
    return attach(b, e->start_mark, node, 1);
}

static bool on_start(struct builder *b, const yaml_event_t *e, enum node_kind kind, const yaml_char_t *name,
                     const yaml_char_t *tag)
{
    char *anchor;
    if (b->depth == TREE_DEPTH_MAX)
        return refuse(b, e->start_mark, "nested too deeply; no setting stands so deep");
    if (!check_tag(b, e->start_mark, tag) || !name_anchor(b, e->start_mark, name, &anchor))
        return false;
    struct node *node = node_new(b->tree, 0);
    if (node == NULL)
        complaints_memory(b->complaints);
    if (node == NULL || !attach(b, e->start_mark, node, 1)) {
        free(anchor);
        return false;
    }
    node->kind = (uint8_t)kind;
    b->frames[b->depth++] = (struct frame){.node = node, .anchor = anchor, .weight = 1};
    return true;
}

static bool on_end(struct builder *b)
{
    struct frame *f = &b->frames[--b->depth];
    f->node->length = (uint32_t)(f->node->kind == NODE_MAPPING ? f->children / 2 : f->children);
    if (f->anchor != NULL)
        keep_anchor(b, f->anchor, f->node, f->weight);
    if (b->depth > 0)
        b->frames[b->depth - 1].weight += f->weight - 1; /* 1 was counted when it was attached */
    return true;
}

static bool on_alias(struct builder *b, const yaml_event_t *e)
{
    const char *name = (const char *)e->data.alias.anchor;
    /* The newest of a name counts.  What is still open is not there: nothing can hold itself. */
    for (size_t i = b->anchor_count; i-- > 0;) {
        if (strcmp(b->anchors[i].name, name) != 0)
            continue;
        struct node *node = node_new(b->tree, 0);
        if (node == NULL)
            return refuse_memory(b);
        node->kind = NODE_ALIAS;
        node->to = b->anchors[i].node;
        return attach(b, e->start_mark, node, b->anchors[i].weight);
    }
    return refuse(b, e->start_mark,
                  "an alias that stands for nothing; an anchor that ended before it, or quotes around a text that "
                  "begins with *, is right");
}

/* False: a mistake.  *end: nothing comes any more. */
static bool on_event(struct builder *b, const yaml_event_t *e, bool *end)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b, e);
    case YAML_ALIAS_EVENT:
        return on_alias(b, e);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, e, NODE_LIST, e->data.sequence_start.anchor, e->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, e, NODE_MAPPING, e->data.mapping_start.anchor, e->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(b);
    case YAML_DOCUMENT_START_EVENT:
        if (b->tree->root != NULL)
            return refuse(b, e->start_mark, "a second document begins here; one in a file is right");
        return true;
    case YAML_STREAM_END_EVENT:
        *end = true;
        return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return true;
}

static void drop_event(yaml_event_t *e)
{
    if (e->type == YAML_SCALAR_EVENT)
        explicit_bzero(e->data.scalar.value, e->data.scalar.length);
    yaml_event_delete(e);
}

static bool build(struct builder *b)
{
    bool good = true, end = false;
    while (good && !end) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event))
            return refuse_syntax(b);
        good = on_event(b, &event, &end);
        drop_event(&event);
    }
    if (good && b->tree->root == NULL) {
        struct node *nothing = node_new(b->tree, 1);
        if (nothing == NULL)
            return refuse_memory(b);
        nothing->plain = true;
        nothing->at = (struct place){1, 1};
        b->tree->root = nothing;
    }
    return good;
}

/* libyaml's buffers saw every password; those that can still be reached are wiped. */
static void end_builder(struct builder *b)
{
    yaml_parser_t *p = &b->parser;
    if (p->raw_buffer.start != NULL)
        explicit_bzero(p->raw_buffer.start, (size_t)(p->raw_buffer.end - p->raw_buffer.start));
    if (p->buffer.start != NULL)
        explicit_bzero(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
    for (const yaml_token_t *token = p->tokens.head; token != p->tokens.tail; token++) {
        if (token->type == YAML_SCALAR_TOKEN)
            explicit_bzero(token->data.scalar.value, token->data.scalar.length);
    }
    yaml_parser_delete(p);
    if (b->joined != NULL)
        explicit_bzero(b->joined, b->n);
    free(b->joined);
    while (b->depth > 0)
        free(b->frames[--b->depth].anchor);
    while (b->anchor_count > 0)
        free(b->anchors[--b->anchor_count].name);
    free(b);
}

/* False: memory. */
static bool take_bytes(struct builder *b, const char *bytes, size_t n)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* some editors put it in front; it is no character of the file */
    size_t skip = n >= sizeof mark - 1 && memcmp(bytes, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;
    b->bytes = bytes + skip;
    b->n = n - skip;
    if (!json_has_pairs(b->bytes, b->n))
        return true;
    b->joined = malloc(b->n);
    if (b->joined == NULL)
        return refuse_memory(b);
    memcpy(b->joined, b->bytes, b->n);
    json_join_pairs(b->joined, b->n);
    b->bytes = b->joined;
    return true;
}

struct tree *tree_read(const char *bytes, size_t n, struct complaints *c)
{
    struct builder *b = calloc(1, sizeof *b);
    struct tree *t = calloc(1, sizeof *t);
    if (b == NULL || t == NULL || !yaml_parser_initialize(&b->parser)) {
        complaints_memory(c);
        free(b);
        free(t);
        return NULL;
    }
    b->tree = t;
    b->complaints = c;
    bool good = take_bytes(b, bytes, n);
    yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b->parser, (const unsigned char *)b->bytes, b->n);
    good = good && build(b);
    end_builder(b);
    if (good)
        return t;
    tree_free(t);
    return NULL;
}

const struct node *tree_root(const struct tree *t)
{
    return t->root;
}

const struct node *node_of(const struct node *n)
{
    return n->kind == NODE_ALIAS ? n->to : n;
}

bool node_is_nothing(const struct node *n)
{
    return n->kind == NODE_SCALAR && n->length == 0 && n->plain;
}
