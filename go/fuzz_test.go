package pylonidentity_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

// Properties of every input, with crypto/hmac as oracle. TestRandomInput gives each property random
// inputs; go test -fuzz=FuzzSign and the others give it inputs that coverage guides.

// It makes the oracle wrong about text beyond the Basic Multilingual Plane. The properties must notice.
var _, planted = os.LookupEnv("PYLON_IDENTITY_PLANTED_FAULT")

func oracle(key []byte, email string) string {
	if planted && strings.ContainsFunc(email, func(r rune) bool { return r > 0xffff }) {
		email = ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(email))
	return hex.EncodeToString(mac.Sum(nil))
}

// keyed makes a secret of any bytes, with more of them after a key that would be too weak.
func keyed(t *testing.T, key []byte) (*pylonidentity.IdentitySecret, []byte) {
	t.Helper()
	if isWeak(key) {
		key = append(bytes.Clone(key), "0123456789abcdef"...)
	}
	return parse(t, hex.EncodeToString(key)), key
}

func isWeak(key []byte) bool {
	return len(key) < 16 || len(bytes.Trim(key, "\x00")) == 0
}

func signsAnything(t *testing.T, key []byte, email string, raw []byte) {
	secret, key := keyed(t, key)
	for _, email := range []string{email, string(raw), strings.Repeat(email, len(raw))} {
		want := oracle(key, email)
		drop, err := pylonidentity.SignMessageWithHMAC(email, strings.ToUpper(hex.EncodeToString(key)))
		if got := secret.Sign(email); got != want || err != nil || *drop != want {
			t.Errorf("Sign(%q) = %s, want %s (%v)", email, got, want, err)
		}
	}
}

func verifiesOnlyTheRightHash(t *testing.T, key []byte, email, other string, at, char byte) {
	secret, key := keyed(t, key)
	right := oracle(key, email)
	before, after := right[:at%64], right[at%64+1:]
	digit := string("0123456789abcdefABCDEF"[char%22])
	for _, shown := range []string{
		right, other, before, before + after, before + digit + after, before + string(rune(char)) + after,
		before + digit + right[at%64:], right + digit, digit + right, right + "\x00", strings.ToUpper(right),
	} {
		if got := secret.Verify(email, shown); got != (shown == right) {
			t.Errorf("Verify(%q, %q) = %v, want %v", email, shown, got, shown == right)
		}
	}
}

func refusesAnyMalformedSecret(t *testing.T, key, raw []byte, text string) {
	digits := hex.EncodeToString(key)
	for _, hexadecimal := range []string{
		string(raw), text, digits, digits + "a", digits + text, text + digits, digits + string(raw) + "0",
	} {
		var want error
		decoded, err := hex.DecodeString(hexadecimal)
		if hexadecimal == "" {
			want = pylonidentity.ErrSecretEmpty
		} else if regexp.MustCompile(`[^0-9a-fA-F]`).MatchString(hexadecimal) {
			want = pylonidentity.ErrSecretNotHex
		} else if err != nil {
			want = pylonidentity.ErrSecretOddLength
		} else if isWeak(decoded) {
			want = pylonidentity.ErrSecretWeak
		}
		secret, err := pylonidentity.NewIdentitySecret(hexadecimal)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", hexadecimal, err, want)
		} else if err == nil && secret.Sign("") != oracle(decoded, "") {
			t.Errorf("%q: another key", hexadecimal)
		}
	}
}

func signsManyAsEach(t *testing.T, key []byte, text string, chunks, more byte) {
	secret, _ := keyed(t, key)
	emails := make([]string, max(0, int(chunks%3)*16_384+int(more%3)-1))
	for i := range emails {
		emails[i] = fmt.Sprint(text[:i%(len(text)+1)], i)
	}
	hashes := secret.SignMany(emails)
	if len(hashes) != len(emails) {
		t.Fatalf("%d hashes of %d emails", len(hashes), len(emails))
	}
	for i, email := range emails {
		if hashes[i] != secret.Sign(email) {
			t.Fatalf("hash %d of %d belongs to another email", i, len(emails))
		}
	}
}

var scriptPattern = regexp.MustCompile(`^<script( nonce="[^"]*")?>window\.pylon = ([ -%'-;=?-~]*);</script>$`)

var filler = regexp.MustCompile(`^(undefined|null|None|nil|NaN|\[object (Object|Promise)\]|%s)?$`)

func thePageHasTheSignedText(t *testing.T, key []byte, appID, email, name, avatar, account string) {
	secret, key := keyed(t, key)
	settings, err := secret.ChatSettings(pylonidentity.User{
		AppID: appID, Email: email, Name: name, AvatarURL: avatar, AccountExternalID: account,
	})
	switch {
	case filler.MatchString(strings.TrimSpace(appID)) || filler.MatchString(strings.TrimSpace(email)):
		if !errors.Is(err, pylonidentity.ErrAppIDEmpty) && !errors.Is(err, pylonidentity.ErrEmailEmpty) {
			t.Error(err)
		}
		return
	case !utf8.ValidString(email):
		if !errors.Is(err, pylonidentity.ErrEmailNotUnicode) {
			t.Error(err)
		}
		return
	case err != nil:
		t.Fatal(err)
	}
	for _, nonce := range []string{"", "r4n=", name} {
		script, err := settings.Script(nonce)
		valid := regexp.MustCompile(`^([A-Za-z0-9+/_-]+={0,2})?$`).MatchString(nonce)
		if !valid || strings.HasPrefix(nonce, "nonce-") {
			if !errors.Is(err, pylonidentity.ErrNonceInvalid) {
				t.Errorf("%q: %v", nonce, err)
			}
			continue
		}
		code := scriptPattern.FindStringSubmatch(string(script))
		if err != nil || code == nil {
			t.Fatalf("%s, %v", script, err)
		}
		var page map[string]map[string]string
		if err := json.Unmarshal([]byte(code[2]), &page); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"email_hash": oracle(key, email)}
		for field, value := range map[string]string{
			"app_id": appID, "email": email, "name": name, "avatar_url": avatar, "account_external_id": account,
		} {
			if value != "" {
				want[field] = onlyText(value)
			}
		}
		got := page["chat_settings"]
		for field, value := range got {
			got[field] = onlyText(value)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// onlyText leaves out bytes that are not UTF-8, and U+FFFD, which the script has in their place.
func onlyText(value string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(value, ""), "\ufffd", "")
}

var eightDigits = regexp.MustCompile(`[0-9a-fA-F]{8}`)

func diagnosesAnything(t *testing.T, key []byte, hexadecimal, email, shown string, at byte) {
	secret, key := keyed(t, key)
	right := secret.Sign(email)
	check := func(hexadecimal, shown string, want bool) {
		got := pylonidentity.Diagnose(hexadecimal, email, shown)
		if got.Matches != want || got.Matches != (len(got.Causes) == 0) {
			t.Errorf("Diagnose(%q, %q, %q) = %+v", hexadecimal, email, shown, got)
		}
		if said := fmt.Sprintf("%+v", got); eightDigits.MatchString(said) {
			t.Errorf("shows digits: %s", said)
		}
	}
	for _, shown := range []string{right, shown, right[:at%64] + shown, strings.ToUpper(right)} {
		check(hex.EncodeToString(key), shown, shown == right)
	}
	other, err := pylonidentity.NewIdentitySecret(hexadecimal)
	check(hexadecimal, shown, err == nil && other.Verify(email, shown))
}

// -quickchecks says how many inputs each property gets.
func TestRandomInput(t *testing.T) {
	for name, property := range map[string]any{
		"signs anything":               signsAnything,
		"verifies only the right hash": verifiesOnlyTheRightHash,
		"refuses any malformed secret": refusesAnyMalformedSecret,
		"signs many as each":           signsManyAsEach,
		"the page has the signed text": thePageHasTheSignedText,
		"diagnoses anything":           diagnosesAnything,
	} {
		t.Run(name, func(t *testing.T) {
			// The same function, but it returns whether the property holds instead of taking t.
			function := reflect.ValueOf(property)
			var arguments []reflect.Type
			for i := 1; i < function.Type().NumIn(); i++ {
				arguments = append(arguments, function.Type().In(i))
			}
			returned := []reflect.Type{reflect.TypeFor[bool]()}
			holds := reflect.MakeFunc(
				reflect.FuncOf(arguments, returned, false),
				func(inputs []reflect.Value) []reflect.Value {
					function.Call(append([]reflect.Value{reflect.ValueOf(t)}, inputs...))
					return []reflect.Value{reflect.ValueOf(!t.Failed())}
				})
			if err := quick.Check(holds.Interface(), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

var fuzzKey = bytes.Repeat([]byte{0x5a}, 32)

func FuzzSign(f *testing.F) {
	f.Add([]byte{0}, email, []byte("j\xfcrgen"))
	f.Add(make([]byte, 65), "", []byte{})
	f.Fuzz(signsAnything)
}

func FuzzVerify(f *testing.F) {
	f.Add(fuzzKey, email, oracle(fuzzKey, email), byte(63), byte(0))
	f.Fuzz(verifiesOnlyTheRightHash)
}

func FuzzSecret(f *testing.F) {
	f.Add(fuzzKey, []byte("0x5a"), "5a\n")
	f.Add(make([]byte, 65), []byte{}, "")
	f.Fuzz(refusesAnyMalformedSecret)
}

func FuzzSignMany(f *testing.F) {
	f.Add(fuzzKey, email, byte(1), byte(0))
	f.Add(fuzzKey, "", byte(16), byte(2))
	f.Fuzz(signsManyAsEach)
}

func FuzzSettings(f *testing.F) {
	f.Add(fuzzKey, "app", email, nasty, "\xff", "\x00")
	f.Add(fuzzKey, "", "", "", "", "")
	f.Fuzz(thePageHasTheSignedText)
}

func FuzzDiagnose(f *testing.F) {
	f.Add(fuzzKey, "0x5a", email, "sha256=", byte(64))
	f.Fuzz(diagnosesAnything)
}
