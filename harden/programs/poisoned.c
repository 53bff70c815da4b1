/* Runs the library on secrets that valgrind takes for uninitialised: each branch and each index that
   depends on one is an error, which is counted. See timing.py. */
#include <pylon_identity.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#define SECRETS 16
#define MANY 3

static pylon_identity_secret secrets[SECRETS];
static const size_t sizes[] = {0, 24, 55, 56, 64, 119, 1000}; /* of emails: one block and more */
static char email[1000 * MANY];

static void check(int good) {
    if (good) return;
    fputs("unexpected answer\n", stderr);
    exit(1);
}

/* Public by design: whether a hash is right, and whether a secret is one. Nothing else. */
static pylon_identity_status declassify(pylon_identity_status status) {
    VALGRIND_MAKE_MEM_DEFINED(&status, sizeof status);
    return status;
}

/* Poisons the bytes that differ between secrets, whatever the layout, and returns their number. */
static size_t poison(pylon_identity_secret *secret) {
    size_t poisoned = 0;
    for (size_t i = 0; i < sizeof *secret; i++) {
        int differs = 0;
        for (size_t j = 1; j < SECRETS; j++)
            differs |= ((unsigned char *)&secrets[0])[i] != ((unsigned char *)&secrets[j])[i];
        if (differs) VALGRIND_MAKE_MEM_UNDEFINED((unsigned char *)secret + i, 1);
        poisoned += (size_t)differs;
    }
    return poisoned;
}

static void sign(const pylon_identity_secret *secret, size_t size) {
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE], unknown[64] = {0};
    check(declassify(pylon_identity_sign(secret, email, size, hash)) == PYLON_IDENTITY_OK);
    /* All bits but the upper ones of ASCII depend on the key; valgrind knows at least of the lower. */
    check(VALGRIND_GET_VBITS(hash, unknown, sizeof unknown) == 1);
    for (size_t i = 0; i < sizeof unknown; i++) check(unknown[i] & 1);
}

static void sign_many(const pylon_identity_secret *secret, size_t size) {
    char hashes[MANY * PYLON_IDENTITY_EMAIL_HASH_SIZE];
    size_t lengths[MANY] = {size, size, size};
    check(declassify(pylon_identity_sign_many(secret, email, lengths, MANY, hashes)) == PYLON_IDENTITY_OK);
}

static void settings(const pylon_identity_secret *secret, size_t size) {
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];
    pylon_identity_status status =
        pylon_identity_chat_settings_hash(secret, "app", 3, email, size, hash);
    check(declassify(status) == (size ? PYLON_IDENTITY_OK : PYLON_IDENTITY_EMAIL_EMPTY));
}

/* `changed` is the digit that is made wrong; there is no 64th. */
static pylon_identity_secret plain;
static void verify(const pylon_identity_secret *secret, size_t size, size_t changed) {
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];
    check(!pylon_identity_sign(&plain, email, size, hash));
    if (changed < 64) hash[changed] = hash[changed] == '0' ? '1' : '0';
    pylon_identity_status status = pylon_identity_verify(secret, email, size, hash, 64);
    check(declassify(status) == (changed < 64 ? PYLON_IDENTITY_HASH_MISMATCH : PYLON_IDENTITY_OK));
}
static void verify_right(const pylon_identity_secret *secret, size_t size) { verify(secret, size, 64); }
static void verify_nearly(const pylon_identity_secret *secret, size_t size) {
    for (size_t digit = 0; digit < 64; digit++) verify(secret, size, digit);
}
static void verify_wrong(const pylon_identity_secret *secret, size_t size) {
    char hash[64];
    memset(hash, 'a', sizeof hash);
    pylon_identity_status status = pylon_identity_verify(secret, email, size, hash, sizeof hash);
    check(declassify(status) == PYLON_IDENTITY_HASH_MISMATCH);
}

/* Some digits, for parsing them; the secret that exists plays no part. */
static char hex[1032];
static size_t poison_hex(size_t size) {
    size = size / 2 * 2 + 32; /* at least as long as a secret has to be */
    for (size_t i = 0; i < size; i++) hex[i] = "0123456789abcdefABCDEF"[i % 22];
    VALGRIND_MAKE_MEM_UNDEFINED(hex, size);
    return size;
}
static void parse(const pylon_identity_secret *unused, size_t size) {
    pylon_identity_secret secret;
    size = poison_hex(size);
    check(unused && declassify(pylon_identity_secret_init(&secret, hex, size)) == PYLON_IDENTITY_OK);
}
static void parse_and_sign(const pylon_identity_secret *unused, size_t size) {
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];
    size_t digits = poison_hex(size);
    pylon_identity_status status =
        pylon_identity_sign_message_with_hmac(email, size, hex, digits, hash);
    check(unused && declassify(status) == PYLON_IDENTITY_OK);
}

static const struct {
    const char *name;
    void (*run)(const pylon_identity_secret *, size_t);
} steps[] = {
    {"sign", sign},
    {"sign_many", sign_many},
    {"chat_settings_hash", settings},
    {"verify right", verify_right},
    {"verify wrong", verify_wrong},
    {"verify nearly right", verify_nearly},
    {"parse", parse},
    {"parse and sign", parse_and_sign},
};

int main(void) {
    const size_t lengths = sizeof sizes / sizeof *sizes;
    check(RUNNING_ON_VALGRIND);
    memset(email, 'e', sizeof email);
    srand(1);
    for (size_t i = 0; i < SECRETS; i++) {
        char hex[64];
        for (size_t j = 0; j < sizeof hex; j++) hex[j] = "0123456789abcdef"[rand() / 7 % 16];
        check(!pylon_identity_secret_init(&secrets[i], hex, sizeof hex));
    }
    plain = secrets[0];
    pylon_identity_secret secret = secrets[0];
    printf("poisoned bytes\t%zu\n", poison(&secret));
    printf("calls\t%zu\n", lengths);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        unsigned long before = (unsigned long)VALGRIND_COUNT_ERRORS;
        for (size_t j = 0; j < lengths; j++) steps[i].run(&secret, sizes[j]);
        printf("%s\t%lu\n", steps[i].name, (unsigned long)VALGRIND_COUNT_ERRORS - before);
    }
    return 0;
}
