//! Finds out why a JWT is not right.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use hmac::digest::CtOutput;
use zeroize::Zeroizing;

use super::search::join;
use super::{Cause, Diagnosis, SEARCH_STACK, Subject};
use crate::JwtSecret;
use crate::clock::now;
use crate::env::trim;
use crate::jwt::{MIN_BYTES, Parts};
use crate::secret::{KeyedHmac, Tag, keyed_hmac_of_bytes, tag, with_stack_wiped};
use crate::settings::{FILLERS, is_missing};
use crate::strict_json::Object;

/// Finds out why Pylon does not accept `token` as a JWT for this app ID. `secret` is the text from its dashboard.
///
/// `email` is the email on the page. An empty text or a filler such as "undefined" means that there is none. `now` is
/// in Unix seconds, and `None` means the system's clock. Takes any text, a malformed secret too. It is for developers
/// and not for the path of a request.
pub fn diagnose_jwt(
    secret: impl AsRef<[u8]>,
    app_id: &str,
    token: &str,
    email: Option<&str>,
    now: Option<u64>,
) -> Diagnosis {
    let beside = [("email", email), ("account_external_id", None)];
    judge(secret.as_ref(), app_id, token, beside, now)
}

/// The same with the identity values beside the token on the page.
pub(super) fn judge(
    secret: &[u8],
    app_id: &str,
    token: &str,
    beside: [(&str, Option<&str>); 2],
    at: Option<u64>,
) -> Diagnosis {
    let mut causes = with_stack_wiped::<SEARCH_STACK, _>(|| {
        find_causes(secret, app_id, token, beside, at.unwrap_or_else(now))
    });
    causes.sort_unstable();
    causes.dedup();
    Diagnosis { causes, ..Diagnosis::new(Subject::Jwt) }
}

fn find_causes(
    secret: &[u8],
    app_id: &str,
    token: &str,
    beside: [(&str, Option<&str>); 2],
    now: u64,
) -> Vec<Cause> {
    let bare = bare(token);
    if is_missing(bare) {
        return vec![Cause::JwtMissing];
    }
    if secret.len() >= MIN_BYTES && trim(secret) == bare.as_bytes() {
        return vec![Cause::SecretOnPage];
    }
    if bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return vec![Cause::JwtIsHash];
    }
    let Some(parts) = Parts::of(bare) else { return vec![Cause::JwtMalformed] };
    let mut causes = Vec::new();
    causes.extend(
        (bare != token || parts.header.get("crit").is_some()).then_some(Cause::JwtMalformed),
    );
    causes.extend(is_missing(app_id).then_some(Cause::AppIdMissing));
    match parts.header.text("alg") {
        Some("HS256") => causes.extend(signer(secret, &parts)),
        _ => causes.push(Cause::JwtAlgorithm),
    }
    match Object::parse(&parts.payload) {
        Some(claims) => {
            judge_times(&claims, now, &mut causes);
            let audience = claims.text("aud");
            let is_other = !is_missing(app_id) && audience != Some(app_id);
            causes.extend(is_other.then_some(Cause::JwtAudience));
            let has_email = claims.text("email").is_some_and(|email| !is_missing(email));
            causes.extend((!has_email).then_some(Cause::JwtEmailMissing));
            let differs = |(name, value): &(&str, Option<&str>)| {
                let value = value.filter(|value| !is_missing(value));
                value.is_some() && claims.get(name).is_some() && claims.text(name) != value
            };
            causes.extend(beside.iter().any(differs).then_some(Cause::JwtDiffers));
            let optional = ["name", "account_external_id", "contact_external_id"];
            let is_wrong = |name: &&str| claims.get(name).is_some() && claims.text(name).is_none();
            causes.extend(optional.iter().any(is_wrong).then_some(Cause::JwtMalformed));
        }
        None => causes.push(Cause::JwtMalformed),
    }
    causes
}

/// The token without the characters that people often copy with it.
pub(super) fn bare(token: &str) -> &str {
    let text = token.trim();
    let text = text.strip_prefix("Bearer ").unwrap_or(text);
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted.unwrap_or(text).trim()
}

/// Times beyond this are in milliseconds: it is the year 5138.
const MAX_SECONDS: i64 = 100_000_000_000;

fn judge_times(claims: &Object, now: u64, causes: &mut Vec<Cause>) {
    let time = |name| claims.integer(name);
    let (Some(mut issued_at), Some(mut expires_at)) = (time("iat"), time("exp")) else {
        causes.push(Cause::JwtTimesMissing);
        return;
    };
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    for time in [&mut issued_at, &mut expires_at] {
        if *time > MAX_SECONDS && *time / 100 > now {
            causes.push(Cause::JwtMilliseconds);
            *time /= 1000;
        }
    }
    let lifetime = expires_at.saturating_sub(issued_at);
    let is_allowed = (1..=JwtSecret::MAX_LIFETIME as i64).contains(&lifetime);
    let not_before = time("nbf").unwrap_or(issued_at);
    let found = [
        (expires_at <= now, Cause::JwtExpired),
        (issued_at.max(not_before) > now, Cause::JwtNotYetValid),
        (!is_allowed, Cause::JwtLifetime),
    ];
    causes.extend(found.iter().filter(|(is_so, _)| *is_so).map(|(_, cause)| *cause));
}

/// The mistake with the secret that gives the signature.
fn signer(secret: &[u8], parts: &Parts<'_>) -> Option<Cause> {
    let Ok(observed) = Tag::try_from(&parts.signature[..]) else {
        return Some(Cause::JwtSignature);
    };
    let observed = CtOutput::<KeyedHmac>::new(observed);
    let is_key = |key: &[u8]| {
        CtOutput::new(tag(keyed_hmac_of_bytes(key), parts.signed.as_bytes())) == observed
    };
    let trimmed = trim(secret);
    let inner = match trimmed {
        [first @ (b'"' | b'\'' | b'`'), inner @ .., last] if first == last => inner,
        _ => trimmed,
    };
    if is_key(secret) {
        // JwtSecret refuses the same texts.
        return match inner.len() {
            length if length < secret.len() => Some(Cause::JwtSecretWrapped),
            ..MIN_BYTES => Some(Cause::SecretTruncated),
            _ => None,
        };
    }
    let mut key = Zeroizing::new(vec![0; inner.len()]);
    if base16ct::mixed::decode(inner, &mut key).is_ok_and(&is_key) {
        return Some(Cause::JwtSecretHexDecoded);
    }
    // In either alphabet, with or without padding.
    let mut text = Zeroizing::new(inner.to_vec());
    while text.last() == Some(&b'=') {
        text.pop();
    }
    for byte in text.iter_mut() {
        *byte = match byte {
            b'+' => b'-',
            b'/' => b'_',
            _ => *byte,
        };
    }
    let encoded = Zeroizing::new(Base64::encode_string(inner));
    if Base64UrlUnpadded::decode(&text[..], &mut key).is_ok_and(&is_key)
        || is_key(encoded.as_bytes())
    {
        return Some(Cause::JwtSecretBase64);
    }
    let around: [[&[u8]; 2]; 7] = [
        [b"", b""],
        [b"", b"\n"],
        [b"", b"\r\n"],
        [b"", b" "],
        [b" ", b""],
        [b"\"", b"\""],
        [b"'", b"'"],
    ];
    let is_wrapped = |[before, after]: [&[u8]; 2]| is_key(&join(&[before, inner, after]));
    if around.into_iter().any(is_wrapped)
        || is_key(&join(&[JwtSecret::ENV.as_bytes(), b"=", inner]))
    {
        return Some(Cause::JwtSecretWrapped);
    }
    let mut fillers = FILLERS.iter().chain([&""]);
    let is_nothing = str::from_utf8(secret).is_ok_and(is_missing)
        || fillers.any(|filler| is_key(filler.as_bytes()));
    Some(if is_nothing { Cause::SecretMissing } else { Cause::JwtSignature })
}
