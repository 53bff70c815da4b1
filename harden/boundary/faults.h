/*
 * Faults that the boundary could have. PLANTED takes the place of pylon_identity_sign(), and must be noticed.
 */

#define ARGUMENTS                                                                                  \
    const pylon_identity_secret *secret, const char *email, size_t email_len, char *out
#define SIGN pylon_identity_sign(secret, email, email_len, out)

/* A fault before the call, and one after it that sees the status. */
#define BEFORE(name, code)                                                                         \
    pylon_identity_status name(ARGUMENTS) {                                                        \
        code;                                                                                      \
        return SIGN;                                                                               \
    }
#define AFTER(name, code)                                                                          \
    pylon_identity_status name(ARGUMENTS) {                                                        \
        pylon_identity_status status = SIGN;                                                       \
        code;                                                                                      \
        return status;                                                                             \
    }
#define WHEN(expected, code)                                                                       \
    if (status == PYLON_IDENTITY_##expected) code

static volatile unsigned long long sink;

BEFORE(nothing_wrong, (void)0)
BEFORE(looks_before_checking, if (email_len) sink += (unsigned char)*email)
BEFORE(writes_before_checking, if (out) *out = 0)
AFTER(writes_one_too_many, WHEN(OK, out[PYLON_IDENTITY_EMAIL_HASH_SIZE] = 0))
AFTER(writes_into_the_email, if (email_len) WHEN(OK, *(char *)(size_t)email ^= 1))
AFTER(accepts_a_wiped_secret, WHEN(SECRET_NOT_READY, status = PYLON_IDENTITY_OK))
AFTER(returns_a_foreign_status, WHEN(SECRET_NOT_READY, status = PYLON_IDENTITY_SECRET_MISSING))
AFTER(aborts, WHEN(INVALID_ARGUMENT, abort()))
AFTER(aborts_when_it_panics, WHEN(PANIC, abort()))
AFTER(writes_when_it_panics, if (out) WHEN(PANIC, *out = 0))
AFTER(hides_a_panic, WHEN(PANIC, status = PYLON_IDENTITY_HASH_MISMATCH))

#define pylon_identity_sign PLANTED
