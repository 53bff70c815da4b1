package pylonidentity

// A Diagnosis says why an email hash does not match. It never shows the secret, the email or the hash.
type Diagnosis struct {
	// Matches is whether the hash is exactly the right one.
	Matches bool
	// Causes are the fewest mistakes that together give the hash, for example [CauseSecretUsedAsText]. The
	// names are the same in every language.
	Causes []string
	// Explanation names the mistakes and how to fix them, in plain text.
	Explanation string
}

// Diagnose finds out why emailHash is not the hash of email under secret, the hexadecimal string.
//
// It tries the usual mistakes in all combinations, and reports the fewest that give the observed hash.
// It takes any text, a malformed secret too. It is for developers, and takes milliseconds.
func Diagnose(secret, email, emailHash string) Diagnosis {
	causes, explanation, status := diagnose(secret, email, emailHash)
	if status == invalidArgument { // longer than the memory of the portable core
		return Diagnosis{Causes: []string{CauseUnknown}, Explanation: status.Error()}
	}
	if status != ok {
		panic(status)
	}
	diagnosis := Diagnosis{Matches: causes == 0, Explanation: explanation}
	for bit := uint64(1); bit != 0; bit <<= 1 {
		if causes&bit != 0 {
			diagnosis.Causes = append(diagnosis.Causes, causeCode(bit))
		}
	}
	return diagnosis
}

// The size of a buffer that holds every explanation, with its NUL.
const explanationSize = 8192
