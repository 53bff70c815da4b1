/*
 * Mistakes that the boundary could make, one of which takes the place of pylon_identity_sign():
 * each must be noticed.
 */

#define ARGUMENTS                                                                                  \
    const pylon_identity_secret *secret, const char *email, size_t email_len, char *out
#define SIGN pylon_identity_sign(secret, email, email_len, out)
#define FAULT static pylon_identity_status

static volatile unsigned long long sink;

FAULT nothing_wrong(ARGUMENTS) {
    return SIGN;
}

FAULT looks_before_checking(ARGUMENTS) {
    if (email_len) sink += (unsigned char)*email;
    return SIGN;
}

FAULT writes_before_checking(ARGUMENTS) {
    if (out) *out = 0;
    return SIGN;
}

FAULT writes_one_too_many(ARGUMENTS) {
    pylon_identity_status status = SIGN;
    if (status == PYLON_IDENTITY_OK) out[PYLON_IDENTITY_EMAIL_HASH_SIZE] = 0;
    return status;
}

FAULT writes_into_the_email(ARGUMENTS) {
    pylon_identity_status status = SIGN;
    if (status == PYLON_IDENTITY_OK && email_len) *(char *)(size_t)email ^= 1;
    return status;
}

FAULT accepts_a_wiped_secret(ARGUMENTS) {
    pylon_identity_status status = SIGN;
    return status == PYLON_IDENTITY_SECRET_NOT_READY ? PYLON_IDENTITY_OK : status;
}

FAULT returns_a_foreign_status(ARGUMENTS) {
    pylon_identity_status status = SIGN;
    return status == PYLON_IDENTITY_SECRET_NOT_READY ? PYLON_IDENTITY_SECRET_MISSING : status;
}

FAULT aborts(ARGUMENTS) {
    pylon_identity_status status = SIGN;
    if (status == PYLON_IDENTITY_INVALID_ARGUMENT) abort();
    return status;
}

FAULT aborts_when_it_panics(ARGUMENTS) {
    pylon_identity_status status = SIGN;
    if (status == PYLON_IDENTITY_PANIC) abort();
    return status;
}

FAULT writes_when_it_panics(ARGUMENTS) {
    pylon_identity_status status = SIGN;
    if (status == PYLON_IDENTITY_PANIC && out) *out = 0;
    return status;
}

FAULT hides_a_panic(ARGUMENTS) {
    pylon_identity_status status = SIGN;
    return status == PYLON_IDENTITY_PANIC ? PYLON_IDENTITY_HASH_MISMATCH : status;
}

FAULT leaks(ARGUMENTS) {
    sink += (size_t)malloc(1);
    return SIGN;
}

FAULT reads_misaligned(ARGUMENTS) {
    if (secret) sink += *(const uint64_t *)secret;
    return SIGN;
}

FAULT uses_what_nobody_wrote(ARGUMENTS) {
    char *volatile fresh = (char *)malloc(1);
    if (fresh && *fresh == 1) sink++;
    free(fresh);
    return SIGN;
}

/* Has the library itself read one byte too many. */
FAULT reads_one_too_many(ARGUMENTS) {
    if (email && email_len && email_len < 100) email_len++;
    return SIGN;
}

#define NAMED(fault) {#fault, fault}

static const struct fault {
    const char *name;
    pylon_identity_status (*function)(ARGUMENTS);
} faults[] = {
    NAMED(nothing_wrong),
    NAMED(looks_before_checking),
    NAMED(writes_before_checking),
    NAMED(writes_one_too_many),
    NAMED(writes_into_the_email),
    NAMED(accepts_a_wiped_secret),
    NAMED(returns_a_foreign_status),
    NAMED(aborts),
    NAMED(aborts_when_it_panics),
    NAMED(writes_when_it_panics),
    NAMED(hides_a_panic),
    NAMED(leaks),
    NAMED(reads_misaligned),
    NAMED(uses_what_nobody_wrote),
    NAMED(reads_one_too_many),
};

static pylon_identity_status (*planted)(ARGUMENTS);

static void plant(const char *name) {
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strcmp(faults[i].name, name) == 0) planted = faults[i].function;
    }
    if (!planted) give_up("no such fault");
}

#define pylon_identity_sign planted
