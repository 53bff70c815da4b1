/*
 * The shared vectors, and what only C can do wrong, through the C library.
 *
 *     vectors DIRECTORY_OF_THE_VECTORS
 *
 * Compiles as C and as C++. Prints "N passed, N failed"; exits with 1 if anything failed.
 */

#include "pylon_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *directory;
static int passed, failed;

static void check(int ok, const char *file, const char *name) {
    if (ok) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "FAILED: %s: %s\n", file, name);
    }
}

typedef struct {
    char *bytes;
    size_t length;
} text;

/* Decodes hexadecimal digits, `repeat` times over. */
static text decode(const char *digits, size_t repeat) {
    size_t unit = strlen(digits) / 2;
    text result;
    result.length = unit * repeat;
    result.bytes = (char *)malloc(result.length + 1);
    if (!result.bytes) abort();
    for (size_t i = 0; i < unit; i++) {
        unsigned byte;
        if (sscanf(digits + 2 * i, "%2x", &byte) != 1) abort();
        result.bytes[i] = (char)byte;
    }
    for (size_t i = 1; i < repeat; i++) memcpy(result.bytes + i * unit, result.bytes, unit);
    return result;
}

static pylon_identity_status init(pylon_identity_secret *secret, const char *hex) {
    return pylon_identity_secret_init(secret, hex, strlen(hex));
}

static void sign_case(const char *file, char **column) {
    text email = decode(column[2], strtoul(column[3], NULL, 10));
    pylon_identity_secret secret;
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE], three[3][PYLON_IDENTITY_EMAIL_HASH_SIZE];
    const size_t lengths[3] = {email.length, 0, 0};
    check(init(&secret, column[1]) == PYLON_IDENTITY_OK &&
              pylon_identity_sign(&secret, email.bytes, email.length, hash) == PYLON_IDENTITY_OK &&
              strcmp(hash, column[4]) == 0 &&
              pylon_identity_sign_message_with_hmac(email.bytes, email.length, column[1],
                                                    strlen(column[1]), three[0]) ==
                  PYLON_IDENTITY_OK &&
              strcmp(three[0], hash) == 0 &&
              pylon_identity_sign_many(&secret, email.bytes, lengths, 3, three[0]) ==
                  PYLON_IDENTITY_OK &&
              strcmp(three[0], hash) == 0 && strcmp(three[1], three[2]) == 0 &&
              pylon_identity_verify(&secret, email.bytes, email.length, hash, 64) ==
                  PYLON_IDENTITY_OK,
          file, column[0]);
    pylon_identity_secret_wipe(&secret);
    free(email.bytes);
}

static void verify_case(const char *file, char **column) {
    text email = decode(column[2], 1), hash = decode(column[3], 1);
    pylon_identity_secret secret;
    pylon_identity_status expected =
        strcmp(column[4], "true") == 0 ? PYLON_IDENTITY_OK : PYLON_IDENTITY_HASH_MISMATCH;
    check(init(&secret, column[1]) == PYLON_IDENTITY_OK &&
              pylon_identity_verify(&secret, email.bytes, email.length, hash.bytes, hash.length) ==
                  expected,
          file, column[0]);
    pylon_identity_secret_wipe(&secret);
    free(email.bytes);
    free(hash.bytes);
}

static const struct {
    const char *code;
    pylon_identity_status status;
} outcomes[] = {{"ok", PYLON_IDENTITY_OK},
                {"secret_missing", PYLON_IDENTITY_SECRET_MISSING},
                {"secret_exposed", PYLON_IDENTITY_SECRET_EXPOSED},
                {"secret_empty", PYLON_IDENTITY_SECRET_EMPTY},
                {"secret_odd_length", PYLON_IDENTITY_SECRET_ODD_LENGTH},
                {"secret_not_hex", PYLON_IDENTITY_SECRET_NOT_HEX},
                {"email_empty", PYLON_IDENTITY_EMAIL_EMPTY},
                {"app_id_empty", PYLON_IDENTITY_APP_ID_EMPTY},
                {"nonce_invalid", PYLON_IDENTITY_NONCE_INVALID}};

static pylon_identity_status outcome(const char *code) {
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        if (strcmp(code, outcomes[i].code) == 0) return outcomes[i].status;
    }
    return PYLON_IDENTITY_OK;
}

static void malformed_case(const char *file, char **column) {
    text hex = decode(column[1], 1);
    pylon_identity_secret secret, before;
    memset(&secret, 0x5a, sizeof secret);
    before = secret;
    pylon_identity_status status = pylon_identity_secret_init(&secret, hex.bytes, hex.length);
    char out[PYLON_IDENTITY_EMAIL_HASH_SIZE] = "untouched";
    pylon_identity_status again =
        pylon_identity_sign_message_with_hmac("", 0, hex.bytes, hex.length, out);
    check(status != PYLON_IDENTITY_OK && status == outcome(column[2]) && again == status && strcmp(out, "untouched") == 0 &&
              memcmp(&secret, &before, sizeof secret) == 0,
          file, column[0]);
    free(hex.bytes);
}

static void diagnose_case(const char *file, char **column) {
    text hex = decode(column[1], 1), email = decode(column[2], 1), hash = decode(column[3], 1);
    char explanation[PYLON_IDENTITY_EXPLANATION_SIZE], codes[512] = "";
    uint32_t causes = 0, without_text = 0;
    pylon_identity_status status = pylon_identity_diagnose(
        hex.bytes, hex.length, email.bytes, email.length, hash.bytes, hash.length, &causes,
        explanation, sizeof explanation);
    for (uint32_t bit = 1; bit; bit <<= 1) {
        if (!(causes & bit)) continue;
        if (*codes) strcat(codes, ",");
        strcat(codes, pylon_identity_cause_code(bit));
    }
    check(status == PYLON_IDENTITY_OK && strcmp(*codes ? codes : "none", column[4]) == 0 &&
              strlen(explanation) > 80 &&
              pylon_identity_diagnose(hex.bytes, hex.length, email.bytes, email.length, hash.bytes,
                                      hash.length, &without_text, NULL, 0) == PYLON_IDENTITY_OK &&
              without_text == causes,
          file, column[0]);
    free(hex.bytes);
    free(email.bytes);
    free(hash.bytes);
}

static void env_case(const char *file, char **column) {
    int set = strcmp(column[2], "-") != 0;
    text value = decode(set ? column[2] : "", 1);
    pylon_identity_secret secret, zero;
    memset(&secret, 0, sizeof secret);
    memset(&zero, 0, sizeof zero);
    pylon_identity_status expected = outcome(column[3]);
    check(pylon_identity_secret_init_from_env(&secret, column[1], strlen(column[1]),
                                              set ? value.bytes : NULL, value.length) == expected &&
              (memcmp(&secret, &zero, sizeof zero) == 0) == (expected != PYLON_IDENTITY_OK),
          file, column[0]);
    pylon_identity_secret_wipe(&secret);
    free(value.bytes);
}

static void append(char *joined, size_t *total, size_t *length, const char *bytes, size_t count) {
    memcpy(joined + *total, bytes, count);
    *total += count;
    *length = count;
}

static void settings_case(const char *file, char **column) {
    /* The columns from 2 on: app_id email name avatar_url account_id account_external_id. */
    static const struct {
        const char *name;
        size_t column;
    } fields[] = {{"app_id", 2},     {"email", 3},      {"name", 4},
                  {"email_hash", 0}, {"avatar_url", 5}, {"account_id", 6},
                  {"account_external_id", 7}};
    static char joined[1 << 14], out[1 << 16];
    size_t lengths[2 * COUNT(fields)], count = 0, total = 0;
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE] = "untouched";
    text app_id = decode(column[2], 1), email = decode(column[3], 1);
    pylon_identity_status expected = outcome(column[9]);
    pylon_identity_secret secret;
    check(init(&secret, column[1]) == PYLON_IDENTITY_OK, file, column[0]);
    pylon_identity_status status = pylon_identity_chat_settings_hash(
        &secret, app_id.bytes, app_id.length, email.bytes, email.length, hash);
    if (status == PYLON_IDENTITY_OK) {
        for (size_t i = 0; i < COUNT(fields); i++) {
            const char *digits = column[fields[i].column];
            if (fields[i].column && strcmp(digits, "-") == 0) continue;
            text value = decode(fields[i].column ? digits : "", 1);
            append(joined, &total, &lengths[count++], fields[i].name, strlen(fields[i].name));
            if (fields[i].column) append(joined, &total, &lengths[count++], value.bytes, value.length);
            else append(joined, &total, &lengths[count++], hash, 64);
            free(value.bytes);
        }
        int has_nonce = strcmp(column[8], "-") != 0;
        text nonce = decode(has_nonce ? column[8] : "", 1);
        size_t enough = 6 * (total + nonce.length) + 8 * count + 100;
        const char *given = has_nonce ? nonce.bytes : NULL;
        strcpy(out, "untouched");
        status = pylon_identity_chat_settings_script(joined, lengths, count, given, nonce.length, out,
                                                     enough);
        if (status == PYLON_IDENTITY_OK) {
            text script = decode(column[9], 1);
            check(strlen(out) == script.length && memcmp(out, script.bytes, script.length) == 0, file,
                  column[0]);
            strcpy(out, "untouched");
            check(pylon_identity_chat_settings_script(joined, lengths, count, given, nonce.length, out,
                                                      script.length) ==
                          PYLON_IDENTITY_BUFFER_TOO_SMALL &&
                      strcmp(out, "untouched") == 0 &&
                      pylon_identity_chat_settings_script(joined, lengths, count, given, nonce.length,
                                                          out, script.length + 1) ==
                          PYLON_IDENTITY_OK,
                  file, column[0]);
            free(script.bytes);
        } else {
            check(strcmp(out, "untouched") == 0, file, column[0]);
        }
        free(nonce.bytes);
    } else {
        check(strcmp(hash, "untouched") == 0, file, column[0]);
    }
    check(status == expected, file, column[0]);
    pylon_identity_secret_wipe(&secret);
    free(app_id.bytes);
    free(email.bytes);
}

/* Runs a case per line, and fails if the file says that it holds another number than ran. */
static void each(const char *file, size_t columns, void (*run)(const char *, char **)) {
    static char line[1 << 16];
    char path[4096];
    unsigned long expected = 0, ran = 0;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    FILE *stream = fopen(path, "r");
    if (!stream || fscanf(stream, "cases\t%lu\n", &expected) != 1 ||
        !fgets(line, sizeof line, stream)) {
        check(0, file, "cannot be read");
        return;
    }
    while (fgets(line, sizeof line, stream)) {
        char *column[10], *next = line;
        line[strcspn(line, "\n")] = '\0';
        size_t found = 0;
        for (; next && found < columns; found++) {
            column[found] = next;
            next = strchr(next, '\t');
            if (next) *next++ = '\0';
        }
        if (found == columns && !next) run(file, column);
        else check(0, file, line);
        ran++;
    }
    fclose(stream);
    check(ran == expected && ran > 0, file, "as many cases as it says");
}

/* NULL, lengths that cannot be, structs that are not ready: refused, with the outputs untouched. */
static void refusals(void) {
    static const char hex[] = "00", email[] = "ada@example.com";
    const char *file = "refusals";
    const size_t length = sizeof email - 1;
    pylon_identity_secret secret, zero, wiped;
    char out[PYLON_IDENTITY_EMAIL_HASH_SIZE] = "untouched";
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];
    memset(&zero, 0, sizeof zero);
    check(init(&wiped, hex) == PYLON_IDENTITY_OK &&
              pylon_identity_secret_wipe(&wiped) == PYLON_IDENTITY_OK &&
              pylon_identity_secret_wipe(&wiped) == PYLON_IDENTITY_OK &&
              memcmp(&wiped, &zero, sizeof zero) == 0,
          file, "wiping leaves zero bytes, twice too");

    check(pylon_identity_secret_init(NULL, hex, 2) == PYLON_IDENTITY_NULL_ARGUMENT, file,
          "init: no secret");
    check(pylon_identity_secret_init(&zero, NULL, 2) == PYLON_IDENTITY_NULL_ARGUMENT, file,
          "init: no hex");
    check(pylon_identity_secret_init(&zero, NULL, 0) == PYLON_IDENTITY_SECRET_EMPTY, file,
          "init: no hex of no length");
    check(pylon_identity_secret_init(&zero, hex, (size_t)-1) == PYLON_IDENTITY_NULL_ARGUMENT, file,
          "init: impossible length");
    check(memcmp(&zero, &wiped, sizeof zero) == 0, file, "init: nothing written");
    check(pylon_identity_secret_wipe(NULL) == PYLON_IDENTITY_NULL_ARGUMENT, file, "wipe: no secret");

    check(init(&secret, hex) == PYLON_IDENTITY_OK, file, "init");
    char *odd = (char *)&secret + 1;
    const pylon_identity_secret *misaligned = (const pylon_identity_secret *)(void *)odd;
    const struct {
        const char *name;
        const pylon_identity_secret *secret;
        const char *email;
        size_t length;
        char *out;
        pylon_identity_status expected;
    } calls[] = {
        {"no secret", NULL, email, length, out, PYLON_IDENTITY_NULL_ARGUMENT},
        {"misaligned secret", misaligned, email, length, out, PYLON_IDENTITY_NULL_ARGUMENT},
        {"zero secret", &zero, email, length, out, PYLON_IDENTITY_SECRET_NOT_READY},
        {"wiped secret", &wiped, email, length, out, PYLON_IDENTITY_SECRET_NOT_READY},
        {"no email", &secret, NULL, 1, out, PYLON_IDENTITY_NULL_ARGUMENT},
        {"huge email", &secret, email, (size_t)-1, out, PYLON_IDENTITY_NULL_ARGUMENT},
        {"no out", &secret, email, length, NULL, PYLON_IDENTITY_NULL_ARGUMENT},
    };
    for (size_t i = 0; i < COUNT(calls); i++) {
        check(pylon_identity_sign(calls[i].secret, calls[i].email, calls[i].length, calls[i].out) ==
                      calls[i].expected &&
                  strcmp(out, "untouched") == 0,
              "sign", calls[i].name);
        if (!calls[i].out) continue;
        check(pylon_identity_verify(calls[i].secret, calls[i].email, calls[i].length, email,
                                    length) == calls[i].expected,
              "verify", calls[i].name);
    }
    check(pylon_identity_sign(&secret, email, length, hash) == PYLON_IDENTITY_OK, file, "sign");
    check(pylon_identity_verify(&secret, email, length, NULL, 64) == PYLON_IDENTITY_NULL_ARGUMENT,
          file, "verify: no hash");
    check(pylon_identity_verify(&secret, email, length, NULL, 0) == PYLON_IDENTITY_HASH_MISMATCH,
          file, "verify: empty hash");
    check(pylon_identity_verify(&secret, email, length, hash, (size_t)-1) ==
              PYLON_IDENTITY_NULL_ARGUMENT,
          file, "verify: huge hash");
    check(pylon_identity_verify(&secret, email, length, hash, sizeof hash) ==
              PYLON_IDENTITY_HASH_MISMATCH,
          file, "verify: with the NUL");

    check(pylon_identity_sign_message_with_hmac(NULL, 1, hex, 2, out) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_sign_message_with_hmac(email, length, NULL, 2, out) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_sign_message_with_hmac(email, length, hex, 2, NULL) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              strcmp(out, "untouched") == 0,
          file, "drop-in: NULL");

    const size_t lengths[3] = {3, 0, length - 3}, too_long[2] = {(size_t)-1, 2};
    char many[3][PYLON_IDENTITY_EMAIL_HASH_SIZE], single[PYLON_IDENTITY_EMAIL_HASH_SIZE];
    check(pylon_identity_sign_many(&secret, email, lengths, 3, many[0]) == PYLON_IDENTITY_OK, "many",
          "signs");
    for (size_t i = 0, start = 0; i < 3; start += lengths[i++]) {
        pylon_identity_sign(&secret, email + start, lengths[i], single);
        check(strcmp(single, many[i]) == 0, "many", "each email has its own hash");
    }
    const struct {
        const char *name;
        const pylon_identity_secret *secret;
        const char *emails;
        const size_t *lengths;
        size_t count;
        char *out;
        pylon_identity_status expected;
    } batches[] = {
        {"no secret", NULL, email, lengths, 3, out, PYLON_IDENTITY_NULL_ARGUMENT},
        {"wiped secret", &wiped, email, lengths, 3, out, PYLON_IDENTITY_SECRET_NOT_READY},
        {"wiped secret, no emails", &wiped, email, lengths, 0, out, PYLON_IDENTITY_SECRET_NOT_READY},
        {"no emails", &secret, NULL, lengths, 3, out, PYLON_IDENTITY_NULL_ARGUMENT},
        {"no lengths", &secret, email, NULL, 3, out, PYLON_IDENTITY_NULL_ARGUMENT},
        {"no out", &secret, email, lengths, 3, NULL, PYLON_IDENTITY_NULL_ARGUMENT},
        {"huge count", &secret, email, lengths, (size_t)-1, out, PYLON_IDENTITY_NULL_ARGUMENT},
        {"lengths overflow", &secret, email, too_long, 2, out, PYLON_IDENTITY_NULL_ARGUMENT},
        {"nothing to do", &secret, NULL, NULL, 0, NULL, PYLON_IDENTITY_OK},
    };
    for (size_t i = 0; i < COUNT(batches); i++) {
        check(pylon_identity_sign_many(batches[i].secret, batches[i].emails, batches[i].lengths,
                                       batches[i].count, batches[i].out) == batches[i].expected &&
                  strcmp(out, "untouched") == 0,
              "many", batches[i].name);
    }

    uint32_t causes = 77;
    const size_t one_of_two[1] = {1};
    check(pylon_identity_diagnose(NULL, 1, email, length, hash, 64, &causes, NULL, 0) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_diagnose(hex, 2, NULL, 1, hash, 64, &causes, NULL, 0) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_diagnose(hex, 2, email, length, NULL, 1, &causes, NULL, 0) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_diagnose(hex, 2, email, length, hash, 64, NULL, NULL, 0) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_diagnose(hex, 2, email, length, hash, 64, &causes, out, 20) ==
                  PYLON_IDENTITY_BUFFER_TOO_SMALL &&
              causes == 77 && strcmp(out, "untouched") == 0,
          file, "diagnose");
    check(!*pylon_identity_cause_code(0) && !*pylon_identity_cause_code(3) &&
              !*pylon_identity_cause_code(1u << 31) &&
              strcmp(pylon_identity_cause_code(PYLON_IDENTITY_CAUSE_UNKNOWN), "unknown") == 0,
          file, "cause codes");
    check(pylon_identity_secret_init_from_env(NULL, hex, 2, hex, 2) == PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_secret_init_from_env(&zero, NULL, 2, hex, 2) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              memcmp(&zero, &wiped, sizeof zero) == 0,
          file, "from the environment");
    check(pylon_identity_chat_settings_hash(&zero, hex, 2, email, length, out) ==
                  PYLON_IDENTITY_SECRET_NOT_READY &&
              pylon_identity_chat_settings_hash(NULL, hex, 2, email, length, out) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_chat_settings_hash(&secret, NULL, 2, email, length, out) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_chat_settings_hash(&secret, hex, 2, NULL, 2, out) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_chat_settings_hash(&secret, hex, 2, email, length, NULL) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              strcmp(out, "untouched") == 0,
          file, "chat settings");
    check(pylon_identity_chat_settings_script(NULL, lengths, 2, NULL, 0, out, sizeof out) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_chat_settings_script(email, NULL, 2, NULL, 0, out, sizeof out) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_chat_settings_script(email, one_of_two, 1, NULL, 0, out, sizeof out) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_chat_settings_script(email, lengths, 2, NULL, 0, NULL, 100) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              pylon_identity_chat_settings_script(email, too_long, 2, NULL, 0, out, sizeof out) ==
                  PYLON_IDENTITY_NULL_ARGUMENT &&
              strcmp(out, "untouched") == 0,
          file, "script");

    pylon_identity_secret copy;
    memcpy(&copy, &secret, sizeof copy);
    pylon_identity_secret_wipe(&secret);
    check(pylon_identity_verify(&copy, email, length, hash, 64) == PYLON_IDENTITY_OK, file,
          "a copy outlives the original");
    check(pylon_identity_sign(&copy, NULL, 0, hash) == PYLON_IDENTITY_OK &&
              pylon_identity_verify(&copy, "", 0, hash, 64) == PYLON_IDENTITY_OK,
          file, "the empty email, with NULL and with a pointer");
}

static void messages(void) {
    const char *unknown = pylon_identity_status_message(-1);
    for (pylon_identity_status s = PYLON_IDENTITY_OK; s <= PYLON_IDENTITY_BUFFER_TOO_SMALL;
         s = (pylon_identity_status)(s + 1)) {
        const char *message = pylon_identity_status_message(s);
        check(message && *message && strcmp(message, unknown) != 0, "messages", message);
    }
    check(strcmp(pylon_identity_status_message(1 << 30), unknown) == 0, "messages", "unknown");
    check(strcmp(pylon_identity_status_code(PYLON_IDENTITY_SECRET_EMPTY), "secret_empty") == 0, "codes", "");
    check(*pylon_identity_status_code(-1) == '\0', "codes", "unknown");
    check(strchr(pylon_identity_version(), '.') != NULL, "version", pylon_identity_version());
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY_OF_THE_VECTORS\n", argv[0]);
        return 2;
    }
    directory = argv[1];
    each("sign.tsv", 5, sign_case);
    each("sign_bytes.tsv", 5, sign_case);
    each("verify.tsv", 5, verify_case);
    each("malformed_secrets.tsv", 3, malformed_case);
    each("diagnose.tsv", 5, diagnose_case);
    each("env.tsv", 4, env_case);
    each("settings.tsv", 10, settings_case);
    refusals();
    messages();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
