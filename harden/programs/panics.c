/* Shows the standard error and the memory of a caller after a panic with a secret in hand; see test_secrecy.py.
 * Messages of C are static texts, and the matrix of boundary/ judges all outputs, so C has no other surfaces. */

#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pylon_identity.h"

pylon_identity_status pylon_identity_test_panic(void);

static void emit(const char *surface, const void *shown, size_t size) {
    printf("%s\tshown\t", surface);
    for (size_t i = 0; i < size; i++) printf("%02x", ((const unsigned char *)shown)[i]);
    putchar('\n');
}

int main(int argc, char **argv) {
    static char digits[200], hex[65], text[1 << 20];
    pylon_identity_secret secret = {{0}};
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    if (argc < 2 || !file || before < 0 || !fgets(digits, sizeof digits, stdin)) return 2;
    for (size_t i = 0; i < 64; i++) {
        char byte[3] = {digits[2 * i], digits[2 * i + 1], '\0'};
        hex[i] = (char)strtoul(byte, NULL, 16);
    }
    if (pylon_identity_secret_init(&secret, hex, 64) || dup2(fileno(file), STDERR_FILENO) < 0) return 2;
    setenv("RUST_BACKTRACE", "full", 1);
    if (pylon_identity_test_panic() != PYLON_IDENTITY_PANIC) return 2;
    if (!strcmp(argv[1], "leaky")) {
        fprintf(stderr, "cannot use %s", hex);
        memcpy(&secret, hex, 64);
    }
    dup2(before, STDERR_FILENO);
    rewind(file);
    emit("standard error", text, fread(text, 1, sizeof text, file));
    emit("secret", &secret, sizeof secret);
    return 0;
}
