/* Uses secrets, for the scan of memory and for the measurement of its growth; the commands are those of uses.py. */
#include <pthread.h>
#include <pylon_identity.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EMAIL "ada@example.com"
#define EMAIL_SIZE (sizeof EMAIL - 1)
#define MOST 3000

static char wrong[128];
static size_t several = MOST;

static void check(int good) {
    if (good) return;
    fputs("unexpected answer\n", stderr);
    exit(1);
}

/* --- steps: each takes `size` digits and the end of their line, and returns a secret that it made --- */

static pylon_identity_secret *used(pylon_identity_secret *secret) {
    const pylon_identity_user user = {.app_id = {"a", 1}, .email = {EMAIL, EMAIL_SIZE}, .name = {"Ada", 3}};
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE], text[1000];
    check(!pylon_identity_sign(secret, EMAIL, EMAIL_SIZE, hash));
    check(!pylon_identity_verify(secret, EMAIL, EMAIL_SIZE, hash, 64));
    check(pylon_identity_verify(secret, EMAIL, EMAIL_SIZE, wrong, 64) == PYLON_IDENTITY_HASH_MISMATCH);
    check(!pylon_identity_chat_settings_script(secret, &user, "bm9uY2U=", 8, text, sizeof text, NULL));
    return secret;
}

static pylon_identity_secret *use(const char *line, size_t size) {
    pylon_identity_secret *secret = calloc(1, sizeof *secret);
    check(secret && !pylon_identity_secret_init(secret, line, size));
    return used(secret);
}

static void *sign_many(void *secret) {
    static char emails[MOST], hashes[MOST * PYLON_IDENTITY_EMAIL_HASH_SIZE];
    static size_t lengths[MOST];
    for (size_t i = 0; i < several; i++) lengths[i] = 1;
    check(!pylon_identity_sign_many(secret, emails, lengths, several, hashes));
    return NULL;
}

static pylon_identity_secret *many(const char *line, size_t size) {
    pylon_identity_secret *secret = use(line, size);
    pthread_t thread;
    check(!pthread_create(&thread, NULL, sign_many, secret) && !pthread_join(thread, NULL));
    return secret;
}

static pylon_identity_secret *drop_in(const char *line, size_t size) {
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];
    check(!pylon_identity_sign_message_with_hmac(EMAIL, EMAIL_SIZE, line, size, hash));
    return NULL;
}

static pylon_identity_secret *diagnose(const char *line, size_t size) {
    uint64_t causes;
    /* With the line's end: a secret with white space, and keys in several shapes. */
    for (size_t length = 64; length <= 128; length += 64) {
        check(!pylon_identity_diagnose(line, size + 1, EMAIL, EMAIL_SIZE, wrong, length, &causes, NULL, 0));
        check(causes != 0);
    }
    return NULL;
}

static pylon_identity_secret *from_env(const char *line, size_t size) {
    const char *name = "PYLON_IDENTITY_SECRET", *value = getenv(name);
    pylon_identity_secret *secret = calloc(1, sizeof *secret);
    (void)line, (void)size;
    check(secret && value);
    check(!pylon_identity_secret_init_from_env(secret, name, strlen(name), value, strlen(value)));
    return used(secret);
}

static pylon_identity_secret *refused(const char *line, size_t size) {
    pylon_identity_secret secret;
    check(pylon_identity_secret_init(&secret, line, size + 1) == PYLON_IDENTITY_SECRET_NOT_HEX);
    return NULL;
}

static const struct {
    const char *name;
    pylon_identity_secret *(*take)(const char *, size_t);
} steps[] = {{"use", use},           {"many", many},    {"drop-in", drop_in},
             {"diagnose", diagnose}, {"env", from_env}, {"refused", refused}};
#define STEPS (sizeof steps / sizeof *steps)

static void forget(pylon_identity_secret *secret) {
    if (secret) check(!pylon_identity_secret_wipe(secret));
    free(secret);
}

/* --- the commands --- */

/* The decoded key, with each byte XORed. */
static void decode(const char *digits, size_t size, unsigned mask, volatile unsigned char *key) {
    unsigned byte;
    for (size_t i = 0; i < size / 2; i++) {
        check(sscanf(digits + 2 * i, "%2x", &byte) == 1);
        key[i] = (unsigned char)(byte ^ mask);
    }
}

static void wiping(const char *step, const char *fate) {
    static char text[4096];
    volatile unsigned char stack[1024], *heap = malloc(1024);
    size_t chosen = 0, size = 0, line = 0;
    while (chosen < STEPS && strcmp(steps[chosen].name, step)) chosen++;
    check(heap && chosen < STEPS && read(0, text, sizeof text - 1) > 0);
    for (const char *digits = text; *digits != '\n'; digits += size + 1, line++) {
        size = (size_t)(strchr(digits, '\n') - digits);
        if (!strcmp(fate, "planted")) {
            /* One plain, one padded for the outer hash. */
            if (line == 0) decode(digits, size, 0, heap);
            if (line == 1) decode(digits, size, 0x5c, stack);
        } else {
            pylon_identity_secret *secret = steps[chosen].take(digits, size);
            if (strcmp(fate, "kept")) forget(secret);
        }
    }
    /* The string of the caller, who is this program. */
    for (volatile char *byte = text; byte < text + sizeof text; byte++) *byte = 0;
    check(write(1, "ready\n", 6) == 6 && read(0, text, 1) == 0);
}

static long status(const char *path, const char *format) {
    char line[256];
    long kB = -1;
    FILE *file = fopen(path, "r");
    check(file != NULL);
    while (fgets(line, sizeof line, file) && sscanf(line, format, &kB) != 1) {
    }
    fclose(file);
    check(kB > 0);
    return kB;
}

static long resident(void) { return status("/proc/self/smaps_rollup", "Rss: %ld"); }

static pylon_identity_secret shared;
static char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE], line[256];
static void *volatile kept;

static void call_sign(void) { check(!pylon_identity_sign(&shared, EMAIL, EMAIL_SIZE, hash)); }
static void call_verify(void) { check(!pylon_identity_verify(&shared, EMAIL, EMAIL_SIZE, hash, 64)); }
static void call_parse(void) {
    pylon_identity_secret secret;
    check(!pylon_identity_secret_init(&secret, line, strlen(line) - 1));
    check(!pylon_identity_secret_wipe(&secret));
}
static void call_steps(void) {
    for (size_t i = 0; i < STEPS; i++) forget(steps[i].take(line, strlen(line) - 1));
}

static void memory(long calls, int leak) {
    const struct {
        const char *kind;
        void (*call)(void);
        long share;
    } kinds[] = {{"sign", call_sign, 1}, {"verify", call_verify, 1}, {"secrets", call_parse, 1}, {"steps", call_steps, 1000}};
    several = 2;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        long times = calls / kinds[kind].share, warm_up = times / 5, before = 0;
        for (long i = 0; i < warm_up + times; i++) {
            if (i == warm_up) before = resident();
            kinds[kind].call();
            if (leak) kept = malloc(8);
        }
        printf("%s %ld %ld %ld\n", kinds[kind].kind, times, before, resident());
    }
}

static void batch(size_t count, int waste) {
    size_t *lengths = malloc(count * sizeof *lengths);
    char *emails = malloc(count * EMAIL_SIZE), *out = malloc(count * PYLON_IDENTITY_EMAIL_HASH_SIZE);
    FILE *file = fopen("/proc/self/clear_refs", "w");
    check(lengths && emails && out && file);
    for (size_t i = 0; i < count; i++) {
        memcpy(emails + i * EMAIL_SIZE, EMAIL, EMAIL_SIZE);
        lengths[i] = EMAIL_SIZE;
    }
    check(fputs("5", file) > 0 && fclose(file) == 0);
    check(!pylon_identity_sign_many(&shared, emails, lengths, count, out));
    if (waste) free(kept = memset(malloc(100 * count), 1, 100 * count));
    printf("%ld\n", status("/proc/self/status", "VmHWM: %ld") - resident());
    free(out), free(emails), free(lengths);
}

int main(int count, char **arguments) {
    const char *hex = getenv("PYLON_IDENTITY_SECRET");
    check(count > 2);
    memset(wrong, '0', sizeof wrong);
    if (!strcmp(arguments[1], "wiping")) {
        check(count == 4);
        wiping(arguments[2], arguments[3]);
        return 0;
    }
    check(hex && strlen(hex) < sizeof line - 1 && !pylon_identity_secret_init(&shared, hex, strlen(hex)));
    snprintf(line, sizeof line, "%s\n", hex);
    call_sign();
    if (!strcmp(arguments[1], "batch"))
        batch((size_t)atol(arguments[2]), count > 3);
    else
        memory(atol(arguments[2]), count > 3);
    return 0;
}
