/// <reference lib="esnext.disposable" />

import type { Cause } from './codes.js'

/**
 * The identity secret from Pylon's dashboard, parsed once.
 *
 * The hexadecimal string is not kept, and nothing shows the key: the object prints as
 * `IdentitySecret(hidden)`, in JSON too. It cannot be cloned, nor sent to another thread or process;
 * make it again there. The key is wiped when the object is disposed of or garbage collected.
 */
export declare class IdentitySecret {
  /**
   * @param hex an even number, 32 or more, of the digits 0-9a-fA-F and nothing else
   * @throws an `Error` with the `code` `ERR_SECRET_EMPTY`, `ERR_SECRET_ODD_LENGTH`,
   * `ERR_SECRET_NOT_HEX` or `ERR_SECRET_WEAK`. Its message says what to do and never contains the secret.
   */
  constructor(hex: string)

  /**
   * Parses the secret in an environment variable, trimmed of white space.
   *
   * @param name the variable's name, `PYLON_IDENTITY_SECRET` if left out
   * @param env the environment, `process.env` if left out; on Cloudflare Workers the handler's argument `env`
   * @throws an `Error` with the `code` `ERR_SECRET_MISSING` if it is not set, `ERR_SECRET_EXPOSED` for a
   * name that bundlers ship to browsers (`NEXT_PUBLIC_`, `VITE_` and the like), and the errors of the constructor. The
   * message begins with the name, if it looks like one.
   */
  static fromEnv(name?: string, env?: object): IdentitySecret

  /**
   * Parses the secret in a file, trimmed of white space: the usual way with the secrets of Docker and
   * Kubernetes.
   *
   * @throws an `Error` with the `code` of the file system, such as `ENOENT`, if the file cannot be read. It
   * does not show the path, which may be the secret by mistake. Edge runtimes have no files: `code` is
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM`. Also throws the errors of the constructor.
   */
  static fromFile(path: string | URL): IdentitySecret

  /**
   * Returns the email hash of exactly this email, as 64 lowercase hexadecimal digits.
   *
   * HMAC-SHA256 (RFC 2104) over the UTF-8 bytes of the email, which is never trimmed or lowercased.
   * Sign only the email of the logged-in session, which the user has proved to own.
   *
   * @throws an `Error` with the `code` `ERR_EMAIL_NOT_UNICODE` for a lone surrogate
   */
  sign(email: string): string

  /**
   * Returns the email hash of each email, in the same order. Large batches use all processors.
   *
   * Up to 16,384 hashes share one string of 1 MiB: to keep only a few of many, copy them.
   */
  signMany(emails: readonly string[]): string[]

  /**
   * Returns whether `emailHash` is exactly the hash that `sign` returns for this email.
   *
   * Compares in constant time. Anything but 64 lowercase hexadecimal digits is `false`.
   */
  verify(email: string, emailHash: string): boolean

  /**
   * Returns the settings of the chat widget for a logged-in user, with the email signed.
   *
   * The email is the very string that was signed: pass only an address that the user has proved to own.
   * Send the settings only to their own user, with
   * `Cache-Control: no-store, private`.
   *
   * @throws an `Error` with the `code` `ERR_APP_ID_EMPTY`, `ERR_EMAIL_EMPTY` or `ERR_EMAIL_NOT_UNICODE`
   */
  chatSettings(user: User): ChatSettings

  /**
   * Wipes the key. The other methods throw an `Error` with the `code` `ERR_SECRET_NOT_READY` from
   * then on. Called at the end of the block by `using secret = new IdentitySecret(hex)`.
   */
  [Symbol.dispose](): void

  /** Returns `IdentitySecret(hidden)`. */
  toString(): string

  /** Returns `IdentitySecret(hidden)`. */
  toJSON(): string
}

/**
 * The secret of Pylon's option "JWT (signed token)", parsed once.
 *
 * The text is the key as it is, even if it is hexadecimal. It is hidden and wiped like an `IdentitySecret`: the object
 * prints as `JwtSecret(hidden)`.
 *
 * The rules for these tokens come from public integrations of August 2026. They were not tried with Pylon's service.
 */
export declare class JwtSecret {
  /**
   * @param text the secret as it is in Pylon's dashboard: at least 16 bytes of UTF-8
   * @throws an `Error` with the `code` `ERR_JWT_SECRET_EMPTY`, `ERR_JWT_SECRET_WRAPPED` for white space or quotes
   * around it, or `ERR_JWT_SECRET_WEAK`. Its message says what to do and never contains the secret.
   */
  constructor(text: string)

  /**
   * Parses the secret in an environment variable, trimmed of white space.
   *
   * @param name the variable's name, `PYLON_JWT_SECRET` if left out
   * @param env the environment, as for `IdentitySecret.fromEnv`
   * @throws an `Error` with the `code` `ERR_SECRET_MISSING` or `ERR_SECRET_EXPOSED`, as `IdentitySecret.fromEnv`, and
   * the errors of the constructor. The message begins with the name, if it looks like one.
   */
  static fromEnv(name?: string, env?: object): JwtSecret

  /**
   * Parses the secret in a file, trimmed of white space.
   *
   * @throws the errors of `IdentitySecret.fromFile` for a file that cannot be read, and the errors of the constructor
   */
  static fromFile(path: string | URL): JwtSecret

  /**
   * Returns a JWT (RFC 7519) that names the user, signed with HS256, in compact serialisation.
   *
   * Sign only an email that the user has proved to own. Until the token expires it is as good as a login of the user:
   * do not log it.
   *
   * @throws an `Error` with the `code` `ERR_APP_ID_EMPTY`, `ERR_EMAIL_EMPTY`, `ERR_EMAIL_NOT_UNICODE`, or
   * `ERR_JWT_LIFETIME` if `expiresIn` is not from 1 to 900
   */
  signJwt(user: JwtUser): string

  /**
   * Returns the claims of a JWT that is right for this secret and app ID now.
   *
   * For tests, proxies and stand-ins of Pylon's service. The clocks may not differ at all. Compares in constant time.
   *
   * @param options.appId the ID of the chat widget, which the claim `aud` must equal
   * @param options.now the time in Unix seconds, for tests; by default the system's clock
   * @throws an `Error` with the `code` `ERR_JWT_MALFORMED`, `ERR_JWT_ALGORITHM`, `ERR_JWT_SIGNATURE`,
   * `ERR_JWT_EXPIRED`, `ERR_JWT_NOT_YET_VALID`, `ERR_JWT_AUDIENCE` or `ERR_JWT_LIFETIME`: the first that applies
   */
  verifyJwt(token: string, options: { appId: string; now?: number | null | undefined }): JwtClaims

  /**
   * Returns the settings of the chat widget for a logged-in user: the app ID and a JWT that names the user.
   *
   * They hold no other value of the user, which would have to equal the claims. Send the settings only to their own
   * user, with `Cache-Control: no-store, private`, and again before the token expires.
   *
   * @throws the errors of `signJwt`
   */
  chatSettings(user: JwtUser): JwtChatSettings

  /** Wipes the key, as `IdentitySecret` does. */
  [Symbol.dispose](): void

  /** Returns `JwtSecret(hidden)`. */
  toString(): string

  /** Returns `JwtSecret(hidden)`. */
  toJSON(): string
}

/** The logged-in user whom a JWT names. A text that is empty is left out. */
export interface JwtUser {
  /** The ID of the chat widget, from Pylon's dashboard; not empty. */
  appId: string
  /** The email of the logged-in session, exactly as it is stored; not empty. */
  email: string
  /** The name to show. */
  name?: string | null | undefined
  /** Your own ID of the user's account. A number must be a safe integer. */
  accountExternalId?: string | number | bigint | null | undefined
  /** Your own ID of the user. A number must be a safe integer. */
  contactExternalId?: string | number | bigint | null | undefined
  /** How many seconds the token lives, from 1 to 900: 600 if left out. */
  expiresIn?: number | null | undefined
  /** The time in Unix seconds, for tests; by default the system's clock. */
  now?: number | null | undefined
}

/** The claims of a JWT, by their names in the token. */
export interface JwtClaims {
  /** The user's email. */
  email: string
  /** The ID of the chat widget. */
  aud: string
  /** When the token was issued, in Unix seconds. */
  iat: number
  /** When the token expires, in Unix seconds. */
  exp: number
  /** The name to show. */
  name?: string
  /** The backend's own ID of the user's account. */
  account_external_id?: string
  /** The backend's own ID of the user. */
  contact_external_id?: string
}

/** The logged-in user, as the backend knows them. */
export interface User {
  /** The ID of the chat widget, from Pylon's dashboard; not empty. */
  appId: string
  /** The email of the logged-in session, exactly as it is stored; not empty. */
  email: string
  /** The name to show. */
  name?: string | null | undefined
  /** The address of a picture. */
  avatarUrl?: string | null | undefined
  /** Pylon's ID of the user's account. A number must be a safe integer. */
  accountId?: string | number | bigint | null | undefined
  /** Your own ID of the user's account. A number must be a safe integer. */
  accountExternalId?: string | number | bigint | null | undefined
}

/**
 * The object that the page assigns to `window.pylon.chat_settings`, in the widget's own names.
 *
 * Settings are strings, booleans and finite numbers of at most 2^53 - 1. For one that is not listed here, add it
 * by `declare module 'pylon-identity' { interface ChatSettings { … } }`.
 */
export interface ChatSettings {
  app_id: string
  email: string
  name?: string | undefined
  email_hash: string
  avatar_url?: string | undefined
  account_id?: string | undefined
  account_external_id?: string | undefined
  /** Whether the page shows no launcher of the widget's own. */
  hide_default_launcher?: boolean | undefined
}

/**
 * The settings of a visitor who is not logged in, or has no confirmed email. A page has
 * `ChatSettings | VisitorSettings`.
 */
export type VisitorSettings = Omit<ChatSettings, 'email' | 'email_hash'>

/** The settings of a logged-in user with a JWT. */
export interface JwtChatSettings extends Omit<VisitorSettings, 'name' | 'account_external_id'> {
  /** The token, which is as good as a login of the user until it expires. */
  jwt: string
}

/**
 * Returns the script tag that sets `window.pylon`, to be put before the widget's own.
 *
 * All settings are safe inside HTML. Put the tag into the page as it is, without escaping it again.
 *
 * @param settings the result of `chatSettings()`, or `{ app_id }` alone for a visitor who is not logged in
 * @param options.nonce the nonce of the page's Content-Security-Policy: base64 text, new for each response
 * @throws an `Error` with the `code` `ERR_NONCE_INVALID` for any other nonce, `ERR_APP_ID_EMPTY` for an `app_id` that
 * is empty, a filler, `undefined` or `null`, and `ERR_SETTINGS_INVALID` for settings that are empty, hold a name that
 * is not the widget's, such as `appId`, an `email_hash` beside a `jwt`, or a number that is not finite
 */
export declare function chatSettingsScript(
  settings: Partial<ChatSettings> | Partial<JwtChatSettings>,
  options?: { nonce?: string | null | undefined },
): string

/**
 * Returns the settings as a JSON object, for templates that write the script tag themselves.
 *
 * The JSON is printable ASCII, safe inside HTML of any encoding. Throws the errors of `chatSettingsScript`.
 */
export declare function chatSettingsJson(settings: Partial<ChatSettings> | Partial<JwtChatSettings>): string

export type { Cause, ErrorCode } from './codes.js'

/** Why an email hash or a JWT is not right. It never shows the secret, the email, the hash or the token. */
export interface Diagnosis {
  /**
   * Whether the hash or JWT is right. With `diagnosePage`, whether the widget finds an app ID, and an email with that
   * hash or a JWT.
   */
  matches: boolean
  /** The fewest mistakes that together give the hash, or those that the JWT has. */
  causes: Cause[]
  /** The mistakes and how to fix them, in plain text. */
  explanation: string
}

/**
 * Finds out why `emailHash` is not the hash of `email` under `secret`, the hexadecimal string.
 *
 * Tries the usual mistakes in combinations of up to three, and reports the fewest that give the observed hash. Takes
 * any text, a malformed secret too. It is for developers: it takes milliseconds.
 */
export declare function diagnose(secret: string, email: string, emailHash: string): Diagnosis

/**
 * Finds out why Pylon does not accept `token` as a JWT for this app ID. `secret` is the text from its dashboard.
 *
 * Takes any text, a malformed secret too. It is for developers.
 *
 * @param email the email on the page beside the token, if the page has one
 * @param now the time in Unix seconds, for tests; by default the system's clock
 */
export declare function diagnoseJwt(
  secret: string,
  appId: string,
  token: string,
  email?: string | null,
  now?: number | null,
): Diagnosis

/**
 * Finds out what is wrong with the chat settings of a page. `secret` is the hexadecimal string, or the JWT secret for
 * a page with a JWT.
 *
 * A diagnosis that matches may have causes: mistakes that do not keep the widget from finding the hash. Takes a
 * malformed secret too. It is for developers: it takes milliseconds.
 *
 * @param settings the value of `window.pylon` or of its `chat_settings`; or a string: its JSON, the literal that the
 * browser's console shows, or the HTML of the page, whose inline scripts are read and not run. Only the first MiB is
 * read.
 */
export declare function diagnosePage(secret: string, settings: object | string): Diagnosis

/**
 * Signs `message` with `secret`: a drop-in for the snippet in Pylon's docs.
 *
 * Throws the errors of `new IdentitySecret()` and `sign()`. To sign more than once, keep an `IdentitySecret`.
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

/** The core that runs: the native addon, or the WebAssembly module where no addon can be loaded. */
export declare const backend: 'native' | 'wasm'
