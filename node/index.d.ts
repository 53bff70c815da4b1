/// <reference lib="esnext.disposable" />

/**
 * The identity secret from Pylon's dashboard, parsed once.
 *
 * The hexadecimal string is not kept, and nothing shows the key. It is wiped when the object is
 * disposed of or garbage collected.
 */
export declare class IdentitySecret {
  /**
   * @param hex an even, non-zero number of the digits 0-9a-fA-F and nothing else
   * @throws an `Error` with the `code` `ERR_SECRET_EMPTY`, `ERR_SECRET_ODD_LENGTH` or
   * `ERR_SECRET_NOT_HEX`. Its message says what to do and never contains the secret.
   */
  constructor(hex: string)

  /**
   * Returns the email hash of exactly this email, as 64 lowercase hexadecimal digits.
   *
   * HMAC-SHA256 (RFC 2104) over the UTF-8 bytes of the email, which is never trimmed or lowercased.
   * Sign only the email of the logged-in session.
   *
   * @throws an `Error` with the `code` `ERR_EMAIL_NOT_UNICODE` for a lone surrogate
   */
  sign(email: string): string

  /** Returns the email hash of each email, in the same order. */
  signMany(emails: readonly string[]): string[]

  /**
   * Returns whether `emailHash` is exactly what `sign` returns for this email.
   *
   * Compares in constant time. Anything but 64 lowercase hexadecimal digits is simply `false`.
   */
  verify(email: string, emailHash: string): boolean

  /**
   * Wipes the key. The other methods throw an `Error` with the `code` `ERR_SECRET_NOT_READY` from
   * then on. Called at the end of the block by `using secret = new IdentitySecret(hex)`.
   */
  [Symbol.dispose](): void
}

/**
 * Signs `message` with `secret`: a drop-in for the snippet in Pylon's docs.
 *
 * Throws what `new IdentitySecret()` and `sign()` throw. To sign more than once, keep an
 * `IdentitySecret`.
 */
export declare function signMessageWithHmac(message: string, secret: string): string

/**
 * Makes a new secret for tests and development: 64 hexadecimal digits (32 random bytes).
 *
 * In production the secret comes from Pylon's dashboard.
 */
export declare function generateSecret(): string

/** The version of the library, for example `1.2.3`. */
export declare const version: string
