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
	"html/template"
	"os"
	"unsafe"
)

// DefaultVariable is the environment variable that [IdentitySecretFromEnv] reads by default.
const DefaultVariable = "PYLON_IDENTITY_SECRET"

// IdentitySecretFromEnv parses the secret in the environment variable of this name, trimmed of white
// space; "" stands for [DefaultVariable]. The error is [ErrSecretMissing] if it is not set,
// [ErrSecretExposed] for a name that bundlers ship to browsers (NEXT_PUBLIC_, VITE_ and the like), or
// one of [NewIdentitySecret].
func IdentitySecretFromEnv(name string) (*IdentitySecret, error) {
	if name == "" {
		name = DefaultVariable
	}
	value, set := os.LookupEnv(name)
	return fromValue(name, value, set)
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
// for each response; "" stands for none. The error is [ErrNonceInvalid], [ErrSettingsInvalid] for settings
// without any field, or [ErrEmailNotUnicode].
func (s ChatSettings) Script(nonce string) (template.HTML, error) {
	user, out := s.user(nonce)
	var written C.size_t
	status := C.chat_settings_script(user, pointer(nonce), C.size_t(len(nonce)),
		(*C.char)(unsafe.Pointer(unsafe.SliceData(out))), C.size_t(len(out)), &written)
	if status != C.PYLON_IDENTITY_OK {
		return "", Error(status)
	}
	return template.HTML(out[:written]), nil
}

// JSON returns the settings as an object of printable ASCII, safe inside HTML of any encoding, for templates
// that write the script tag themselves and for single-page apps.
//
// It panics with [ErrSettingsInvalid] for settings without any field, and with [ErrEmailNotUnicode] for an
// email that is not UTF-8. Settings of [IdentitySecret.ChatSettings] are neither.
func (s ChatSettings) JSON() string {
	user, out := s.user("")
	var written C.size_t
	status := C.chat_settings_json(
		user, (*C.char)(unsafe.Pointer(unsafe.SliceData(out))), C.size_t(len(out)), &written)
	if status != C.PYLON_IDENTITY_OK {
		panic(Error(status))
	}
	return string(out[:written])
}

// user returns the settings for C, and a buffer that is always large enough, as the header says.
func (s ChatSettings) user(nonce string) (C.pylon_identity_user, []byte) {
	length := len(s.AppID) + len(s.Email) + len(s.Name) + len(s.EmailHash) + len(s.AvatarURL) +
		len(s.AccountID) + len(s.AccountExternalID) + len(nonce)
	return C.pylon_identity_user{
		app_id:              text(s.AppID),
		email:               text(s.Email),
		name:                text(s.Name),
		email_hash:          text(s.EmailHash),
		avatar_url:          text(s.AvatarURL),
		account_id:          text(s.AccountID),
		account_external_id: text(s.AccountExternalID),
	}, make([]byte, 6*length+400)
}

func text(s string) C.pylon_identity_text {
	return C.pylon_identity_text{data: pointer(s), length: C.size_t(len(s))}
}
