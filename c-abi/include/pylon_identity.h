/*
 * pylon-identity: identity verification for Pylon's chat widget.
 *
 * Generated from c-abi/src/lib.rs. Do not edit.
 *
 * Conventions:
 *
 *  - Memory is the caller's. There is nothing to free: a pylon_identity_secret may live on the stack,
 *    in static memory or inside another struct.
 *  - A string is a pointer and a length in bytes, with no terminating NUL needed. A length of zero is
 *    the empty string, whatever the pointer, unless a function gives NULL a meaning.
 *  - Every function that can fail returns a pylon_identity_status, and writes its outputs only when
 *    that is PYLON_IDENTITY_OK, unless a function says otherwise for PYLON_IDENTITY_PANIC.
 *  - Pointers are checked for NULL and alignment; a struct that is all zero bytes or was wiped is
 *    refused; a panic inside the library becomes PYLON_IDENTITY_PANIC.
 *  - Any number of threads may sign and verify with one secret. Initialising and wiping it must not
 *    run at the same time as any other use of it.
 */

#ifndef PYLON_IDENTITY_H
#define PYLON_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

/**
 * The size in bytes of the buffer for an email hash: 64 hexadecimal digits and a NUL.
 */
#define PYLON_IDENTITY_EMAIL_HASH_SIZE 65

/**
 * The size in bytes of a buffer that holds every explanation, with its NUL.
 */
#define PYLON_IDENTITY_EXPLANATION_SIZE 4096

/**
 * What a call came to. The numbers are stable; pylon_identity_status_message() explains each.
 */
enum pylon_identity_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The call succeeded. From pylon_identity_verify(): the email hash is right.
   */
  PYLON_IDENTITY_OK = 0,
  /**
   * The identity secret has no digits at all.
   */
  PYLON_IDENTITY_SECRET_EMPTY = 1,
  /**
   * The identity secret has an odd number of hexadecimal digits.
   */
  PYLON_IDENTITY_SECRET_ODD_LENGTH = 2,
  /**
   * The identity secret contains a character that is not a hexadecimal digit.
   */
  PYLON_IDENTITY_SECRET_NOT_HEX = 3,
  /**
   * The struct was never initialised, or was wiped.
   */
  PYLON_IDENTITY_SECRET_NOT_READY = 4,
  /**
   * The email hash is not the one that this secret gives for this email.
   */
  PYLON_IDENTITY_HASH_MISMATCH = 5,
  /**
   * A pointer is NULL or misaligned, a length is larger than any object can be, or names and values
   * do not come in pairs.
   */
  PYLON_IDENTITY_NULL_ARGUMENT = 6,
  /**
   * The library has a bug: it panicked.
   */
  PYLON_IDENTITY_PANIC = 7,
  /**
   * The environment variable with the identity secret is not set.
   */
  PYLON_IDENTITY_SECRET_MISSING = 8,
  /**
   * The environment variable has a name that bundlers ship to browsers.
   */
  PYLON_IDENTITY_SECRET_EXPOSED = 9,
  /**
   * Chat settings need an email.
   */
  PYLON_IDENTITY_EMAIL_EMPTY = 10,
  /**
   * Chat settings need an app ID.
   */
  PYLON_IDENTITY_APP_ID_EMPTY = 11,
  /**
   * The nonce is not base64 text.
   */
  PYLON_IDENTITY_NONCE_INVALID = 12,
  /**
   * The buffer for the output is too small.
   */
  PYLON_IDENTITY_BUFFER_TOO_SMALL = 13,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pylon_identity_status pylon_identity_status;
#else
typedef int32_t pylon_identity_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A mistake that gives another email hash than the right one; each is a bit, as they come together.
 */
enum pylon_identity_cause
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The hexadecimal string itself was used as the key.
   */
  PYLON_IDENTITY_CAUSE_SECRET_USED_AS_TEXT = (1 << 0),
  /**
   * The secret was cut off at the first character that is not hexadecimal.
   */
  PYLON_IDENTITY_CAUSE_SECRET_TRUNCATED = (1 << 1),
  /**
   * The key was empty.
   */
  PYLON_IDENTITY_CAUSE_SECRET_EMPTY_KEY = (1 << 2),
  /**
   * There is white space around the secret.
   */
  PYLON_IDENTITY_CAUSE_SECRET_WHITESPACE = (1 << 3),
  /**
   * The email was lowercased or uppercased first.
   */
  PYLON_IDENTITY_CAUSE_EMAIL_CASE = (1 << 4),
  /**
   * White space around the email was added or removed first.
   */
  PYLON_IDENTITY_CAUSE_EMAIL_WHITESPACE = (1 << 5),
  /**
   * The email was URL-encoded, HTML-escaped or JSON-quoted first.
   */
  PYLON_IDENTITY_CAUSE_EMAIL_ENCODED = (1 << 6),
  /**
   * The secret and the email changed places.
   */
  PYLON_IDENTITY_CAUSE_ARGUMENTS_SWAPPED = (1 << 7),
  /**
   * A plain hash of the email, without a key.
   */
  PYLON_IDENTITY_CAUSE_HASH_UNKEYED = (1 << 8),
  /**
   * The hash has uppercase digits.
   */
  PYLON_IDENTITY_CAUSE_HASH_UPPERCASE = (1 << 9),
  /**
   * The hash is base64.
   */
  PYLON_IDENTITY_CAUSE_HASH_BASE64 = (1 << 10),
  /**
   * There is a prefix before the hash.
   */
  PYLON_IDENTITY_CAUSE_HASH_PREFIXED = (1 << 11),
  /**
   * The hash was made with another algorithm.
   */
  PYLON_IDENTITY_CAUSE_HASH_WRONG_ALGORITHM = (1 << 12),
  /**
   * Not an email hash at all.
   */
  PYLON_IDENTITY_CAUSE_HASH_MALFORMED = (1 << 13),
  /**
   * No known mistake gives this hash.
   */
  PYLON_IDENTITY_CAUSE_UNKNOWN = (1 << 14),
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pylon_identity_cause pylon_identity_cause;
#else
typedef uint32_t pylon_identity_cause;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * An identity secret, parsed once and kept as a keyed HMAC state.
 *
 * The contents are private. The struct has a fixed size, holds no pointers and may be moved with
 * memcpy(); wipe every copy. It becomes usable with pylon_identity_secret_init() and ends with
 * pylon_identity_secret_wipe(); before and after, all zero bytes are refused. Start with zero bytes if it
 * might be used without either: what else memory holds cannot always be told from a secret.
 */
typedef struct pylon_identity_secret {
  uint64_t opaque[32];
} pylon_identity_secret;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Parses the identity secret: an even, non-zero number of the digits 0-9a-fA-F, and nothing else.
 *
 * @param secret  where to keep the parsed secret; overlaps no other argument, untouched unless the call
 *                succeeds
 * @param hex     the hexadecimal string from Pylon's dashboard; not kept, and yours to wipe
 * @param hex_len its length in bytes; Pylon's secrets have 64 digits, any even length works
 * @return PYLON_IDENTITY_OK, PYLON_IDENTITY_SECRET_EMPTY, PYLON_IDENTITY_SECRET_NOT_HEX,
 *         PYLON_IDENTITY_SECRET_ODD_LENGTH, PYLON_IDENTITY_NULL_ARGUMENT or PYLON_IDENTITY_PANIC
 */
pylon_identity_status pylon_identity_secret_init(struct pylon_identity_secret *secret,
                                                 const char *hex,
                                                 size_t hex_len);

/**
 * Forgets the key: overwrites the whole struct with zero bytes, after which it is refused.
 *
 * @param secret the struct to wipe, in any state; wiping twice is fine
 * @return PYLON_IDENTITY_OK, PYLON_IDENTITY_NULL_ARGUMENT or PYLON_IDENTITY_PANIC
 */
pylon_identity_status pylon_identity_secret_wipe(struct pylon_identity_secret *secret);

/**
 * Signs one email: HMAC-SHA256 (RFC 2104) over exactly these bytes, as lowercase hexadecimal.
 *
 * Sign only the email of the logged-in session, as UTF-8; it is never trimmed or lowercased. This is
 * the hash that Pylon's docs describe:
 * https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification
 *
 * @param secret    an initialised secret
 * @param email     the email, any bytes
 * @param email_len its length in bytes, zero included
 * @param out       receives 64 digits and a NUL: PYLON_IDENTITY_EMAIL_HASH_SIZE bytes; untouched
 *                  unless the call succeeds
 * @return PYLON_IDENTITY_OK, PYLON_IDENTITY_SECRET_NOT_READY, PYLON_IDENTITY_NULL_ARGUMENT or
 *         PYLON_IDENTITY_PANIC
 */
pylon_identity_status pylon_identity_sign(const struct pylon_identity_secret *secret,
                                          const char *email,
                                          size_t email_len,
                                          char *out);

/**
 * Parses the secret, signs one message and forgets the key: the snippet of Pylon's docs in one call.
 *
 * To sign more than once, keep a pylon_identity_secret.
 *
 * @param message     the message, any bytes
 * @param message_len its length in bytes, zero included
 * @param hex         the hexadecimal string from Pylon's dashboard
 * @param hex_len     its length in bytes
 * @param out         receives 64 digits and a NUL: PYLON_IDENTITY_EMAIL_HASH_SIZE bytes; untouched
 *                    unless the call succeeds
 * @return what pylon_identity_secret_init() and pylon_identity_sign() return
 */
pylon_identity_status pylon_identity_sign_message_with_hmac(const char *message,
                                                            size_t message_len,
                                                            const char *hex,
                                                            size_t hex_len,
                                                            char *out);

/**
 * Signs many emails in one call, on the calling thread.
 *
 * For callers to whom each call is dear, such as bindings of other languages.
 *
 * @param secret  an initialised secret
 * @param emails  the emails one after another, with nothing between them
 * @param lengths the length in bytes of each
 * @param count   how many emails there are
 * @param out     receives 64 digits and a NUL for each: count times PYLON_IDENTITY_EMAIL_HASH_SIZE
 *                bytes that overlap no other argument; untouched unless the call succeeds, but of
 *                no certain contents after PYLON_IDENTITY_PANIC
 * @return PYLON_IDENTITY_OK, PYLON_IDENTITY_SECRET_NOT_READY, PYLON_IDENTITY_NULL_ARGUMENT (also for
 *         lengths that add up to more than any object can have) or PYLON_IDENTITY_PANIC
 */
pylon_identity_status pylon_identity_sign_many(const struct pylon_identity_secret *secret,
                                               const char *emails,
                                               const size_t *lengths,
                                               size_t count,
                                               char *out);

/**
 * Checks whether an email hash is exactly what pylon_identity_sign() gives for this email.
 *
 * The comparison takes constant time. Anything but 64 lowercase hexadecimal digits is a mismatch.
 *
 * @param secret    an initialised secret
 * @param email     the email, any bytes
 * @param email_len its length in bytes, zero included
 * @param hash      the email hash to check
 * @param hash_len  its length in bytes, without a terminating NUL
 * @return PYLON_IDENTITY_OK, which is 0, if it matches, so compare: if (... == PYLON_IDENTITY_OK);
 *         else PYLON_IDENTITY_HASH_MISMATCH; or
 *         PYLON_IDENTITY_SECRET_NOT_READY, PYLON_IDENTITY_NULL_ARGUMENT, PYLON_IDENTITY_PANIC
 */
pylon_identity_status pylon_identity_verify(const struct pylon_identity_secret *secret,
                                            const char *email,
                                            size_t email_len,
                                            const char *hash,
                                            size_t hash_len);

/**
 * Explains a status to people: what is wrong and what to do next.
 *
 * @param status a pylon_identity_status
 * @return a static, NUL-terminated English text, never NULL; the same for every unknown number
 */
const char *pylon_identity_status_message(int32_t status);

/**
 * The name of a status for programs and logs, the same in every language, for example "secret_empty".
 *
 * @param status a pylon_identity_status
 * @return a static, NUL-terminated text, never NULL; empty for every unknown number
 */
const char *pylon_identity_status_code(int32_t status);

/**
 * The version of the library, for example "1.2.3".
 *
 * @return a static, NUL-terminated text
 */
const char *pylon_identity_version(void);

/**
 * Finds out why an email hash is not the one of this email under this secret.
 *
 * Tries the usual mistakes in all combinations, and reports the fewest that give the observed hash.
 * Takes any bytes, a malformed secret too. For developers: it takes milliseconds.
 *
 * @param hex              the hexadecimal string from Pylon's dashboard
 * @param hex_len          its length in bytes
 * @param email            the email, any bytes
 * @param email_len        its length in bytes
 * @param hash             the email hash to explain
 * @param hash_len         its length in bytes, without a terminating NUL
 * @param causes           receives the mistakes, pylon_identity_cause bits; 0 if the hash is right
 * @param explanation      receives what happened and how to mend it, NUL-terminated plain text that
 *                         never shows the secret; NULL if not wanted
 * @param explanation_size the size of that buffer; PYLON_IDENTITY_EXPLANATION_SIZE is always enough
 * @return PYLON_IDENTITY_OK, PYLON_IDENTITY_NULL_ARGUMENT, PYLON_IDENTITY_BUFFER_TOO_SMALL or
 *         PYLON_IDENTITY_PANIC
 */
pylon_identity_status pylon_identity_diagnose(const char *hex,
                                              size_t hex_len,
                                              const char *email,
                                              size_t email_len,
                                              const char *hash,
                                              size_t hash_len,
                                              uint32_t *causes,
                                              char *explanation,
                                              size_t explanation_size);

/**
 * The name of a cause, the same in every language, for example "secret_used_as_text".
 *
 * @param cause one of the pylon_identity_cause bits
 * @return a static, NUL-terminated text, never NULL; empty for anything but one known bit
 */
const char *pylon_identity_cause_code(uint32_t cause);

/**
 * Parses the secret in an environment variable, trimmed of white space.
 *
 * For C: pylon_identity_secret_init_from_env(&secret, name, strlen(name), value, value ? strlen(value) : 0)
 * with value = getenv(name). The usual name is PYLON_IDENTITY_SECRET.
 *
 * @param secret    where to keep the parsed secret; overlaps no other argument, untouched unless the
 *                  call succeeds
 * @param name      the variable's name
 * @param name_len  its length in bytes
 * @param value     what the environment holds; NULL if the variable is not set
 * @param value_len its length in bytes
 * @return what pylon_identity_secret_init() returns; PYLON_IDENTITY_SECRET_MISSING if it is not set;
 *         PYLON_IDENTITY_SECRET_EXPOSED for a name that bundlers ship to browsers (NEXT_PUBLIC_, VITE_
 *         and the like)
 */
pylon_identity_status pylon_identity_secret_init_from_env(struct pylon_identity_secret *secret,
                                                          const char *name,
                                                          size_t name_len,
                                                          const char *value,
                                                          size_t value_len);

/**
 * Signs the email for the settings of the chat widget, which have neither app ID nor email empty.
 *
 * @param secret     an initialised secret
 * @param app_id     the ID of the chat widget
 * @param app_id_len its length in bytes
 * @param email      the email of the logged-in session
 * @param email_len  its length in bytes
 * @param out        receives 64 digits and a NUL: PYLON_IDENTITY_EMAIL_HASH_SIZE bytes; untouched
 *                   unless the call succeeds
 * @return what pylon_identity_sign() returns; PYLON_IDENTITY_APP_ID_EMPTY, PYLON_IDENTITY_EMAIL_EMPTY
 */
pylon_identity_status pylon_identity_chat_settings_hash(const struct pylon_identity_secret *secret,
                                                        const char *app_id,
                                                        size_t app_id_len,
                                                        const char *email,
                                                        size_t email_len,
                                                        char *out);

/**
 * Writes the script tag that sets window.pylon, to be put into the page before the widget's own.
 *
 * Whatever the fields hold is safe inside HTML; bytes that are not UTF-8 become U+FFFD.
 *
 * @param fields    the names and values of the chat settings in turn, one after another with nothing
 *                  between them, as UTF-8
 * @param lengths   the length in bytes of each
 * @param count     how many names and values there are, an even number
 * @param nonce     the nonce of the page's Content-Security-Policy, base64 text; NULL for none
 * @param nonce_len its length in bytes
 * @param out       receives the tag, NUL-terminated; untouched unless the call succeeds
 * @param out_size  the size of that buffer; always enough are
 *                  6 * (the sum of the lengths + nonce_len) + 8 * count + 100
 * @return PYLON_IDENTITY_OK, PYLON_IDENTITY_NONCE_INVALID, PYLON_IDENTITY_BUFFER_TOO_SMALL,
 *         PYLON_IDENTITY_NULL_ARGUMENT or PYLON_IDENTITY_PANIC
 */
pylon_identity_status pylon_identity_chat_settings_script(const char *fields,
                                                          const size_t *lengths,
                                                          size_t count,
                                                          const char *nonce,
                                                          size_t nonce_len,
                                                          char *out,
                                                          size_t out_size);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PYLON_IDENTITY_H */
