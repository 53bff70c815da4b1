package pylonidentity

/*
#cgo noescape pylon_identity_secret_init_from_env
#cgo nocallback pylon_identity_secret_init_from_env
#cgo noescape pylon_identity_chat_settings_hash
#cgo nocallback pylon_identity_chat_settings_hash
#cgo noescape pylon_identity_chat_settings_script
#cgo nocallback pylon_identity_chat_settings_script
#include "pylon_identity.h"
*/
import "C"

import (
	"bytes"
	"html/template"
	"os"
	"reflect"
	"runtime"
	"strings"
	"unsafe"
)

// IdentitySecretFromEnv parses the secret in the environment variable of this name, trimmed of white
// space; "" stands for PYLON_IDENTITY_SECRET. The error is [ErrSecretMissing] if it is not set,
// [ErrSecretExposed] for a name that bundlers ship to browsers (NEXT_PUBLIC_, VITE_ and the like), or
// one of [NewIdentitySecret].
func IdentitySecretFromEnv(name string) (*IdentitySecret, error) {
	if name == "" {
		name = "PYLON_IDENTITY_SECRET"
	}
	text, set := os.LookupEnv(name)
	value := pointer(text)
	if set && value == nil {
		value = new(C.char) // as nil says that the variable is not set
	}
	k := newKey()
	return k.secret(C.pylon_identity_secret_init_from_env(
		k.c(), pointer(name), C.size_t(len(name)), value, C.size_t(len(text))))
}

// A User is who is logged in, as the backend knows it. AppID and Email must not be empty.
type User struct {
	// AppID is the ID of the chat widget, from Pylon's dashboard.
	AppID string
	// Email is that of the logged-in session, exactly as it is stored.
	Email string
	// Name is what to show.
	Name string
	// AvatarURL is the address of a picture.
	AvatarURL string
	// AccountID is Pylon's ID of the user's account.
	AccountID string
	// AccountExternalID is your own ID of the user's account.
	AccountExternalID string
}

// ChatSettings are what the page assigns to window.pylon.chat_settings. Fields that are empty are left
// out. They hold the email hash, which is as good as a login to the chat: send them only to their own
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
// very string that the settings hold. The error is [ErrAppIDEmpty] or [ErrEmailEmpty].
//
// It panics with [ErrSecretNotReady] after [IdentitySecret.Wipe].
func (s *IdentitySecret) ChatSettings(user User) (ChatSettings, error) {
	k := s.ready()
	var out emailHash
	status := C.pylon_identity_chat_settings_hash(
		k.c(), pointer(user.AppID), C.size_t(len(user.AppID)), pointer(user.Email), C.size_t(len(user.Email)),
		out.pointer())
	runtime.KeepAlive(k)
	switch status {
	case C.PYLON_IDENTITY_OK:
	case C.PYLON_IDENTITY_APP_ID_EMPTY, C.PYLON_IDENTITY_EMAIL_EMPTY:
		return ChatSettings{}, Error(status)
	default:
		panic(Error(status))
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

// Script returns the script tag that sets window.pylon, to be put into the page before the widget's own.
// Whatever the settings hold is safe inside HTML, and html/template does not escape the tag again. The
// nonce is that of the page's Content-Security-Policy, base64 text and new for each response; "" stands
// for none. The error is [ErrNonceInvalid].
func (s ChatSettings) Script(nonce string) (template.HTML, error) {
	var joined []byte
	var lengths []C.size_t
	fields := reflect.ValueOf(s)
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		if value := fields.Field(i).String(); value != "" {
			joined = append(append(joined, name...), value...)
			lengths = append(lengths, C.size_t(len(name)), C.size_t(len(value)))
		}
	}
	// What the header says is always enough.
	out := make([]byte, 6*(len(joined)+len(nonce))+8*len(lengths)+100)
	status := C.pylon_identity_chat_settings_script(
		(*C.char)(unsafe.Pointer(unsafe.SliceData(joined))), unsafe.SliceData(lengths), C.size_t(len(lengths)),
		pointer(nonce), C.size_t(len(nonce)),
		(*C.char)(unsafe.Pointer(unsafe.SliceData(out))), C.size_t(len(out)))
	if status != C.PYLON_IDENTITY_OK {
		return "", Error(status)
	}
	return template.HTML(out[:bytes.IndexByte(out, 0)]), nil
}
