package pylonidentity_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

const (
	email    = "ada@example.com"
	sentinel = "53454e54494e454c53454e54494e454c53454e54494e454c53454e54494e454c" // "SENTINEL"
)

func assertHidden(t *testing.T, shown string) {
	t.Helper()
	if regexp.MustCompile(`(?i)53454e54|sentinel|83 69 78 84`).MatchString(shown) {
		t.Errorf("shows the secret: %s", shown)
	}
}

func TestShowsNothing(t *testing.T) {
	secret := parse(t, sentinel)
	type config struct {
		Secret *pylonidentity.IdentitySecret
		hidden *pylonidentity.IdentitySecret
		value  pylonidentity.IdentitySecret
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t"} {
		for _, value := range []any{secret, *secret, config{secret, secret, *secret}, []any{secret}} {
			assertHidden(t, fmt.Sprintf(verb, value))
		}
	}
	if got := fmt.Sprintf("%v %+v %#v %s %x", secret, secret, *secret, secret, secret); got !=
		strings.TrimSpace(strings.Repeat("IdentitySecret(hidden) ", 5)) {
		t.Error(got)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "secret", secret, "value", *secret)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "secret", secret, "value", *secret)
	assertHidden(t, log.String())
}

func TestEncodersShowOnlyThatItIsHidden(t *testing.T) {
	secret := parse(t, sentinel)
	type Config struct {
		Secret *pylonidentity.IdentitySecret
		Value  pylonidentity.IdentitySecret
		None   *pylonidentity.IdentitySecret
	}
	encoded, err := json.Marshal(Config{secret, *secret, nil})
	want := `{"Secret":"IdentitySecret(hidden)","Value":"IdentitySecret(hidden)","None":null}`
	if err != nil || string(encoded) != want {
		t.Errorf("%s, %v, want %s", encoded, err, want)
	}
	if err := json.Unmarshal(encoded, &Config{}); err == nil {
		t.Error("made a secret of the marker")
	}
	encoded, err = xml.Marshal(secret)
	if want := "<IdentitySecret>IdentitySecret(hidden)</IdentitySecret>"; err != nil || string(encoded) != want {
		t.Errorf("%s, %v, want %s", encoded, err, want)
	}
}

func TestGobRefusesSecrets(t *testing.T) {
	secret := parse(t, sentinel)
	for _, value := range []any{secret, *secret, struct{ Secret *pylonidentity.IdentitySecret }{secret}} {
		err := gob.NewEncoder(io.Discard).Encode(value)
		if err == nil || !strings.Contains(err.Error(), "make it again in the other one") {
			t.Error(err)
		}
	}
}

func TestErrorsHaveCodes(t *testing.T) {
	for want, err := range map[string]pylonidentity.Error{
		"secret_empty": pylonidentity.ErrSecretEmpty, "app_id_empty": pylonidentity.ErrAppIDEmpty, "": -1,
	} {
		if got := err.Code(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWalkingTheFieldsEndsAtAnAddress(t *testing.T) {
	var ends func(value reflect.Value) []reflect.Kind
	ends = func(value reflect.Value) (kinds []reflect.Kind) {
		switch value.Kind() {
		case reflect.Pointer:
			return ends(value.Elem())
		case reflect.Struct:
			for i := range value.NumField() {
				kinds = append(kinds, ends(value.Field(i))...)
			}
			return kinds
		}
		return []reflect.Kind{value.Kind()}
	}
	type typed struct{ key *struct{ memory *[32]uint64 } }
	for _, of := range []struct {
		value any
		ends  []reflect.Kind
	}{
		{parse(t, sentinel), []reflect.Kind{reflect.UnsafePointer, reflect.Uint32}}, // and whether it was wiped
		{&typed{&struct{ memory *[32]uint64 }{new([32]uint64)}}, []reflect.Kind{reflect.Array}},
	} {
		if found := ends(reflect.ValueOf(of.value)); !slices.Equal(found, of.ends) {
			t.Errorf("%T ends in %v, not in %v", of.value, found, of.ends)
		}
	}
}

func TestErrorsShowNothingAndSayWhatToDo(t *testing.T) {
	for _, malformed := range []string{sentinel + "0", " " + sentinel, "0x" + sentinel} {
		_, err := pylonidentity.NewIdentitySecret(malformed)
		assertHidden(t, fmt.Sprintf("%v %+v %#v", err, err, err))
		if !strings.Contains(err.Error(), "Pylon's dashboard") {
			t.Error(err)
		}
	}
}

func TestFromEnvShowsNothingAndHasADefault(t *testing.T) {
	t.Setenv("PYLON_IDENTITY_SECRET", sentinel+"\n")
	secret, err := pylonidentity.IdentitySecretFromEnv("")
	if err != nil || secret.Sign(email) != parse(t, sentinel).Sign(email) {
		t.Errorf("%v, %v", secret, err)
	}
	for _, malformed := range []string{"'" + sentinel + "'", sentinel + "0"} {
		t.Setenv("PYLON_IDENTITY_SECRET", malformed)
		_, err := pylonidentity.IdentitySecretFromEnv("")
		assertHidden(t, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
}

const nasty = "</script><!--<script>\u2028\u2029\"'&🦀"

func TestTemplatesDoNotEscapeTheScriptAgain(t *testing.T) {
	settings, err := parse(t, sentinel).ChatSettings(
		pylonidentity.User{AppID: "app", Email: email, Name: nasty})
	if err != nil {
		t.Fatal(err)
	}
	script, err := settings.Script("r4nd0m")
	if err != nil {
		t.Fatal(err)
	}
	page := template.Must(template.New("").Parse(`{{.Script}}{{.Name}}`))
	var written strings.Builder
	if err = page.Execute(&written, map[string]any{"Script": script, "Name": "<b>"}); err != nil {
		t.Fatal(err)
	}
	if want := string(script) + "&lt;b&gt;"; written.String() != want {
		t.Errorf("%s, want %s", written.String(), want)
	}
	if strings.Count(string(script), "<") != 2 {
		t.Error(script)
	}
}

func TestAnonymousVisitors(t *testing.T) {
	script, err := pylonidentity.ChatSettings{AppID: "app"}.Script("")
	if want := `<script>window.pylon = {"chat_settings":{"app_id":"app"}};</script>`; string(script) != want {
		t.Errorf("%s, %v, want %s", script, err, want)
	}
	script, err = pylonidentity.ChatSettings{}.Script("")
	if script != "" || !errors.Is(err, pylonidentity.ErrAppIDEmpty) {
		t.Error(script, err)
	}
}

func TestChatSettingsRefuseAnEmailThatIsNotUTF8(t *testing.T) {
	_, err := parse(t, sentinel).ChatSettings(pylonidentity.User{AppID: "app", Email: "j\xfcrgen@example.com"})
	if !errors.Is(err, pylonidentity.ErrEmailNotUnicode) {
		t.Error(err)
	}
}

func TestDiagnosisShowsNothing(t *testing.T) {
	secret := parse(t, sentinel)
	wrong := secret.Sign(strings.ToUpper(email))
	got := pylonidentity.Diagnose(sentinel, email, wrong)
	if !slices.Equal(got.Causes, []string{"email_case"}) || !strings.Contains(got.Explanation, "lowercase") {
		t.Errorf("%+v", got)
	}
	assertHidden(t, fmt.Sprintf("%+v", got))
	right := pylonidentity.Diagnose(sentinel, email, secret.Sign(email))
	if !right.Matches || len(right.Causes) != 0 || right.Explanation == "" {
		t.Errorf("%+v", right)
	}
}

func TestWipedSecretsPanic(t *testing.T) {
	wiped := parse(t, sentinel)
	wiped.Wipe()
	wiped.Wipe()
	for name, secret := range map[string]*pylonidentity.IdentitySecret{
		"wiped": wiped, "zero": {}, "nil": nil,
	} {
		for use, call := range map[string]func(){
			"Sign":             func() { secret.Sign(email) },
			"SignMany":         func() { secret.SignMany(nil) },
			"SignMany of many": func() { secret.SignMany(make([]string, 5000)) },
			"Verify":           func() { secret.Verify(email, "") },
			"ChatSettings": func() {
				_, _ = secret.ChatSettings(pylonidentity.User{AppID: "app", Email: email})
			},
		} {
			t.Run(name+" "+use, func(t *testing.T) {
				defer func() {
					if err, _ := recover().(error); !errors.Is(err, pylonidentity.ErrSecretNotReady) {
						t.Errorf("panicked with %v", err)
					}
				}()
				call()
			})
		}
	}
}

func TestCopiesOutliveTheOriginal(t *testing.T) {
	secret := *parse(t, sentinel)
	want := secret.Sign(email)
	for range 3 {
		runtime.GC()
	}
	time.Sleep(10 * time.Millisecond) // cleanups run in a goroutine of their own
	if got := secret.Sign(email); got != want {
		t.Error(got)
	}
	original := parse(t, sentinel)
	copied := *original
	original.Wipe()
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, pylonidentity.ErrSecretNotReady) {
			t.Errorf("panicked with %v", err)
		}
	}()
	copied.Sign(email)
}

func TestWipingBesideSigningGivesNoWrongHash(t *testing.T) {
	want := parse(t, sentinel).Sign(email)
	for range 300 {
		secret := parse(t, sentinel)
		var group sync.WaitGroup
		for range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				defer func() {
					if err, _ := recover().(error); !errors.Is(err, pylonidentity.ErrSecretNotReady) {
						t.Errorf("panicked with %v", err)
					}
				}()
				for {
					if got := secret.Sign(email); got != want {
						t.Errorf("a wrong hash: %s", got)
						return
					}
				}
			}()
		}
		time.Sleep(20 * time.Microsecond)
		secret.Wipe()
		group.Wait()
	}
}

func TestJSONPanicsForInvalidSettings(t *testing.T) {
	for want, settings := range map[error]pylonidentity.ChatSettings{
		pylonidentity.ErrAppIDEmpty:      {},
		pylonidentity.ErrEmailNotUnicode: {AppID: "app", Email: "j\xfcrgen"},
	} {
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, want) {
					t.Errorf("panicked with %v, want %v", err, want)
				}
			}()
			settings.JSON()
		}()
	}
}

func TestConfigurationsReadSecrets(t *testing.T) {
	var config struct{ Secret pylonidentity.IdentitySecret }
	if got := fmt.Sprint(config.Secret); got != "IdentitySecret(not set)" {
		t.Error(got)
	}
	if err := json.Unmarshal([]byte(`{"Secret": "`+sentinel+`\n"}`), &config); err != nil {
		t.Fatal(err)
	}
	if config.Secret.Sign(email) != parse(t, sentinel).Sign(email) {
		t.Error("another secret")
	}
	err := json.Unmarshal([]byte(`{"Secret": "`+sentinel+`0"}`), &config)
	assertHidden(t, fmt.Sprint(err))
	if !errors.Is(err, pylonidentity.ErrSecretOddLength) {
		t.Error(err)
	}
}

func TestFilesHoldSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	read := func(text string) (*pylonidentity.IdentitySecret, error) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return pylonidentity.IdentitySecretFromFile(path)
	}
	secret, err := read("\ufeff" + sentinel + "\r\n")
	if err != nil || secret.Sign(email) != parse(t, sentinel).Sign(email) {
		t.Error(err)
	}
	if _, err := read(sentinel + "0"); !errors.Is(err, pylonidentity.ErrSecretOddLength) {
		t.Error(err)
	}
	if _, err := read(""); !errors.Is(err, pylonidentity.ErrSecretEmpty) {
		t.Error(err)
	}
	_, err = pylonidentity.IdentitySecretFromFile(sentinel) // in place of the path
	assertHidden(t, fmt.Sprint(err))
	if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestOtherSettingsAreOfTheirTypes(t *testing.T) {
	type level int
	settings := pylonidentity.ChatSettings{
		AppID: "app-1", Other: map[string]any{"b": level(2), "a": uint8(1), "c": float32(0.5)},
	}
	encoded, err := json.Marshal(map[string]any{"settings": settings})
	if want := `{"settings":{"app_id":"app-1","a":1,"b":2,"c":0.5}}`; err != nil || string(encoded) != want {
		t.Errorf("%s, %v, want %s", encoded, err, want)
	}
	for _, other := range []any{nil, []string{"a"}, map[string]any{}, struct{}{}} {
		settings.Other = map[string]any{"other": other}
		if _, err := settings.Script(""); !errors.Is(err, pylonidentity.ErrSettingsInvalid) {
			t.Errorf("%v: %v", other, err)
		}
	}
}

func TestWipingNothing(t *testing.T) {
	var none *pylonidentity.IdentitySecret
	none.Wipe()
	new(pylonidentity.IdentitySecret).Wipe()
}

func TestSharedByGoroutinesWhileCollecting(t *testing.T) {
	secret := parse(t, sentinel)
	want := secret.Sign(email)
	var group sync.WaitGroup
	for range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range 200 {
				if i%50 == 0 {
					runtime.GC()
				}
				if got := parse(t, sentinel).Sign(email); got != want {
					t.Error(got)
				}
				if !secret.Verify(email, want) {
					t.Error("Verify: false")
				}
			}
		}()
	}
	group.Wait()
}

func TestSignManyKeepsTheOrder(t *testing.T) {
	secret := parse(t, sentinel)
	for _, count := range []int{0, 1, 1025, 16_383, 16_384, 16_385, 40_000} {
		emails := make([]string, count)
		for i := range emails {
			emails[i] = fmt.Sprintf("user%d@example.com", i)
		}
		hashes := secret.SignMany(emails)
		if len(hashes) != count {
			t.Fatalf("%d hashes of %d emails", len(hashes), count)
		}
		for i, email := range emails {
			if hashes[i] != secret.Sign(email) {
				t.Fatalf("hash %d of %d belongs to another email", i, count)
			}
		}
	}
}

func TestSignAllocatesOnlyTheHash(t *testing.T) {
	secret := parse(t, sentinel)
	if got := testing.AllocsPerRun(100, func() { secret.Sign(email) }); got > 1 {
		t.Errorf("%v allocations, want 1", got)
	}
}

func TestGenerateSecret(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		secret := pylonidentity.GenerateSecret()
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(secret) || seen[secret] {
			t.Error("not 64 new digits")
		}
		seen[secret] = true
		parse(t, secret)
	}
}

func TestVersion(t *testing.T) {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+`).MatchString(pylonidentity.Version) {
		t.Error(pylonidentity.Version)
	}
}

func TestAnImpossibleBuildTagNamesItsNeeds(t *testing.T) {
	build := exec.Command("go", "build", "-tags=pylonidentity_cgo", ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	output, err := build.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "needs_CGO_ENABLED_1__a_C_compiler") {
		t.Errorf("%v: %s", err, output)
	}
}
