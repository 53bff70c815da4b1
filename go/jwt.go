package pylonidentity

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"
)

// DefaultJWTVariable is the environment variable that [JWTSecretFromEnv] reads by default.
const DefaultJWTVariable = "PYLON_JWT_SECRET"

// A JWTSecret is the secret of Pylon's option "JWT (signed token)". Its text is the key as it is, even if it is
// hexadecimal. It is hidden and wiped like an [IdentitySecret], and goroutines may share it.
//
// The rules for these tokens come from public integrations of August 2026. They were not tried with Pylon's service.
type JWTSecret struct {
	// The same as in an IdentitySecret.
	key *key
}

// NewJWTSecret takes the secret as it is in Pylon's dashboard: at least 16 bytes. The error is
// [ErrJWTSecretEmpty], also for fillers such as "undefined", [ErrJWTSecretWrapped] for white space or a pair of
// quotes around it, or [ErrJWTSecretWeak].
func NewJWTSecret(text string) (*JWTSecret, error) {
	return secretOf[JWTSecret](jwtKind.parse(text))
}

// JWTSecretFromEnv takes the secret in the environment variable of this name, trimmed of white space; "" means
// [DefaultJWTVariable]. The errors are [ErrSecretMissing] and [ErrSecretExposed] as of [IdentitySecretFromEnv], and
// those of [NewJWTSecret].
func JWTSecretFromEnv(name string) (*JWTSecret, error) {
	return secretOf[JWTSecret](jwtKind.fromEnv(name))
}

// JWTSecretFromFile takes the secret in a file, trimmed as by [JWTSecretFromEnv]. The error is that of
// [os.ReadFile] without the path, or one of [NewJWTSecret].
func JWTSecretFromFile(path string) (*JWTSecret, error) {
	return secretOf[JWTSecret](jwtKind.fromFile(path))
}

// Claims name the logged-in user in a JWT. AppID and Email must not be empty; other empty texts are left out.
type Claims struct {
	// AppID is the ID of the chat widget, from Pylon's dashboard: the claim aud.
	AppID string
	// Email is the email of the logged-in session, exactly as it is stored. Pass only an address that the
	// user has proved to own.
	Email string
	// Name is the name to show.
	Name string
	// AccountExternalID is your own ID of the user's account.
	AccountExternalID string
	// ContactExternalID is your own ID of the user.
	ContactExternalID string
	// IssuedAt is the claim iat, in whole seconds. A new token gets the time of the system's clock if this is
	// zero; tests may set it.
	IssuedAt time.Time
	// ExpiresAt is the claim exp, in whole seconds. It is ignored when a token is signed.
	ExpiresAt time.Time
}

// SignJWT signs a JWT (RFC 7519) with HS256. It expires ttl after it is issued, in whole seconds from 1 second to 15
// minutes; 0 means 10 minutes. Until then it is as good as a login of the user: do not log it.
//
// The error is [ErrAppIDEmpty] or [ErrEmailEmpty], also for white space and fillers such as "undefined",
// [ErrEmailNotUnicode] for an email that is not UTF-8, or [ErrJWTLifetime]. It panics with [ErrSecretNotReady]
// after [JWTSecret.Wipe].
func (s *JWTSecret) SignJWT(claims Claims, ttl time.Duration) (string, error) {
	k := s.ready()
	expiresIn := uint64(ttl / time.Second)
	if expiresIn == 0 && ttl != 0 {
		expiresIn = math.MaxUint64 // less than a second, or negative: 0 would mean 10 minutes
	}
	texts := [...]string{
		claims.AppID, claims.Email, claims.Name, claims.AccountExternalID, claims.ContactExternalID,
	}
	// A size that is always enough, as the header says.
	size := 400
	for _, text := range texts {
		size += 8 * len(text)
	}
	out := make([]byte, size)
	written, status := k.state().signJWT(&texts, expiresIn, unixTime(claims.IssuedAt), out)
	k.used()
	return string(out[:written]), status.orPanic()
}

// VerifyJWT returns the claims of a JWT that is right for this secret and app ID now, or at another time. It is
// for tests, proxies and stand-ins of Pylon's service. Claims that Pylon does not know are ignored. It compares
// in constant time.
//
// The error is the first that applies of [ErrJWTMalformed], [ErrJWTAlgorithm], [ErrJWTSignature],
// [ErrJWTExpired], [ErrJWTNotYetValid], [ErrJWTAudience] and [ErrJWTLifetime]. It panics with
// [ErrSecretNotReady] after [JWTSecret.Wipe].
func (s *JWTSecret) VerifyJWT(token, appID string, now ...time.Time) (Claims, error) {
	k := s.ready()
	out := make([]byte, 5*len(token)+400) // always enough, as the header says
	written, status := k.state().verifyJWT(token, appID, unixTime(now...), out)
	k.used()
	if err := status.orPanic(); err != nil {
		return Claims{}, err
	}
	var found struct {
		Email   string `json:"email"`
		AppID   string `json:"aud"`
		Issued  int64  `json:"iat"`
		Expires int64  `json:"exp"`
		Name    string `json:"name"`
		Account string `json:"account_external_id"`
		Contact string `json:"contact_external_id"`
	}
	if err := json.Unmarshal(out[:written], &found); err != nil {
		panic(err) // the core writes JSON
	}
	return Claims{
		AppID:             found.AppID,
		Email:             found.Email,
		Name:              found.Name,
		AccountExternalID: found.Account,
		ContactExternalID: found.Contact,
		IssuedAt:          time.Unix(found.Issued, 0).UTC(),
		ExpiresAt:         time.Unix(found.Expires, 0).UTC(),
	}, nil
}

// ChatSettings makes the settings of the chat widget for a logged-in user: the app ID and a JWT that names the user.
// The errors are those of [JWTSecret.SignJWT]. Do not add other values of an identity, which would have to equal the
// claims.
func (s *JWTSecret) ChatSettings(claims Claims, ttl time.Duration) (ChatSettings, error) {
	token, err := s.SignJWT(claims, ttl)
	if err != nil {
		return ChatSettings{}, err
	}
	return ChatSettings{AppID: claims.AppID, JWT: token}, nil
}

// DiagnoseJWT finds out why Pylon does not accept token as a JWT for this app ID, now or at another time. The secret
// is the text from Pylon's dashboard. The email is the one beside the token on the page; "" means none. It takes any
// text, a malformed secret too, and is for developers.
func DiagnoseJWT(secret, appID, token, email string, now ...time.Time) Diagnosis {
	return diagnosis(diagnoseJWT(secret, appID, token, email, unixTime(now...)))
}

// unixTime returns the first time in Unix seconds, or the system's time if there is none or it is zero. It returns at
// least 1, since the core reads 0 as its own clock.
func unixTime(times ...time.Time) uint64 {
	if len(times) == 0 || times[0].IsZero() {
		times = []time.Time{time.Now()}
	}
	return uint64(max(1, times[0].Unix()))
}

// orPanic returns the status as an error, or panics if the secret was wiped or never set.
func (e Error) orPanic() error {
	switch e {
	case ok:
		return nil
	case ErrSecretNotReady:
		panic(e)
	}
	return e
}

// Wipe overwrites the key in memory, as [IdentitySecret.Wipe] does.
func (s *JWTSecret) Wipe() {
	if s != nil {
		s.key.wipe()
	}
}

func (s *JWTSecret) ready() *key {
	if s == nil || s.key == nil {
		panic(ErrSecretNotReady)
	}
	return s.key
}

func (s JWTSecret) String() string { return jwtKind.shown(s.key) }

// Format prints "JWTSecret(hidden)" for every verb, or "JWTSecret(not set)" for a zero value.
func (s JWTSecret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns the same, for logs and dumps of a configuration in JSON, XML and the like.
func (s JWTSecret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the secret as it is in Pylon's dashboard, trimmed of white space, for libraries that read a
// configuration. [IdentitySecret.UnmarshalText] says more.
func (s *JWTSecret) UnmarshalText(text []byte) error {
	k, err := jwtKind.trimmed(text)
	if err == nil {
		s.key = k
	}
	return err
}

// MarshalBinary returns an error, so that encoding/gob and the like cannot store the secret.
func (s JWTSecret) MarshalBinary() ([]byte, error) { return nil, jwtKind.stays() }
