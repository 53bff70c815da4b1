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
	"net"
	"net/http"
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
	"style-src 'unsafe-inline' https://*.usepylon.com; " +
	"font-src https://*.usepylon.com; img-src https://*.usepylon.com"

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
	development  bool     // on plain HTTP, so no Secure cookies
	sessions     sync.Map // from the random session cookie to the email
}

// chatSettings signs the email of the session, and never one that the request names. The settings of
// a visitor who is not logged in have no email.
func (s *server) chatSettings(r *http.Request) (pylonidentity.ChatSettings, error) {
	if cookie, err := r.Cookie("session"); err == nil {
		value, _ := s.sessions.Load(cookie.Value)
		email, _ := value.(string)
		if user, ok := demoUsers[email]; ok {
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
	id := rand.Text()
	s.sessions.Store(id, email)
	s.setCookie(w, id, 0)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (s *server) logout(w http.ResponseWriter, r *http.Request) error {
	if cookie, err := r.Cookie("session"); err == nil {
		s.sessions.Delete(cookie.Value)
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

type handler func(w http.ResponseWriter, r *http.Request) error

func (handle handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store, private") // the hash is for this user only
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// SameSite keeps others from using the session, and this from logging people in as someone else.
	// From Go 1.25 on, http.CrossOriginProtection does it.
	site := cmp.Or(r.Header.Get("Sec-Fetch-Site"), "same-origin")
	if r.Method == http.MethodPost && site != "same-origin" {
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
