/* Uses secrets while another process looks at its memory; commands are as for uses.py, once each. */
#include <pthread.h>
#include <pylon_identity.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EMAIL "ada@example.com", 15
#define PAGE "{app_id: 'a', email: 'a', email_hash: '0123456789abcdef'}"
#define HASH PYLON_IDENTITY_EMAIL_HASH_SIZE
#define SEVERAL 3000

static char wrong[128], emails[SEVERAL], hashes[SEVERAL * HASH], hash[HASH];
static size_t lengths[SEVERAL];

static void check(int good) {
    if (good) return;
    fputs("unexpected answer\n", stderr);
    exit(1);
}

/* --- steps: each takes `size` digits and the end of their line --- */

static void forget(pylon_identity_secret *secret) { check(!pylon_identity_secret_wipe(secret)); }

static void keep(const char *line, size_t size) {
    pylon_identity_secret *secret = calloc(1, sizeof *secret);
    pylon_identity_jwt_secret *jwt_secret = calloc(1, sizeof *jwt_secret);
    check(secret && !pylon_identity_secret_init(secret, line, size));
    check(jwt_secret && !pylon_identity_jwt_secret_init(jwt_secret, line, size));
}

static void use(const char *line, size_t size) {
    const pylon_identity_user user = {.app_id = {"a", 1}, .email = {EMAIL}, .name = {"Ada", 3}};
    pylon_identity_secret secret;
    char text[1000];
    check(!pylon_identity_secret_init(&secret, line, size));
    check(!pylon_identity_chat_settings_script(&secret, &user, "bm9uY2U=", 8, text, sizeof text, NULL));
    /* These come last, since deeper calls would overwrite their stack. */
    check(!pylon_identity_sign(&secret, EMAIL, hash) && !pylon_identity_verify(&secret, EMAIL, hash, 64));
    check(pylon_identity_verify(&secret, EMAIL, wrong, 64) == PYLON_IDENTITY_HASH_MISMATCH);
    forget(&secret);
}

/* The digits are the key of a JWT as they are. */
static void use_jwt(const char *line, size_t size) {
    const pylon_identity_jwt_user user = {.app_id = {"a", 1}, .email = {EMAIL}, .name = {"Ada", 3}};
    pylon_identity_jwt_secret secret;
    char token[1000], claims[1000];
    uint64_t causes;
    check(!pylon_identity_jwt_secret_init(&secret, line, size));
    check(!pylon_identity_sign_jwt(&secret, &user, 0, 0, token, sizeof token, NULL));
    check(!pylon_identity_verify_jwt(&secret, token, strlen(token), "a", 1, 0, claims, sizeof claims, NULL));
    check(!pylon_identity_jwt_secret_wipe(&secret));
    /* With the line's end, and with a token that another key signed. */
    token[strlen(token) - 2] ^= 1;
    check(!pylon_identity_diagnose_jwt(line, size + 1, "a", 1, token, strlen(token), EMAIL, 0, &causes, NULL, 0));
    check(causes && pylon_identity_jwt_secret_init(&secret, line, size + 1) == PYLON_IDENTITY_JWT_SECRET_WRAPPED);
}

static void *sign_many(void *secret) {
    check(!pylon_identity_sign_many(secret, emails, lengths, SEVERAL, hashes));
    return NULL;
}

static void many(const char *line, size_t size) {
    pylon_identity_secret secret;
    pthread_t thread;
    check(!pylon_identity_secret_init(&secret, line, size));
    check(!pthread_create(&thread, NULL, sign_many, &secret) && !pthread_join(thread, NULL));
    forget(&secret);
}

static void drop_in(const char *line, size_t size) {
    check(!pylon_identity_sign_message_with_hmac(EMAIL, line, size, hash));
}

static void diagnose(const char *line, size_t size) {
    uint64_t causes;
    /* With the line's end: a secret with white space, and keys in several shapes. */
    for (size_t length = 64; length <= 128; length += 64) {
        check(!pylon_identity_diagnose(line, size + 1, EMAIL, wrong, length, &causes, NULL, 0) && causes);
    }
    check(!pylon_identity_diagnose_page(line, size + 1, PAGE, strlen(PAGE), &causes, NULL, 0) && causes);
}

static void from_env(const char *line, size_t size) {
    const char *name = "PYLON_IDENTITY_SECRET", *value = getenv(name);
    pylon_identity_secret secret;
    (void)line, (void)size;
    check(value && !pylon_identity_secret_init_from_env(&secret, name, 21, value, strlen(value)));
    check(!pylon_identity_sign(&secret, EMAIL, hash));
    forget(&secret);
}

static void refused(const char *line, size_t size) {
    pylon_identity_secret secret;
    check(pylon_identity_secret_init(&secret, line, size + 1) == PYLON_IDENTITY_SECRET_NOT_HEX);
}

/* Faults: keys on the heap and, padded for the outer hash, on the stack of main(). */
static volatile unsigned char *on_heap, *on_stack;
static void plant(const char *line, size_t size) {
    unsigned byte;
    for (size_t i = 0; i < size / 2; i++) {
        check(sscanf(line + 2 * i, "%2x", &byte) == 1);
        if (size == 64) on_heap[i] = (unsigned char)byte;
        if (size == 128) on_stack[i] = (unsigned char)(byte ^ 0x5c);
    }
}
static const struct {
    const char *name;
    void (*take)(const char *, size_t);
} steps[] = {{"keep", keep},       {"use", use},      {"many", many},       {"drop-in", drop_in},
             {"diagnose", diagnose}, {"env", from_env}, {"refused", refused}, {"plant", plant},
             {"jwt", use_jwt}};

int main(void) {
    static char text[4096], command[64];
    volatile unsigned char stack[256];
    on_stack = stack, on_heap = malloc(256);
    memset(wrong, '0', sizeof wrong);
    for (size_t i = 0; i < SEVERAL; i++) lengths[i] = 1;
    check(on_heap && read(0, text, sizeof text - 1) > 0);
    for (long end; check(write(1, "done\n", 5) == 5), (end = read(0, command, sizeof command - 1)) > 0;) {
        char step[32];
        size_t size, chosen = 0;
        command[end] = '\0';
        check(sscanf(command, "%31s", step) == 1);
        if (!strcmp(step, "forget")) {
            /* The string of the caller, who is this program. */
            for (volatile char *byte = text; byte < text + sizeof text; byte++) *byte = 0;
        } else {
            while (strcmp(steps[chosen].name, step)) check(++chosen < sizeof steps / sizeof *steps);
            for (const char *line = text; *line != '\n'; line += size + 1) {
                size = (size_t)(strchr(line, '\n') - line);
                steps[chosen].take(line, size);
            }
        }
    }
    return 0;
}
