//go:build pylonidentity_portable || (!pylonidentity_cgo && !pylonidentity_system && !(cgo && (linux || darwin) && (amd64 || arm64)))

package pylonidentity

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/pylon-identity/pylon-identity/go/internal/core"
)

// Backend is the core that runs: "cgo" is the native library, "portable" is its code in Go.
const Backend = "portable"

// --- calls of the core ---

// Each module has memory of its own, and serves one call at a time.
var modules = sync.Pool{New: func() any { return core.New() }}

// Memory is never given back, so a module that needed more than most calls is not used again.
const keptMemory = 1 << 20

// A call keeps its arguments in the memory of a module.
type call struct {
	*core.Module
	blocks [][2]int32
}

// with makes a call, and wipes its arguments and results afterwards. A trap of the module is a Go panic: it becomes a
// status, and that module is not used again.
func with(use func(c *call) Error) (status Error) {
	c := &call{Module: modules.Get().(*core.Module)}
	defer func() {
		trap := recover()
		if trap == nil {
			return
		}
		status = panicked
		if trap == invalidArgument || len(c.memory()) > keptMemory {
			status = invalidArgument // there is no memory for arguments of this length
		}
		clear(c.memory())
	}()
	status = use(c)
	for _, block := range c.blocks {
		c.Xpylon_identity_free(block[0], block[1])
	}
	if len(c.memory()) <= keptMemory {
		modules.Put(c.Module)
	}
	return status
}

// withSecret makes a call that has a secret or its key, and wipes the stack of Go that it used.
func withSecret(use func(c *call) Error) Error {
	wipeStack() // and makes it large enough: a stack that grows leaves its old memory behind
	status := with(use)
	wipeStack()
	return status
}

//go:noinline
func wipeStack() {
	var stack [16 << 10]byte
	touch(&stack)
}

//go:noinline
func touch(*[16 << 10]byte) {}

func (c *call) memory() []byte { return *c.Xmemory().Slice() }

// space returns memory of the module, aligned and zero.
func (c *call) space(size int) int32 {
	if size > math.MaxInt32 {
		panic(invalidArgument)
	}
	at := c.Xpylon_identity_alloc(int32(size))
	if at == 0 {
		panic(invalidArgument)
	}
	c.blocks = append(c.blocks, [2]int32{at, int32(size)})
	return at
}

// text copies s into the module, and returns its address and length. Empty text has the address NULL.
func (c *call) text(s string) (at, length int32) {
	if s == "" {
		return 0, 0
	}
	at = c.space(len(s))
	copy(c.memory()[at:], s)
	return at, int32(len(s))
}

// put writes words to the address at.
func (c *call) put(at int32, words ...int32) {
	for i, word := range words {
		binary.LittleEndian.PutUint32(c.memory()[int(at)+4*i:], uint32(word))
	}
}

func (c *call) bytes(at, length int32) []byte { return c.memory()[at:][:length] }

// terminated returns the text before the next NUL.
func (c *call) terminated(at int32) string {
	text, _, _ := bytes.Cut(c.memory()[at:], []byte{0})
	return string(text)
}

func static(find func(c *call) int32) (text string) {
	with(func(c *call) Error {
		text = c.terminated(find(c))
		return ok
	})
	return text
}

func version() string { return static(func(c *call) int32 { return c.Xpylon_identity_version() }) }

func (e Error) message() string {
	return static(func(c *call) int32 { return c.Xpylon_identity_status_message(int32(e)) })
}

func (e Error) code() string {
	return static(func(c *call) int32 { return c.Xpylon_identity_status_code(int32(e)) })
}

func causeCode(bit uint64) string {
	return static(func(c *call) int32 { return c.Xpylon_identity_cause_code(int64(bit)) })
}

// --- secrets ---

// A state is a parsed secret: the struct of C as the module has it. Wiping may run beside other uses, so its words
// are atomic.
type state [64]atomic.Uint32

// The places in the struct of the states of SHA-256 after the inner and the outer padded key.
const (
	inner = 2
	outer = 12
)

func (s *state) isReady() bool { return s[0].Load() != 0 }

// fill copies the secret from the module.
func (s *state) fill(c *call, at int32) {
	for i := range s {
		s[i].Store(binary.LittleEndian.Uint32(c.bytes(at+4*int32(i), 4)))
	}
}

func (s *state) wipe() {
	for i := range s {
		s[i].Store(0)
	}
}

// secret copies the secret into the module, and returns its address.
func (c *call) secret(s *state) int32 {
	at := c.space(4 * len(s))
	for i := range s {
		c.put(at+4*int32(i), int32(s[i].Load()))
	}
	return at
}

func (s *state) parse(isJWT bool, secret string) Error {
	return withSecret(func(c *call) Error {
		at := c.space(4 * len(s))
		text, length := c.text(secret)
		init := c.Xpylon_identity_secret_init
		if isJWT {
			init = c.Xpylon_identity_jwt_secret_init
		}
		status := init(at, text, length)
		s.fill(c, at)
		return Error(status)
	})
}

func (s *state) parseValue(isJWT bool, name, text string, set bool) Error {
	return withSecret(func(c *call) Error {
		at := c.space(4 * len(s))
		nameAt, nameLength := c.text(name)
		value, length := c.text(text)
		if set && value == 0 {
			value = c.space(1) // NULL would say that the variable is not set
		}
		init := c.Xpylon_identity_secret_init_from_env
		if isJWT {
			init = c.Xpylon_identity_jwt_secret_init_from_env
		}
		status := init(at, nameAt, nameLength, value, length)
		s.fill(c, at)
		return Error(status)
	})
}

func (s *state) chatSettingsHash(appID, email string, out *emailHash) Error {
	status := with(func(c *call) Error {
		// This secret has no key: the core checks the texts, and Go makes the hash.
		secret, hash := c.space(4*len(s)), c.space(len(out))
		c.put(secret, int32(s[0].Load()), int32(s[1].Load()))
		app, appLength := c.text(appID)
		text, length := c.text(email)
		return Error(c.Xpylon_identity_chat_settings_hash(secret, app, appLength, text, length, hash))
	})
	if status != ok {
		return status
	}
	return s.sign(email, out)
}

// --- signing, with Go's own SHA-256, which uses the instructions of the processor ---

// A signer continues SHA-256 where the core keyed it.
type signer struct {
	digest interface {
		hash.Hash
		encoding.BinaryUnmarshaler
	}
	saved [108]byte // Go's form of a state: a mark, eight words, the bytes since the last block, their number
	block [64]byte
	sum   [sha256.Size]byte
}

var signers = sync.Pool{New: func() any {
	s := new(signer)
	s.digest, _ = sha256.New().(interface {
		hash.Hash
		encoding.BinaryUnmarshaler
	})
	copy(s.saved[:], "sha\x03")
	s.saved[len(s.saved)-1] = 64
	return s
}}

// resume reports false if crypto/sha256 is not Go's own implementation.
func (s *signer) resume(key *state, at int) bool {
	if s.digest == nil {
		return false
	}
	for i := range 8 {
		binary.BigEndian.PutUint32(s.saved[4+4*i:], key[at+i].Load())
	}
	return s.digest.UnmarshalBinary(s.saved[:]) == nil
}

func (s *signer) write(text string) {
	s.digest.Write(unsafe.Slice(unsafe.StringData(text), len(text)))
}

// finish writes the digits of the last sum, and leaves nothing of the key.
func (s *signer) finish(out *emailHash) {
	hex.Encode(out[:], s.digest.Sum(s.sum[:0]))
	s.digest.Reset()
	clear(s.saved[4:36])
	signers.Put(s)
}

func (s *state) sign(email string, out *emailHash) Error {
	if !s.isReady() {
		return ErrSecretNotReady
	}
	signer := signers.Get().(*signer)
	if !signer.resume(s, inner) {
		return s.signInCore(email, out)
	}
	signer.write(email)
	signer.digest.Sum(signer.sum[:0])
	signer.resume(s, outer)
	signer.digest.Write(signer.sum[:])
	signer.finish(out)
	return ok
}

func (s *state) signInCore(email string, out *emailHash) Error {
	return withSecret(func(c *call) Error {
		secret, hash := c.secret(s), c.space(len(out))
		text, length := c.text(email)
		status := c.Xpylon_identity_sign(secret, text, length, hash)
		copy(out[:], c.bytes(hash, int32(len(out))))
		return Error(status)
	})
}

func (s *state) verify(email, shown string) Error {
	var right emailHash
	if status := s.sign(email, &right); status != ok {
		return status
	}
	if subtle.ConstantTimeCompare(right[:len(right)-1], unsafe.Slice(unsafe.StringData(shown), len(shown))) != 1 {
		return hashMismatch
	}
	return ok
}

// signJWT writes the token into out, and returns its length.
func (s *state) signJWT(texts *[5]string, expiresIn, now uint64, out []byte) (int, Error) {
	return answer(out, func(c *call, buffer, written int32) int32 {
		secret, user := c.secret(s), c.space(8*len(texts))
		for i, text := range texts {
			at, length := c.text(text)
			c.put(user+int32(8*i), at, length)
		}
		return c.Xpylon_identity_sign_jwt(
			secret, user, int64(expiresIn), int64(now), buffer, int32(len(out)), written)
	})
}

// verifyJWT writes the claims into out as JSON, and returns their length.
func (s *state) verifyJWT(token, appID string, now uint64, out []byte) (int, Error) {
	return answer(out, func(c *call, buffer, written int32) int32 {
		secret := c.secret(s)
		tokenAt, tokenLength := c.text(token)
		appAt, appLength := c.text(appID)
		return c.Xpylon_identity_verify_jwt(
			secret, tokenAt, tokenLength, appAt, appLength, int64(now), buffer, int32(len(out)), written)
	})
}

// answer makes a call with a secret. The call writes a text into out, and answer returns its length.
func answer(out []byte, ask func(c *call, buffer, written int32) int32) (length int, status Error) {
	status = withSecret(func(c *call) Error {
		buffer, written := c.space(len(out)), c.space(4)
		status := ask(c, buffer, written)
		length = copy(out, c.bytes(buffer, int32(binary.LittleEndian.Uint32(c.bytes(written, 4)))))
		return Error(status)
	})
	return length, status
}

func signMessage(message, secret string, out *emailHash) Error {
	signer := signers.Get().(*signer)
	if !signer.key(secret) {
		return withSecret(func(c *call) Error {
			hash := c.space(len(out))
			text, length := c.text(message)
			digits, count := c.text(secret)
			status := c.Xpylon_identity_sign_message_with_hmac(text, length, digits, count, hash)
			copy(out[:], c.bytes(hash, int32(len(out))))
			return Error(status)
		})
	}
	signer.pad(0x36)
	signer.write(message)
	signer.digest.Sum(signer.sum[:0])
	signer.pad(0x36 ^ 0x5c)
	clear(signer.block[:])
	signer.digest.Write(signer.sum[:])
	signer.finish(out)
	return ok
}

// key decodes a secret of the usual length. The core judges every other text.
func (s *signer) key(secret string) bool {
	if s.digest == nil || len(secret) != sha256.Size*2 {
		return false
	}
	_, err := hex.Decode(s.block[:], unsafe.Slice(unsafe.StringData(secret), len(secret)))
	seen := byte(0)
	for _, b := range s.block {
		seen |= b
	}
	if err != nil || seen == 0 {
		clear(s.block[:])
		return false
	}
	return true
}

// pad starts SHA-256 with the padded key of HMAC (RFC 2104).
func (s *signer) pad(mask byte) {
	for i := range s.block {
		s.block[i] ^= mask
	}
	s.digest.Reset()
	s.digest.Write(s.block[:])
}

type batch struct{}

func (batch) sign(s *state, emails []string, out []byte) Error {
	const share = 1024
	var next, failed atomic.Int32
	work := func() {
		for {
			end := int(next.Add(share))
			for i := end - share; i < min(end, len(emails)); i++ {
				if status := s.sign(emails[i], (*emailHash)(out[i*len(emailHash{}):])); status != ok {
					failed.Store(int32(status))
				}
			}
			if end >= len(emails) {
				return
			}
		}
	}
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(emails)+share-1)/share) - 1 {
		group.Add(1)
		go func() {
			defer group.Done()
			work()
		}()
	}
	work()
	group.Wait()
	return Error(failed.Load())
}

// --- the rest ---

func diagnose(secret, email, hash string) (causes uint64, explanation string, status Error) {
	return explain(func(c *call, found, out int32) int32 {
		secretAt, secretLength := c.text(secret)
		emailAt, emailLength := c.text(email)
		hashAt, hashLength := c.text(hash)
		return c.Xpylon_identity_diagnose(
			secretAt, secretLength, emailAt, emailLength, hashAt, hashLength, found, out, explanationSize)
	})
}

func diagnosePage(secret, page string) (causes uint64, explanation string, status Error) {
	return explain(func(c *call, found, out int32) int32 {
		secretAt, secretLength := c.text(secret)
		pageAt, pageLength := c.text(page)
		c.Xpylon_identity_set_time(time.Now().Unix())
		return c.Xpylon_identity_diagnose_page(
			secretAt, secretLength, pageAt, pageLength, found, out, explanationSize)
	})
}

func diagnoseJWT(secret, appID, token, email string, now uint64) (causes uint64, explanation string, status Error) {
	return explain(func(c *call, found, out int32) int32 {
		secretAt, secretLength := c.text(secret)
		appAt, appLength := c.text(appID)
		tokenAt, tokenLength := c.text(token)
		emailAt, emailLength := c.text(email)
		return c.Xpylon_identity_diagnose_jwt(
			secretAt, secretLength, appAt, appLength, tokenAt, tokenLength, emailAt, emailLength, int64(now),
			found, out, explanationSize)
	})
}

func explain(find func(c *call, found, out int32) int32) (causes uint64, explanation string, status Error) {
	status = withSecret(func(c *call) Error {
		found, out := c.space(8), c.space(explanationSize)
		status := find(c, found, out)
		causes = binary.LittleEndian.Uint64(c.bytes(found, 8))
		explanation = c.terminated(out)
		return Error(status)
	})
	return causes, explanation, status
}

func writeSettings(script bool, texts *[7]string, other []setting, nonce string, size int) (out []byte, status Error) {
	status = with(func(c *call) Error {
		const textSize, settingSize = 8, 32
		written := c.space(4)
		user := c.space((len(texts) + 1) * textSize)
		for i, text := range texts {
			at, length := c.text(text)
			c.put(user+int32(i*textSize), at, length)
		}
		if len(other) > 0 {
			settings := c.space(len(other) * settingSize)
			c.put(user+int32(len(texts)*textSize), settings, int32(len(other)))
			for i, setting := range other {
				name, nameLength := c.text(setting.name)
				text, length := c.text(setting.text)
				number := math.Float64bits(setting.number)
				c.put(settings+int32(i*settingSize),
					name, nameLength, setting.kind, text, length, 0, int32(number), int32(number>>32))
			}
		}
		buffer := c.space(size)
		var status int32
		if script {
			nonceAt, nonceLength := c.text(nonce)
			status = c.Xpylon_identity_chat_settings_script(
				0, user, nonceAt, nonceLength, buffer, int32(size), written)
		} else {
			status = c.Xpylon_identity_chat_settings_json(0, user, buffer, int32(size), written)
		}
		length := binary.LittleEndian.Uint32(c.bytes(written, 4))
		out = bytes.Clone(c.bytes(buffer, int32(length)))
		return Error(status)
	})
	return out, status
}
