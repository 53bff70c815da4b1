package pylonidentity_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

func parseJWT(t *testing.T, text string) *pylonidentity.JWTSecret {
	t.Helper()
	secret, err := pylonidentity.NewJWTSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// given decodes the columns of texts, where "-" means none.
func given(t *testing.T, columns []string) (texts []string) {
	t.Helper()
	for _, column := range columns {
		if column == "-" {
			column = ""
		}
		texts = append(texts, text(t, column))
	}
	return texts
}

func number(t *testing.T, digits string) int64 {
	t.Helper()
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func TestSignJWT(t *testing.T) {
	each(t, "jwt.tsv", func(t *testing.T, columns []string) {
		texts := given(t, columns[:6])
		secret, ttl := parseJWT(t, texts[0]), time.Duration(number(t, columns[6]))*time.Second
		claims := pylonidentity.Claims{
			AppID: texts[1], Email: texts[2], Name: texts[3], AccountExternalID: texts[4], ContactExternalID: texts[5],
			IssuedAt: time.Unix(number(t, columns[7]), 999_999_999),
		}
		token, err := secret.SignJWT(claims, ttl)
		settings, settingsErr := secret.ChatSettings(claims, ttl)
		if ttl == 0 { // means ten minutes in Go
			if want, _ := secret.SignJWT(claims, 10*time.Minute); token != want || err != nil {
				t.Errorf("%s, %v, want %s", token, err, want)
			}
			return
		}
		if want := codes[columns[8]]; want != nil {
			if !errors.Is(err, want) || !errors.Is(settingsErr, want) || token != "" {
				t.Errorf("%v, %v, want %v", err, settingsErr, want)
			}
			return
		}
		if err != nil || settingsErr != nil || token != columns[8] {
			t.Errorf("%s, %v, %v, want %s", token, err, settingsErr, columns[8])
		}
		if want := (pylonidentity.ChatSettings{AppID: texts[1], JWT: token}); !reflect.DeepEqual(settings, want) {
			t.Errorf("%+v, want %+v", settings, want)
		}
		script, err := settings.Script("")
		if err != nil || !strings.Contains(string(script), `"jwt":"`+token+`"}`) {
			t.Errorf("%s, %v", script, err)
		}
		found, err := secret.VerifyJWT(token, texts[1], claims.IssuedAt)
		claims.IssuedAt = claims.IssuedAt.Truncate(time.Second).UTC()
		claims.ExpiresAt = claims.IssuedAt.Add(ttl)
		if err != nil || found != claims {
			t.Errorf("%+v, %v, want %+v", found, err, claims)
		}
	})
}

func TestVerifyJWT(t *testing.T) {
	each(t, "verify_jwt.tsv", func(t *testing.T, columns []string) {
		secret := parseJWT(t, text(t, columns[0]))
		found, err := secret.VerifyJWT(
			text(t, columns[1]), text(t, columns[2]), time.Unix(number(t, columns[3]), 999_999_999))
		if want := codes[columns[4]]; want != nil {
			if !errors.Is(err, want) || found != (pylonidentity.Claims{}) {
				t.Errorf("%+v, %v, want %v", found, err, want)
			}
			return
		}
		var want map[string]any
		if err := json.Unmarshal([]byte(text(t, columns[4])), &want); err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]any{
			"aud": found.AppID, "email": found.Email, "name": found.Name,
			"account_external_id": found.AccountExternalID, "contact_external_id": found.ContactExternalID,
			"iat": float64(found.IssuedAt.Unix()), "exp": float64(found.ExpiresAt.Unix()),
		} {
			if err != nil || got != want[name] && (got != "" || want[name] != nil) {
				t.Errorf("%s: %v, %v, want %v", name, got, err, want[name])
			}
		}
	})
}

func TestDiagnoseJWT(t *testing.T) {
	each(t, "diagnose_jwt.tsv", func(t *testing.T, columns []string) {
		texts := given(t, columns[:4])
		got := pylonidentity.DiagnoseJWT(
			texts[0], texts[1], texts[2], texts[3], time.Unix(number(t, columns[4]), 0))
		causes := strings.Join(got.Causes, ",")
		if got.Matches != (columns[5] == "none") || !got.Matches && causes != columns[5] || got.Explanation == "" {
			t.Errorf("%+v, want %s", got, columns[5])
		}
	})
}

func TestMalformedJWTSecrets(t *testing.T) {
	each(t, "malformed_jwt_secrets.tsv", func(t *testing.T, columns []string) {
		secret, err := pylonidentity.NewJWTSecret(text(t, columns[0]))
		if want := codes[columns[1]]; secret != nil || !errors.Is(err, want) {
			t.Errorf("%v, %v, want %v", secret, err, want)
		}
	})
}

func TestTheClockIsTheSystems(t *testing.T) {
	secret, user := parseJWT(t, sentinel), pylonidentity.Claims{AppID: "app", Email: email}
	before := time.Now().Truncate(time.Second)
	token, err := secret.SignJWT(user, time.Minute)
	found, verifyErr := secret.VerifyJWT(token, "app")
	if err != nil || verifyErr != nil || found.IssuedAt.Before(before) || found.IssuedAt.After(time.Now()) {
		t.Errorf("%+v, %v, %v", found, err, verifyErr)
	}
	if got := found.ExpiresAt.Sub(found.IssuedAt); got != time.Minute {
		t.Error(got)
	}
	if got := pylonidentity.DiagnoseJWT(sentinel, "app", token, ""); !got.Matches {
		t.Errorf("%+v", got)
	}
	page := pylonidentity.ChatSettings{AppID: "app", JWT: token}.JSON()
	if got := pylonidentity.DiagnosePage(sentinel, page); !got.Matches {
		t.Errorf("%+v", got)
	}
	user.IssuedAt = before.Add(-time.Hour)
	token, _ = secret.SignJWT(user, time.Minute)
	if _, err := secret.VerifyJWT(token, "app"); !errors.Is(err, pylonidentity.ErrJWTExpired) {
		t.Error(err)
	}
	page = pylonidentity.ChatSettings{AppID: "app", JWT: token}.JSON()
	if got := pylonidentity.DiagnosePage(sentinel, page); !slices.Equal(got.Causes, []string{"jwt_expired"}) {
		t.Errorf("%+v", got)
	}
}

func TestLifetimesThatPylonDoesNotAllow(t *testing.T) {
	secret, user := parseJWT(t, sentinel), pylonidentity.Claims{AppID: "app", Email: email}
	for _, ttl := range []time.Duration{1, time.Second - 1, -1, -time.Second, -10 * time.Minute, 901 * time.Second, 1 << 62} {
		if token, err := secret.SignJWT(user, ttl); token != "" || !errors.Is(err, pylonidentity.ErrJWTLifetime) {
			t.Errorf("%v: %v", ttl, err)
		}
	}
}

func TestPagesRefuseAnEmailHashBesideAJWT(t *testing.T) {
	for _, settings := range []pylonidentity.ChatSettings{
		{AppID: "app", JWT: "a.b.c", EmailHash: strings.Repeat("0", 64)},
		{AppID: "app", JWT: "a.b.c", Other: map[string]any{"jwt": "d.e.f"}},
	} {
		if _, err := settings.Script(""); !errors.Is(err, pylonidentity.ErrSettingsInvalid) {
			t.Error(err)
		}
	}
}

func TestJWTSecretsFromEnvAndFile(t *testing.T) {
	t.Setenv("PYLON_JWT_SECRET", sentinel+"\r\n")
	t.Setenv("VITE_SECRET", sentinel)
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("\ufeff"+sentinel+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var config struct{ Secret pylonidentity.JWTSecret }
	if err := json.Unmarshal([]byte(`{"Secret": " `+sentinel+`"}`), &config); err != nil {
		t.Fatal(err)
	}
	byDefault, err := pylonidentity.JWTSecretFromEnv("")
	fromFile, fileErr := pylonidentity.JWTSecretFromFile(path)
	if err != nil || fileErr != nil {
		t.Fatal(err, fileErr)
	}
	user := pylonidentity.Claims{AppID: "app", Email: email, IssuedAt: time.Unix(1_800_000_000, 0)}
	want, _ := parseJWT(t, sentinel).SignJWT(user, 0)
	for _, secret := range []*pylonidentity.JWTSecret{byDefault, fromFile, &config.Secret} {
		if got, err := secret.SignJWT(user, 0); got != want || err != nil {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	for name, want := range map[string]error{
		"PYLON_NOT_SET": pylonidentity.ErrSecretMissing, "VITE_SECRET": pylonidentity.ErrSecretExposed,
	} {
		if _, err := pylonidentity.JWTSecretFromEnv(name); !errors.Is(err, want) || !strings.HasPrefix(err.Error(), name) {
			t.Error(err)
		}
	}
	_, err = pylonidentity.JWTSecretFromFile(sentinel) // in place of the path
	assertHidden(t, fmt.Sprint(err))
	if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestJWTSecretsShowNothing(t *testing.T) {
	secret := parseJWT(t, "SENTINEL of a JWT secret")
	type config struct {
		Secret *pylonidentity.JWTSecret
		hidden *pylonidentity.JWTSecret
		value  pylonidentity.JWTSecret
	}
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t"} {
		for _, value := range []any{secret, *secret, config{secret, secret, *secret}, []any{secret}} {
			fmt.Fprintf(&shown, verb, value)
		}
	}
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("made", "secret", secret, "value", *secret)
	encoded, err := json.Marshal([]any{secret, *secret, new(pylonidentity.JWTSecret)})
	if want := `["JWTSecret(hidden)","JWTSecret(hidden)","JWTSecret(not set)"]`; err != nil || string(encoded) != want {
		t.Errorf("%s, %v, want %s", encoded, err, want)
	}
	for _, malformed := range []string{"SENTINEL", " SENTINEL of a JWT secret", `"SENTINEL of a JWT secret"`} {
		_, err := pylonidentity.NewJWTSecret(malformed)
		fmt.Fprintf(&shown, "%v %+v %#v %v", err, err, err, pylonidentity.DiagnoseJWT(malformed, "app", "a.b.c", ""))
	}
	assertHidden(t, shown.String())
	for _, value := range []any{secret, *secret} {
		err := gob.NewEncoder(io.Discard).Encode(value)
		if err == nil || !strings.Contains(err.Error(), "JWTSecretFromEnv") {
			t.Error(err)
		}
	}
}

func TestWipedJWTSecretsPanic(t *testing.T) {
	wiped := parseJWT(t, sentinel)
	wiped.Wipe()
	wiped.Wipe()
	(*pylonidentity.JWTSecret)(nil).Wipe()
	for _, secret := range []*pylonidentity.JWTSecret{wiped, {}, nil} {
		for _, call := range []func(){
			func() { _, _ = secret.SignJWT(pylonidentity.Claims{}, 0) },
			func() { _, _ = secret.VerifyJWT("", "") },
			func() { _, _ = secret.ChatSettings(pylonidentity.Claims{}, 0) },
		} {
			func() {
				defer func() {
					if err, _ := recover().(error); !errors.Is(err, pylonidentity.ErrSecretNotReady) {
						t.Errorf("panicked with %v", err)
					}
				}()
				call()
			}()
		}
	}
}

// The same test as TestSecretsThatNothingRefersTo.
func TestSecretsThatNothingRefersToAndJWTs(t *testing.T) {
	user := pylonidentity.Claims{AppID: "app", Email: email, IssuedAt: time.Unix(1_800_000_000, 0)}
	want, _ := parseJWT(t, sentinel).SignJWT(user, 0)
	var group sync.WaitGroup
	for range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 5 {
				got, err := parseJWT(t, sentinel).SignJWT(user, 0)
				_, verifyErr := parseJWT(t, sentinel).VerifyJWT(want, "app", user.IssuedAt)
				if got != want || err != nil || verifyErr != nil {
					t.Errorf("%s, %v, %v", got, err, verifyErr)
				}
			}
		}()
	}
	group.Wait()
}
