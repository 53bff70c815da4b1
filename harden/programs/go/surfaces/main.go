// Shows an identity secret and a JWT secret, and errors about it, in the ways that Go has; as surfaces.py does for Python.
package main

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

const email = "ada@example.com"

// Leaky is a careless stand-in for a secret, for the controls.
type Leaky struct {
	Hex string
}

func (l Leaky) String() string { return "Leaky(" + l.Hex + ")" }

// Format shows it for every verb, inside of pointers too.
func (l Leaky) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.String()) }

func emit(surface string, show func(io.Writer) error) {
	var shown bytes.Buffer
	outcome := "shown"
	if err := show(&shown); err != nil {
		outcome = "refused"
		shown.WriteString(err.Error())
	}
	fmt.Printf("%s\t%s\t%x\n", surface, outcome, shown.Bytes())
}

type config struct {
	Name   string
	Secret any
	Value  any
	value  any // not exported, so that nothing but its structure is shown
}

// verbs are all that fmt has, but for those of numbers alone. Of a pointer, %p is an address.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%10v", "%-80s|"}

const page = `<p title="{{.}}">{{.}}</p><a href="/?{{.}}"><script>window.config = {{.}}</script>`

// ways show any value.
var ways = map[string]func(io.Writer, any) error{
	"slog text": func(w io.Writer, it any) error { return slogged(slog.NewTextHandler(w, nil), it) },
	"slog JSON": func(w io.Writer, it any) error { return slogged(slog.NewJSONHandler(w, nil), it) },
	"panic":     func(w io.Writer, it any) error { return recovered(w, func() { panic(it) }) },
	"wrapped":   func(w io.Writer, it any) error { return ignore(fmt.Fprintf(w, "%+v", fmt.Errorf("failed: %v", it))) },
}

// encodings write values for other programs.
var encodings = map[string]func(io.Writer, any) error{
	"JSON": func(w io.Writer, it any) error { return json.NewEncoder(w).Encode(map[string]any{"it": it}) },
	"html/template": func(w io.Writer, it any) error {
		return htmltemplate.Must(htmltemplate.New("").Parse(page)).Execute(w, it)
	},
}

func ignore(_ int, err error) error { return err }

func showBy(ways map[string]func(io.Writer, any) error, name string, value any) {
	for way, show := range ways {
		emit(name+": "+way, func(w io.Writer) error { return show(w, value) })
	}
}

func showAll(name string, value any) {
	for _, verb := range verbs {
		emit(name+": "+verb, func(w io.Writer) error { return ignore(fmt.Fprintf(w, verb, value)) })
	}
	showBy(ways, name, value)
}

// objects shows a secret by its pointer and by its value.
func objects(prefix string, secret, value any) {
	held := config{"ada", secret, value, value}
	for name, it := range map[string]any{
		"pointer": secret, "value": value, "struct": held, "pointer to a struct": &held, "slice": []any{value},
		"map": map[string]any{"secret": secret, "value": value}, "nested": []any{map[string]any{"held": held}},
	} {
		showAll(prefix+name, it)
		showBy(encodings, prefix+name, it)
	}
	for name, it := range map[string]any{"pointer": secret, "value": value} {
		emit(prefix+"clone: gob of a "+name, func(w io.Writer) error { return gob.NewEncoder(w).Encode(it) })
	}
	emit(prefix+"XML", func(w io.Writer) error { return xml.NewEncoder(w).Encode(held) })
	for end := range ends(secret, value) {
		emit(prefix+"crash: "+end, func(w io.Writer) error { return crash(w, end, fmt.Sprintf("%T", value)) })
	}
}

func slogged(handler slog.Handler, value any) error {
	logger := slog.New(handler).With("with", value).WithGroup("group")
	logger.Info("made", "secret", value, slog.Any("any", value))
	return nil
}

func recovered(w io.Writer, call func()) error {
	defer func() { _, _ = fmt.Fprintf(w, "%v\n%s", recover(), debug.Stack()) }()
	call()
	return nil
}

// ends are ways in which a program dies with a secret in hand.
func ends(secret, value any) map[string]func() {
	return map[string]func(){
		"panic with an error": func() { panic(fmt.Errorf("with %#v", secret)) },
		"panic with a value":  func() { panic(value) },
		"log.Fatal":           func() { log.Fatal(secret) },
	}
}

var input []byte

// crash runs this program again to its end, and copies its output.
func crash(w io.Writer, end, of string) error {
	program := exec.Command(os.Args[0], end, of)
	program.Env = append(os.Environ(), "GOTRACEBACK=system")
	program.Stdin = bytes.NewReader(input)
	output, err := program.CombinedOutput()
	if err == nil {
		panic("it did not crash")
	}
	return ignore(w.Write(output))
}

func failures(secret *pylonidentity.IdentitySecret, jwt *pylonidentity.JWTSecret, given []string) {
	// The result beside the error is not looked at.
	fail := func(call string) func(any, error) {
		return func(_ any, err error) {
			if err == nil {
				panic("nothing failed: " + call)
			}
			showAll("error of "+call, err)
			showBy(encodings, "error of "+call, err)
		}
	}
	hex := given[0]
	for i, value := range given[1:] {
		fail(fmt.Sprintf("drop-in, malformed %d", i))(pylonidentity.SignMessageWithHMAC(email, value))
		fail(fmt.Sprintf("NewIdentitySecret, malformed %d", i))(pylonidentity.NewIdentitySecret(value))
		// No variable can hold a NUL, and white space is trimmed.
		if !strings.Contains(value, "\x00") && strings.TrimSpace(value) != hex {
			os.Setenv("CHAT_SECRET", value)
			fail(fmt.Sprintf("FromEnv, malformed %d", i))(pylonidentity.IdentitySecretFromEnv("CHAT_SECRET"))
			os.Unsetenv("CHAT_SECRET")
		}
	}
	fail("FromEnv, as the name")(pylonidentity.IdentitySecretFromEnv(hex))
	fail("FromEnv, in the name")(pylonidentity.IdentitySecretFromEnv("VITE_" + hex))
	fail("drop-in, swapped")(pylonidentity.SignMessageWithHMAC(hex, email))
	fail("settings, no email")(secret.ChatSettings(pylonidentity.User{AppID: hex}))
	fail("settings, no app")(secret.ChatSettings(pylonidentity.User{Email: hex}))
	fail("JWTSecretFromEnv, as the name")(pylonidentity.JWTSecretFromEnv(hex))
	fail("NewJWTSecret, wrapped")(pylonidentity.NewJWTSecret(" " + hex))
	fail("NewJWTSecret, weak")(pylonidentity.NewJWTSecret(hex[:15]))
	fail("SignJWT, no email")(jwt.SignJWT(pylonidentity.Claims{AppID: hex}, 0))
	fail("VerifyJWT")(jwt.VerifyJWT(hex, hex))
	fail("script, as the nonce")(pylonidentity.ChatSettings{AppID: "app"}.Script(hex + "!"))
	for i, value := range given {
		for _, wrong := range []string{strings.Repeat("0", 64), value} {
			page := fmt.Sprintf("{app_id: %q, email: %q, emailHash: %q}", wrong, email, wrong)
			for what, diagnosis := range map[string]pylonidentity.Diagnosis{
				"diagnosis":           pylonidentity.Diagnose(value, email, wrong),
				"diagnosis of a page": pylonidentity.DiagnosePage(value, page),
				"diagnosis of a JWT":  pylonidentity.DiagnoseJWT(value, wrong, wrong, email),
				"diagnosis of HTML":   pylonidentity.DiagnosePage(value, "<script>window.pylon = "+page),
			} {
				emit(fmt.Sprintf("%s %d %t", what, i, wrong == value), func(w io.Writer) error {
					return ignore(fmt.Fprintf(w, "%+v", diagnosis))
				})
			}
		}
	}
}

func main() {
	input, _ = io.ReadAll(os.Stdin)
	var given []string
	for _, line := range strings.Fields(string(input)) {
		value, err := hex.DecodeString(line)
		if err != nil {
			panic("not hexadecimal")
		}
		given = append(given, string(value))
	}
	parsed, err := pylonidentity.NewIdentitySecret(given[0])
	if err != nil {
		panic("the first line is no secret")
	}
	jwt, err := pylonidentity.NewJWTSecret(given[0])
	if err != nil {
		panic("the first line is no JWT secret")
	}
	leaky := Leaky{given[0]}
	if len(os.Args) > 2 {
		crashes := ends(parsed, *parsed)
		if os.Args[2] == "main.Leaky" {
			crashes = ends(&leaky, leaky)
		}
		crashes[os.Args[1]]()
	}
	objects("", parsed, *parsed)
	objects("control: ", &leaky, leaky)
	showAll("control: error", errors.New(given[0]))
	for name, it := range map[string]any{"JWT pointer": jwt, "JWT value": *jwt} {
		showAll(name, it)
		showBy(encodings, name, it)
	}
	failures(parsed, jwt, given)
}
