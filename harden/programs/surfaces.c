/* Shows what the functions of C leave behind after calls with a secret; as surfaces.py does for Python. With
 * `leaky`, a careless library is played: its messages and outputs show the given text. Compiled with -DPANIC,
 * a panic strikes as well. */

#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pylon_identity.h"

#define MAX 8192
#define EMAIL "ada@example.com", 15

static int careless;
static long number; /* of the line */
static const char *hex;
static size_t length;

static void emit(const char *call, const char *way, const void *shown, size_t size) {
    printf("%s %ld: %s\tshown\t", call, number, way);
    for (size_t i = 0; i < size; i++) printf("%02x", ((const unsigned char *)shown)[i]);
    putchar('\n');
}

/* Shows the texts of a status and the whole output, and wipes the output. */
static void left(const char *call, pylon_identity_status status, void *out, size_t size) {
    char text[MAX];
    const char *message = pylon_identity_status_message(status), *code = pylon_identity_status_code(status);
    if (careless) {
        snprintf(text, sizeof text, "cannot use %.*s", (int)length, hex);
        message = code = text;
        memcpy(out, hex, length < size ? length : size);
    }
    emit(call, "message", message, strlen(message));
    emit(call, "code", code, strlen(code));
    emit(call, "output", out, size);
    memset(out, 0, size);
}

static void calls(void) {
    pylon_identity_secret secret = {{0}}, *s = &secret;
    pylon_identity_user user = {.app_id = {"app", 3}};
    char out[MAX] = {0}, nonce[MAX];
    size_t nonce_len = (size_t)snprintf(nonce, sizeof nonce, "%.*s!", (int)length, hex), size = sizeof secret;
    uint64_t causes;
    left("init", pylon_identity_secret_init(s, hex, length), s, size);
    left("from_env", pylon_identity_secret_init_from_env(s, "NAME", 4, hex, length), s, size);
    left("from_env by name", pylon_identity_secret_init_from_env(s, hex, length, NULL, 0), s, size);
    pylon_identity_secret_init(s, hex, length);
    left("wipe", pylon_identity_secret_wipe(s), s, size);
    pylon_identity_secret_init(s, hex, length);
    left("drop-in", pylon_identity_sign_message_with_hmac(EMAIL, hex, length, out), out, MAX);
    left("drop-in, swapped", pylon_identity_sign_message_with_hmac(hex, length, EMAIL, out), out, MAX);
    left("settings, no app", pylon_identity_chat_settings_hash(s, "", 0, hex, length, out), out, MAX);
    left("settings, no email", pylon_identity_chat_settings_hash(s, hex, length, "", 0, out), out, MAX);
    left("script", pylon_identity_chat_settings_script(NULL, &user, nonce, nonce_len, out, MAX, NULL), out, MAX);
    user.app_id.data = hex, user.app_id.length = length;
    left("JSON, no email", pylon_identity_chat_settings_json(s, &user, out, MAX, NULL), out, MAX);
    left("diagnose", pylon_identity_diagnose(hex, length, EMAIL, EMAIL, &causes, out, MAX), out, MAX);
    left("diagnose itself", pylon_identity_diagnose(hex, length, EMAIL, hex, length, &causes, out, MAX), out, MAX);
}

#ifdef PANIC
pylon_identity_status pylon_identity_test_panic(void);

/* Shows what a panic with a secret in hand writes to standard error, and leaves behind. */
static void panics(void) {
    pylon_identity_secret secret = {{0}};
    char *text = malloc(1 << 20);
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    if (!text || !file || before < 0 || dup2(fileno(file), STDERR_FILENO) < 0) exit(2);
    pylon_identity_secret_init(&secret, hex, length);
    setenv("RUST_BACKTRACE", "full", 1);
    pylon_identity_status status = pylon_identity_test_panic();
    if (careless) fprintf(stderr, "cannot use %.*s", (int)length, hex);
    dup2(before, STDERR_FILENO);
    rewind(file);
    emit("panic", "standard error", text, fread(text, 1, 1 << 20, file));
    left("panic", status, &secret, sizeof secret);
    free(text);
    fclose(file);
}
#endif

/* Decodes hexadecimal digits in place and returns the number of bytes. */
static size_t decode(char *digits) {
    size_t count = strlen(digits) / 2;
    for (size_t i = 0; i < count; i++) {
        char byte[3] = {digits[2 * i], digits[2 * i + 1], '\0'};
        digits[i] = (char)strtoul(byte, NULL, 16);
    }
    return count;
}

int main(int argc, char **argv) {
    char *line = NULL;
    size_t size = 0;
    careless = argc > 1 && strcmp(argv[1], "leaky") == 0;
    for (; getline(&line, &size, stdin) > 0; number++) {
        hex = line, length = decode(line);
#ifdef PANIC
        if (number == 0) panics();
#endif
        calls();
    }
    free(line);
    return 0;
}
