package pylonidentity

// A Diagnosis says why an email hash or a JWT does not match. It never shows the secret, the email or the hash.
type Diagnosis struct {
	// Matches says whether the hash is exactly the right one. With [DiagnosePage] it says whether the widget finds an app
	// ID, an email and that hash, or an app ID and a right JWT.
	Matches bool
	// Causes are the fewest mistakes that together give the hash, for example [CauseSecretUsedAsText]. The
	// names are the same in every language.
	Causes []string
	// Explanation names the mistakes and how to fix them, in plain text.
	Explanation string
}

// Diagnose finds out why emailHash is not the hash of email under secret, the hexadecimal string.
//
// It tries the usual mistakes in combinations of up to three, and reports the fewest that give the observed hash.
// It takes any text, a malformed secret too. It is for developers, and takes milliseconds.
func Diagnose(secret, email, emailHash string) Diagnosis {
	return diagnosis(diagnose(secret, email, emailHash))
}

// DiagnosePage finds out what is wrong with the chat settings of a page. The secret is the hexadecimal string, or the
// JWT secret for a page that has a jwt.
//
// A page is the result of JSON.stringify(window.pylon) in the browser's console, or its chat_settings alone, as JSON
// or as the literal that a console shows. It may also be the HTML of the page, whose inline scripts are read and not
// run. Only the first MiB is read. It takes any text, a malformed secret too. It is for developers, and takes
// milliseconds.
//
// A [Diagnosis] that matches may have causes: mistakes that do not keep the widget from finding the hash.
func DiagnosePage(secret, page string) Diagnosis {
	return diagnosis(diagnosePage(secret, page))
}

func diagnosis(causes uint64, explanation string, status Error) Diagnosis {
	if status == invalidArgument { // longer than the memory of the portable core
		return Diagnosis{Causes: []string{CauseUnknown}, Explanation: status.Error()}
	}
	if status != ok {
		panic(status)
	}
	diagnosis := Diagnosis{Matches: causes&^warnings == 0, Explanation: explanation}
	for bit := uint64(1); bit != 0; bit <<= 1 {
		if causes&bit != 0 {
			diagnosis.Causes = append(diagnosis.Causes, causeCode(bit))
		}
	}
	return diagnosis
}

// The size of a buffer that holds every explanation, with its NUL.
const explanationSize = 16384

// A bit for each cause with which the widget still finds an email and the right hash.
const warnings = 0x6c0
