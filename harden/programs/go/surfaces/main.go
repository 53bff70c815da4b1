// Shows an identity secret, and errors about it, in the ways that Go has; as surfaces.py does for Python.
package main

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"expvar"
	"fmt"
	htmltemplate "html/template"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"reflect"
	"runtime/debug"
	"strings"
	"text/template"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

const email = "ada@example.com"

// Leaky shows the value that it was given, as careless code does.
type Leaky struct {
	Hex string
	hex []byte
}

func (l Leaky) String() string { return "Leaky(" + l.Hex + ")" }

// Format shows it for every verb, inside of pointers too.
func (l Leaky) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.String()) }

// LeakyError says which values could not be used.
type LeakyError struct{ Values []string }

func (e *LeakyError) Error() string { return fmt.Sprintf("cannot use %q", e.Values) }

var leaky = os.Args[1] == "leaky"

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
	"Print": func(w io.Writer, it any) error { return ignore(fmt.Fprint(w, it, []any{it})) },
	"log": func(w io.Writer, it any) error {
		log.New(w, "", 0).Printf("made %v", it)
		return nil
	},
	"slog text": func(w io.Writer, it any) error { return slogged(slog.NewTextHandler(w, nil), it) },
	"slog JSON": func(w io.Writer, it any) error { return slogged(slog.NewJSONHandler(w, nil), it) },
	"text/template": func(w io.Writer, it any) error {
		return template.Must(template.New("").Parse("{{.}} {{printf \"%v\" .}}")).Execute(w, it)
	},
	"panic":   func(w io.Writer, it any) error { return recovered(w, func() { panic(it) }) },
	"wrapped": func(w io.Writer, it any) error { return ignore(fmt.Fprintf(w, "%+v", fmt.Errorf("failed: %v", it))) },
	"errors.Join": func(w io.Writer, it any) error {
		return ignore(io.WriteString(w, errors.Join(errors.New("failed"), fmt.Errorf("with %+v", it)).Error()))
	},
	"every field": func(w io.Writer, it any) error { return ignore(fmt.Fprint(w, walk(reflect.ValueOf(it), nil))) },
}

// encodings write values for other programs.
var encodings = map[string]func(io.Writer, any) error{
	"JSON": func(w io.Writer, it any) error { return json.NewEncoder(w).Encode(map[string]any{"it": it}) },
	"html/template": func(w io.Writer, it any) error {
		return htmltemplate.Must(htmltemplate.New("").Parse(page)).Execute(w, it)
	},
	"expvar": func(w io.Writer, it any) error {
		return ignore(io.WriteString(w, expvar.Func(func() any { return it }).String()))
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

func objects(secret, value any) {
	held := config{"ada", secret, value, value}
	for name, it := range map[string]any{
		"pointer": secret, "value": value, "struct": held, "pointer to a struct": &held, "slice": []any{value},
		"map": map[string]any{"secret": secret, "value": value}, "nested": []any{map[string]any{"held": held}},
	} {
		showAll(name, it)
		showBy(encodings, name, it)
	}
	for name, it := range map[string]any{"pointer": secret, "value": value} {
		emit("clone: gob of a "+name, func(w io.Writer) error { return gob.NewEncoder(w).Encode(it) })
	}
	emit("XML", func(w io.Writer) error { return xml.NewEncoder(w).Encode(held) })
	for end := range ends(secret, value) {
		emit("crash: "+end, func(w io.Writer) error { return crash(w, end) })
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

// walk reads every field that reflection reaches, those that are not exported too, as debugging tools do.
func walk(value reflect.Value, seen []string) []string {
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			seen = walk(value.Elem(), seen)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			seen = walk(value.Field(i), seen)
		}
	case reflect.Slice, reflect.Array:
		var raw []byte
		for i := range value.Len() {
			if element := value.Index(i); element.CanUint() {
				raw = appendWord(raw, element)
			} else {
				seen = walk(element, seen)
			}
		}
		seen = append(seen, string(raw))
	case reflect.Map:
		for entries := value.MapRange(); entries.Next(); {
			seen = walk(entries.Value(), seen)
		}
	case reflect.String:
		seen = append(seen, value.String())
	}
	return seen
}

// appendWord appends the bytes of a number as memory has them.
func appendWord(raw []byte, number reflect.Value) []byte {
	for i := range int(number.Type().Size()) {
		raw = append(raw, byte(number.Uint()>>(8*i)))
	}
	return raw
}

// ends are ways in which a program dies with a secret in hand.
func ends(secret, value any) map[string]func() {
	return map[string]func(){
		"panic with an error": func() { panic(fmt.Errorf("with %v", secret)) },
		"panic with a value":  func() { panic(value) },
		"panic twice": func() {
			defer func() { panic(fmt.Sprint(secret)) }()
			panic(fmt.Errorf("with %#v", value))
		},
		"log.Fatal": func() { log.Fatal(secret) },
	}
}

var input []byte

// crash runs this program again to its end, and copies its output.
func crash(w io.Writer, end string) error {
	program := exec.Command(os.Args[0], os.Args[1], end)
	program.Env = append(os.Environ(), "GOTRACEBACK=system")
	program.Stdin = bytes.NewReader(input)
	output, err := program.CombinedOutput()
	if err == nil {
		panic("it did not crash")
	}
	return ignore(w.Write(output))
}

func failures(secret *pylonidentity.IdentitySecret, given []string) {
	fail := func(call, value string, _ any, err error) {
		if err == nil {
			panic("nothing failed: " + call)
		}
		if leaky {
			err = &LeakyError{[]string{value}}
		}
		showAll("error of "+call, err)
		emit("error of "+call+": JSON", func(w io.Writer) error {
			return json.NewEncoder(w).Encode(map[string]any{"error": err, "text": err.Error()})
		})
	}
	hex := given[0]
	for i, value := range given[1:] {
		signed, err := pylonidentity.SignMessageWithHMAC(email, value)
		fail(fmt.Sprintf("drop-in, malformed %d", i), value, signed, err)
		parsed, err := pylonidentity.NewIdentitySecret(value)
		fail(fmt.Sprintf("NewIdentitySecret, malformed %d", i), value, parsed, err)
		// No variable can hold a NUL, and white space is trimmed.
		if !strings.Contains(value, "\x00") && strings.TrimSpace(value) != hex {
			os.Setenv("CHAT_SECRET", value)
			parsed, err = pylonidentity.IdentitySecretFromEnv("CHAT_SECRET")
			fail(fmt.Sprintf("FromEnv, malformed %d", i), value, parsed, err)
			os.Unsetenv("CHAT_SECRET")
		}
	}
	parsed, err := pylonidentity.IdentitySecretFromEnv(hex)
	fail("FromEnv, as the name", hex, parsed, err)
	parsed, err = pylonidentity.IdentitySecretFromEnv("VITE_" + hex)
	fail("FromEnv, in the name", hex, parsed, err)
	signed, err := pylonidentity.SignMessageWithHMAC(hex, email)
	fail("drop-in, swapped", hex, signed, err)
	settings, err := secret.ChatSettings(pylonidentity.User{AppID: hex})
	fail("settings, no email", hex, settings, err)
	settings, err = secret.ChatSettings(pylonidentity.User{Email: hex})
	fail("settings, no app", hex, settings, err)
	script, err := pylonidentity.ChatSettings{AppID: "app"}.Script(hex + "!")
	fail("script, as the nonce", hex, script, err)
	for i, value := range given {
		for _, wrong := range []string{strings.Repeat("0", 64), value} {
			var diagnosis any = pylonidentity.Diagnose(value, email, wrong)
			if leaky {
				diagnosis = Leaky{Hex: value}
			}
			emit(fmt.Sprintf("diagnosis %d %t", i, wrong == value), func(w io.Writer) error {
				return ignore(fmt.Fprintf(w, "%+v", diagnosis))
			})
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
	var secret, value any = parsed, *parsed
	if leaky {
		value = Leaky{given[0], []byte(given[0])}
		secret = &Leaky{given[0], []byte(given[0])}
	}
	if len(os.Args) > 2 {
		ends(secret, value)[os.Args[2]]()
	}
	objects(secret, value)
	failures(parsed, given)
}
