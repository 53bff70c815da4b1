/*
 * The shared vectors through the C library, and misuse that only C allows.
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

/* The status of this code. */
static pylon_identity_status outcome(const char *code) {
    for (int32_t status = 0; *pylon_identity_status_code(status); status++) {
        if (strcmp(code, pylon_identity_status_code(status)) == 0) return (pylon_identity_status)status;
    }
    return PYLON_IDENTITY_OK; /* a script instead of a code */
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

static void list_causes(uint64_t causes, char *codes) {
    for (uint64_t bit = 1; bit; bit <<= 1) {
        if (!(causes & bit)) continue;
        if (*codes) strcat(codes, ",");
        strcat(codes, pylon_identity_cause_code(bit));
    }
    if (!causes) strcpy(codes, "none");
}

static void diagnose_case(const char *file, char **column) {
    text hex = decode(column[1], 1), email = decode(column[2], 1), hash = decode(column[3], 1);
    char explanation[PYLON_IDENTITY_EXPLANATION_SIZE], codes[512] = "";
    uint64_t causes = 0, without_text = 0;
    pylon_identity_status status = pylon_identity_diagnose(
        hex.bytes, hex.length, email.bytes, email.length, hash.bytes, hash.length, &causes,
        explanation, sizeof explanation);
    list_causes(causes, codes);
    check(status == PYLON_IDENTITY_OK && strcmp(codes, column[4]) == 0 &&
              strlen(explanation) > 80 &&
              pylon_identity_diagnose(hex.bytes, hex.length, email.bytes, email.length, hash.bytes,
                                      hash.length, &without_text, NULL, 0) == PYLON_IDENTITY_OK &&
              without_text == causes,
          file, column[0]);
    free(hex.bytes);
    free(email.bytes);
    free(hash.bytes);
}

static void diagnose_page_case(const char *file, char **column) {
    text hex = decode(column[1], 1), page = decode(column[2], 1);
    char explanation[PYLON_IDENTITY_EXPLANATION_SIZE], codes[512] = "";
    uint64_t causes = 0, without_text = 0;
    pylon_identity_status status = pylon_identity_diagnose_page(
        hex.bytes, hex.length, page.bytes, page.length, &causes, explanation, sizeof explanation);
    list_causes(causes, codes);
    check(status == PYLON_IDENTITY_OK && strcmp(codes, column[4]) == 0 && strlen(explanation) > 60 &&
              strcmp(causes & ~PYLON_IDENTITY_WARNINGS ? "false" : "true", column[3]) == 0 &&
              pylon_identity_diagnose_page(hex.bytes, hex.length, page.bytes, page.length, &without_text,
                                           NULL, 0) == PYLON_IDENTITY_OK &&
              without_text == causes,
          file, column[0]);
    free(hex.bytes);
    free(page.bytes);
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

/* The text in a column, where "-" means none. The caller frees the bytes. */
static pylon_identity_text text_or_none(const char *column) {
    pylon_identity_text none = {NULL, 0};
    if (strcmp(column, "-") == 0) return none;
    text decoded = decode(column, 1);
    pylon_identity_text given = {decoded.bytes, decoded.length};
    return given;
}

static void other_settings_case(const char *file, char **column) {
    text value = decode(column[3], 1);
    value.bytes[value.length] = '\0';
    pylon_identity_setting setting;
    memset(&setting, 0, sizeof setting);
    setting.name.data = column[1];
    setting.name.length = strlen(column[1]);
    if (strcmp(column[2], "text") == 0) {
        setting.kind = PYLON_IDENTITY_SETTING_TEXT;
        setting.text.data = value.bytes;
        setting.text.length = value.length;
    } else if (strcmp(column[2], "number") == 0) {
        setting.kind = PYLON_IDENTITY_SETTING_NUMBER;
        setting.number = strtod(value.bytes, NULL);
    } else {
        setting.kind = PYLON_IDENTITY_SETTING_BOOLEAN;
        setting.number = strcmp(value.bytes, "true") == 0;
    }
    pylon_identity_user user;
    memset(&user, 0, sizeof user);
    user.app_id.data = "app-1";
    user.app_id.length = 5;
    user.other = &setting;
    user.other_count = 1;
    char json[1000], expected[1000];
    pylon_identity_status status = pylon_identity_chat_settings_json(NULL, &user, json, sizeof json, NULL);
    snprintf(expected, sizeof expected, "{\"app_id\":\"app-1\",\"%s\":%s}", column[1], column[4]);
    check(status == PYLON_IDENTITY_OK ? strcmp(json, expected) == 0
                                      : strcmp(pylon_identity_status_code(status), column[4]) == 0,
          file, column[0]);
    setting.kind = 3;
    check(pylon_identity_chat_settings_json(NULL, &user, json, sizeof json, NULL) ==
              PYLON_IDENTITY_SETTINGS_INVALID,
          file, "a kind that there is not");
    free(value.bytes);
}

static void settings_case(const char *file, char **column) {
    static char script[1 << 16], again[1 << 16], json[1 << 16];
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE] = "untouched";
    size_t written = 77;
    pylon_identity_text texts[7];
    for (size_t i = 0; i < COUNT(texts); i++) texts[i] = text_or_none(column[2 + i]);
    const pylon_identity_text nonce = texts[6];
    pylon_identity_user user;
    memset(&user, 0, sizeof user);
    user.app_id = texts[0];
    user.email = texts[1];
    user.name = texts[2];
    user.avatar_url = texts[3];
    user.account_id = texts[4];
    user.account_external_id = texts[5];
    pylon_identity_secret secret;
    check(init(&secret, column[1]) == PYLON_IDENTITY_OK, file, column[0]);

    strcpy(script, "untouched");
    pylon_identity_status expected = outcome(column[9]);
    pylon_identity_status status = pylon_identity_chat_settings_script(
        &secret, &user, nonce.data, nonce.length, script, sizeof script, &written);
    pylon_identity_status hashed = pylon_identity_chat_settings_hash(
        &secret, user.app_id.data, user.app_id.length, user.email.data, user.email.length, hash);
    /* In C an empty nonce means none. */
    const int no_nonce = nonce.length == 0 && expected == PYLON_IDENTITY_NONCE_INVALID;
    check(no_nonce ? strncmp(script, "<script>", 8) == 0 : status == expected, file, column[0]);
    if (expected == PYLON_IDENTITY_OK) {
        text right = decode(column[9], 1);
        check(written == right.length && script[written] == '\0' &&
                  memcmp(script, right.bytes, right.length) == 0,
              file, column[0]);
        free(right.bytes);
        /* With a hash that was made before, in a buffer of exactly the size, or of one byte less. */
        user.email_hash.data = hash;
        user.email_hash.length = strlen(hash);
        strcpy(again, "untouched");
        check(pylon_identity_chat_settings_script(NULL, &user, nonce.data, nonce.length, again, written,
                                                  NULL) == PYLON_IDENTITY_BUFFER_TOO_SMALL &&
                  strcmp(again, "untouched") == 0 &&
                  pylon_identity_chat_settings_script(NULL, &user, nonce.data, nonce.length, again,
                                                      written + 1, NULL) == PYLON_IDENTITY_OK &&
                  strcmp(again, script) == 0,
              file, column[0]);
        check(pylon_identity_chat_settings_json(NULL, &user, json, sizeof json, &written) ==
                      PYLON_IDENTITY_OK &&
                  written == strlen(json) && strstr(script, json) != NULL,
              file, column[0]);
    } else if (!no_nonce) {
        check(strcmp(script, "untouched") == 0 && written == 77 &&
                  (hashed == expected || expected == PYLON_IDENTITY_NONCE_INVALID),
              file, column[0]);
    }
    pylon_identity_secret_wipe(&secret);
    for (size_t i = 0; i < COUNT(texts); i++) free((void *)texts[i].data);
}

/* The JWT secret in a column. */
static pylon_identity_jwt_secret jwt_secret(const char *file, char **column) {
    text key = decode(column[1], 1);
    pylon_identity_jwt_secret secret;
    check(pylon_identity_jwt_secret_init(&secret, key.bytes, key.length) == PYLON_IDENTITY_OK, file,
          column[0]);
    free(key.bytes);
    return secret;
}

static void jwt_case(const char *file, char **column) {
    static char token[1 << 13], again[1 << 13];
    pylon_identity_text texts[5];
    for (size_t i = 0; i < COUNT(texts); i++) texts[i] = text_or_none(column[2 + i]);
    pylon_identity_jwt_user user = {texts[0], texts[1], texts[2], texts[3], texts[4]};
    pylon_identity_jwt_secret secret = jwt_secret(file, column);
    const uint64_t expires_in = strtoul(column[7], NULL, 10), now = strtoul(column[8], NULL, 10);
    size_t written = 77;
    strcpy(token, "untouched");
    pylon_identity_status expected = outcome(column[9]);
    if (!expires_in) expected = PYLON_IDENTITY_OK; /* in C it means 600 */
    check(pylon_identity_sign_jwt(&secret, &user, expires_in, now, token, sizeof token, &written) ==
              expected,
          file, column[0]);
    if (expected != PYLON_IDENTITY_OK) {
        check(strcmp(token, "untouched") == 0 && written == 77, file, column[0]);
    } else if (!expires_in) {
        check(pylon_identity_sign_jwt(&secret, &user, 600, now, again, sizeof again, NULL) ==
                      PYLON_IDENTITY_OK &&
                  strcmp(token, again) == 0,
              file, column[0]);
    } else {
        strcpy(again, "untouched");
        check(strcmp(token, column[9]) == 0 && written == strlen(token) &&
                  pylon_identity_sign_jwt(&secret, &user, expires_in, now, again, written, NULL) ==
                      PYLON_IDENTITY_BUFFER_TOO_SMALL &&
                  strcmp(again, "untouched") == 0 &&
                  pylon_identity_sign_jwt(&secret, &user, expires_in, now, again, written + 1, NULL) ==
                      PYLON_IDENTITY_OK &&
                  strcmp(again, token) == 0,
              file, column[0]);
    }
    pylon_identity_jwt_secret_wipe(&secret);
    for (size_t i = 0; i < COUNT(texts); i++) free((void *)texts[i].data);
}

static void verify_jwt_case(const char *file, char **column) {
    char claims[1 << 12] = "untouched";
    size_t written = 77;
    text token = decode(column[2], 1), app_id = decode(column[3], 1);
    pylon_identity_jwt_secret secret = jwt_secret(file, column);
    pylon_identity_status expected = outcome(column[5]);
    check(pylon_identity_verify_jwt(&secret, token.bytes, token.length, app_id.bytes, app_id.length,
                                    strtoul(column[4], NULL, 10), claims, sizeof claims,
                                    &written) == expected,
          file, column[0]);
    if (expected == PYLON_IDENTITY_OK) {
        text right = decode(column[5], 1);
        check(written == right.length && claims[written] == '\0' &&
                  memcmp(claims, right.bytes, written) == 0,
              file, column[0]);
        free(right.bytes);
    } else {
        check(strcmp(claims, "untouched") == 0 && written == 77, file, column[0]);
    }
    pylon_identity_jwt_secret_wipe(&secret);
    free(token.bytes);
    free(app_id.bytes);
}

static void diagnose_jwt_case(const char *file, char **column) {
    text key = decode(column[1], 1), app_id = decode(column[2], 1), token = decode(column[3], 1);
    pylon_identity_text email = text_or_none(column[4]);
    const uint64_t now = strtoul(column[5], NULL, 10);
    char explanation[PYLON_IDENTITY_EXPLANATION_SIZE], codes[512] = "";
    uint64_t causes = 0, without_text = 0;
    pylon_identity_status status = pylon_identity_diagnose_jwt(
        key.bytes, key.length, app_id.bytes, app_id.length, token.bytes, token.length, email.data,
        email.length, now, &causes, explanation, sizeof explanation);
    list_causes(causes, codes);
    check(status == PYLON_IDENTITY_OK && strcmp(codes, column[6]) == 0 && strlen(explanation) > 20 &&
              pylon_identity_diagnose_jwt(key.bytes, key.length, app_id.bytes, app_id.length,
                                          token.bytes, token.length, email.data, email.length, now,
                                          &without_text, NULL, 0) == PYLON_IDENTITY_OK &&
              without_text == causes,
          file, column[0]);
    free(key.bytes);
    free(app_id.bytes);
    free(token.bytes);
    free((void *)email.data);
}

static void malformed_jwt_case(const char *file, char **column) {
    text key = decode(column[1], 1);
    pylon_identity_jwt_secret secret, before;
    memset(&secret, 0x5a, sizeof secret);
    before = secret;
    pylon_identity_status status = pylon_identity_jwt_secret_init(&secret, key.bytes, key.length);
    check(status != PYLON_IDENTITY_OK && status == outcome(column[2]) &&
              memcmp(&secret, &before, sizeof secret) == 0,
          file, column[0]);
    free(key.bytes);
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

/* Structs that are not ready, impossible lengths, copies. `make harden` tries every wrong argument. */
static void misuse(void) {
    static const char hex[] = "000102030405060708090a0b0c0d0e0f", email[] = "ada@example.com";
    const size_t length = sizeof email - 1;
    pylon_identity_secret secret, zero, copy;
    char out[PYLON_IDENTITY_EMAIL_HASH_SIZE] = "untouched";
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];
    memset(&zero, 0, sizeof zero);
    check(init(&secret, hex) == PYLON_IDENTITY_OK, "misuse", "init");
    check(pylon_identity_sign(NULL, email, length, out) == PYLON_IDENTITY_INVALID_ARGUMENT &&
              pylon_identity_sign(&zero, email, length, out) == PYLON_IDENTITY_SECRET_NOT_READY &&
              pylon_identity_sign(&secret, NULL, 1, out) == PYLON_IDENTITY_INVALID_ARGUMENT &&
              pylon_identity_sign(&secret, email, (size_t)-1, out) == PYLON_IDENTITY_INVALID_ARGUMENT &&
              strcmp(out, "untouched") == 0,
          "misuse", "sign");
    check(pylon_identity_sign(&secret, email, length, hash) == PYLON_IDENTITY_OK &&
              pylon_identity_verify(&secret, email, length, hash, sizeof hash) ==
                  PYLON_IDENTITY_HASH_MISMATCH,
          "misuse", "a hash with its NUL");
    const size_t lengths[3] = {3, 0, length - 3}, overflow[2] = {(size_t)-1, 2};
    char many[3][PYLON_IDENTITY_EMAIL_HASH_SIZE];
    check(pylon_identity_sign_many(&secret, email, lengths, 3, many[0]) == PYLON_IDENTITY_OK &&
              pylon_identity_verify(&secret, email + 3, length - 3, many[2], 64) == PYLON_IDENTITY_OK &&
              pylon_identity_sign_many(&secret, NULL, NULL, 0, NULL) == PYLON_IDENTITY_OK &&
              pylon_identity_sign_many(&secret, email, overflow, 2, out) ==
                  PYLON_IDENTITY_INVALID_ARGUMENT &&
              pylon_identity_sign_many(&secret, email, lengths, (size_t)-1, out) ==
                  PYLON_IDENTITY_INVALID_ARGUMENT &&
              strcmp(out, "untouched") == 0,
          "misuse", "many");
    pylon_identity_user user;
    memset(&user, 0, sizeof user);
    check(pylon_identity_chat_settings_json(NULL, &user, out, sizeof out, NULL) ==
              PYLON_IDENTITY_APP_ID_EMPTY,
          "misuse", "settings of nothing");
    user.app_id.data = "app";
    user.app_id.length = 3;
    check(pylon_identity_chat_settings_json(NULL, &user, out, sizeof out, NULL) == PYLON_IDENTITY_OK &&
              strcmp(out, "{\"app_id\":\"app\"}") == 0,
          "misuse", "a visitor who is not logged in");
    /* An empty std::string of C++ has a pointer, too. */
    user.email.data = user.name.data = user.account_id.data = user.email_hash.data = "";
    check(pylon_identity_chat_settings_json(NULL, &user, out, sizeof out, NULL) == PYLON_IDENTITY_OK &&
              strcmp(out, "{\"app_id\":\"app\"}") == 0 &&
              pylon_identity_chat_settings_json(&secret, &user, out, sizeof out, NULL) ==
                  PYLON_IDENTITY_EMAIL_EMPTY,
          "misuse", "texts of length 0 are left out");
    user.email.data = "j\xfcrgen";
    user.email.length = 6;
    check(pylon_identity_chat_settings_json(&secret, &user, out, sizeof out, NULL) ==
              PYLON_IDENTITY_EMAIL_NOT_UNICODE,
          "misuse", "an email that is not UTF-8");
    user.email_hash.data = hash;
    user.email_hash.length = 64;
    check(pylon_identity_chat_settings_json(&secret, &user, out, sizeof out, NULL) ==
              PYLON_IDENTITY_INVALID_ARGUMENT,
          "misuse", "a secret and a hash that was made before");
    memcpy(&copy, &secret, sizeof copy);
    check(pylon_identity_secret_wipe(&secret) == PYLON_IDENTITY_OK &&
              pylon_identity_secret_wipe(&secret) == PYLON_IDENTITY_OK &&
              memcmp(&secret, &zero, sizeof zero) == 0 &&
              pylon_identity_verify(&copy, email, length, hash, 64) == PYLON_IDENTITY_OK,
          "misuse", "wiping leaves zero bytes, and a copy outlives the original");
}

static void jwt_misuse(void) {
    static const char key[] = "pylon-jwt-secret-of-the-tests", name[] = "PYLON_JWT_SECRET";
    const size_t length = sizeof key - 1;
    const pylon_identity_text app_id = {"app-1", 5}, email = {"ada@example.com", 15}, none = {NULL, 0};
    const pylon_identity_text latin = {"j\xfcrgen", 6};
    pylon_identity_jwt_user user = {app_id, email, none, none, none};
    pylon_identity_jwt_secret secret, zero;
    pylon_identity_secret other;
    char token[1000], claims[1000], script[1000];
    size_t size = 0;
    memset(&zero, 0, sizeof zero);
    check(pylon_identity_jwt_secret_init_from_env(&secret, name, strlen(name), NULL, 0) ==
                  PYLON_IDENTITY_SECRET_MISSING &&
              pylon_identity_jwt_secret_init_from_env(&secret, "VITE_JWT", 8, key, length) ==
                  PYLON_IDENTITY_SECRET_EXPOSED &&
              pylon_identity_jwt_secret_init_from_env(&secret, name, strlen(name), key, length) ==
                  PYLON_IDENTITY_OK,
          "JWT", "from the environment");
    check(pylon_identity_sign_jwt(&zero, &user, 0, 0, token, sizeof token, NULL) ==
                  PYLON_IDENTITY_SECRET_NOT_READY &&
              pylon_identity_sign_jwt(&secret, NULL, 0, 0, token, sizeof token, NULL) ==
                  PYLON_IDENTITY_INVALID_ARGUMENT &&
              pylon_identity_sign_jwt(&secret, &user, 901, 0, token, sizeof token, NULL) ==
                  PYLON_IDENTITY_JWT_LIFETIME,
          "JWT", "what is refused");
    check(pylon_identity_sign_jwt(&secret, &user, 0, 0, token, sizeof token, &size) ==
                  PYLON_IDENTITY_OK &&
              pylon_identity_verify_jwt(&secret, token, size, app_id.data, app_id.length, 0, claims,
                                        sizeof claims, NULL) == PYLON_IDENTITY_OK &&
              strstr(claims, "{\"email\":\"ada@example.com\",\"aud\":\"app-1\",\"iat\":") == claims &&
              pylon_identity_verify_jwt(&secret, token, size, app_id.data, app_id.length, 1, claims,
                                        sizeof claims, NULL) == PYLON_IDENTITY_JWT_NOT_YET_VALID &&
              pylon_identity_verify_jwt(&secret, "\xff", 1, app_id.data, app_id.length, 0, claims,
                                        sizeof claims, NULL) == PYLON_IDENTITY_JWT_MALFORMED,
          "JWT", "by the system's clock");
    pylon_identity_setting jwt;
    memset(&jwt, 0, sizeof jwt);
    jwt.name.data = "jwt";
    jwt.name.length = 3;
    jwt.text.data = token;
    jwt.text.length = size;
    pylon_identity_user page;
    memset(&page, 0, sizeof page);
    page.app_id = app_id;
    page.other = &jwt;
    page.other_count = 1;
    check(pylon_identity_chat_settings_script(NULL, &page, NULL, 0, script, sizeof script, NULL) ==
                  PYLON_IDENTITY_OK &&
              strstr(script, "\"app_id\":\"app-1\",\"jwt\":\"eyJ") && strstr(script, token),
          "JWT", "settings");
    user.email = latin;
    check(pylon_identity_sign_jwt(&secret, &user, 0, 0, token, sizeof token, NULL) ==
              PYLON_IDENTITY_EMAIL_NOT_UNICODE,
          "JWT", "an email that is not UTF-8");
    /* A struct of one kind in place of the other: languages without types may pass it. */
    memcpy(&other, &secret, sizeof other);
    check(pylon_identity_verify(&other, "", 0, "", 0) == PYLON_IDENTITY_SECRET_NOT_READY, "JWT",
          "as an identity secret");
    check(pylon_identity_jwt_secret_wipe(&secret) == PYLON_IDENTITY_OK &&
              pylon_identity_jwt_secret_wipe(&secret) == PYLON_IDENTITY_OK &&
              memcmp(&secret, &zero, sizeof zero) == 0,
          "JWT", "wiping leaves zero bytes");
}

static void messages(void) {
    const char *unknown = pylon_identity_status_message(-1);
    for (int32_t status = 0; status <= PYLON_IDENTITY_JWT_LIFETIME; status++) {
        const char *message = pylon_identity_status_message(status);
        check(message && *message && strcmp(message, unknown) != 0, "messages", message);
    }
    check(strcmp(pylon_identity_status_message(1 << 30), unknown) == 0, "messages", "unknown");
    check(strcmp(pylon_identity_status_code(PYLON_IDENTITY_SECRET_EMPTY), "secret_empty") == 0, "codes", "");
    check(*pylon_identity_status_code(-1) == '\0', "codes", "unknown");
    check(strcmp(pylon_identity_cause_code(PYLON_IDENTITY_CAUSE_UNKNOWN), "unknown") == 0 &&
              !*pylon_identity_cause_code(3),
          "codes", "causes");
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
    each("diagnose_page.tsv", 5, diagnose_page_case);
    each("env.tsv", 5, env_case);
    each("settings.tsv", 10, settings_case);
    each("other_settings.tsv", 5, other_settings_case);
    each("jwt.tsv", 10, jwt_case);
    each("verify_jwt.tsv", 6, verify_jwt_case);
    each("diagnose_jwt.tsv", 7, diagnose_jwt_case);
    each("malformed_jwt_secrets.tsv", 3, malformed_jwt_case);
    misuse();
    jwt_misuse();
    messages();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
