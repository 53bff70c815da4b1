// Shows secrets, and the errors about them, in the ways of Go; as surfaces.py does for Python.
package main

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"reflect"
	"strings"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

// Leaky is a careless stand-in for a secret, for the controls.
type Leaky struct {
	Hex string
}

func (l Leaky) String() string { return "Leaky(" + l.Hex + ")" }

// Format shows it for every verb, inside of pointers too.
func (l Leaky) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.String()) }

// config holds a secret as programs do.
type config struct {
	Name   string
	Secret any
	Value  any
	value  any // not exported, so that nothing but its structure is shown
}

const variable = "CHAT_SECRET"

type way = func(io.Writer, any) error

func ignore(_ int, err error) error { return err }

func slogged(handler slog.Handler, value any) error {
	slog.New(handler).With("with", value).WithGroup("group").Info("made", "secret", value, slog.Any("any", value))
	return nil
}

const page = `<p title="{{.}}">{{.}}</p><a href="/?{{.}}"><script>window.config = {{.}}</script>`

// ways show any value.
var ways = map[string]way{
	"slog text": func(w io.Writer, it any) error { return slogged(slog.NewTextHandler(w, nil), it) },
	"slog JSON": func(w io.Writer, it any) error { return slogged(slog.NewJSONHandler(w, nil), it) },
	"JSON":      func(w io.Writer, it any) error { return json.NewEncoder(w).Encode(map[string]any{"it": it}) },
	"template":  func(w io.Writer, it any) error { return template.Must(template.New("").Parse(page)).Execute(w, it) },
}

func init() {
	// All verbs but those of numbers alone. Of a pointer, %p is an address.
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%10v", "%-80s|"} {
		ways[verb] = func(w io.Writer, it any) error { return ignore(fmt.Fprintf(w, verb, it)) }
	}
}

func emit(surface string, show way, value any) {
	var shown bytes.Buffer
	outcome := "shown"
	if err := show(&shown, value); err != nil {
		outcome = "refused"
		shown.WriteString(err.Error())
	}
	fmt.Printf("%s\t%s\t%x\n", surface, outcome, shown.Bytes())
}

// ends are the ways in which a program dies with a secret in hand.
var ends = map[string]func(any){
	"panic with an error": func(secret any) { panic(fmt.Errorf("with %#v", secret)) },
	"panic with a value":  func(secret any) { panic(reflect.ValueOf(secret).Elem().Interface()) },
	"log.Fatal":           func(secret any) { log.Fatal(secret) },
}

var input []byte

// crash runs this program again to its end, and copies its output.
func crash(w io.Writer, end, name string) error {
	program := exec.Command(os.Args[0], end, name)
	program.Env = append(os.Environ(), "GOTRACEBACK=system")
	program.Stdin = bytes.NewReader(input)
	output, err := program.CombinedOutput()
	if err == nil {
		panic("it did not crash")
	}
	return ignore(w.Write(output))
}

// showSecret shows the secret behind this pointer.
func showSecret(name string, pointer any) {
	value := reflect.ValueOf(pointer).Elem().Interface()
	held := config{"ada", pointer, value, value}
	containers := []any{map[string]any{"held": held}}
	for shape, it := range map[string]any{"pointer": pointer, "value": value, "struct": &held, "containers": containers} {
		for way, show := range ways {
			emit(name+", "+shape+": "+way, show, it)
		}
	}
	for shape, it := range map[string]any{"pointer": pointer, "value": value} {
		emit(name+", "+shape+": XML", func(w io.Writer, it any) error { return xml.NewEncoder(w).Encode(it) }, it)
		emit(name+", "+shape+": clone: gob", func(w io.Writer, it any) error { return gob.NewEncoder(w).Encode(it) }, it)
	}
	for end := range ends {
		emit(name+": crash: "+end, func(w io.Writer, _ any) error { return crash(w, end, name) }, nil)
	}
}

// call returns the errors and diagnoses of everything public, with the text where it belongs and where it does not.
func call(secret *pylonidentity.IdentitySecret, jwt *pylonidentity.JWTSecret, text string) (results []any) {
	fail := func(_ any, err error) {
		if err != nil {
			results = append(results, err)
		}
	}
	_ = os.Setenv(variable, text) // a text with a NUL is refused
	for _, name := range []string{variable, text, "VITE_" + text} {
		fail(pylonidentity.IdentitySecretFromEnv(name))
		fail(pylonidentity.JWTSecretFromEnv(name))
		fail(pylonidentity.IdentitySecretFromFile(name))
		fail(pylonidentity.JWTSecretFromFile(name))
		fail(pylonidentity.NewIdentitySecret(name))
	}
	for _, wrong := range []string{" " + text, text[:15]} {
		fail(pylonidentity.NewJWTSecret(wrong))
		fail(nil, new(pylonidentity.JWTSecret).UnmarshalText([]byte(wrong)))
		fail(nil, new(pylonidentity.IdentitySecret).UnmarshalText([]byte(wrong)))
		fail(pylonidentity.SignMessageWithHMAC(text, wrong))
		fail(pylonidentity.ChatSettings{AppID: text}.Script(wrong))
	}
	for _, email := range []string{"", "\xff" + text} {
		fail(secret.ChatSettings(pylonidentity.User{AppID: text, Email: email, Name: text}))
		fail(jwt.ChatSettings(pylonidentity.Claims{AppID: text, Email: email, Name: text}, 0))
		fail(jwt.SignJWT(pylonidentity.Claims{Email: text + email}, 0))
		fail(jwt.VerifyJWT(text+email, text))
	}
	for _, shown := range []string{strings.Repeat("0", 64), text} {
		page := fmt.Sprintf("{app_id: %q, email: %q, emailHash: %q}", shown, text, shown)
		results = append(results, pylonidentity.Diagnose(text, "ada@example.com", shown),
			pylonidentity.DiagnoseJWT(text, shown, shown, text), pylonidentity.DiagnosePage(text, page),
			pylonidentity.DiagnosePage(text, "<script>window.pylon = "+page))
	}
	return results
}

func main() {
	input, _ = io.ReadAll(os.Stdin)
	var given []string
	for _, line := range strings.Fields(string(input)) {
		value, _ := hex.DecodeString(line)
		given = append(given, string(value))
	}
	secret, err := pylonidentity.NewIdentitySecret(given[0])
	jwt, errOfJWT := pylonidentity.NewJWTSecret(given[0])
	if err != nil || errOfJWT != nil {
		panic("the first line is no secret")
	}
	secrets := map[string]any{"secret": secret, "JWT secret": jwt, "control: secret": &Leaky{given[0]}}
	if len(os.Args) > 2 {
		ends[os.Args[1]](secrets[os.Args[2]])
	}
	for name, pointer := range secrets {
		showSecret(name, pointer)
	}
	for i, text := range given {
		results := call(secret, jwt, text)
		if len(results) < 30 {
			panic("too few calls failed")
		}
		for j, result := range results {
			name := fmt.Sprintf("result %d with text %d", j, i)
			emit(name, func(w io.Writer, it any) error { return ignore(fmt.Fprintf(w, "%v %+[1]v %#[1]v", it)) }, result)
		}
	}
}
