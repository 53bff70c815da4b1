package pylonidentity

import (
	"errors"
	"fmt"
	"html/template"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
)

// DefaultVariable is the environment variable that [IdentitySecretFromEnv] reads by default.
const DefaultVariable = "PYLON_IDENTITY_SECRET"

// IdentitySecretFromEnv parses the secret in the environment variable of this name, trimmed of white space; "" means
// [DefaultVariable]. The error is [ErrSecretMissing] if it is not set, [ErrSecretExposed] for a name that bundlers
// ship to browsers (NEXT_PUBLIC_, VITE_ and the like), or one of [NewIdentitySecret]. Its message begins with the name
// of the variable, if it looks like one: compare with [errors.Is].
func IdentitySecretFromEnv(name string) (*IdentitySecret, error) {
	return secretOf[IdentitySecret](identityKind.fromEnv(name))
}

func (of *kind) fromEnv(name string) (*key, error) {
	if name == "" {
		name = of.variable
	}
	value, set := os.LookupEnv(name)
	k, err := of.fromValue(name, value, set)
	if err != nil && mayBeShown(name) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return k, err
}

// mayBeShown reports whether the name of a variable cannot be a secret, passed in place of the name.
func mayBeShown(name string) bool {
	const capitalsAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
	return len(name) < 16 || len(name) < 32 && strings.Contains(name, "_") && strings.Trim(name, capitalsAndDigits) == ""
}

// IdentitySecretFromFile parses the secret in a file, trimmed as by [IdentitySecretFromEnv]: the usual way with
// the secrets of Docker and Kubernetes. The error is that of [os.ReadFile] without the path, which may be the
// secret by mistake, or one of [NewIdentitySecret].
func IdentitySecretFromFile(path string) (*IdentitySecret, error) {
	return secretOf[IdentitySecret](identityKind.fromFile(path))
}

func (of *kind) fromFile(path string) (*key, error) {
	text, err := os.ReadFile(path)
	defer clear(text)
	if failed := (*os.PathError)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	if err != nil {
		return nil, fmt.Errorf("the file of the %s cannot be read: %w", of.name, err)
	}
	return of.trimmed(text)
}

func (of *kind) fromValue(name, text string, set bool) (*key, error) {
	k := newKey()
	return k.kept(k.state().parseValue(of.isJWT, name, text, set))
}

// A User is the logged-in user, as the backend knows them. AppID and Email must not be empty.
type User struct {
	// AppID is the ID of the chat widget, from Pylon's dashboard.
	AppID string
	// Email is the email of the logged-in session, exactly as it is stored. Pass only an address that the
	// user has proved to own.
	Email string
	// Name is the name to show.
	Name string
	// AvatarURL is the address of a picture.
	AvatarURL string
	// AccountID is Pylon's ID of the user's account.
	AccountID string
	// AccountExternalID is your own ID of the user's account.
	AccountExternalID string
}

// ChatSettings is the object that the page assigns to window.pylon.chat_settings. Empty fields are left out. It holds
// the email hash or the JWT, which is as good as a login to the chat. Send it only to its own user, with
// Cache-Control: no-store, private.
//
// A page for a visitor who is not logged in has ChatSettings with the AppID alone. As JSON they have the
// widget's own names, so html/template can also write them into a script of yours.
type ChatSettings struct {
	AppID             string `json:"app_id,omitempty"`
	Email             string `json:"email,omitempty"`
	Name              string `json:"name,omitempty"`
	EmailHash         string `json:"email_hash,omitempty"`
	AvatarURL         string `json:"avatar_url,omitempty"`
	AccountID         string `json:"account_id,omitempty"`
	AccountExternalID string `json:"account_external_id,omitempty"`
	// JWT is a token of [JWTSecret.SignJWT], in place of the email hash.
	JWT string `json:"jwt,omitempty"`
	// Other has more settings by the widget's own names, such as "hide_default_launcher". A value is a string,
	// a bool, or a number that JavaScript can hold.
	Other map[string]any `json:"-"`
}

// ChatSettings makes the settings of the chat widget for a logged-in user, with the email signed: the
// very string that the settings hold. The error is [ErrAppIDEmpty] or [ErrEmailEmpty], also for white
// space and fillers such as "undefined", or [ErrEmailNotUnicode] for an email that is not UTF-8.
//
// It panics with [ErrSecretNotReady] after [IdentitySecret.Wipe].
func (s *IdentitySecret) ChatSettings(user User) (ChatSettings, error) {
	k := s.ready()
	var out emailHash
	status := k.state().chatSettingsHash(user.AppID, user.Email, &out)
	k.used()
	if err := status.orPanic(); err != nil {
		return ChatSettings{}, err
	}
	return ChatSettings{
		AppID:             user.AppID,
		Email:             user.Email,
		Name:              user.Name,
		EmailHash:         out.String(),
		AvatarURL:         user.AvatarURL,
		AccountID:         user.AccountID,
		AccountExternalID: user.AccountExternalID,
	}, nil
}

// Script returns the script tag that sets window.pylon. Put it into the page before the widget's own tag.
//
// The tag is printable ASCII, safe inside HTML of any encoding for any settings, and html/template does not escape it
// again. The nonce is the nonce of the page's Content-Security-Policy, base64 text and new for each response; "" means
// none. The error is [ErrNonceInvalid], [ErrAppIDEmpty], [ErrSettingsInvalid] for values that the page cannot have, or
// [ErrEmailNotUnicode].
func (s ChatSettings) Script(nonce string) (template.HTML, error) {
	script, err := s.write(true, nonce)
	return template.HTML(script), err
}

// JSON returns the settings as an object of printable ASCII, safe inside HTML of any encoding, for templates
// that write the script tag themselves and for single-page apps.
//
// It panics with the errors of [ChatSettings.MarshalJSON]. Settings of [IdentitySecret.ChatSettings] have none
// until you set fields.
func (s ChatSettings) JSON() string {
	json, err := s.MarshalJSON()
	if err != nil {
		panic(err)
	}
	return string(json)
}

// MarshalJSON returns the same as [ChatSettings.JSON]. The error is [ErrAppIDEmpty], [ErrSettingsInvalid]
// for values that the page cannot have, or [ErrEmailNotUnicode] for an email that is not UTF-8.
func (s ChatSettings) MarshalJSON() ([]byte, error) {
	return s.write(false, "")
}

// write has the core write the script tag or the object.
func (s ChatSettings) write(script bool, nonce string) ([]byte, error) {
	other, usable := s.other()
	if !usable {
		return nil, ErrSettingsInvalid
	}
	if s.JWT != "" {
		other = slices.Insert(other, 0, setting{name: "jwt", text: s.JWT})
	}
	texts := [...]string{s.AppID, s.Email, s.Name, s.AvatarURL, s.AccountID, s.AccountExternalID, s.EmailHash}
	// A size that is always enough, as the header says.
	size := 40*len(other) + 400 + 6*len(nonce)
	for _, text := range texts {
		size += 6 * len(text)
	}
	for _, setting := range other {
		size += 6 * (len(setting.name) + len(setting.text))
	}
	written, status := writeSettings(script, &texts, other, nonce, size)
	if status != ok {
		return nil, status
	}
	return written, nil
}

// A setting is one of the further settings, in the form of the core.
type setting struct {
	name, text string
	kind       int32
	number     float64
}

const (
	kindNumber  = 1
	kindBoolean = 2
)

// other returns the further settings, sorted by name. It reports false for a value of a type that the page
// cannot have.
func (s ChatSettings) other() (settings []setting, usable bool) {
	for _, name := range slices.Sorted(maps.Keys(s.Other)) {
		setting := setting{name: name}
		switch value := reflect.ValueOf(s.Other[name]); {
		case value.Kind() == reflect.String:
			setting.text = value.String()
		case value.Kind() == reflect.Bool:
			setting.kind = kindBoolean
			if value.Bool() {
				setting.number = 1
			}
		case value.CanInt():
			setting.kind, setting.number = kindNumber, float64(value.Int())
		case value.CanUint():
			setting.kind, setting.number = kindNumber, float64(value.Uint())
		case value.CanFloat():
			setting.kind, setting.number = kindNumber, value.Float()
		default:
			return nil, false
		}
		settings = append(settings, setting)
	}
	return settings, true
}
