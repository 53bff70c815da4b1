/* Uses secrets in one way, forgets them, and waits to be looked at; see wiping.py. */
#include <pylon_identity.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EMAIL "ada@example.com"
#define EMAIL_SIZE (sizeof EMAIL - 1)
#define BATCH 3000

static char hex[4096];
static char wrong[128];

static void check(int good) {
    if (good) return;
    fputs("unexpected answer\n", stderr);
    exit(1);
}

static void *sign_many(void *secret) {
    static char emails[BATCH], hashes[BATCH * PYLON_IDENTITY_EMAIL_HASH_SIZE];
    static size_t lengths[BATCH];
    for (size_t i = 0; i < BATCH; i++) lengths[i] = 1;
    check(pylon_identity_sign_many(secret, emails, lengths, BATCH, hashes) == PYLON_IDENTITY_OK);
    return NULL;
}

static void use(const char *step, int wipe, const char *digits, size_t size) {
    pylon_identity_secret *secret = calloc(1, sizeof *secret);
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];
    check(secret != NULL);
    if (!strcmp(step, "env")) {
        const char *name = "PYLON_IDENTITY_SECRET", *value = getenv(name);
        check(!pylon_identity_secret_init_from_env(secret, name, strlen(name), value, strlen(value)));
    } else {
        check(!pylon_identity_secret_init(secret, digits, size));
    }
    check(!pylon_identity_sign(secret, EMAIL, EMAIL_SIZE, hash));
    check(!pylon_identity_verify(secret, EMAIL, EMAIL_SIZE, hash, 64));
    check(pylon_identity_verify(secret, EMAIL, EMAIL_SIZE, wrong, 64) == PYLON_IDENTITY_HASH_MISMATCH);
    check(!strcmp(step, "sign and verify") || !strcmp(step, "env") || !strcmp(step, "many"));
    if (!strcmp(step, "many")) {
        pthread_t thread;
        check(!pthread_create(&thread, NULL, sign_many, secret) && !pthread_join(thread, NULL));
    }
    if (wipe) check(!pylon_identity_secret_wipe(secret));
}

/* The decoded key, with each byte XORed. */
static void decode(const char *digits, size_t size, int mask, volatile unsigned char *key) {
    unsigned int byte;
    for (size_t i = 0; i < size / 2; i++) {
        check(sscanf(digits + 2 * i, "%2x", &byte) == 1);
        key[i] = (unsigned char)(byte ^ (unsigned int)mask);
    }
}

int main(int count, char **arguments) {
    check(count == 3);
    const char *step = arguments[1], *fate = arguments[2];
    size_t size = 0, line = 0;
    uint32_t causes;
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];
    volatile unsigned char stack[1024], *heap = malloc(1024);
    memset(wrong, '0', sizeof wrong);
    check(heap && read(0, hex, sizeof hex - 1) > 0);
    for (const char *digits = hex; *digits != '\n'; digits += size + 1, line++) {
        size = (size_t)(strchr(digits, '\n') - digits);
        if (!strcmp(fate, "planted")) {
            /* One plain, one padded for the outer hash. */
            if (line == 0) decode(digits, size, 0, heap);
            if (line == 1) decode(digits, size, 0x5c, stack);
        } else if (!strcmp(step, "drop-in")) {
            check(!pylon_identity_sign_message_with_hmac(EMAIL, EMAIL_SIZE, digits, size, hash));
        } else if (!strcmp(step, "diagnose")) {
            /* With the line's end: a secret with white space, and keys in several shapes. */
            check(!pylon_identity_diagnose(digits, size + 1, EMAIL, EMAIL_SIZE, wrong, 64, &causes, NULL, 0));
            check(causes == PYLON_IDENTITY_CAUSE_UNKNOWN);
            check(!pylon_identity_diagnose(digits, size + 1, EMAIL, EMAIL_SIZE, wrong, 128, &causes, NULL, 0));
            check(causes == PYLON_IDENTITY_CAUSE_HASH_WRONG_ALGORITHM);
        } else {
            use(step, strcmp(fate, "kept"), digits, size);
        }
    }
    /* The string of the caller, who is this program. */
    for (volatile char *byte = hex; byte < hex + sizeof hex; byte++) *byte = 0;
    check(write(1, "ready\n", 6) == 6 && read(0, hex, 1) == 0);
    return 0;
}
