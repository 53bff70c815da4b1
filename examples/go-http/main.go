// Pylon's chat with verified users, on net/http. README.md says how to run it.
package main

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

const csp = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; " +
	"form-action 'self'; script-src 'nonce-%[1]s' %[2]s; " +
	"connect-src 'self' %[2]s https://*.usepylon.com wss://*.pusher.com; " +
	"style-src 'self' 'unsafe-inline' https://*.usepylon.com; " +
	"font-src 'self' https://*.usepylon.com; img-src 'self' https://*.usepylon.com " +
	"https://pylon-avatars.s3.us-west-1.amazonaws.com https://d3vl36l12sfx26.cloudfront.net"

type user struct{ name, password string }

// Your own users and login, with hashed passwords, go here.
var demoUsers = map[string]user{
	"ada@example.com":     {"Ada Lovelace", "demo"},
	"grace@example.com":   {"Grace Hopper", "demo"},
	"mallory@example.com": {"</script><script>window.pwned=1</script><!--", "demo"},
}

type server struct {
	secret       *pylonidentity.IdentitySecret
	appID        string
	widgetOrigin string
	development  bool // for plain HTTP: cookies without Secure
	sessions     sessions
}

const (
	sessionLife = 8 * time.Hour
	maxSessions = 10_000
)

type session struct {
	email   string
	expires time.Time
}

// sessions are on the server, so that logging out ends them. In production they are in your database.
type sessions struct {
	mu   sync.Mutex
	byID map[string]session // by the random id in the cookie
}

func (s *sessions) start(email string) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.byID, func(_ string, old session) bool { return time.Now().After(old.expires) })
	for id := range s.byID {
		if len(s.byID) < maxSessions {
			break
		}
		delete(s.byID, id)
	}
	id = rand.Text()
	s.byID[id] = session{email, time.Now().Add(sessionLife)}
	return id
}

func (s *sessions) email(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.byID[id]; ok && time.Now().Before(found.expires) {
		return found.email
	}
	return ""
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
}

// chatSettings signs the email of the session, and never one that the request names. The settings of
// a visitor who is not logged in have no email.
func (s *server) chatSettings(r *http.Request) (pylonidentity.ChatSettings, error) {
	if cookie, err := r.Cookie("session"); err == nil {
		email := s.sessions.email(cookie.Value)
		if user, ok := demoUsers[email]; ok {
			// Sign only an address that the user has proved to own: a confirmed sign-up or a confirmed change.
			return s.secret.ChatSettings(pylonidentity.User{AppID: s.appID, Email: email, Name: user.name})
		}
	}
	return pylonidentity.ChatSettings{AppID: s.appID}, nil
}

func (s *server) sendPage(w http.ResponseWriter, r *http.Request, status int, message string) error {
	nonce := rand.Text()
	settings, err := s.chatSettings(r)
	if err != nil {
		return err
	}
	script, err := settings.Script(nonce)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", fmt.Sprintf(csp, nonce, s.widgetOrigin))
	w.WriteHeader(status)
	return page.Execute(w, map[string]any{
		"User": settings, "Nonce": nonce, "SettingsScript": script, "Error": message,
		"Widget": s.widgetOrigin + "/widget/" + s.appID,
	})
}

func (s *server) home(w http.ResponseWriter, r *http.Request) error {
	return s.sendPage(w, r, http.StatusOK, "")
}

func (s *server) login(w http.ResponseWriter, r *http.Request) error {
	email, password := r.PostFormValue("email"), r.PostFormValue("password")
	user, ok := demoUsers[email]
	if !ok || subtle.ConstantTimeCompare([]byte(password), []byte(user.password)) == 0 {
		return s.sendPage(w, r, http.StatusUnauthorized, "Wrong email or password.")
	}
	s.setCookie(w, s.sessions.start(email), 0)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (s *server) logout(w http.ResponseWriter, r *http.Request) error {
	if cookie, err := r.Cookie("session"); err == nil {
		s.sessions.end(cookie.Value)
	}
	s.setCookie(w, "", -1)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (s *server) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: "session", Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: !s.development,
	})
}

// apiChatSettings serves single-page apps, which assign the answer to window.pylon.chat_settings.
func (s *server) apiChatSettings(w http.ResponseWriter, r *http.Request) error {
	settings, err := s.chatSettings(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if settings.Email == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return json.NewEncoder(w).Encode(map[string]string{"error": "Log in first."})
	}
	return json.NewEncoder(w).Encode(settings)
}

// fromOurPage stops other sites from logging a visitor in as another user. Old browsers send Origin only.
func fromOurPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host != "" && origin.Host == r.Host
}

type handler func(w http.ResponseWriter, r *http.Request) error

func (handle handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store, private") // the hash is for this user only
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodPost && !fromOurPage(r) {
		http.Error(w, "Post from our own pages only.", http.StatusForbidden)
		return
	}
	if err := handle(w, r); err != nil {
		log.Print(err)
		http.Error(w, "Something went wrong.", http.StatusInternalServerError)
	}
}

func main() {
	secret, err := pylonidentity.IdentitySecretFromEnv("") // once, when the server starts
	if err != nil {
		log.Fatal(err)
	}
	s := &server{
		secret:       secret,
		appID:        os.Getenv("PYLON_APP_ID"),
		widgetOrigin: cmp.Or(os.Getenv("WIDGET_ORIGIN"), "https://widget.usepylon.com"),
		development:  os.Getenv("DEVELOPMENT") == "1",
		sessions:     sessions{byID: map[string]session{}},
	}
	if s.appID == "" {
		log.Fatal("Set PYLON_APP_ID to the app ID from Pylon's dashboard.")
	}

	mux := http.NewServeMux()
	mux.Handle("GET /{$}", handler(s.home))
	mux.Handle("POST /login", handler(s.login))
	mux.Handle("POST /logout", handler(s.logout))
	mux.Handle("GET /api/chat-settings", handler(s.apiChatSettings))

	listener, err := net.Listen("tcp", "127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8080"))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("Listening on http://%s", listener.Addr())
	log.Fatal((&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(listener))
}
