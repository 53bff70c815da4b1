package pylonidentity_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

// each runs check on each case of a vector file, and fails if the file holds another number than ran.
func each(t *testing.T, file string, check func(t *testing.T, columns []string)) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "tests", "vectors", file))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	ran := 0
	for _, line := range lines[2:] {
		columns := strings.Split(line, "\t")
		t.Run(columns[0], func(t *testing.T) { check(t, columns[1:]) })
		ran++
	}
	if want := fmt.Sprintf("cases\t%d", ran); lines[0] != want {
		t.Errorf("ran %q, but the file says %q", want, lines[0])
	}
}

func text(t *testing.T, digits string) string {
	t.Helper()
	decoded, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return string(decoded)
}

func parse(t *testing.T, hex string) *pylonidentity.IdentitySecret {
	t.Helper()
	secret, err := pylonidentity.NewIdentitySecret(hex)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestSign(t *testing.T) {
	for _, file := range []string{"sign.tsv", "sign_bytes.tsv"} {
		each(t, file, func(t *testing.T, columns []string) {
			count, err := strconv.Atoi(columns[2])
			if err != nil {
				t.Fatal(err)
			}
			email, want := strings.Repeat(text(t, columns[1]), count), columns[3]
			secret := parse(t, columns[0])
			if got := secret.Sign(email); got != want {
				t.Errorf("Sign: %s, want %s", got, want)
			}
			if got := secret.SignMany([]string{email, "", email}); got[0] != want || got[2] != want {
				t.Errorf("SignMany: %v, want %s", got, want)
			}
			if !secret.Verify(email, want) {
				t.Error("Verify: false")
			}
			if got, err := pylonidentity.SignMessageWithHMAC(email, columns[0]); err != nil || *got != want {
				t.Errorf("SignMessageWithHMAC: %v, %v, want %s", got, err, want)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	each(t, "verify.tsv", func(t *testing.T, columns []string) {
		secret, email, hash := parse(t, columns[0]), text(t, columns[1]), text(t, columns[2])
		if got := strconv.FormatBool(secret.Verify(email, hash)); got != columns[3] {
			t.Errorf("Verify: %s, want %s", got, columns[3])
		}
	})
}

var codes = func() map[string]error {
	found := map[string]error{}
	for number := range pylonidentity.Error(64) {
		found[number.Code()] = number
	}
	return found
}()

func TestMalformedSecrets(t *testing.T) {
	each(t, "malformed_secrets.tsv", func(t *testing.T, columns []string) {
		malformed, want := text(t, columns[0]), codes[columns[1]]
		if secret, err := pylonidentity.NewIdentitySecret(malformed); secret != nil || !errors.Is(err, want) {
			t.Errorf("NewIdentitySecret: %v, %v, want %v", secret, err, want)
		}
		if hash, err := pylonidentity.SignMessageWithHMAC("", malformed); hash != nil || !errors.Is(err, want) {
			t.Errorf("SignMessageWithHMAC: %v, %v, want %v", hash, err, want)
		}
	})
}

func TestDiagnose(t *testing.T) {
	each(t, "diagnose.tsv", func(t *testing.T, columns []string) {
		t.Parallel()
		got := pylonidentity.Diagnose(text(t, columns[0]), text(t, columns[1]), text(t, columns[2]))
		causes := strings.Join(got.Causes, ",")
		if got.Matches != (causes == "") || got.Matches != (columns[3] == "none") {
			t.Errorf("Matches: %v", got.Matches)
		}
		if !got.Matches && causes != columns[3] {
			t.Errorf("Causes: %s, want %s", causes, columns[3])
		}
	})
}

func TestDiagnosePage(t *testing.T) {
	each(t, "diagnose_page.tsv", func(t *testing.T, columns []string) {
		got := pylonidentity.DiagnosePage(text(t, columns[0]), text(t, columns[1]))
		causes := strings.Join(got.Causes, ",")
		if causes == "" {
			causes = "none"
		}
		if strconv.FormatBool(got.Matches) != columns[2] || causes != columns[3] {
			t.Errorf("Matches: %v, Causes: %s, want %s, %s", got.Matches, causes, columns[2], columns[3])
		}
	})
}

func TestFromEnv(t *testing.T) {
	each(t, "env.tsv", func(t *testing.T, columns []string) {
		t.Setenv("PYLON_IDENTITY_SECRET", "") // restores it at the end
		if err := os.Unsetenv("PYLON_IDENTITY_SECRET"); err != nil {
			t.Fatal(err)
		}
		if columns[1] != "-" {
			t.Setenv(columns[0], text(t, columns[1]))
		}
		secret, err := pylonidentity.IdentitySecretFromEnv(columns[0])
		if columns[2] != "ok" {
			if secret != nil || !errors.Is(err, codes[columns[2]]) {
				t.Errorf("%v, %v, want %s", secret, err, columns[2])
			}
			if shown := strings.HasPrefix(err.Error(), columns[0]+": "); shown != (columns[3] == "shown") {
				t.Error(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if want := parse(t, strings.Trim(text(t, columns[1]), "\ufeff\u00a0\u2003 \t\r\n")).Sign(""); secret.Sign("") != want {
			t.Error("another secret")
		}
	})
}

func TestOtherSettings(t *testing.T) {
	each(t, "other_settings.tsv", func(t *testing.T, columns []string) {
		var value any = text(t, columns[2])
		switch columns[1] {
		case "number":
			value, _ = strconv.ParseFloat(text(t, columns[2]), 64)
		case "boolean":
			value = value == "true"
		}
		settings := pylonidentity.ChatSettings{AppID: "app-1", Other: map[string]any{columns[0]: value}}
		got, err := settings.MarshalJSON()
		script, scriptErr := settings.Script("")
		if want := codes[columns[3]]; want != nil {
			if !errors.Is(err, want) || !errors.Is(scriptErr, want) {
				t.Errorf("%v, %v, want %v", err, scriptErr, want)
			}
			return
		}
		want := fmt.Sprintf(`{"app_id":"app-1",%q:%s}`, columns[0], columns[3])
		if string(got) != want || !strings.Contains(string(script), want) {
			t.Errorf("%s, %v, %s, want %s", got, err, script, want)
		}
	})
}

func TestChatSettings(t *testing.T) {
	each(t, "settings.tsv", func(t *testing.T, columns []string) {
		given := make([]string, 7)
		for i := range given {
			if columns[i+1] != "-" {
				given[i] = text(t, columns[i+1])
			}
		}
		user := pylonidentity.User{
			AppID: given[0], Email: given[1], Name: given[2],
			AvatarURL: given[3], AccountID: given[4], AccountExternalID: given[5],
		}
		secret, want := parse(t, columns[0]), columns[8]
		settings, err := secret.ChatSettings(user)
		var script template.HTML
		if err == nil {
			script, err = settings.Script(given[6])
		}
		if expected := codes[want]; expected != nil {
			if given[6] == "" && expected == pylonidentity.ErrNonceInvalid {
				return // in Go an empty nonce means none
			}
			if !errors.Is(err, expected) || script != "" {
				t.Errorf("%v, want %v", err, expected)
			}
			return
		}
		if err != nil || string(script) != text(t, want) {
			t.Errorf("%s, %v, want %s", script, err, text(t, want))
		}
		asMade := pylonidentity.ChatSettings{
			AppID: user.AppID, Email: user.Email, Name: user.Name, EmailHash: secret.Sign(user.Email),
			AvatarURL: user.AvatarURL, AccountID: user.AccountID, AccountExternalID: user.AccountExternalID,
		}
		if !reflect.DeepEqual(settings, asMade) {
			t.Errorf("%+v, want %+v", settings, asMade)
		}
		if asJSON := settings.JSON(); !strings.Contains(string(script), asJSON) {
			t.Errorf("the script has other settings than %s", asJSON)
		}
		var decoded pylonidentity.ChatSettings
		encoded, _ := json.Marshal(settings)
		if err := json.Unmarshal(encoded, &decoded); err != nil || !reflect.DeepEqual(decoded, settings) {
			t.Errorf("JSON changes the settings: %s", encoded)
		}
	})
}
