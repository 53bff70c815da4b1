use crate::codes::codes;

codes! {
    /// A mistake that gives another email hash than the right one, or the right digest in another form.
    enum Cause {
        SecretUsedAsText = 0, "secret_used_as_text",
            "The hexadecimal string itself was the key.",
            "The hexadecimal string itself was used as the key. Decode it to bytes first: \
             bytes.fromhex(secret) in Python, Buffer.from(secret, 'hex') in Node, hex.DecodeString(secret) \
             in Go.";
        SecretTruncated = 1, "secret_truncated",
            "The key was cut short.",
            "The key was cut short: Node's Buffer.from(secret, 'hex') silently stops at the first \
             character that is not hexadecimal, or a part of the secret is missing. Remove quotes, spaces, \
             a 0x and everything else that is not a digit from where the secret is configured, and \
             compare it with Pylon's dashboard.";
        SecretEmptyKey = 2, "secret_empty_key",
            "The key was empty, or only zero bytes.",
            "The key was empty or only zero bytes, so anybody could have made this hash. Either the code \
             that signs found no secret (a variable that is not set, with \"\" as fallback), or the secret \
             does not begin with a hexadecimal digit: Node's Buffer.from(secret, 'hex') silently turns \
             that into no bytes.";
        SecretWhitespace = 3, "secret_whitespace",
            "There is white space around the secret.",
            "There is white space around the secret, often the newline at the end of a file. Trim it where \
             the secret is read.";
        EmailCase = 4, "email_case",
            "The email was lowercased or uppercased first.",
            "The email was lowercased or uppercased before it was signed. Sign exactly the string that the \
             page sets as email.";
        EmailWhitespace = 5, "email_whitespace",
            "White space around the email was added or removed first.",
            "White space around the email was added or removed before it was signed. Sign exactly the \
             string that the page sets as email.";
        EmailEncoded = 6, "email_encoded",
            "The email was URL-encoded, HTML-escaped or JSON-quoted first.",
            "The email was URL-encoded, HTML-escaped or JSON-quoted before it was signed, or decoded once too \
             often. Sign the plain email, and leave the encoding to the template.";
        ArgumentsSwapped = 7, "arguments_swapped",
            "The secret and the email changed places.",
            "The secret and the email changed places: the email was the key. Pass the email as the message and \
             the secret as the key.";
        HashUnkeyed = 8, "hash_unkeyed",
            "A plain hash of the email, without a key.",
            "This is a plain hash of the email, without any key, so anybody could have made it. Use \
             HMAC-SHA256 with the identity secret as its key.";
        HashUppercase = 9, "hash_uppercase",
            "The hash has uppercase digits.",
            "The hash has uppercase digits. Send it in lowercase.";
        HashBase64 = 10, "hash_base64",
            "The hash is base64.",
            "The hash is base64. Send it as 64 lowercase hexadecimal digits.";
        HashPrefixed = 11, "hash_prefixed",
            "There is a prefix before the hash.",
            "There is a prefix before the hash, such as sha256= or 0x. Send only the 64 hexadecimal digits.";
        HashWrongAlgorithm = 12, "hash_wrong_algorithm",
            "The hash was made with another algorithm.",
            "The hash was made with another algorithm, such as SHA-1 or SHA-512. Use HMAC-SHA256.";
        HashMalformed = 13, "hash_malformed",
            "The text is no email hash.",
            "This is not an email hash, which is 64 hexadecimal digits and nothing else: characters are \
             missing or extra (white space too), or another value was sent in its place.";
        Unknown = 14, "unknown",
            "No known mistake gives this hash.",
            "No known mistake gives this hash. Most often it was made with another secret (of another \
             environment, or one that was replaced since) or for another email (one that changed since, \
             or a hash that was cached for too long). Compare both with the values that the code that \
             signs really uses.";
    }
    /// The mistake, and how to fix it.
    fn explanation;
}
