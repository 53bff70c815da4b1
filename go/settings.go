package pylonidentity

/*
#cgo noescape pylon_identity_secret_init_from_env
#cgo nocallback pylon_identity_secret_init_from_env
#cgo noescape pylon_identity_chat_settings_hash
#cgo nocallback pylon_identity_chat_settings_hash
#cgo noescape chat_settings_script
#cgo nocallback chat_settings_script
#cgo noescape chat_settings_json
#cgo nocallback chat_settings_json
#include "pylon_identity.h"

// These take the user by value, since a struct in the memory of Go must not hold pointers of Go.

static pylon_identity_status chat_settings_script(pylon_identity_user user, const char *nonce, size_t nonce_len,
	char *out, size_t out_size, size_t *written) {
	return pylon_identity_chat_settings_script(NULL, &user, nonce, nonce_len, out, out_size, written);
}

static pylon_identity_status chat_settings_json(pylon_identity_user user, char *out, size_t out_size, size_t *written) {
	return pylon_identity_chat_settings_json(NULL, &user, out, out_size, written);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"html/template"
	"maps"
	"os"
	"reflect"
	"runtime"
	"slices"
	"unsafe"
)

// DefaultVariable is the environment variable that [IdentitySecretFromEnv] reads by default.
const DefaultVariable = "PYLON_IDENTITY_SECRET"

// IdentitySecretFromEnv parses the secret in the environment variable of this name, trimmed of white
// space; "" stands for [DefaultVariable]. The error is [ErrSecretMissing] if it is not set,
// [ErrSecretExposed] for a name that bundlers ship to browsers (NEXT_PUBLIC_, VITE_ and the like), or
// one of [NewIdentitySecret], each behind the name of the variable: compare with [errors.Is].
func IdentitySecretFromEnv(name string) (*IdentitySecret, error) {
	if name == "" {
		name = DefaultVariable
	}
	value, set := os.LookupEnv(name)
	secret, err := fromValue(name, value, set)
	// A name as long as the shortest secret may be one, passed in place of the name.
	if err != nil && len(name) < 32 {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return secret, err
}

// IdentitySecretFromFile parses the secret in a file, trimmed as by [IdentitySecretFromEnv]: the usual way with
// the secrets of Docker and Kubernetes. The error is that of [os.ReadFile] without the path, which may be the
// secret by mistake, or one of [NewIdentitySecret].
func IdentitySecretFromFile(path string) (*IdentitySecret, error) {
	text, err := os.ReadFile(path)
	defer clear(text)
	if failed := (*os.PathError)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	if err != nil {
		return nil, fmt.Errorf("the file of the identity secret cannot be read: %w", err)
	}
	secret := new(IdentitySecret)
	if err := secret.UnmarshalText(text); err != nil {
		return nil, err
	}
	return secret, nil
}

func fromValue(name, text string, set bool) (*IdentitySecret, error) {
	value := pointer(text)
	if set && value == nil {
		value = new(C.char) // nil would say that the variable is not set
	}
	k := newKey()
	return k.secret(C.pylon_identity_secret_init_from_env(
		k.c(), pointer(name), C.size_t(len(name)), value, C.size_t(len(text))))
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

// ChatSettings is the object that the page assigns to window.pylon.chat_settings. Empty fields are left
// out. It holds the email hash, which is as good as a login to the chat: send it only to its own
// user, with Cache-Control: no-store, private.
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
	status := C.pylon_identity_chat_settings_hash(
		k.c(), pointer(user.AppID), C.size_t(len(user.AppID)), pointer(user.Email), C.size_t(len(user.Email)),
		out.pointer())
	k.used()
	switch err := Error(status); {
	case err == ErrSecretNotReady:
		panic(err)
	case status != C.PYLON_IDENTITY_OK:
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
// The tag is printable ASCII, safe inside HTML of any encoding, whatever the settings hold, and html/template
// does not escape it again. The nonce is the nonce of the page's Content-Security-Policy, base64 text and new
// for each response; "" stands for none. The error is [ErrNonceInvalid], [ErrAppIDEmpty],
// [ErrSettingsInvalid] for values that the page cannot have, or [ErrEmailNotUnicode].
func (s ChatSettings) Script(nonce string) (template.HTML, error) {
	script, err := s.write(nonce, func(user C.pylon_identity_user, out *C.char, size C.size_t, written *C.size_t) C.pylon_identity_status {
		return C.chat_settings_script(user, pointer(nonce), C.size_t(len(nonce)), out, size, written)
	})
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
	return s.write("", func(user C.pylon_identity_user, out *C.char, size C.size_t, written *C.size_t) C.pylon_identity_status {
		return C.chat_settings_json(user, out, size, written)
	})
}

// write calls C with the settings and a buffer that is always large enough, as the header says.
func (s ChatSettings) write(
	nonce string,
	call func(C.pylon_identity_user, *C.char, C.size_t, *C.size_t) C.pylon_identity_status,
) ([]byte, error) {
	var pinned runtime.Pinner
	defer pinned.Unpin()
	other, length, ok := s.other(&pinned)
	if !ok {
		return nil, ErrSettingsInvalid
	}
	user := C.pylon_identity_user{
		app_id:              text(s.AppID),
		email:               text(s.Email),
		name:                text(s.Name),
		email_hash:          text(s.EmailHash),
		avatar_url:          text(s.AvatarURL),
		account_id:          text(s.AccountID),
		account_external_id: text(s.AccountExternalID),
		other:               unsafe.SliceData(other),
		other_count:         C.size_t(len(other)),
	}
	length += len(s.AppID) + len(s.Email) + len(s.Name) + len(s.EmailHash) + len(s.AvatarURL) +
		len(s.AccountID) + len(s.AccountExternalID) + len(nonce)
	out := make([]byte, 6*length+40*len(other)+400)
	var written C.size_t
	status := call(user, (*C.char)(unsafe.Pointer(unsafe.SliceData(out))), C.size_t(len(out)), &written)
	if status != C.PYLON_IDENTITY_OK {
		return nil, Error(status)
	}
	return out[:written], nil
}

// other returns the further settings for C, sorted by name, and the length of their texts. It reports false for
// a value of a type that the page cannot have.
func (s ChatSettings) other(pinned *runtime.Pinner) (settings []C.pylon_identity_setting, length int, ok bool) {
	// C reads these through memory of Go, so they must not move.
	pin := func(s string) C.pylon_identity_text {
		length += len(s)
		pinned.Pin(unsafe.StringData(s))
		return text(s)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Other)) {
		setting := C.pylon_identity_setting{name: pin(name)}
		switch value := reflect.ValueOf(s.Other[name]); {
		case value.Kind() == reflect.String:
			setting.text = pin(value.String())
		case value.Kind() == reflect.Bool:
			setting.kind = C.PYLON_IDENTITY_SETTING_BOOLEAN
			if value.Bool() {
				setting.number = 1
			}
		case value.CanInt():
			setting.kind, setting.number = C.PYLON_IDENTITY_SETTING_NUMBER, C.double(value.Int())
		case value.CanUint():
			setting.kind, setting.number = C.PYLON_IDENTITY_SETTING_NUMBER, C.double(value.Uint())
		case value.CanFloat():
			setting.kind, setting.number = C.PYLON_IDENTITY_SETTING_NUMBER, C.double(value.Float())
		default:
			return nil, 0, false
		}
		settings = append(settings, setting)
	}
	if len(settings) > 0 {
		pinned.Pin(&settings[0])
	}
	return settings, length, true
}

func text(s string) C.pylon_identity_text {
	return C.pylon_identity_text{data: pointer(s), length: C.size_t(len(s))}
}
