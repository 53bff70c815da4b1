/*
 * The parts of the generated matrix: for each argument the ways to pass it, right and wrong, with the
 * statuses that each may lead to, and a judge of each call.
 *
 * Compiles as C and as C++. HEX is a secret. MARGIN is how many canary bytes are on both sides of
 * each piece of memory; with 0, a sanitizer or valgrind watches its ends instead. PANICS says that
 * the library can be made to panic, PLANTED names a fault of faults.h.
 */

#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include "pylon_identity.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CANARY 0xa5

#define BIT(status) (1u << (status))
#define OK BIT(PYLON_IDENTITY_OK)
#define REFUSED BIT(PYLON_IDENTITY_INVALID_ARGUMENT)
#define NOT_READY BIT(PYLON_IDENTITY_SECRET_NOT_READY)
#define TOO_SMALL BIT(PYLON_IDENTITY_BUFFER_TOO_SMALL)

#ifdef PANICS
#ifdef __cplusplus
extern "C"
#endif
void pylon_identity_test_panic_after(size_t steps);
#endif

static unsigned long calls, panics, failures;

static void give_up(const char *why) {
    fprintf(stderr, "the matrix cannot go on: %s\n", why);
    exit(2);
}

/* --- memory, and its contents before a call --- */

static struct {
    char *start, *before;
    size_t size;
} blocks[1024];
static size_t block_count;

/* Returns `size` bytes of their own, aligned for anything. */
static char *block(const void *content, size_t size) {
    char *start = (char *)malloc(size + 2 * MARGIN);
    if (!start || block_count == sizeof blocks / sizeof *blocks) give_up("no more blocks");
    memset(start, CANARY, size + 2 * MARGIN);
    if (content) memcpy(start + MARGIN, content, size);
    blocks[block_count].start = start;
    blocks[block_count].before = NULL;
    blocks[block_count++].size = size + 2 * MARGIN;
    return start + MARGIN;
}

/* The same bytes at an odd address. */
static char *odd(const void *content, size_t size) {
    char *start = block(NULL, size + 1);
    if (content) memcpy(start + 1, content, size);
    return start + 1;
}

/* Memory that ends a program that touches it. */
static char *forbidden(void) {
    static void *page;
    if (!page) page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) give_up("no page");
    return (char *)page;
}

static void remember(void) {
    for (size_t i = 0; i < block_count; i++) {
        if (!blocks[i].before) blocks[i].before = (char *)malloc(blocks[i].size + 1);
        if (!blocks[i].before) give_up("no more memory");
        memcpy(blocks[i].before, blocks[i].start, blocks[i].size);
    }
}

static void restore(char *pointer, size_t size) {
    for (size_t i = 0; i < block_count; i++) {
        if (pointer < blocks[i].start || pointer >= blocks[i].start + blocks[i].size) continue;
        memcpy(pointer, blocks[i].before + (pointer - blocks[i].start), size);
    }
}

/* Says whether anything has changed, and puts it back. */
static int changed(void) {
    int found = 0;
    for (size_t i = 0; i < block_count; i++) {
        if (memcmp(blocks[i].start, blocks[i].before, blocks[i].size) == 0) continue;
        memcpy(blocks[i].start, blocks[i].before, blocks[i].size);
        found = 1;
    }
    return found;
}

static void forget(void) {
    while (block_count > 0) {
        free(blocks[--block_count].start);
        free(blocks[block_count].before);
    }
}

/* --- the ways to pass an argument; the first is right --- */

typedef struct {
    const char *name;
    void *pointer;
    const size_t *lengths; /* of several texts */
    size_t length;
    unsigned allowed; /* the statuses that it may lead to, as bits */
    size_t writable;  /* how many bytes a call that succeeds may write */
    int nothing;      /* the list of texts is empty */
    int for_each;     /* one output for each text, not read if there are none */
} way;

typedef struct {
    way ways[24];
    size_t count;
} argument;

static way *add(argument *to, const char *name, void *pointer, size_t length, unsigned allowed) {
    way *added = &to->ways[to->count++];
    added->name = name;
    added->pointer = pointer;
    added->length = length;
    added->allowed = allowed;
    return added;
}

static argument none(void) {
    argument made;
    memset(&made, 0, sizeof made);
    return made;
}

/* The statuses that the header documents for the function, and those about contents. */
static unsigned documented;
#define CONTENT (documented & ~(REFUSED | NOT_READY | TOO_SMALL | BIT(PYLON_IDENTITY_PANIC)))

static argument text(const char *right, int optional) {
    const unsigned content = CONTENT;
    argument made = none();
    size_t length = strlen(right);
    const unsigned absent = optional ? content | REFUSED : REFUSED;
    add(&made, "given", block(right, length), length, OK);
    add(&made, "at an odd address", odd(right, length), length, OK);
    add(&made, "empty", block(NULL, 0), 0, content);
    add(&made, "NULL of no length", NULL, 0, content);
    add(&made, "no length", forbidden(), 0, content);
    add(&made, "NULL", NULL, length, absent);
    add(&made, "NULL of length SIZE_MAX", NULL, SIZE_MAX, absent);
    add(&made, "of length SIZE_MAX", forbidden(), SIZE_MAX, REFUSED);
    add(&made, "of length PTRDIFF_MAX + 1", forbidden(), (size_t)PTRDIFF_MAX + 1, REFUSED);
    return made;
}

/* Texts one after another. `hashes` says that there is an output of a hash for each. */
static argument texts(int even, int hashes) {
    const unsigned content = CONTENT;
    static const char joined[] = "nameAda";
    const size_t overflow[2] = {SIZE_MAX, 2}, huge[2] = {SIZE_MAX, 0};
    const size_t beyond[2] = {PTRDIFF_MAX, 1}, twice[2] = {PTRDIFF_MAX, PTRDIFF_MAX};
    const size_t right[2] = {4, 3}, empty[2] = {0, 0};
    const size_t most = PTRDIFF_MAX / (hashes ? PYLON_IDENTITY_EMAIL_HASH_SIZE : sizeof(size_t));
    argument made = none();
    char *given = block(joined, 7), *lengths = block(right, sizeof right), *never = forbidden();
    const struct {
        const char *name;
        char *joined;
        void *lengths;
        size_t count;
        unsigned allowed;
    } cases[] = {
        {"given", given, lengths, 2, OK},
        {"at an odd address", odd(joined, 7), lengths, 2, OK},
        {"one", block(joined, 4), block(right, sizeof *right), 1, even ? REFUSED : content},
        {"no texts", NULL, NULL, 0, content},
        {"none of them", never, never, 0, content},
        {"empty ones", never, block(empty, sizeof empty), 2, content},
        {"NULL", NULL, lengths, 2, REFUSED},
        {"lengths NULL", given, NULL, 2, REFUSED},
        {"lengths misaligned", given, odd(right, sizeof right), 2, REFUSED},
        {"SIZE_MAX of them", given, never, SIZE_MAX, REFUSED},
        {"PTRDIFF_MAX + 1 of them", given, never, (size_t)PTRDIFF_MAX + 1, REFUSED},
        {"too many to have room", given, never, most + 1, REFUSED},
        {"lengths that overflow", never, block(overflow, sizeof overflow), 2, REFUSED},
        {"a length of SIZE_MAX", never, block(huge, sizeof huge), 2, REFUSED},
        {"lengths of PTRDIFF_MAX + 1", never, block(beyond, sizeof beyond), 2, REFUSED},
        {"lengths of 2 PTRDIFF_MAX", never, block(twice, sizeof twice), 2, REFUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        way *added =
            add(&made, cases[i].name, cases[i].joined, cases[i].count, cases[i].allowed);
        added->lengths = (const size_t *)cases[i].lengths;
        added->nothing = cases[i].count == 0;
    }
    return made;
}

/* The secret that a call uses, or, as an output, the struct that it writes. */
static argument secret(int is_jwt, int output, int optional) {
    const unsigned unready = output ? OK : NOT_READY, absent = optional ? CONTENT : REFUSED;
    const size_t size = sizeof(pylon_identity_secret), digits = strlen(HEX);
    pylon_identity_secret identity, zero;
    pylon_identity_jwt_secret jwt;
    const void *ready = is_jwt ? (void *)&jwt : (void *)&identity;
    const void *other = is_jwt ? (void *)&identity : (void *)&jwt;
    argument made = none();
    memset(&identity, 0, size);
    memset(&jwt, 0, size);
    memset(&zero, 0, size);
    if (pylon_identity_secret_init(&identity, HEX, digits) != PYLON_IDENTITY_OK ||
        pylon_identity_jwt_secret_init(&jwt, HEX, digits) != PYLON_IDENTITY_OK || size != sizeof jwt) {
        give_up("no secret");
    }
    add(&made, "initialised", block(ready, size), 0, OK);
    add(&made, "zero bytes", block(&zero, size), 0, unready);
    add(&made, "garbage", block(NULL, size), 0, unready);
    add(&made, "of the other kind", block(other, size), 0, unready);
    for (size_t i = 0; i < 8; i++) {
        char *spoilt = block(ready, size);
        spoilt[i] = (char)(spoilt[i] ^ 1);
        add(&made, "spoilt", spoilt, 0, unready);
    }
    add(&made, "misaligned", odd(ready, size), 0, REFUSED);
    add(&made, "NULL", NULL, 0, absent);
    pylon_identity_secret_wipe(&identity);
    pylon_identity_jwt_secret_wipe(&jwt);
    add(&made, "wiped", block(ready, size), 0, unready);
    for (size_t i = 0; output && i < made.count; i++) made.ways[i].writable = size;
    return made;
}

/* One hash, or one for each of at most two texts. */
static argument hash(int for_each) {
    const size_t size = PYLON_IDENTITY_EMAIL_HASH_SIZE * (for_each ? 2 : 1);
    argument made = none();
    add(&made, "given", block(NULL, size), 0, OK)->writable = size;
    add(&made, "at an odd address", odd(NULL, size), 0, OK)->writable = size;
    add(&made, "NULL", NULL, 0, REFUSED)->for_each = for_each;
    return made;
}

/* A buffer and its size. c-abi/tests/vectors.c tries the last size that is too small. */
static argument buffer(int optional) {
    const size_t size = PYLON_IDENTITY_EXPLANATION_SIZE;
    const unsigned absent = optional ? OK : REFUSED;
    argument made = none();
    add(&made, "given", block(NULL, size), size, OK)->writable = size;
    add(&made, "at an odd address", odd(NULL, size), size, OK)->writable = size;
    add(&made, "of size SIZE_MAX", block(NULL, size), SIZE_MAX, OK)->writable = size;
    add(&made, "of size 0", block(NULL, 0), 0, TOO_SMALL);
    add(&made, "of size 1", block(NULL, 1), 1, TOO_SMALL);
    add(&made, "of size 60", block(NULL, 60), 60, TOO_SMALL);
    add(&made, "NULL", NULL, size, absent);
    add(&made, "NULL of size 0", NULL, 0, absent);
    add(&made, "NULL of size SIZE_MAX", NULL, SIZE_MAX, absent);
    return made;
}

static argument number_output(size_t size, int optional) {
    argument made = none();
    add(&made, "given", block(NULL, size), 0, OK)->writable = size;
    add(&made, "misaligned", odd(NULL, size), 0, REFUSED);
    add(&made, "NULL", NULL, 0, optional ? OK : REFUSED);
    return made;
}

/* A right user, and users with one wrong text. The struct is made of texts, of which the first five can be any. */
static argument user(size_t size, int is_jwt) {
    const pylon_identity_text right = {block("Ada", 3), 3};
    const pylon_identity_text wrong[] = {
        {NULL, 3}, {NULL, SIZE_MAX}, {forbidden(), SIZE_MAX}, {forbidden(), (size_t)PTRDIFF_MAX + 1}};
    argument made = none();
    pylon_identity_text given[sizeof(pylon_identity_user) / sizeof right];
    memset(given, 0, sizeof given);
    char *zero = block(given, size);
    for (size_t i = 0; i < 5; i++) given[i] = right;
    add(&made, "given", block(given, size), 0, is_jwt ? OK : CONTENT);
    add(&made, "misaligned", odd(given, size), 0, REFUSED);
    add(&made, "zero bytes", zero, 0, CONTENT & ~OK);
    add(&made, "NULL", NULL, 0, REFUSED);
    for (size_t i = 0; i < 2 * size / sizeof right; i++) {
        pylon_identity_text *text = &given[i % (size / sizeof right)], before = *text;
        *text = wrong[i % (sizeof wrong / sizeof *wrong)];
        add(&made, "with a wrong text", block(given, size), 0, REFUSED);
        *text = before;
    }
    if (!is_jwt) {
        given[offsetof(pylon_identity_user, email_hash) / sizeof right] = right;
        add(&made, "with a hash", block(given, size), 0, CONTENT | REFUSED);
    }
    return made;
}

/* The time, or how long a JWT lives. */
static argument seconds(size_t right) {
    argument made = none();
    add(&made, "given", NULL, right, OK);
    add(&made, "0", NULL, 0, CONTENT);
    add(&made, "901", NULL, 901, CONTENT);
    add(&made, "-1", NULL, SIZE_MAX, CONTENT);
    return made;
}

/* Any number is fine; no pointer is behind it. */
static argument number(void) {
    argument made = none();
    for (size_t i = 0; i < 16; i++) add(&made, "number", NULL, i, OK);
    add(&made, "-1", NULL, SIZE_MAX, OK);
    return made;
}

/* --- calls and their effects --- */

typedef int function(const way *const *arguments);

/* A function that returns a text succeeds if there is one. */
static int is_text(const char *returned) {
    return returned && strlen(returned) < PYLON_IDENTITY_EXPLANATION_SIZE ? PYLON_IDENTITY_OK : -1;
}

static struct {
    const char *name;
    function *call;
    size_t count;
    int uncertain; /* an output may hold anything after a panic */
    const way *arguments[8];
} now;

static void failed(const char *what, int number) {
    failures++;
    printf("FAILED: %s(", now.name);
    for (size_t i = 0; i < now.count; i++) printf("%s%s", i ? ", " : "", now.arguments[i]->name);
    printf("): %s %d\n", what, number);
}

static void killed(int number) {
    failed("killed by signal", number);
    fflush(stdout);
    _exit(1);
}

static void permit_writes(void) {
    for (size_t i = 0; i < now.count; i++) {
        const way *chosen = now.arguments[i];
        if (chosen->writable) restore((char *)chosen->pointer, chosen->writable);
    }
}

static int call(void) {
    int status;
    calls++;
#ifdef PANICS
    for (size_t steps = 0;; steps++, calls++, panics++) {
        pylon_identity_test_panic_after(steps);
        status = now.call(now.arguments);
        if (status != PYLON_IDENTITY_PANIC) break;
        if (now.uncertain) permit_writes();
        if (changed()) failed("wrote, and then panicked at step", (int)steps);
    }
    pylon_identity_test_panic_after(SIZE_MAX);
#else
    status = now.call(now.arguments);
#endif
    return status;
}

static void judge(void) {
    unsigned allowed = 0;
    int right = 1, nothing = 0;
    for (size_t i = 0; i < now.count; i++) nothing |= now.arguments[i]->nothing;
    for (size_t i = 0; i < now.count; i++) {
        const way *chosen = now.arguments[i];
        if (nothing && chosen->for_each) continue;
        allowed |= chosen->allowed;
        right &= (chosen->allowed & OK) != 0;
    }
    if (now.count == 0) allowed = OK;
    if (!right) allowed &= ~OK;
    allowed &= documented;
    int status = call();
    if (status < 0 || status > 31 || !(allowed & BIT(status))) failed("unexpected status", status);
    if (status == PYLON_IDENTITY_OK) permit_writes();
    if (changed()) failed("wrote where it may not, with status", status);
}

/* Tries all combinations with at most `wrong` wrong arguments from `first` on. */
static void combine(const argument *all, size_t first, unsigned long wrong) {
    if (first == now.count) {
        judge();
        return;
    }
    for (size_t i = 0; i < (wrong ? all[first].count : 1); i++) {
        now.arguments[first] = &all[first].ways[i];
        combine(all, first + 1, wrong - (i > 0));
    }
}

static void check(const char *name, function *call, const argument *all, size_t count,
                  int can_panic, int uncertain, unsigned long wrong) {
    unsigned long before = panics;
    now.name = name;
    now.call = call;
    now.count = count;
    now.uncertain = uncertain;
    remember();
    combine(all, 0, wrong);
#ifdef PANICS
    if (can_panic && panics == before) failed("never panicked", 0);
#else
    (void)can_panic, (void)before;
#endif
    forget();
}

#ifdef PLANTED
#include "faults.h"
#endif

/* Returns how many arguments may be wrong at a time. */
static unsigned long start(int argc, char **argv) {
    const int deadly[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) signal(deadly[i], killed);
    if (argc < 2) give_up("how many arguments may be wrong at a time?");
    return strtoul(argv[1], NULL, 10);
}

static int finish(void) {
    munmap(forbidden(), 4096);
    printf("%lu calls, %lu panics, %lu failed\n", calls, panics, failures);
    return failures != 0;
}
