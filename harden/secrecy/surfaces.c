/* Shows an identity secret, and errors about it, in every way that C has.
 *
 *     surfaces real|leaky
 *
 * Reads hexadecimal lines: a secret, then malformed ones. Prints a line for each surface: its name,
 * "shown" or "refused", and in hexadecimal what was shown or said. `leaky` shows a careless stand-in.
 * Compiled with -DPANIC it has a panic on purpose as well. */

#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pylon_identity.h"

#define MAX 4096
#define EMAIL "ada@example.com"

typedef pylon_identity_status status;

/* What there is to show. */
typedef struct {
    status (*init)(pylon_identity_secret *, const char *, size_t);
    status (*from_env)(pylon_identity_secret *, const char *, size_t, const char *, size_t);
    status (*drop_in)(const char *, size_t, const char *, size_t, char *);
    status (*settings)(const pylon_identity_secret *, const char *, size_t, const char *, size_t, char *);
    status (*script)(const char *, const size_t *, size_t, const char *, size_t, char *, size_t);
    status (*diagnose)(const char *, size_t, const char *, size_t, const char *, size_t, uint32_t *, char *,
                       size_t);
    const char *(*message)(int32_t);
    const char *(*code)(int32_t);
    status (*wipe)(pylon_identity_secret *);
    status (*panic)(void);
} api;

#ifdef PANIC
pylon_identity_status pylon_identity_test_panic(void);
#else
#define pylon_identity_test_panic NULL
#endif

static const api honest = {
    pylon_identity_secret_init,
    pylon_identity_secret_init_from_env,
    pylon_identity_sign_message_with_hmac,
    pylon_identity_chat_settings_hash,
    pylon_identity_chat_settings_script,
    pylon_identity_diagnose,
    pylon_identity_status_message,
    pylon_identity_status_code,
    pylon_identity_secret_wipe,
    pylon_identity_test_panic,
};

/* The stand-in keeps what it was given last and shows it, as careless code does. */
static char last[MAX];

static status keep(const char *text, size_t length, char *out) {
    snprintf(last, sizeof last, "cannot use %.*s", (int)length, text);
    if (out) memcpy(out, text, length < PYLON_IDENTITY_EMAIL_HASH_SIZE ? length : PYLON_IDENTITY_EMAIL_HASH_SIZE);
    return PYLON_IDENTITY_SECRET_NOT_HEX;
}

static status leaky_init(pylon_identity_secret *secret, const char *hex, size_t length) {
    return keep(hex, length, (char *)secret);
}
static status leaky_from_env(pylon_identity_secret *secret, const char *name, size_t name_len,
                             const char *value, size_t value_len) {
    return value ? keep(value, value_len, (char *)secret) : keep(name, name_len, (char *)secret);
}
static status leaky_drop_in(const char *message, size_t message_len, const char *hex, size_t hex_len,
                            char *out) {
    return hex_len > message_len ? keep(hex, hex_len, out) : keep(message, message_len, out);
}
static status leaky_settings(const pylon_identity_secret *secret, const char *app_id, size_t app_id_len,
                             const char *email, size_t email_len, char *out) {
    (void)secret;
    return app_id_len ? keep(app_id, app_id_len, out) : keep(email, email_len, out);
}
static status leaky_script(const char *fields, const size_t *lengths, size_t count, const char *nonce,
                           size_t nonce_len, char *out, size_t size) {
    (void)fields, (void)lengths, (void)count, (void)size;
    return keep(nonce, nonce_len, out);
}
static status leaky_diagnose(const char *hex, size_t hex_len, const char *email, size_t email_len,
                             const char *hash, size_t hash_len, uint32_t *causes, char *out, size_t size) {
    (void)email, (void)email_len, (void)hash, (void)hash_len, (void)causes, (void)size;
    return keep(hex, hex_len, out);
}
static const char *leaky_text(int32_t status) {
    (void)status;
    return last;
}
static status leaky_wipe(pylon_identity_secret *secret) {
    (void)secret;
    return PYLON_IDENTITY_OK;
}
static status leaky_panic(void) {
    fprintf(stderr, "on purpose: %s", last);
    return PYLON_IDENTITY_PANIC;
}

static const api careless = {
    leaky_init,     leaky_from_env, leaky_drop_in, leaky_settings, leaky_script,
    leaky_diagnose, leaky_text,     leaky_text,    leaky_wipe,     leaky_panic,
};

static void emit(const char *call, long number, const char *way, const void *shown, size_t length) {
    printf("%s %ld: %s\tshown\t", call, number, way);
    for (size_t i = 0; i < length; i++) printf("%02x", ((const unsigned char *)shown)[i]);
    putchar('\n');
}

/* Shows all that a call has left behind: its status, and the whole of what it may have written. */
static void left(const api *a, const char *call, long number, status status, const void *out, size_t size) {
    const char *message = a->message(status), *code = a->code(status);
    emit(call, number, "message", message, strlen(message));
    emit(call, number, "code", code, strlen(code));
    emit(call, number, "output", out, size);
}

static void failures(const api *a, long number, const char *hex, size_t length) {
    pylon_identity_secret secret;
    char out[MAX];
    memset(&secret, 0, sizeof secret);
    left(a, "init", number, a->init(&secret, hex, length), &secret, sizeof secret);
    memset(&secret, 0, sizeof secret);
    left(a, "init_from_env", number, a->from_env(&secret, "NAME", 4, hex, length), &secret, sizeof secret);
    memset(&secret, 0, sizeof secret);
    left(a, "init_from_env by name", number, a->from_env(&secret, hex, length, NULL, 0), &secret, sizeof secret);
    a->init(&secret, hex, length);
    a->wipe(&secret);
    left(a, "wipe", number, PYLON_IDENTITY_OK, &secret, sizeof secret);
    memset(out, 0, sizeof out);
    left(a, "drop-in", number, a->drop_in(EMAIL, 15, hex, length, out), out, sizeof out);
    memset(out, 0, sizeof out);
    left(a, "drop-in, swapped", number, a->drop_in(hex, length, EMAIL, 15, out), out, sizeof out);
    a->init(&secret, hex, length);
    memset(out, 0, sizeof out);
    left(a, "settings, no app", number, a->settings(&secret, "", 0, hex, length, out), out, sizeof out);
    memset(out, 0, sizeof out);
    left(a, "settings, no email", number, a->settings(&secret, hex, length, "", 0, out), out, sizeof out);
    memset(out, 0, sizeof out);
    char nonce[MAX];
    int nonce_len = snprintf(nonce, sizeof nonce, "%.*s!", (int)length, hex);
    left(a, "script", number, a->script("", NULL, 0, nonce, (size_t)nonce_len, out, sizeof out), out, sizeof out);
    for (int with_itself = 0; with_itself < 2; with_itself++) {
        const char *hash = with_itself ? hex : EMAIL;
        uint32_t causes = 0;
        memset(out, 0, sizeof out);
        status status =
            a->diagnose(hex, length, EMAIL, 15, hash, with_itself ? length : 15, &causes, out, sizeof out);
        left(a, with_itself ? "diagnose itself" : "diagnose", number, status, out, sizeof out);
    }
}

#ifdef PANIC
/* What a panic with a secret in hand writes to standard error, and leaves behind. */
static void panics(const api *a, const char *hex, size_t length) {
    pylon_identity_secret secret;
    memset(&secret, 0, sizeof secret);
    a->init(&secret, hex, length);
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    if (!file || before < 0 || dup2(fileno(file), STDERR_FILENO) < 0) exit(2);
    setenv("RUST_BACKTRACE", "full", 1);
    status status = a->panic();
    dup2(before, STDERR_FILENO);
    char *text = malloc(1 << 20);
    rewind(file);
    emit("panic", 0, "standard error", text, fread(text, 1, 1 << 20, file));
    left(a, "panic", 0, status, &secret, sizeof secret);
    free(text);
    fclose(file);
}
#endif

/* Decodes hexadecimal digits in place and returns the number of bytes. */
static size_t decode(char *digits) {
    size_t length = strlen(digits) / 2;
    for (size_t i = 0; i < length; i++) {
        char byte[3] = {digits[2 * i], digits[2 * i + 1], '\0'};
        digits[i] = (char)strtoul(byte, NULL, 16);
    }
    return length;
}

int main(int argc, char **argv) {
    const api *a = argc > 1 && strcmp(argv[1], "leaky") == 0 ? &careless : &honest;
    char *line = NULL;
    size_t size = 0;
    for (long number = 0; getline(&line, &size, stdin) > 0; number++) {
        size_t length = decode(line);
#ifdef PANIC
        if (number == 0) panics(a, line, length);
#endif
        failures(a, number, line, length);
    }
    free(line);
    return 0;
}
