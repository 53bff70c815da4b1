// A secret made to be recognised, whole or in part, however it is written.

export const KEY = Buffer.from('vQ3#kz9~Wx7%jh2^Fp5!Rg8*Lm4=Tb6+')
export const SECRET = KEY.toString('hex')

const FORMS = {
  hex: (bytes) => bytes.toString('hex'),
  'hex with spaces': (bytes) => bytes.toString('hex').replace(/..(?!$)/g, '$& '),
  bytes: (bytes) => bytes.toString('latin1'),
  base64: (bytes) => bytes.toString('base64'),
  numbers: (bytes) => bytes.join(' '),
  'numbers with commas': (bytes) => bytes.join(','),
  'numbers with commas and spaces': (bytes) => bytes.join(', '),
}

// Each has six bytes. base64 writes each in the same way, as they begin at multiples of three.
const PIECES = Array.from({ length: 9 }, (_, i) => KEY.subarray(3 * i, 3 * i + 6))

/** The forms in which `text` holds the secret or a part of it. */
export function leaks(text) {
  const lowercase = text.toString('latin1').toLowerCase()
  return Object.keys(FORMS).filter((form) =>
    PIECES.some((piece) => lowercase.includes(FORMS[form](piece).toLowerCase())),
  )
}
