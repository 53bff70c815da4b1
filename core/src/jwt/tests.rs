use serde_json::Value;

use super::*;

/// RFC 7515, appendix A.1: a key of 64 bytes, and line breaks in the JSON.
#[test]
fn rfc_7515_a_1() {
    let key =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let key = Base64UrlUnpadded::decode_vec(key).unwrap();
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                 dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let secret = JwtSecret { hmac: keyed_hmac_of_bytes(&key) };
    let payload = secret.open(token).unwrap();
    assert!(payload.starts_with(b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,"));
    // Pylon's claims are others.
    assert_eq!(secret.verify_jwt_at(token, "x", 1_300_819_379).unwrap_err(), Error::JwtMalformed);
    let changed = token.replace("Xk", "Xl");
    assert_eq!(secret.open(&changed).unwrap_err(), Error::JwtMalformed, "not canonical");
    let changed = token.replace("dBj", "dBk");
    assert_eq!(secret.open(&changed).unwrap_err(), Error::JwtSignature);
}

/// Wycheproof's tests of HS256.
#[test]
#[ignore = "make harden fetches the file"]
fn wycheproof_hs256() {
    let path = std::env::var("WYCHEPROOF_JWS").expect("the path of json_web_signature_test.json");
    let set: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut ran = 0;
    for group in set["testGroups"].as_array().unwrap() {
        let key = &group["private"];
        if key["alg"] != "HS256" {
            continue;
        }
        let key = Base64UrlUnpadded::decode_vec(key["k"].as_str().unwrap()).unwrap();
        let secret = JwtSecret { hmac: keyed_hmac_of_bytes(&key) };
        let tests = group["tests"].as_array().unwrap();
        for test in tests {
            let text = |token: &Value| token.as_str().map(str::to_owned);
            let token = text(&test["jws"]).unwrap_or_else(|| test["jws"].to_string());
            // Two that are called invalid have lost their padding, and are the same as a valid one. Two are
            // called valid with a character that base64url does not have.
            let valid = tests.iter().any(|it| it["result"] == "valid" && it["jws"] == test["jws"]);
            let valid = valid && !token.contains('?');
            assert_eq!(secret.open(&token).is_ok(), valid, "case {}", test["tcId"]);
            ran += 1;
        }
    }
    assert_eq!(ran, 40);
}
