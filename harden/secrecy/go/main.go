// Shows an identity secret, and errors about it, in every way that Go has.
//
//	surfaces real|leaky
//
// Reads hexadecimal lines: a secret, then malformed ones. Prints a line for each surface: its name,
// "shown" or "refused", and in hexadecimal what was shown or said. leaky shows a careless stand-in.
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

// An api is what there is to show: pointers and values of T, and calls that fail.
type api[T any] struct {
	parse   func(string) (*T, error)
	fromEnv func(string) (*T, error)
	dropIn  func(message, secret string) error
	explain func(secret, email, hash string) any
	use     func(secret *T, appID, email string) error
	script  func(nonce string) error
}

var honest = api[pylonidentity.IdentitySecret]{
	parse:   pylonidentity.NewIdentitySecret,
	fromEnv: pylonidentity.IdentitySecretFromEnv,
	dropIn: func(message, secret string) error {
		_, err := pylonidentity.SignMessageWithHMAC(message, secret)
		return err
	},
	explain: func(secret, email, hash string) any { return pylonidentity.Diagnose(secret, email, hash) },
	use: func(secret *pylonidentity.IdentitySecret, appID, email string) error {
		_, err := secret.ChatSettings(pylonidentity.User{AppID: appID, Email: email})
		return err
	},
	script: func(nonce string) error {
		_, err := pylonidentity.ChatSettings{}.Script(nonce)
		return err
	},
}

// Leaky keeps what it was given and shows it, as careless code does.
type Leaky struct {
	Hex string
	key []byte
}

func (l Leaky) String() string { return "Leaky(" + l.Hex + ")" }

// Format shows it for every verb, inside of pointers too.
func (l Leaky) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.String()) }

// LeakyError says what could not be used.
type LeakyError struct{ Values []string }

func (e *LeakyError) Error() string { return fmt.Sprintf("cannot use %q", e.Values) }

func refuse(values ...string) error { return &LeakyError{values} }

var careless = api[Leaky]{
	parse: func(given string) (*Leaky, error) {
		key, err := hex.DecodeString(given)
		if err != nil {
			return nil, refuse(given)
		}
		return &Leaky{given, key}, nil
	},
	fromEnv: func(name string) (*Leaky, error) { return nil, refuse(name, os.Getenv(name)) },
	dropIn:  func(message, secret string) error { return refuse(message, secret) },
	explain: func(secret, email, hash string) any { return refuse(secret, email, hash) },
	use:     func(secret *Leaky, appID, email string) error { return refuse(secret.Hex, appID, email) },
	script:  func(nonce string) error { return refuse(nonce) },
}

func emit(surface string, show func() (string, error)) {
	outcome := "shown"
	text, err := show()
	if err != nil {
		outcome, text = "refused", err.Error()
	}
	fmt.Printf("%s\t%s\t%x\n", surface, outcome, text)
}

func emitText(surface, text string) {
	emit(surface, func() (string, error) { return text, nil })
}

func written(write func(io.Writer) error) func() (string, error) {
	return func() (string, error) {
		var out bytes.Buffer
		err := write(&out)
		return out.String(), err
	}
}

type config[T any] struct {
	Name   string
	Secret *T
	Value  T
	value  T // not exported, so that nothing but its structure is shown
}

// verbs are all that fmt has, but for those of numbers alone. Of a pointer, %p is an address.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%10v", "%-80s|"}

func objects[T any](secret *T) {
	held := config[T]{"ada", secret, *secret, *secret}
	pointers := map[string]any{
		"pointer": secret, "value": *secret, "struct": held, "pointer to a struct": &held,
		"slice": []T{*secret}, "slice of pointers": []any{secret}, "array": [1]T{*secret},
		"map": map[string]T{"secret": *secret}, "map of any": map[string]any{"secret": secret},
		"error": fmt.Errorf("with %v", secret), "nested": []any{map[string]any{"held": held}},
	}
	for name, value := range pointers {
		for _, verb := range verbs {
			emitText(fmt.Sprintf("%s of a %s", verb, name), fmt.Sprintf(verb, value))
		}
		emitText("Sprint of a "+name, fmt.Sprint(value))
		emitText("Sprintln of a "+name, fmt.Sprintln(value))
		emitText("log of a "+name, logged(value))
		emitText("slog text of a "+name, slogged(newText, value))
		emitText("slog JSON of a "+name, slogged(newJSON, value))
		emit("text/template of a "+name, written(func(w io.Writer) error {
			return template.Must(template.New("").Parse("{{.}} {{printf \"%v\" .}}")).Execute(w, value)
		}))
		emit("html/template of a "+name, written(func(w io.Writer) error {
			page := `<p title="{{.}}">{{.}}</p><a href="/?{{.}}">`
			return htmltemplate.Must(htmltemplate.New("").Parse(page)).Execute(w, value)
		}))
		emitText("panic with a "+name, recovered(func() { panic(fmt.Errorf("with %v", value)) }))
		emitText("every field of a "+name, fmt.Sprint(walk(reflect.ValueOf(value), nil)))
		if name == "error" {
			continue // which has nothing to encode
		}
		emit("JSON of a "+name, func() (string, error) {
			text, err := json.MarshalIndent(value, "", "  ")
			return string(text), err
		})
		emit("html/template script of a "+name, written(func(w io.Writer) error {
			page := `<script>window.config = {{.}}</script>`
			return htmltemplate.Must(htmltemplate.New("").Parse(page)).Execute(w, value)
		}))
	}
	emitText("recovered pointer", recovered(func() { panic(secret) }))
	emitText("recovered value", recovered(func() { panic(*secret) }))
	emitText("expvar", expvar.Func(func() any { return secret }).String())
	emitText("errors.Join", errors.Join(errors.New("failed"), fmt.Errorf("with %+v", *secret)).Error())
	emit("XML", func() (string, error) {
		text, err := xml.Marshal(secret)
		return string(text), err
	})
	emit("XML of a struct", func() (string, error) {
		text, err := xml.MarshalIndent(held, "", "  ")
		return string(text), err
	})
	for name, value := range map[string]any{"pointer": secret, "value": *secret, "struct": held} {
		emit("clone: gob of a "+name, written(func(w io.Writer) error {
			return gob.NewEncoder(w).Encode(value)
		}))
	}
	for end := range ends(secret) {
		emitText("crash: "+end, crash(end))
	}
}

func newText(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) }
func newJSON(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) }

func slogged(handler func(io.Writer) slog.Handler, value any) string {
	var out bytes.Buffer
	logger := slog.New(handler(&out))
	logger.With("with", value).WithGroup("group").Info("made", "secret", value, slog.Any("any", value))
	return out.String()
}

func logged(value any) string {
	var out bytes.Buffer
	log.New(&out, "", 0).Printf("made %v", value)
	return out.String()
}

func recovered(call func()) (text string) {
	defer func() {
		text = fmt.Sprintf("%v\n%s", recover(), debug.Stack())
	}()
	call()
	return ""
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
func ends[T any](secret *T) map[string]func() {
	return map[string]func(){
		"panic with an error": func() { panic(fmt.Errorf("with %v", secret)) },
		"panic with text":     func() { panic(fmt.Sprintf("with %+v", *secret)) },
		"panic with a value":  func() { panic(any(*secret)) },
		"panic twice": func() {
			defer func() { panic(fmt.Sprint(secret)) }()
			panic(fmt.Errorf("with %#v", *secret))
		},
		"log.Fatal": func() { log.Fatal(secret) },
		"log.Panic": func() { log.Panicf("with %v", secret) },
	}
}

var input []byte

// crash runs this program again to its end, and returns what it wrote.
func crash(end string) string {
	program := exec.Command(os.Args[0], os.Args[1], end)
	program.Env = append(os.Environ(), "GOTRACEBACK=system")
	program.Stdin = bytes.NewReader(input)
	output, err := program.CombinedOutput()
	if err == nil {
		panic("it did not crash")
	}
	return string(output)
}

func failures[T any](a api[T], secret *T, given []string) {
	fail := func(call string, err error) {
		if err == nil {
			panic("nothing failed: " + call)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			emitText("error of "+call+": "+verb, fmt.Sprintf(verb, err))
		}
		wrapped := fmt.Errorf("failed: %w", err)
		emitText("error of "+call+": wrapped", fmt.Sprintf("%v %+v", wrapped, errors.Unwrap(wrapped)))
		emitText("error of "+call+": joined", errors.Join(err, err).Error())
		emitText("error of "+call+": slog text", slogged(newText, err))
		emitText("error of "+call+": slog JSON", slogged(newJSON, err))
		emitText("error of "+call+": panic", recovered(func() { panic(err) }))
		emit("error of "+call+": JSON", func() (string, error) {
			text, err := json.Marshal(map[string]any{"error": err, "text": err.Error()})
			return string(text), err
		})
	}
	for i, value := range given {
		if i == 0 {
			continue
		}
		_, err := a.parse(value)
		fail(fmt.Sprintf("NewIdentitySecret, malformed %d", i), err)
		fail(fmt.Sprintf("drop-in, malformed %d", i), a.dropIn(email, value))
		// No variable can hold a NUL, and white space is trimmed.
		if !strings.Contains(value, "\x00") && strings.TrimSpace(value) != given[0] {
			os.Setenv("CHAT_SECRET", value)
			_, err = a.fromEnv("CHAT_SECRET")
			fail(fmt.Sprintf("FromEnv, malformed %d", i), err)
			os.Unsetenv("CHAT_SECRET")
		}
	}
	_, err := a.fromEnv(given[0])
	fail("FromEnv, as the name", err)
	_, err = a.fromEnv("VITE_" + given[0])
	fail("FromEnv, in the name", err)
	fail("drop-in, swapped", a.dropIn(given[0], email))
	fail("settings, no email", a.use(secret, given[0], ""))
	fail("settings, no app", a.use(secret, "", given[0]))
	fail("script, as the nonce", a.script(given[0]+"!"))
	for i, value := range given {
		for _, wrong := range []string{strings.Repeat("0", 64), value} {
			diagnosis := a.explain(value, email, wrong)
			name := fmt.Sprintf("diagnosis %d %t", i, wrong == value)
			emitText(name+": %+v", fmt.Sprintf("%+v", diagnosis))
			emitText(name+": slog", slogged(newJSON, diagnosis))
		}
	}
}

func show[T any](a api[T], given []string) {
	secret, err := a.parse(given[0])
	if err != nil {
		panic("the first line is no secret")
	}
	if len(os.Args) > 2 {
		ends(secret)[os.Args[2]]()
	}
	objects(secret)
	failures(a, secret, given)
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
	if os.Args[1] == "leaky" {
		show(careless, given)
	} else {
		show(honest, given)
	}
}
