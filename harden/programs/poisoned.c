/* Runs the library on a secret that valgrind takes for uninitialised: each branch and each index that
   depends on it is an error, which is counted. See test_timing.py. */
#include <pylon_identity.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#define MANY 3
#define HASH PYLON_IDENTITY_EMAIL_HASH_SIZE

static const size_t sizes[] = {0, 24, 55, 56, 64, 119, 1000}; /* of emails: one block and more */
static char email[1000 * MANY], hex[1032];
static pylon_identity_secret plain, secret; /* equal, but valgrind treats the second as undefined */

static void check(int good) {
    if (good) return;
    fputs("unexpected answer\n", stderr);
    exit(1);
}

/* Checks a status. It is public by design: it tells only whether a hash is right or a secret is valid. */
static void expect(pylon_identity_status status, pylon_identity_status expected) {
    VALGRIND_MAKE_MEM_DEFINED(&status, sizeof status);
    check(status == expected);
}

/* Counts the bytes that depend on the key. Of digits, valgrind knows the upper bits. */
static size_t unknown(const void *memory, size_t size) {
    unsigned char bits[512];
    size_t found = 0;
    check(size <= sizeof bits && VALGRIND_GET_VBITS(memory, bits, size) == 1);
    for (size_t i = 0; i < size; i++) found += bits[i] & 1;
    return found;
}

static size_t make_digits(size_t size) {
    size = size / 2 * 2 + 32; /* at least as long as a secret has to be */
    for (size_t i = 0; i < size; i++) hex[i] = "0123456789abcdefABCDEF"[i % 22];
    return size;
}

static void sign(size_t size) {
    char hash[HASH];
    expect(pylon_identity_sign(&secret, email, size, hash), PYLON_IDENTITY_OK);
    check(unknown(hash, sizeof hash) == 64);
}

static void sign_many(size_t size) {
    char hashes[MANY * HASH];
    size_t lengths[MANY] = {size, size, size};
    expect(pylon_identity_sign_many(&secret, email, lengths, MANY, hashes), PYLON_IDENTITY_OK);
}

static void settings(size_t size) {
    char hash[HASH];
    expect(pylon_identity_chat_settings_hash(&secret, "app", 3, email, size, hash),
           size ? PYLON_IDENTITY_OK : PYLON_IDENTITY_EMAIL_EMPTY);
}

/* The right hash, and each that is wrong in one digit. */
static void verify(size_t size) {
    char hash[HASH];
    check(!pylon_identity_sign(&plain, email, size, hash));
    expect(pylon_identity_verify(&secret, email, size, hash, 64), PYLON_IDENTITY_OK);
    for (size_t i = 0; i < 64; i++) {
        char right = hash[i];
        hash[i] = right == '0' ? '1' : '0';
        expect(pylon_identity_verify(&secret, email, size, hash, 64), PYLON_IDENTITY_HASH_MISMATCH);
        hash[i] = right;
    }
}

static void parse(size_t size) {
    pylon_identity_secret parsed;
    size = make_digits(size);
    VALGRIND_MAKE_MEM_UNDEFINED(hex, size);
    expect(pylon_identity_secret_init(&parsed, hex, size), PYLON_IDENTITY_OK);
}

static void drop_in(size_t size) {
    char hash[HASH];
    size_t digits = make_digits(size);
    VALGRIND_MAKE_MEM_UNDEFINED(hex, digits);
    expect(pylon_identity_sign_message_with_hmac(email, size, hex, digits, hash), PYLON_IDENTITY_OK);
}

static const struct {
    const char *name;
    void (*run)(size_t);
} steps[] = {{"sign", sign},     {"sign_many", sign_many}, {"chat_settings_hash", settings},
             {"verify", verify}, {"parse", parse},         {"parse and sign", drop_in}};

int main(void) {
    const size_t lengths = sizeof sizes / sizeof *sizes, size = make_digits(32);
    memset(email, 'e', sizeof email);
    check(RUNNING_ON_VALGRIND && !pylon_identity_secret_init(&plain, hex, size));
    VALGRIND_MAKE_MEM_UNDEFINED(hex, size);
    expect(pylon_identity_secret_init(&secret, hex, size), PYLON_IDENTITY_OK);
    check(unknown(&secret, sizeof secret) == 64); /* the two states of SHA-256 */
    printf("calls\t%zu\n", lengths);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        unsigned long before = (unsigned long)VALGRIND_COUNT_ERRORS;
        for (size_t j = 0; j < lengths; j++) steps[i].run(sizes[j]);
        printf("%s\t%lu\n", steps[i].name, (unsigned long)VALGRIND_COUNT_ERRORS - before);
    }
    return 0;
}
