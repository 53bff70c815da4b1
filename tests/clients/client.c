/* Answers the tests across languages through the C API; see tests/languages.py. */

#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pylon_identity.h"

/* Decodes hexadecimal digits in place and returns the number of bytes. */
static size_t decode(char *digits) {
    size_t length = strlen(digits) / 2;
    for (size_t i = 0; i < length; i++) {
        char byte[3] = {digits[2 * i], digits[2 * i + 1], '\0'};
        digits[i] = (char)strtoul(byte, NULL, 16);
    }
    return length;
}

static void explain(const char *hex, size_t hex_len, const char *email, size_t email_len,
                    const char *hash, size_t hash_len) {
    uint64_t causes = 0;
    char explanation[PYLON_IDENTITY_EXPLANATION_SIZE] = "";
    const char *separator = "";
    if (pylon_identity_diagnose(hex, hex_len, email, email_len, hash, hash_len, &causes,
                                explanation, sizeof explanation) != PYLON_IDENTITY_OK)
        abort();
    for (uint64_t bit = 1; bit; bit <<= 1) {
        if (!(causes & bit)) continue;
        printf("%s%s", separator, pylon_identity_cause_code(bit));
        separator = ",";
    }
    putchar('\t');
    for (const char *c = explanation; *c; c++) printf("%02x", (unsigned)*c & 0xff);
    putchar('\n');
}

int main(void) {
    char *line = NULL;
    size_t size = 0;
    ssize_t read;
    while ((read = getline(&line, &size, stdin)) > 0) {
        line[read - 1] = '\0';
        char *hex = line, *email = strchr(hex, '\t') + 1, *hash = strchr(email, '\t') + 1;
        char *more = strchr(hash, '\t');
        email[-1] = hash[-1] = '\0';
        if (more) *more = '\0';
        size_t hex_len = decode(hex), email_len = decode(email), hash_len = decode(hash);

        if (more) {
            explain(hex, hex_len, email, email_len, hash, hash_len);
            continue;
        }
        pylon_identity_secret secret;
        pylon_identity_status status = pylon_identity_secret_init(&secret, hex, hex_len);
        if (status != PYLON_IDENTITY_OK) {
            printf("error\t%s\t%s\n", pylon_identity_status_code(status),
                   pylon_identity_status_message(status));
            continue;
        }
        char out[PYLON_IDENTITY_EMAIL_HASH_SIZE] = "";
        if (pylon_identity_sign(&secret, email, email_len, out) != PYLON_IDENTITY_OK) abort();
        status = pylon_identity_verify(&secret, email, email_len, hash, hash_len);
        printf("ok\t%s\t%s\n", status == PYLON_IDENTITY_OK ? "true" : "false", out);
        pylon_identity_secret_wipe(&secret);
    }
    free(line);
    return 0;
}
