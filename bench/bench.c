/*
 * The contenders in C; bench/measure.py has the tasks.
 *
 * OpenSSL is loaded while running, so that its headers are not needed; the few declarations here are
 * those of its manual pages HMAC(3) and EVP_MAC(3).
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pylon_identity.h"

typedef struct {
    const char *key;
    unsigned type;
    void *data;
    size_t size, returned;
} OSSL_PARAM;

static const void *(*EVP_sha256)(void);
static unsigned char *(*HMAC)(const void *, const void *, int, const unsigned char *, size_t,
                              unsigned char *, unsigned *);
static void *(*EVP_MAC_fetch)(void *, const char *, const char *);
static void *(*EVP_MAC_CTX_new)(void *);
static int (*EVP_MAC_init)(void *, const unsigned char *, size_t, const OSSL_PARAM *);
static int (*EVP_MAC_update)(void *, const unsigned char *, size_t);
static int (*EVP_MAC_final)(void *, unsigned char *, size_t *, size_t);
static OSSL_PARAM (*OSSL_PARAM_construct_utf8_string)(const char *, char *, size_t);
static OSSL_PARAM (*OSSL_PARAM_construct_end)(void);

static const char *email;
static size_t email_len;
static unsigned char key[32], tag[32];
static char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];
static pylon_identity_secret secret;
static void *kept;

static void hex(void) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof tag; i++) {
        hash[2 * i] = digits[tag[i] >> 4];
        hash[2 * i + 1] = digits[tag[i] & 15];
    }
}

static void sign(void) {
    if (pylon_identity_sign(&secret, email, email_len, hash) != PYLON_IDENTITY_OK) abort();
}

static void openssl_hmac(void) {
    unsigned length = sizeof tag;
    HMAC(EVP_sha256(), key, sizeof key, (const unsigned char *)email, email_len, tag, &length);
    hex();
}

static void openssl_kept(void) {
    size_t length;
    EVP_MAC_init(kept, NULL, 0, NULL);
    EVP_MAC_update(kept, (const unsigned char *)email, email_len);
    EVP_MAC_final(kept, tag, &length, sizeof tag);
    hex();
}

static const struct {
    const char *name;
    void (*run)(void);
} contenders[] = {
    {"sign", sign}, {"OpenSSL HMAC()", openssl_hmac}, {"OpenSSL EVP_MAC kept", openssl_kept}};

static int load_openssl(void) {
    void *library = dlopen("libcrypto.so.3", RTLD_NOW);
    if (!library) return 0;
#define LOAD(function) (*(void **)&function = dlsym(library, #function))
    if (!(LOAD(EVP_sha256) && LOAD(HMAC) && LOAD(EVP_MAC_fetch) && LOAD(EVP_MAC_CTX_new) &&
          LOAD(EVP_MAC_init) && LOAD(EVP_MAC_update) && LOAD(EVP_MAC_final) &&
          LOAD(OSSL_PARAM_construct_utf8_string) && LOAD(OSSL_PARAM_construct_end)))
        return 0;
    static char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                               OSSL_PARAM_construct_end()};
    kept = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "HMAC", NULL));
    return kept && EVP_MAC_init(kept, key, sizeof key, parameters);
}

int main(void) {
    const char *hex_secret = getenv("BENCH_SECRET");
    email = getenv("BENCH_EMAIL");
    if (!hex_secret || !email || strlen(hex_secret) != 64) return 2;
    email_len = strlen(email);
    for (size_t i = 0; i < sizeof key; i++) {
        unsigned byte;
        if (sscanf(hex_secret + 2 * i, "%2x", &byte) != 1) return 2;
        key[i] = (unsigned char)byte;
    }
    if (pylon_identity_secret_init(&secret, hex_secret, 64) != PYLON_IDENTITY_OK) return 2;
    size_t count = load_openssl() ? sizeof contenders / sizeof contenders[0] : 1;
    for (size_t i = 0; i < count; i++) {
        memset(hash, 0, sizeof hash);
        contenders[i].run();
        printf("%s\t%s\n", contenders[i].name, hash);
    }
    puts("");
    fflush(stdout);

    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        char *digits = strchr(line, '\t');
        *digits++ = '\0';
        unsigned long times = strtoul(digits, NULL, 10);
        for (size_t i = 0; i < count; i++) {
            if (strcmp(line, contenders[i].name) != 0) continue;
            struct timespec start, end;
            void (*volatile run)(void) = contenders[i].run;
            clock_gettime(CLOCK_MONOTONIC, &start);
            for (unsigned long j = 0; j < times; j++) run();
            clock_gettime(CLOCK_MONOTONIC, &end);
            printf("%lld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec);
            fflush(stdout);
        }
    }
    return 0;
}
